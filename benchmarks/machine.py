"""One core, one thread, and what machine that was."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")
LIBRARIES = ("numpy", "scipy", "numba", "pandas", "backtrader", "vectorbt", "vectorbt-rust", "vollib", "QuantLib")
CORES = frozenset(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1))
"""Cores this process may use, before `one_core`."""
_GIVEN = {name: os.environ[name] for name in THREADS if name in os.environ}


def one_core() -> None:
    """Bind this process to one core and tell every thread pool to be one thread; call it before numpy is imported."""
    for name in THREADS:
        os.environ[name] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def environment(root: Path) -> dict[str, str]:
    """Variables for a process of its own, thread pools as they were before `one_core`; it finds our packages."""
    kept = {name: value for name, value in os.environ.items() if name not in THREADS}
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    return kept | _GIVEN | {"PYTHONPATH": path}


def facts() -> dict[str, str]:
    """Processor, system, versions and how busy the machine is."""
    found = {
        "processor": _processor(),
        "cores": f"{os.cpu_count()}, of which this process may use {_usable()}",
        "load": " ".join(f"{value:.2f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "compiler": _compiler(),
    }
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _usable() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _compiler() -> str:
    from benchmarks.native import compiler

    found = compiler()
    if found is None:
        return "none"
    return subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


@dataclass(frozen=True)
class Timing:
    """CPU seconds of every round and wall seconds of every round of one function."""

    cpu: tuple[float, ...]
    wall: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median CPU seconds."""
        return statistics.median(self.cpu)

    def over(self, other: Timing) -> float:
        """Median of the rounds' own ratios: what slows a whole round down slows both sides of it."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.cpu, other.cpu, strict=True))

    @property
    def least(self) -> float:
        """Least CPU seconds."""
        return min(self.cpu)

    def per(self, count: float, unit: float) -> dict[str, float]:
        """Median, least and wall median per item in 1/unit seconds (1e9: nanoseconds)."""
        scale = unit / count
        return {
            "median": self.median * scale,
            "least": self.least * scale,
            "wall": statistics.median(self.wall) * scale,
        }


def interleaved(functions: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, Timing]:
    """Run every function once per round, in turn, after one warm-up each.

    CPU time of the whole process counts, all its threads included: on a shared machine the wall clock also measures
    the neighbours, and hits long runs more than short ones.
    """
    for function in functions.values():
        function()
    cpu: dict[str, list[float]] = {name: [] for name in functions}
    wall: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            gc.collect()  # else each side pays for what the one before it left
            began, used = time.perf_counter(), time.process_time()
            function()
            cpu[name].append(time.process_time() - used)
            wall[name].append(time.perf_counter() - began)
    return {name: Timing(tuple(cpu[name]), tuple(wall[name])) for name in functions}
