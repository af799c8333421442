"""The folder of a sweep: one writer, whole parts, no combination twice, nothing kept that other code has made."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from feeds.errors import ConfigError, DataError
from feeds.synthetic import martingale
from optimize import sweep
from tests.optimize.hand_strategies import Holding

BARS = martingale(bars=300, seed=1)
GRID = {"hold_bars": list(range(1, 101))}


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("optimize.sweep"), "LARGEST_CHUNK", 16)


def interruption() -> Callable[[int, int], None]:
    """A progress function that is a Ctrl-C after the first chunk that is new."""
    seen: list[int] = []

    def step(done: int, total: int) -> None:
        seen.append(done)
        if done > seen[0]:
            raise KeyboardInterrupt

    return step


@pytest.mark.usefixtures("small_chunks")
def test_two_sweeps_of_the_same_thing_at_once(tmp_path: Path) -> None:
    refused = []

    def meanwhile(done: int, total: int) -> None:
        if done:
            return
        with pytest.raises(ConfigError, match=r"another sweep is working in .*Holding-") as caught:
            sweep(Holding, BARS, GRID, root=tmp_path, threads=2)
        refused.append(str(caught.value))

    found = sweep(Holding, BARS, GRID, root=tmp_path, threads=1, progress=meanwhile)
    assert found.table["set"].tolist() == list(range(100))
    assert len(refused) == 1
    assert str(found.folder) in refused[0]
    assert len(sweep(Holding, BARS, GRID, root=tmp_path)) == 100  # the folder is free again


@pytest.mark.usefixtures("small_chunks")
def test_a_finished_sweep_is_read_without_writing(tmp_path: Path) -> None:
    sweep(Holding, BARS, GRID, folder=tmp_path / "s")
    (tmp_path / "s" / ".lock").unlink()
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "s").iterdir()}
    assert len(sweep(Holding, BARS, GRID, folder=tmp_path / "s")) == 100
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "s").iterdir()} == before


def test_going_on_with_chunks_of_another_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("optimize.sweep")
    whole = sweep(Holding, BARS, GRID).table
    for largest, threads in ((16, 1), (7, 2), (30, 1)):
        monkeypatch.setattr(module, "LARGEST_CHUNK", largest)
        sweep(Holding, BARS, GRID, folder=tmp_path, threads=threads, progress=interruption())
        pd.testing.assert_frame_equal(sweep_rows(tmp_path), whole[whole["set"].isin(sweep_rows(tmp_path)["set"])])
        sorted(tmp_path.glob("part-*"))[0].unlink()  # a hole before what is finished
    found = sweep(Holding, BARS, GRID, folder=tmp_path, threads=2)
    pd.testing.assert_frame_equal(found.table, whole)


def sweep_rows(folder: Path) -> pd.DataFrame:
    rows = pd.concat(map(pd.read_parquet, sorted(folder.glob("part-*.parquet"))))
    return rows.set_index(rows["set"].to_numpy())


def test_parts_that_overlap_are_refused(tmp_path: Path) -> None:
    found = sweep(Holding, BARS, GRID, folder=tmp_path)
    shutil.copy(found.store.path(0, 0, 100), found.store.path(0, 50, 150))
    for read in (
        lambda: found.table,
        found.top,
        lambda: len(found),
        lambda: sweep(Holding, BARS, GRID, folder=tmp_path),
    ):
        with pytest.raises(
            DataError, match=r"000-000000000000-000000000100.parquet and part-000-000000000050-000.* twice"
        ):
            read()  # type: ignore[operator]


def test_a_file_that_is_only_named_like_a_part(tmp_path: Path) -> None:
    found = sweep(Holding, BARS, GRID, folder=tmp_path)
    (tmp_path / "part-of-mine.parquet").touch()
    with pytest.raises(DataError, match=r"part-of-mine\.parquet is no part of a sweep"):
        len(found)


@pytest.mark.parametrize("kept", [0, 200, -40])
def test_a_broken_part_is_named_with_its_cure(tmp_path: Path, kept: int) -> None:
    """What a power cut leaves: an empty file, a beginning, a file without its end."""
    whole = sweep(Holding, BARS, GRID).table
    found = sweep(Holding, BARS, GRID, folder=tmp_path)
    (part,) = tmp_path.glob("part-*.parquet")
    part.write_bytes(part.read_bytes()[:kept])
    for read in (lambda: found.table, found.top, lambda: len(found)):
        with pytest.raises(DataError, match=rf"{part} cannot be read: .*; remove it and run the same sweep again"):
            read()  # type: ignore[operator]
    part.unlink()
    pd.testing.assert_frame_equal(sweep(Holding, BARS, GRID, folder=tmp_path).table, whole)


@pytest.mark.usefixtures("small_chunks")
def test_a_broken_part_is_told_before_the_rest_is_worked_out(tmp_path: Path) -> None:
    sweep(Holding, BARS, GRID, folder=tmp_path, threads=1, progress=interruption())
    sorted(tmp_path.glob("part-*.parquet"))[0].write_bytes(b"")
    reported: list[int] = []
    with pytest.raises(DataError, match="cannot be read"):
        sweep(Holding, BARS, GRID, folder=tmp_path, progress=lambda done, total: reported.append(done))
    assert not reported


def test_a_part_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[tuple[str, int]] = []
    fsync, replace = os.fsync, Path.replace

    def synced(handle: int) -> None:
        fsync(handle)
        events.append(("fsync", os.fstat(handle).st_ino))

    def replaced(path: Path, target: Path) -> Any:
        if path.parent == tmp_path and Path(target).name.startswith("part-"):
            events.append(("replace", path.stat().st_ino))
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    sweep(Holding, BARS, GRID, folder=tmp_path)
    (part,) = tmp_path.glob("part-*.parquet")
    own = [kind for kind, inode in events if inode == part.stat().st_ino]
    assert own == ["fsync", "replace"]
    assert not list(tmp_path.glob("*.tmp"))
    assert part.stat().st_mode & 0o777 == 0o644


@pytest.mark.usefixtures("small_chunks")
def test_what_a_killed_sweep_left_is_cleared_away(tmp_path: Path) -> None:
    sweep(Holding, BARS, GRID, folder=tmp_path, threads=1, progress=interruption())
    (tmp_path / ".part-abc.tmp").write_bytes(b"half")
    assert sweep(Holding, BARS, GRID, folder=tmp_path).complete
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("name", [
    "optimize.sweep_figures", "optimize.sweep_engine", "optimize.parameter_sets", "optimize.periods",
])  # fmt: skip
def test_a_sweep_of_other_figure_code_is_not_trusted(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(Holding, BARS, GRID, folder=tmp_path / "s")
    first = sweep(Holding, BARS, GRID, root=tmp_path)
    module = importlib.import_module(name)
    edited = tmp_path / "edited.py"
    edited.write_text(Path(str(module.__file__)).read_text() + "# an edit\n")
    monkeypatch.setattr(module, "__file__", str(edited))
    with pytest.raises(ConfigError, match=r"holds another sweep \(figure_code differ\)"):
        sweep(Holding, BARS, GRID, folder=tmp_path / "s")
    assert sweep(Holding, BARS, GRID, root=tmp_path).folder != first.folder


@pytest.mark.parametrize(("name", "counts"), [("pandas", True), ("exchange-calendars", True), ("optuna", False)])
def test_a_sweep_of_other_libraries_is_not_trusted(
    tmp_path: Path, name: str, counts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(Holding, BARS, GRID, folder=tmp_path)
    version = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda asked: "99.9" if asked == name else version(asked))
    if counts:
        with pytest.raises(ConfigError, match=r"holds another sweep \(libraries differ\)"):
            sweep(Holding, BARS, GRID, folder=tmp_path)
    else:
        assert sweep(Holding, BARS, GRID, folder=tmp_path).complete
