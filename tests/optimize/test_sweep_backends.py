"""Sweeps in other processes: the table of threads bit for bit, data once per worker, dead workers, other code."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from feeds.errors import ConfigError, WorkerLost
from feeds.instrument import Instrument
from feeds.synthetic import martingale
from navale import main
from optimize import sweep
from optimize.backends import parcel, pool
from optimize.grid import Grid
from optimize.parameter_sets import ParameterSets
from optimize.sweep_engine import SweepEngine
from optimize.sweep_store import identity
from strategies.atr_trend import AtrTrend
from strategies.discovery import find
from strategies.execution.account import Account

ROOT = Path(__file__).resolve().parents[2]

# A strategy whose file tells which process reads it and which builds its combinations, and where workers may be held:
# with a file "hold" the second worker waits to be killed, and the first one waits for the second.
WATCHED = '''
import os
import time
from pathlib import Path

from indicators.ema import Ema
from strategies import Int, Strategy, enter_long, hold, kernel, leave

HERE = Path(__file__).parent


def note(name):
    with open(HERE / name, "a") as file:
        file.write(f"{os.getpid()}\\n")


def wait_for(name):
    until = time.monotonic() + 120
    while not (HERE / name).exists():
        assert time.monotonic() < until, name
        time.sleep(0.01)


def meet():
    """Which of the workers comes first is decided by who can make the file."""
    try:
        (HERE / "first").touch(exist_ok=False)
        wait_for("victim")
    except FileExistsError:
        if not (HERE / "victim").exists():
            (HERE / "new").write_text(str(os.getpid()))
            (HERE / "new").rename(HERE / "victim")
            wait_for("never")


if (HERE / "parent").exists() and int((HERE / "parent").read_text()) != os.getpid():
    if (HERE / "crash").exists():
        os.kill(os.getpid(), 9)
    if (HERE / "hold").exists():
        meet()


class Watched(Strategy):
    """Above its average long, below it out."""

    period, hold_bars = Int(10, 2, 60), Int(5, 1, 60)
    mean = Ema(period=period)

    def valid(self):
        note("built")
        return self.period != 13

    @kernel
    def decide(close, mean, position, held, hold_bars):
        if position == 0.0 and close[-1] > mean[-1]:
            return enter_long()
        if position != 0.0 and held >= hold_bars:
            return leave()
        return hold()
'''
GRID = {"period": list(range(5, 25)), "hold_bars": list(range(1, 21))}
BARS = martingale(bars=600, seed=3)


@pytest.fixture
def watched(tmp_path: Path) -> str:
    (tmp_path / "watched.py").write_text(WATCHED)
    (tmp_path / "parent").write_text(str(os.getpid()))
    return f"{tmp_path / 'watched.py'}:Watched"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("optimize.sweep"), "LARGEST_CHUNK", 16)


def _address(where: Path, scheduler: subprocess.Popen[bytes]) -> str:
    """What the scheduler wrote, as soon as it is written whole."""
    while True:
        assert scheduler.poll() is None, "the scheduler ended"
        try:
            return str(json.loads(where.read_text())["address"])
        except (FileNotFoundError, ValueError):
            time.sleep(0.05)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a Dask scheduler with two worker processes of one thread each, on loopback. parameter: how many of
    its workers a task may lose."""
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", str(getattr(request, "param", 3)))
    from distributed import Client

    where = tmp_path / "scheduler.json"
    quiet = ("--no-dashboard", "--scheduler-file", str(where))
    worker = ("worker", "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", *quiet)
    started: list[subprocess.Popen[bytes]] = []
    with (tmp_path / "cluster.log").open("w") as log:

        def start(*words: str) -> None:
            started.append(subprocess.Popen([sys.executable, "-m", "dask", *words], cwd=ROOT, stdout=log, stderr=log))

        try:
            start("scheduler", "--host", "127.0.0.1", "--port", "0", *quiet)
            address = _address(where, started[0])
            start(*worker)
            start(*worker)
            (tmp_path / "pids").write_text(json.dumps([process.pid for process in started]))
            with Client(address, set_as_default=False, timeout=120) as client:
                client.wait_for_workers(2, timeout=120)
            yield address
        finally:
            for process in started:
                process.kill()
                process.wait()


def kill_the_victim(folder: Path) -> Any:
    """A progress function that kills the held worker as soon as a chunk is finished."""

    def step(done: int, total: int) -> None:
        victim = folder / "victim"
        if done and victim.exists() and not (folder / "killed").exists():
            (folder / "killed").touch()
            os.kill(int(victim.read_text()), signal.SIGKILL)

    return step


def packed(cls: type[Any], bars: Any = BARS) -> parcel.Parcel:
    sets = ParameterSets(Grid(cls, {"period": [5, 6]}))
    engines = [SweepEngine(sets, bars, Account(), None, None, 8760.0)]
    return parcel.pack(identity(sets.grid, engines, Account(), None, None), sets, [bars], Account(), None, None)


