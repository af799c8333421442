"""`navale bench sweep`: it counts every process, takes the whole grid, and judges only what it could measure."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import machine, process_memory, run, sweep_child, sweep_million
from benchmarks.machine import Timing
from benchmarks.process_memory import Memory
from optimize.grid import Grid, parse_grid
from strategies.atr_trend import AtrTrend

ROOT = Path(__file__).resolve().parents[2]
MIB = 2**20
FORKED = """
import os, sys
block = bytearray(64 * 2**20)
block[::4096] = b"x" * len(block[::4096])  # every page is touched
child = os.fork()
if child == 0:
    sys.stdin.read()
    os._exit(0)
print(child, flush=True)
sys.stdin.read()
os.waitpid(child, 0)
"""
linux = pytest.mark.skipif(not process_memory.measurable(), reason="no /proc")


@linux
def test_the_whole_tree_is_counted_and_shared_pages_once_in_pss():
    """A process with 64 MiB forks: each of the two has them resident, and together they have them once."""
    process = subprocess.Popen([sys.executable, "-c", FORKED], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin and process.stdout
    forked = int(process.stdout.readline())
    both, one = process_memory.of_tree(process.pid), process_memory.of_tree(forked)
    process.stdin.close()
    process.wait()
    assert (both.processes, one.processes) == (2, 1)
    assert both.rss >= 128 * MIB > one.rss >= 64 * MIB
    assert both.pss is not None and 64 * MIB <= both.pss < 100 * MIB
    assert process_memory.of_tree(2**30) == Memory(0, None, 0)  # above every pid


@linux
def test_a_peak_stays_the_largest_and_the_kernel_keeps_its_own():
    assert Memory(5, None, 1).most(Memory(3, 2, 2)).most(Memory(4, 1, 1)) == Memory(5, 2, 2)
    told = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:"))
    now = 1024 * int(told.split()[1])  # of this process alone
    peak = process_memory.high_water()
    assert peak is not None and peak >= now
    held = sweep_million.Whole({"high_water": 300 * MIB}, Memory(200 * MIB, None, 1), 1.0)
    assert held.mib == 300.0  # a peak between two samples
    assert dataclasses.replace(held, peak=Memory(450 * MIB, 100 * MIB, 3)).mib == 450.0  # its workers


@pytest.mark.parametrize("sets", [2, 10, 400, 10_000, 40_000, 1_000_000])
def test_the_grid_has_that_many_combinations_and_none_is_ruled_out(sets):
    grid = Grid(AtrTrend, parse_grid(AtrTrend, sweep_million.axes(sets)))
    assert len(grid) == sets
    assert max(grid.axes["fast"]) < min(grid.axes.get("slow", [AtrTrend.declared["slow"].default]))


@pytest.mark.parametrize("sets", [0, 1, 12, 130, 10_000_000])
def test_other_sizes_are_refused(sets):
    with pytest.raises(ValueError, match="needs a digit and noughts"):
        sweep_million.axes(sets)


@pytest.mark.parametrize(
    ("small", "large", "faster", "reached"),
    [
        (262.0, 298.0, 1.73, [True, True, True]),
        (262.0, 352.1, 1.6, [True, True, True]),  # 262 x 1.1 + 64 = 352.2
        (262.0, 352.3, 1.59, [True, False, False]),
        (900.0, 1024.0, 2.0, [True, True, True]),
        (900.0, 1024.1, 2.0, [False, True, True]),
    ],
)
def test_what_is_asked(small, large, faster, reached):
    found = sweep_million.targets({10_000: small, 1_000_000: large}, faster, judged=True)
    assert [ok for _, _, ok in found] == reached
    assert [value for _, value, _ in found] == [large, large, faster]
    assert [ok for _, _, ok in sweep_million.targets({10_000: small, 1_000_000: large}, faster, False)] == [None] * 3


def test_the_median_of_the_pairs_counts():
    """Pairs of 1.5, 1.8 and 4 times; the medians of the sides are 9 and 6, which is 1.5."""
    timed = {1: Timing((0.0,) * 3, (9.0, 9.0, 24.0)), 2: Timing((0.0,) * 3, (6.0, 5.0, 6.0))}
    assert sweep_million.speedup(timed) == pytest.approx(1.8)


@pytest.fixture
def planted(monkeypatch):
    """Sweeps that need no time: 262 and 298 MiB, 1.75 times as fast; returns the calls and what they answer."""
    calls, answer = [], {"rows": 0, "cpu": 8.0, "digest": "same", "figures": 9}

    def child(sets, bars, threads=None):
        calls.append((sets, bars, threads))
        wall = {None: 0.0, 1: 7.0, 2: 4.0}[threads]
        peak = Memory((298 if sets == 1_000_000 else 262) * MIB, 200 * MIB, 1)
        return sweep_million.Whole(answer | {"rows": sets, "wall": wall, "high_water": 0}, peak, 2.0)

    monkeypatch.setattr(sweep_million, "child", child)
    monkeypatch.setattr(process_memory, "measurable", lambda: True)
    monkeypatch.setattr(machine, "CORES", frozenset({0, 1}))
    monkeypatch.setattr(machine, "one_core", lambda: None)
    return calls, answer


def test_the_promised_sizes_are_judged(planted, capsys):
    assert run.main(names=["sweep"]) == 0
    told = capsys.readouterr().out
    assert "\nSweep of AtrTrend, 10,000 and 1,000,000 sets x 17,520 hourly bars\n" in told
    assert "reached: at most 1,024 MiB for 1,000,000 sets: 298.00\n" in told
    assert "reached: at most 10 % + 64 MiB above 10,000 sets, 352 MiB: 298.00\n" in told
    assert "reached: 2 threads at least 1.6 times as fast as 1: 1.75\n" in told
    order = [threads for sets, _, threads in planted[0] if sets == 40_000]
    assert order == [1, 2, 2, 1, 1, 2, 2, 1, 1, 2]


def test_one_core_is_neither_a_pass_nor_a_miss(planted, monkeypatch, capsys):
    monkeypatch.setattr(machine, "CORES", frozenset({0}))
    assert run.main(names=["sweep"]) == 0
    told = capsys.readouterr().out
    assert "not judged: 2 threads at least 1.6 times as fast as 1: not measurable\n" in told
    assert "this process may use one core only" in told
    assert not [call for call in planted[0] if call[2] == 2]
    assert run.main(json=True, names=["sweep"]) == 0
    target = json.loads(capsys.readouterr().out)["benchmarks"]["sweep"]["targets"][2]
    assert target[1:] == [None, None]


def test_without_proc_memory_is_not_measurable(planted, monkeypatch, capsys):
    monkeypatch.setattr(process_memory, "measurable", lambda: False)
    assert run.main(names=["sweep"]) == 0
    told = capsys.readouterr().out
    assert "not judged: at most 1,024 MiB for 1,000,000 sets: not measurable\n" in told
    assert "not judged: at most 10 % + 64 MiB above 10,000 sets: not measurable\n" in told
    assert "reached: 2 threads" in told


def test_a_missed_promise_exits_1(planted, monkeypatch, capsys):
    monkeypatch.setattr(sweep_million, "FASTER", 1.8)
    assert run.main(names=["sweep"]) == 1
    assert "MISSED : 2 threads at least 1.8 times as fast as 1: 1.75\n" in capsys.readouterr().out


def test_tables_that_differ_are_told_before_any_figure(planted, monkeypatch):
    digests, told = iter("aaab"), sweep_million.child

    def child(*given):
        whole = told(*given)
        return dataclasses.replace(whole, answer=whole.answer | {"digest": next(digests)})

    monkeypatch.setattr(sweep_million, "child", child)
    with pytest.raises(AssertionError, match="2 different tables of the same 40,000 sets"):
        sweep_million.pairs(40_000, 100, 2)


def test_a_sweep_that_fails_says_so(capfd):
    with pytest.raises(ChildProcessError, match="a sweep of 10 sets ended with code 2"):
        sweep_million.child(10, 0)
    assert "error:" in capfd.readouterr().err


def test_rows_that_are_not_those_of_backtest_are_noticed():
    from feeds.synthetic import martingale
    from optimize import sweep

    found = sweep(AtrTrend, martingale(1500), {"fast": [10, 20, 26]}, threads=1)
    table = found.table
    assert sweep_child.same_as_backtest(found, table) > 3
    changed = table.assign(trades=table["trades"] + 1.0)
    assert sweep_child.digest(changed) != sweep_child.digest(table) == sweep_child.digest(table.copy())
    with pytest.raises(AssertionError, match="set 0: trades is"):
        sweep_child.same_as_backtest(found, changed)


def test_thread_pools_are_handed_on_as_they_were(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(machine, "_GIVEN", {"MKL_NUM_THREADS": "3"})
    found = machine.environment(ROOT)
    assert "OMP_NUM_THREADS" not in found and found["MKL_NUM_THREADS"] == "3"
    assert found["PYTHONPATH"].split(os.pathsep)[0] == str(ROOT)


@pytest.mark.slow
def test_the_command_in_quick_mode(tmp_path):
    """The real thing on small sizes, from another folder: complete tables, a labelled title, nothing judged."""
    words = [sys.executable, ROOT / "benchmarks" / "run.py", "sweep", "--quick", "--json"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)["benchmarks"]["sweep"]
    assert report["title"].startswith("SMALL SIZES, figures say nothing of the promise: ")
    assert report["equal"]["rows of 1,000 sets"] == 1000
    assert [target[2] for target in report["targets"]] == [None, None, None]
    assert list(report["rows"]) == (["1 thread", "2 threads"] if len(machine.CORES) > 1 else [])
    if process_memory.measurable():
        assert report["ratios"]["1,000 sets, RSS [MiB]"] > 50
    assert not list(tmp_path.iterdir())
