"""Two promises about large sweeps: memory that hardly grows with the number of sets, and two cores that are used."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine, process_memory
from benchmarks.machine import Timing
from benchmarks.prices import BARS
from benchmarks.process_memory import Memory

SMALL, LARGE, TIMED, PAIRS = 10_000, 1_000_000, 40_000, 5
CEILING, GROWTH, EXTRA, FASTER = 1024.0, 1.10, 64.0, 1.6  # MiB, times, MiB, times
ROOT = Path(__file__).resolve().parent.parent
MIB = 2.0**20

AXES = (
    ("fast", range(8, 28, 2)), ("slow", range(30, 130, 10)), ("stop_atr", [1.5 + 0.3 * k for k in range(10)]),
    ("trail_atr", [3.0 + 0.5 * k for k in range(10)]), ("sell_exit", [0.2 + 0.05 * k for k in range(10)]),
    ("cooldown", range(10)),
)  # fmt: skip
"""Ten values each; `fast` is always below `slow`, so that no combination is ruled out."""

Target = tuple[str, float | None, bool | None]


def axes(sets: int) -> list[str]:
    """Words of --grid with that many combinations: a digit and noughts, at most a million."""
    found, left = [], sets
    for name, values in AXES:
        take = 10 if left % 10 == 0 else left
        if 1 < take <= 10:
            found.append(f"{name}=" + ",".join(f"{value:g}" for value in list(values)[:take]))
            left //= take
    if left != 1 or not found:
        raise ValueError(f"{sets} sets: needs a digit and noughts, from 2 to {10 ** len(AXES):,}, like 40000")
    return found


@dataclass(frozen=True)
class Whole:
    """A process with one sweep: what it said, its peak of memory where that was watched, its seconds from its start."""

    answer: dict[str, Any]
    peak: Memory
    seconds: float

    @property
    def mib(self) -> float:
        """Largest RSS: of the samples' sums over all processes, and of the kernel's own mark of the command."""
        return max(self.peak.rss, int(self.answer["high_water"])) / MIB


def child(sets: int, bars: int, threads: int | None = None) -> Whole:
    """A sweep in a fresh process and a folder of its own; threads=None: the whole command, its memory watched.

    AssertionError when rows are missing, ChildProcessError when it failed.
    """
    request = {"axes": axes(sets), "source": f"synthetic:martingale?bars={bars}&seed=1", "threads": threads,
               "cores": sorted(machine.CORES)}  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="navale-bench-") as folder:
        asked, answer = Path(folder) / "request.json", Path(folder) / "answer.json"
        asked.write_text(json.dumps(request), encoding="utf-8")
        words = [sys.executable, "-m", "benchmarks.sweep_child", str(asked), str(answer)]
        began, peak = time.perf_counter(), Memory(0, None, 0)
        process = subprocess.Popen(words, cwd=folder, env=machine.environment(ROOT), stdout=subprocess.DEVNULL)
        try:
            if threads is None:
                peak = process_memory.watched(process)
            process.wait()
        finally:
            process.kill()
            process.wait()
        seconds = time.perf_counter() - began
        if process.returncode:
            raise ChildProcessError(f"a sweep of {sets:,} sets ended with code {process.returncode}; why stands above")
        found = json.loads(answer.read_text(encoding="utf-8"))
    if not found["complete"] or found["rows"] != sets:
        raise AssertionError(f"a sweep of {sets:,} sets has {found['rows']:,} rows, complete: {found['complete']}")
    return Whole(found, peak, seconds)


def pairs(sets: int, bars: int, count: int) -> tuple[dict[int, Timing], dict[str, Any]]:
    """One thread and two, each in fresh processes, `count` times in turns; the order changes from pair to pair."""
    cpu: dict[int, list[float]] = {1: [], 2: []}
    wall: dict[int, list[float]] = {1: [], 2: []}
    digests, figures = set(), 0
    for number in range(count):
        for threads in (1, 2) if number % 2 == 0 else (2, 1):
            answer = child(sets, bars, threads).answer
            cpu[threads].append(answer["cpu"])
            wall[threads].append(answer["wall"])
            digests.add(answer["digest"])
            figures += answer["figures"]
    if len(digests) != 1:
        raise AssertionError(f"{len(digests)} different tables of the same {sets:,} sets with 1 and 2 threads")
    equal = {"rows, the same with 1 and 2 threads": sets, "figures compared with backtest": figures}
    return {threads: Timing(tuple(cpu[threads]), tuple(wall[threads])) for threads in cpu}, equal


def speedup(timed: Mapping[int, Timing]) -> float:
    """Median over the pairs: wall seconds of one thread over those of two."""
    return statistics.median(one / two for one, two in zip(timed[1].wall, timed[2].wall, strict=True))


def targets(mib: Mapping[int, float], faster: float | None, judged: bool) -> list[Target]:
    """What was promised beside what was found; None where nothing could be measured, or not at these sizes."""
    small, large = min(mib, default=0), max(mib, default=0)
    limit = mib[small] * GROWTH + EXTRA if mib else None
    above = "" if limit is None else f", {limit:.0f} MiB"
    rows = [
        (f"at most {CEILING:,.0f} MiB for {large or LARGE:,} sets", mib.get(large), CEILING, False),
        (f"at most 10 % + 64 MiB above {small or SMALL:,} sets{above}", mib.get(large), limit, False),
        (f"2 threads at least {FASTER} times as fast as 1", faster, FASTER, True),
    ]
    found: list[Target] = []
    for text, value, asked, least in rows:
        reached: bool | None = None
        if judged and value is not None and asked is not None:
            reached = value >= asked if least else value <= asked
        found.append((text, value, reached))
    return found


def run(
    small: int = SMALL, large: int = LARGE, timed: int = TIMED, count: int = PAIRS, bars: int = BARS
) -> dict[str, Any]:
    """Check and fill the kernel cache, then watch the memory of both sizes, then time the pairs."""
    judged = (small, large, timed, count, bars) == (SMALL, LARGE, TIMED, PAIRS, BARS)
    equal: dict[str, Any] = {}
    ratios: dict[str, float] = {}
    mib: dict[int, float] = {}
    child(small, bars, threads=1)
    for sets in (small, large) if process_memory.measurable() else ():
        whole = child(sets, bars)
        mib[sets] = whole.mib
        equal[f"rows of {sets:,} sets"] = whole.answer["rows"]
        ratios[f"{sets:,} sets, RSS [MiB]"] = whole.mib
        if whole.peak.pss is not None:
            ratios[f"{sets:,} sets, PSS [MiB]"] = whole.peak.pss / MIB
        ratios[f"{sets:,} sets, processes"] = whole.peak.processes
        ratios[f"{sets:,} sets, sweep and page [s]"] = whole.seconds
    rows, faster = {}, None
    if len(machine.CORES) > 1:
        times, same = pairs(timed, bars, count)
        equal |= same
        faster = speedup(times)
        ratios["sweep of 2 sets, 1 thread [s]"] = child(2, bars, threads=1).answer["wall"]
        rows = {f"{threads} thread{'s' * (threads > 1)}": timing.per(1, 1.0) for threads, timing in times.items()}
        ratios["2 threads, times as fast as 1"] = faster
        ratios["cores that 2 threads got"] = times[2].median / statistics.median(times[2].wall)
    label = "" if judged else "SMALL SIZES, figures say nothing of the promise: "
    return {
        "title": f"{label}Sweep of AtrTrend, {small:,} and {large:,} sets x {bars:,} hourly bars",
        "unit": f"s per sweep of {timed:,} sets (median and least: CPU)",
        "rows": rows, "ratios": ratios, "targets": targets(mib, faster, judged), "equal": equal,
        "notes": notes(count),
    }  # fmt: skip


def notes(count: int) -> list[str]:
    """What the figures are."""
    every, cores = f"{process_memory.INTERVAL * 1e3:.0f} ms", len(machine.CORES)
    found = [
        f"Every sweep runs in a fresh process with {cores} of the cores, in a temporary folder, with kernels",
        "from a warm cache. Memory: `navale sweep` with its table and page, as many threads as cores. RSS counts: the",
        f"larger of the greatest sum over all its processes (a sample every {every}) and the kernel's own mark of the",
        "command, which misses no peak. PSS counts shared pages once and is sampled only: shown, not judged.",
        f"Threads: `optimize.sweep` from bars to the table on disk, {count} pairs in changing order; what counts is",
        "the median of the pairs' ratios of wall seconds. Each run includes what a sweep of 2 sets takes: libraries",
        "and kernels from disk, on one core. Other work on the machine lowers the ratio: see load and cores got.",
    ]
    if not process_memory.measurable():
        found.append("Memory is not measurable here: this system has no /proc.")
    if cores < 2:
        found.append("Threads are not measurable here: this process may use one core only.")
    return found