def test_loky_gives_the_table_of_threads_bit_for_bit() -> None:
    markets = {symbol: martingale(bars=2_000, seed=seed, timeframe="1h", instrument=Instrument(symbol, tick=0.01))
               for seed, symbol in enumerate(("AAA", "BBB"))}  # fmt: skip
    grid = {"fast": [10, 26, 60], "slow": [20, 50, 120], "stop_atr": [1.5, 3.0], "scenario": ["sma", "adx"]}
    common = {"timeframes": ("1h", "4h"), "fixed": {"hv_filter": False}, "start": "2020-02-20", "end": "2020-03-20"}
    account = Account(kind="margin", leverage=3.0)
    there = sweep(AtrTrend, markets, grid, backend="loky", workers=2, account=account, **common)
    here = sweep(AtrTrend, markets, grid, account=account, **common)
    assert there.complete
    assert len(there) > 50
    pd.testing.assert_frame_equal(there.table, here.table, check_exact=True)


def test_each_loky_worker_unpacks_the_data_once(watched: str, tmp_path: Path) -> None:
    cls = find(watched)
    parcel.unpack(packed(cls))
    (tmp_path / "built").unlink()
    parcel.unpack(packed(cls))
    here = sweep(cls, BARS, GRID, threads=1)
    (tmp_path / "built").unlink()
    found = sweep(cls, BARS, GRID, backend="loky", workers=2)
    built = Counter((tmp_path / "built").read_text().split())
    ours = built.pop(str(os.getpid()))
    pd.testing.assert_frame_equal(found.table, here.table, check_exact=True)
    assert len(found) == 380  # period 13 is ruled out
    assert sum(found.deliveries.chunks.values()) == 25
    assert set(built.values()) == {ours}  # a worker builds the combinations as often as this process does: once
    assert {name.rpartition(":")[2] for name in found.deliveries.loaded} == set(built)


def test_a_dask_cluster_that_loses_a_worker_gives_the_same_table(watched: str, tmp_path: Path, cluster: str) -> None:
    cls = find(watched)
    here = sweep(cls, BARS, GRID, threads=1)
    (tmp_path / "built").unlink()
    (tmp_path / "hold").touch()
    found = sweep(cls, BARS, GRID, backend="dask", workers=cluster, progress=kill_the_victim(tmp_path))
    assert (tmp_path / "killed").exists()
    assert found.complete
    pd.testing.assert_frame_equal(found.table, here.table, check_exact=True)
    assert set(found.deliveries.loaded.values()) == {1}
    built = Counter((tmp_path / "built").read_text().split())
    ours = built.pop(str(os.getpid()))
    assert set(built.values()) == {ours}
    left = Path(found.folder)
    assert len(list(left.glob("part-*.parquet"))) == 25


