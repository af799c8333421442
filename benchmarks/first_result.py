"""From the start of a process to its first result: kernels compiled (cold) and kernels loaded from disk (warm)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.machine import Timing

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 6.0
SCRIPT = """
import json
from feeds import load
from optimize import backtest
from strategies.atr_trend import AtrTrend

print(json.dumps({"metrics": dict(backtest(AtrTrend(), load("sample:spx"), engine="vector").metrics)}))
"""
COMMAND = "import navale; navale.main(['backtest', 'AtrTrend', '--data', 'sample:spx', '--engine', '{}', '--json'])"
WAYS = {
    "script": SCRIPT,
    "navale backtest": COMMAND.format("vector"),
    "navale backtest --engine both": COMMAND.format("both"),
}
"""What a user starts, and prints its metrics."""
SINGLE = ("script", "navale backtest")  # the third gives two results and compares them


@dataclass(frozen=True)
class First:
    """One process: its metrics, its seconds from start to end, and how many compiled kernels it added on disk."""

    metrics: str
    cpu: float
    wall: float
    compiled: int


def kernels(cache: Path) -> int:
    """Compiled functions in a kernel cache."""
    return sum(1 for _ in cache.rglob("*.nbc"))


def first(code: str, cache: Path) -> First:
    """Run `code` in a fresh process and an empty folder; ChildProcessError when it fails."""
    before = kernels(cache)
    with tempfile.TemporaryDirectory(prefix="navale-bench-") as folder:
        environment = machine.environment(ROOT) | {"NAVALE_CACHE": str(cache)}
        used, began = _children(), time.perf_counter()
        ended = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
        )
        wall, cpu = time.perf_counter() - began, _children() - used
    if ended.returncode:
        raise ChildProcessError(f"a first result ended with code {ended.returncode}; why stands above")
    return First(json.dumps(json.loads(ended.stdout)["metrics"], sort_keys=True), cpu, wall, kernels(cache) - before)


def _children() -> float:
    used = os.times()
    return used.children_user + used.children_system


def check(cold: Sequence[First], warm: Sequence[First]) -> dict[str, Any]:
    """Assert that cold processes compiled, warm ones did not, and that all found the same metrics."""
    if not all(one.compiled for one in cold):
        raise AssertionError("a process with an empty kernel cache compiled nothing")
    if any(one.compiled for one in warm):
        raise AssertionError(f"processes with all kernels on disk compiled {[one.compiled for one in warm]} more")
    found = {one.metrics for one in (*cold, *warm)}
    if len(found) != 1:
        raise AssertionError(f"cold and warm processes differ: {sorted(found)}")
    return {
        "kernels compiled by the cold process": cold[0].compiled,
        "processes with equal metrics": len([*cold, *warm]),
    }


def run(rounds: int = 3) -> dict[str, Any]:
    """Check, then report seconds of whole processes: AtrTrend on the embedded S&P 500, daily."""
    rows: dict[str, dict[str, float]] = {}
    targets: list[tuple[str, float, bool | None]] = []
    equal: dict[str, Any] = {}
    for way, code in WAYS.items():
        cold, warm = [], []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(prefix="navale-kernels-") as cache:
                cold.append(first(code, Path(cache)))
                warm += [first(code, Path(cache)) for _ in range(2)]
        equal |= {f"{way}: {name}": value for name, value in check(cold, warm).items()}
        timed = {f"{way}, {state}": Timing(tuple(one.cpu for one in ran), tuple(one.wall for one in ran))
                 for state, ran in (("cold", cold), ("warm", warm))}  # fmt: skip
        rows |= {name: timing.per(1, 1.0) for name, timing in timed.items()}
        seconds = rows[f"{way}, warm"]["wall"]
        reached = seconds < SECONDS if way in SINGLE else None
        targets.append((f"under {SECONDS:.0f} s with kernels on disk ({way})", seconds, reached))
    return {
        "title": "Process start to first result, AtrTrend on sample:spx, a fresh process each time",
        "unit": "s", "rows": rows, "ratios": {}, "targets": targets, "equal": equal,
        "notes": [f"One core of {os.cpu_count()}. Cold: no kernel of this class was compiled before."],
    }  # fmt: skip
