"""Runs on disk: the same to the last bit, whole or absent, and honest about what is broken."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

import feeds
import optimize
import optimize.runs as runs_module
from feeds.errors import DataError
from feeds.instrument import Instrument
from optimize.provenance import git_state, library_versions
from optimize.runs import list_runs, open_run, save
from strategies.atr_trend import AtrTrend
from strategies.execution.account import Account, Costs, Sizing
from tests.optimize.hand_runs import hand_run, random_run, some_bars

CREATED = "2024-01-31T14:30:00Z"


def rich_run():
    """Two symbols, levels, a rejection, an account with every kind of setting, awkward names."""
    a, b = (
        some_bars([100, 101, 103, 102, 99.1], "A/B", notes=("x", "é")),
        some_bars([5, 6, 7, 8, 9], "A-B", synthetic=True),
    )
    a = a.with_instrument(Instrument("A/B", tick=0.1, multiplier=2.0, initial_margin=5.0))
    joined = b.join(
        pd.DataFrame({"available_at": pd.to_datetime(["2024-01-01", "2024-01-03"], utc=True), "v": [0.1, 1 / 3]}),
        prefix="flow",
    )
    levels = pd.DataFrame(
        {
            "time": a.times[1:3],
            "symbol": "A/B",
            "stop": [98.0, 98.5],
            **{f"target_{k}": [np.nan, 105] for k in (1, 2, 3, 4)},
        }
    )
    run = hand_run(
        """
        1 A/B buy 3 @ 101.00000000000001 0.1 1 entry
        2 A-B buy 3 @ 7 0 2 rejected-cash
        3 A/B sell 3 @ 102 0.30000000000000004 1 signal
        """,
        a,
        joined,
        levels=levels,
    )
    account = Account(
        5_000, kind="margin", costs=Costs(0.0, 1.5), sizing=Sizing.risk(0.01), leverage=3, max_correlation=0.5
    )
    return dataclasses.replace(run, account=account, parameters={"fast": 3, "k": 0.1, "on": False, "kind": "close"})


@pytest.mark.parametrize(
    "run", [rich_run(), random_run(5), hand_run("", some_bars([1, 2, 3]))], ids=["rich", "long", "empty"]
)
def test_a_reopened_run_is_the_same_to_the_last_bit(run, tmp_path):
    again = open_run(save(run, tmp_path))
    pd.testing.assert_frame_equal(again.ledger, run.ledger, check_exact=True)
    pd.testing.assert_series_equal(again.equity, run.equity, check_exact=True, check_freq=False)
    if run.levels is None:
        assert again.levels is None
    else:
        pd.testing.assert_frame_equal(again.levels, run.levels, check_exact=True)
    assert list(again.bars.items()) == list(run.bars.items())
    for symbol, bars in run.bars.items():
        pd.testing.assert_frame_equal(again.bars[symbol].frame, bars.frame, check_exact=True, check_freq=False)
        for name in ("instrument", "source", "timeframe", "adjusted", "synthetic", "notes"):
            assert getattr(again.bars[symbol], name) == getattr(bars, name)
    for name in (
        "strategy_repr",
        "strategy_name",
        "parameters",
        "engine",
        "account",
        "start",
        "end",
        "ruined",
        "seconds",
    ):
        assert getattr(again, name) == getattr(run, name), name
    np.testing.assert_equal(again.metrics, run.metrics)


def test_the_folder_and_its_manifest(tmp_path):
    run = rich_run()
    folder = save(run, tmp_path, created=CREATED)
    assert re.fullmatch(r"20240131T143000Z-Hand-A-B-A-B-[0-9a-f]{8}", folder.name)
    names = {item.name for item in folder.iterdir()}
    assert names == {
        "manifest.json", "fills.parquet", "equity.parquet", "levels.parquet", "metrics.json",
        "bars-A-B.parquet", "bars-A-B-2.parquet",
    }  # fmt: skip
    told = json.loads((folder / "manifest.json").read_text(), parse_constant=pytest.fail)
    assert told["id"] == folder.name
    assert told["strategy"] == run.strategy_repr
    assert told["parameters"] == run.parameters
    assert told["account"]["max_exposure"] == "inf"
    assert told["data"]["A/B"]["fingerprint"] == run.bars["A/B"].fingerprint
    assert told["data"]["A/B"]["notes"] == ["x", "é"]
    assert told["data"]["A-B"]["synthetic"] is True
    assert told["created"] == "2024-01-31T14:30:00+00:00"
    assert told["versions"] == library_versions()
    assert "nan" not in (folder / "metrics.json").read_text().lower().replace("finance", "")
    figures = json.loads((folder / "metrics.json").read_text(), parse_constant=pytest.fail)
    assert [figures[name] is None for name in figures] == [math.isnan(value) for value in run.metrics.values()]


def test_two_saves_are_two_folders_and_equal_runs_share_their_hash(tmp_path):
    run = random_run(1)
    first, second = save(run, tmp_path, created=CREATED), save(run, tmp_path, created=CREATED)
    assert second.name == f"{first.name}-2"
    later = save(run, tmp_path, created="2024-02-01T00:00:00Z")
    other = save(random_run(2), tmp_path, created="2024-02-02T00:00:00Z")
    assert later.name[-8:] == first.name[-8:] != other.name[-8:]
    assert list_runs(tmp_path)["id"].tolist() == [first.name, second.name, later.name, other.name]


@pytest.mark.parametrize("step", ["describe", "_write_tables", "to_json", "checksum"])
def test_a_crash_in_the_middle_leaves_nothing(step, tmp_path, monkeypatch):
    def crash(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs_module, step, crash)
    with pytest.raises(KeyboardInterrupt):
        save(random_run(1), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_leaves_is_not_listed(tmp_path):
    folder = save(random_run(1), tmp_path)
    shutil.copytree(folder, tmp_path / ".saving-abc")
    assert list_runs(tmp_path)["id"].tolist() == [folder.name]


def test_open_by_id_by_its_beginning_or_by_folder(tmp_path):
    run = random_run(1)
    folder = save(run, tmp_path, created=CREATED)
    save(run, tmp_path, created="2024-03-01T00:00:00Z")
    for name in (folder, str(folder), folder.name, "20240131"):
        assert open_run(name, tmp_path).equity.equals(run.equity)


def test_unknown_ids_name_the_nearest(tmp_path):
    folder = save(random_run(1), tmp_path, created=CREATED)
    with pytest.raises(DataError, match=f"nearest: {folder.name}"):
        open_run("20240131T143000Z-Hnad", tmp_path)
    with pytest.raises(DataError, match=f"nearest: {folder.name}"):
        open_run("hand", tmp_path)
    with pytest.raises(DataError, match="no run 'x' in"):
        open_run("x", tmp_path / "nowhere")
    second = save(random_run(2), tmp_path, created=CREATED)
    with pytest.raises(DataError, match=r"names 2 runs.*give more of the id"):
        open_run("2024", tmp_path)
    assert second.exists()


@pytest.mark.parametrize("file", ["fills.parquet", "equity.parquet", "bars-AAA.parquet", "metrics.json"])
@pytest.mark.parametrize("harm", ["cut", "lost"])
def test_a_corrupted_folder_is_named(file, harm, tmp_path):
    folder = save(random_run(1), tmp_path)
    path = folder / file
    path.write_bytes(path.read_bytes()[:-5]) if harm == "cut" else path.unlink()
    with pytest.raises(DataError, match=f"{folder.name} is corrupted: {file}"):
        open_run(folder)


def test_a_broken_manifest_is_named_and_listed(tmp_path):
    folder = save(random_run(1), tmp_path)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(DataError, match="manifest"):
        open_run(folder)
    assert "manifest" in list_runs(tmp_path)["problem"].item()
    (folder / "manifest.json").write_text('{"format": 99}')
    with pytest.raises(DataError, match="another format"):
        open_run(folder)


def test_an_edited_manifest_cannot_reach_outside_its_folder(tmp_path):
    folder = save(random_run(1), tmp_path)
    told = json.loads((folder / "manifest.json").read_text())
    told["files"]["../outside"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(DataError, match="corrupted"):
        open_run(folder)


def test_the_commit_and_whether_the_tree_was_clean(tmp_path):
    def git(*words):
        settings = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        return subprocess.run(
            ["git", "-C", tmp_path, *settings, *words], check=True, capture_output=True, text=True
        ).stdout

    assert git_state(tmp_path) is None
    git("init", "-q")
    assert git_state(tmp_path) is None
    git("commit", "-q", "--allow-empty", "-m", "x")
    assert git_state(tmp_path) == {"commit": git("rev-parse", "HEAD").strip(), "clean": True}
    (tmp_path / "new").touch()
    assert git_state(tmp_path)["clean"] is False


def test_the_method_of_a_run_saves_it_with_its_tearsheet(tmp_path):
    folder = random_run(1).save(tmp_path, tearsheet=True)
    assert "quantstats report" in (folder / "tearsheet.html").read_text()
    assert open_run(folder).trades.equals(random_run(1).trades)


def test_a_run_of_an_engine_is_saved_and_reopened(tmp_path):
    run = optimize.backtest(AtrTrend(), feeds.load("sample:spx"), start="2009-01-01", end="2012-12-31")
    again = optimize.open_run(run.save(tmp_path).name, tmp_path)
    assert len(run.fills) > 4
    assert len(run.levels) > 50
    assert run.trades["pnl"].sum() == pytest.approx(run.equity.iloc[-1] - run.equity.iloc[0])
    for name in ("ledger", "levels", "trades"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(run, name), check_exact=True)
    assert optimize.compare(run, again).differing_fills == 0
    assert (again.parameters, again.account, again.bars) == (run.parameters, run.account, run.bars)
    assert optimize.list_runs(tmp_path)["trades"].tolist() == [len(run.trades)]


@pytest.mark.parametrize("earlier", [False, True], ids=["now", "earlier version"])
@pytest.mark.parametrize(
    ("file", "harm", "told"),
    [
        ("metrics.json", "edit", "metrics.json was changed"),
        ("metrics.json", "lose", "metrics.json is missing"),
        ("equity.parquet", "lose", "equity.parquet is missing"),
        ("fills.parquet", "lose", "fills.parquet is missing"),
        ("bars-AAA.parquet", "lose", "bars-AAA.parquet is missing"),
    ],
)
def test_the_list_shows_no_figures_of_a_run_that_was_changed(file, harm, told, earlier, tmp_path):
    folder = save(random_run(1), tmp_path)
    if earlier:
        as_an_earlier_version(folder)
    assert list_runs(tmp_path)["problem"].tolist() == [""]
    path = folder / file
    if harm == "edit":
        figures = json.loads(path.read_text())
        path.write_text(json.dumps(figures | {"total_return": 9.99}))
    else:
        path.unlink()
    (row,) = list_runs(tmp_path).to_dict("records")
    assert told in row["problem"]
    assert folder.name in row["problem"]
    assert math.isnan(row["total_return"])


def test_the_list_tells_a_table_that_was_cut_short(tmp_path):
    folder = save(random_run(1), tmp_path)
    (folder / "fills.parquet").write_bytes((folder / "fills.parquet").read_bytes()[:-1])
    assert "fills.parquet was changed" in list_runs(tmp_path)["problem"].item()


def as_an_earlier_version(folder, **changes):
    """Rewrite the manifest as it was before it had sizes and a seal."""
    told = json.loads((folder / "manifest.json").read_text())
    del told["seal"], told["sizes"]
    (folder / "manifest.json").write_text(json.dumps(told | changes, indent=2))


@pytest.mark.parametrize("earlier", [False, True], ids=["now", "earlier version"])
@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("account", "costs", "fee"), 0.002),
        (("account", "cash"), 5_001),
        (("strategy",), "Hand(fast=4)"),
        (("engine",), "event"),
        (("window", "end"), "2024-01-04T00:00:00+00:00"),
        (("id",), "20240131T143000Z-Hand-A-B-A-B-00000000"),
    ],
)
def test_a_setting_that_was_changed_in_the_manifest_is_no_fact(keys, value, earlier, tmp_path):
    folder = save(rich_run(), tmp_path, created=CREATED)
    if earlier:
        as_an_earlier_version(folder)
    open_run(folder)
    told = json.loads((folder / "manifest.json").read_text())
    place = told
    for key in keys[:-1]:
        place = place[key]
    assert place[keys[-1]] != value
    place[keys[-1]] = value
    (folder / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(DataError, match=f"{folder.name} is corrupted: manifest.json was changed"):
        open_run(folder)


@pytest.mark.parametrize("name", ["parameters", "seconds", "created", "versions", "ruined"])
def test_nothing_in_a_manifest_can_be_changed(name, tmp_path):
    folder = save(rich_run(), tmp_path)
    told = json.loads((folder / "manifest.json").read_text())
    told[name] = {"parameters": {"fast": 4}, "seconds": 7.5, "created": CREATED, "versions": {}, "ruined": True}[name]
    (folder / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(DataError, match=r"manifest\.json was changed"):
        open_run(folder)
    assert "manifest.json was changed" in list_runs(tmp_path)["problem"].item()


def test_a_run_that_an_earlier_version_saved_opens(tmp_path):
    """Its id was made of the account as it was given, here with a fee out of a numpy array."""
    run = dataclasses.replace(
        hand_run("", some_bars([1, 2, 3])), account=Account(costs=Costs(fee=np.float64(0.002)), cash=5_000.0)
    )
    account = (
        "Account(cash=5000.0, kind='cash', costs=Costs(fee=np.float64(0.002), slippage_bps=5.0, slippage_ticks=0.0, "
        "commission=0.0), sizing=Sizing(mode='fraction', value=0.95), cap=0.95, leverage=1.0, maintenance=0.0, "
        "max_positions=0, max_exposure=inf, max_correlation=inf, correlation_bars=168)"
    )
    bars = run.bars["AAA"]
    text = f"{run.strategy_repr}\n{run.engine}\n{account}\n{run.start}\n{run.end}\nAAA {bars.fingerprint}\n"
    header = "time,symbol,side,quantity,price,fee,order_id,reason,position_after\n"
    end = hashlib.sha256((text + header).encode()).hexdigest()[:8]
    folder = save(run, tmp_path, created=CREATED)
    assert folder.name[-8:] != end, "now equal accounts are written the same"
    for name in (f"20240131T143000Z-Hand-AAA-{end}", f"20240131T143000Z-Hand-AAA-{end}-2"):
        old = tmp_path / name
        shutil.copytree(folder, old)
        as_an_earlier_version(old, id=name)
        assert open_run(old).account == run.account
