"""The benchmarks: `make bench`, `navale bench`, or `python benchmarks/run.py [--json] [--quick] [NAME ...]`.

Every benchmark asserts equal results before it times, names its peers' best way, and prints what it misses.
"""

from __future__ import annotations

import argparse
import json as json_
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

NAMES = {
    "ema-cross": ("sweep_ema_cross", {"sets": 50, "rounds": 3}),
    "atr-trend": ("sweep_atr_trend", {"sets": 20, "rounds": 3}),
    "event": ("event_engine", {"bars": 4000, "rounds": 3}),
    "sweep": ("sweep_million", {"small": 100, "large": 1000, "timed": 400, "count": 1, "bars": 2000}),
    "start": ("first_result", {"rounds": 1}),
    "options": ("options", {"contracts": 4000, "expiries": 20, "rounds": 3}),
}
"""Name: module with `run(**sizes)`, and the sizes of `--quick`."""

JUDGED = {True: "reached", False: "MISSED ", None: "not judged"}
"""None: this machine cannot measure it, or the sizes are not those that were promised."""


def measure(names: Sequence[str] = (), quick: bool = False) -> dict[str, Any]:
    """Run the named benchmarks (without names: all) on one core; returns the machine's facts and their reports."""
    from benchmarks.machine import facts, one_core

    one_core()
    before = facts()
    found = {}
    for name in names or NAMES:
        module, small = NAMES[name]
        found[name] = import_module(f"benchmarks.{module}").run(**(small if quick else {}))
    return {"machine": before | {"load after": facts()["load"]}, "benchmarks": found}


def show(report: dict[str, Any]) -> str:
    """The report as text."""
    lines = [f"{name:14} {value}" for name, value in report["machine"].items()]
    for item in report["benchmarks"].values():
        lines += ["", item["title"], f"  {'':34}{'median':>10}{'least':>10}{'wall':>10}  {item['unit']}"]
        lines += [
            f"  {name:34}{row['median']:10.2f}{row['least']:10.2f}{row['wall']:10.2f}"
            for name, row in item["rows"].items()
        ]
        lines += [f"  {name:34}{value:10.2f}" for name, value in item["ratios"].items()]
        lines += [
            f"  equal: {name}: {value:.1e}" if isinstance(value, float) else f"  equal: {name}: {value:,}"
            for name, value in item["equal"].items()
        ]
        lines += [
            f"  {JUDGED[reached]}: {target}: {'not measurable' if value is None else f'{value:.2f}'}"
            for target, value, reached in item["targets"]
        ]
        lines += [f"  {note}" for note in item["notes"]]
    return "\n".join(lines)


def main(json: bool = False, names: Sequence[str] = (), quick: bool = False) -> int:
    """Run, print as text or JSON; 1 when a target was missed, else 0. AssertionError when results are not equal."""
    report = measure(names, quick)
    print(json_.dumps(report, indent=2) if json else show(report))
    missed = [target for item in report["benchmarks"].values() for target in item["targets"] if target[2] is False]
    return 1 if missed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Benchmarks against peers, equal results first.")
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], metavar="NAME", help=f"any of {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="small sizes: says little, takes seconds")
    given = parser.parse_args()
    sys.exit(main(given.json, given.names, given.quick))