def test_a_dead_loky_worker_costs_time_not_results(
    watched: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cls = find(watched)
    here = sweep(cls, BARS, GRID, threads=1)
    (tmp_path / "hold").touch()
    found = sweep(cls, BARS, GRID, backend="loky", workers=2, progress=kill_the_victim(tmp_path))
    assert found.complete
    pd.testing.assert_frame_equal(found.table, here.table, check_exact=True)
    assert found.deliveries.restarts == 1
    assert "begun anew 1 times after a worker was lost" in str(found.deliveries)
    assert "a worker was lost (TerminatedWorkerError" in caplog.text


def test_workers_that_always_die_end_the_sweep(watched: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "RESTARTS", 1)
    cls = find(watched)
    (tmp_path / "crash").touch()
    with pytest.raises(WorkerLost, match="workers were lost 2 times, last: TerminatedWorkerError"):
        sweep(cls, BARS, GRID, backend="loky", workers=2, folder=tmp_path / "s")
    (tmp_path / "crash").unlink()
    assert sweep(cls, BARS, GRID, backend="loky", workers=2, folder=tmp_path / "s").complete


@pytest.mark.parametrize(("cluster", "message"), [
    (3, "the Dask cluster has no worker;"), (0, "workers were lost 1 times, last: KilledWorker"),
], indirect=["cluster"])  # fmt: skip
def test_dask_workers_that_always_die_end_the_sweep(
    watched: str, tmp_path: Path, cluster: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from optimize.backends import dask_cluster

    monkeypatch.setattr(pool, "RESTARTS", 0)
    if "no worker" in message:
        monkeypatch.setattr(dask_cluster, "PATIENCE", 0.5)
    (tmp_path / "crash").touch()
    with pytest.raises(WorkerLost, match=message):
        sweep(find(watched), BARS, GRID, backend="dask", workers=cluster)


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_ctrl_c_keeps_what_is_finished(watched: str, tmp_path: Path, backend: str) -> None:
    reported = []

    def interrupt(done: int, total: int) -> None:
        reported.append(done)
        if done:
            raise KeyboardInterrupt

    cls, folder = find(watched), tmp_path / "s"
    partial = sweep(cls, BARS, GRID, backend=backend, workers=2, folder=folder, progress=interrupt)
    assert not partial.complete
    kept = sum(last - first for first, last in partial.store.finished(0))
    assert kept == reported[-1] == 16
    again: list[int] = []
    whole = sweep(cls, BARS, GRID, threads=1, folder=folder, progress=lambda done, total: again.append(done))
    assert whole.complete
    assert again[0] == kept
    pd.testing.assert_frame_equal(whole.table, sweep(cls, BARS, GRID, threads=1).table, check_exact=True)


def test_a_worker_with_other_libraries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = parcel.origin
    monkeypatch.setattr(parcel, "origin", lambda sets: real(sets) | {"numpy": "0.1"})
    with pytest.raises(
        ConfigError, match=r"worker .* has other libraries or code than the sweep: numpy \S+ instead of 0.1;"
    ):
        sweep(AtrTrend, BARS, {"fast": [10, 11]}, backend="loky", workers=2)


def test_a_worker_with_other_code_or_data_is_refused(watched: str, tmp_path: Path) -> None:
    sent = packed(find(watched))
    assert len(parcel.unpack(sent)) == 1
    (tmp_path / "watched.py").write_text(WATCHED.replace("held >= hold_bars", "held > hold_bars"))
    with pytest.raises(ConfigError, match=r"file of Watched .* instead of"):
        parcel.unpack(sent)
    (tmp_path / "watched.py").write_text(WATCHED)
    other = packed(find(watched), martingale(bars=600, seed=4))
    with pytest.raises(ConfigError, match="other kernels or data than the sweep: data"):
        parcel.unpack(parcel.Parcel(sent.digest, sent.text, other.tables))


def test_a_task_carries_no_data(watched: str, tmp_path: Path) -> None:
    import cloudpickle

    sent = packed(find(watched))
    assert sent.__sizeof__() > 10_000
    assert len(cloudpickle.dumps(sent.write(tmp_path))) < 500
    assert parcel.ParcelFolder("digest", str(tmp_path)).open().tables == sent.tables


def test_classes_that_other_processes_cannot_find() -> None:
    from strategies import Strategy, hold, kernel

    class Local(Strategy):
        """Nothing."""

        @kernel
        def decide(close):
            return hold()

    with pytest.raises(ConfigError, match="put it at the top of a file of its own"):
        parcel.reference(Local)
    assert parcel.reference(AtrTrend) == "strategies.atr_trend:AtrTrend"


@pytest.mark.parametrize(("options", "message"), [
    ({"backend": "lokey"}, "did you mean 'loky'"),
    ({"backend": "loky", "threads": 2}, "give workers="),
    ({"backend": "loky", "workers": "tcp://127.0.0.1:1"}, "must be a number"),
    ({"backend": "loky", "workers": 0}, "workers=0 must be 1 or more"),
    ({"threads": 1, "workers": 1}, "give one of the two"),
    ({"backend": "dask", "workers": "tcp://127.0.0.1:1"}, "start one: dask scheduler"),
])  # fmt: skip
def test_wrong_backends(options: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from optimize.backends import dask_cluster

    monkeypatch.setattr(dask_cluster, "CONNECTING", 1.0)
    with pytest.raises(ConfigError, match=message):
        sweep(AtrTrend, BARS, {"fast": [10, 11]}, **options)


def test_ray_is_taken_where_it_is_installed() -> None:
    grid = {"fast": [10, 11], "slow": [60, 70]}
    if importlib.util.find_spec("ray") is None:
        with pytest.raises(ConfigError, match="ray is installed, and here it is not"):
            sweep(AtrTrend, BARS, grid, backend="ray", workers=2)
        return
    found = sweep(AtrTrend, BARS, grid, backend="ray", workers=2)
    pd.testing.assert_frame_equal(found.table, sweep(AtrTrend, BARS, grid).table, check_exact=True)


def test_a_scheduler_that_dies_ends_the_sweep(
    watched: str, tmp_path: Path, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from optimize.backends import dask_cluster

    monkeypatch.setattr(dask_cluster, "PATIENCE", 0.5)
    folder, scheduler = tmp_path / "s", json.loads((tmp_path / "pids").read_text())[0]

    def end(done: int, total: int) -> None:
        if done == 16:
            os.kill(scheduler, signal.SIGKILL)
            monkeypatch.setattr(dask_cluster, "CONNECTING", 2.0)  # from here on nobody answers

    (tmp_path / "hold").touch()  # the second worker never answers, so that the sweep cannot be over first
    with pytest.raises(ConfigError, match="no Dask scheduler answers"):
        sweep(find(watched), BARS, GRID, backend="dask", workers=cluster, folder=folder, progress=end)
    assert list(folder.glob("part-*.parquet"))


def test_the_command_line_tells_what_was_sent(watched: str, tmp_path: Path) -> None:
    words = ["sweep", watched, "--data", "synthetic:martingale?bars=600", "--grid", "period=5:8", "--sweeps",
             str(tmp_path / "kept"), "--backend", "loky", "--workers", "2"]  # fmt: skip
    told = json.loads(CliRunner().invoke(main, [*words, "--json"], catch_exceptions=False).stdout)
    assert told["rows"] == 4
    assert told["workers"]["sent"] > 10_000
    assert sum(told["workers"]["chunks"].values()) == 1
    refused = CliRunner().invoke(main, [*words, "--scheduler", "tcp://127.0.0.1:1"])
    assert refused.exit_code == 2
    assert "give one of the two" in refused.stderr
