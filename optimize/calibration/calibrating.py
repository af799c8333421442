"""How often the gates pass where there is nothing to find, and where there is something."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scipy.stats import binomtest

from optimize.calibration.cases import Plan, run_cases
from optimize.calibration.series import KINDS
from optimize.gates.gates import check_gates

if TYPE_CHECKING:
    from optimize.gates.gates import Gates

TUNING, REPORTED = range(300), range(10_000, 10_300)


@dataclass(frozen=True)
class Rate:
    """Cases of one kind against all gates. interval: Wilson's, 95 %. gates: share of cases that pass each gate.
    refused: how many cases each gate alone keeps from passing, all others being passed."""

    seeds: int
    passed: int
    gates: Mapping[str, float]
    refused: Mapping[str, int]

    @property
    def pass_rate(self) -> float:
        return self.passed / self.seeds if self.seeds else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson (1927), as in scipy.stats.binomtest."""
        found = binomtest(self.passed, self.seeds).proportion_ci(0.95, "wilson")
        return float(found.low), float(found.high)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"seeds": self.seeds, "passed": self.passed, "pass_rate": self.pass_rate,
                "interval": list(self.interval), "gates": dict(self.gates), "refused": dict(self.refused)}  # fmt: skip


def calibrate(
    seeds: Sequence[int],
    gates: Gates,
    plan: Plan,
    folder: Path,
    *,
    kinds: Sequence[str] = KINDS,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Rate]:
    """Walk-forwards on one series per seed and kind, judged by `gates`.

    folder: where finished cases are kept, below a folder named after all that they depend on; gates are applied
    afterwards, so that other thresholds cost nothing. workers: processes, all cores unless given.
    """
    cases = [(kind, int(seed)) for kind in kinds for seed in seeds]
    found = run_cases(folder / plan.digest(), cases, plan, gates, workers, progress)
    return {kind: rate([case for case in found if case["kind"] == kind], gates) for kind in kinds}


def rate(cases: Sequence[Mapping[str, Any]], gates: Gates) -> Rate:
    """The gates against finished cases."""
    reports = []
    for case in cases:
        values = {name: math.nan if value is None else value for name, value in case["values"].items()}
        reports.append(check_gates(values, case["missing"], gates))
    each = {
        gate.name: sum(report.results[k].passed for report in reports) / len(reports)
        for k, gate in enumerate(gates.gates)
    }  # fmt: skip
    lone = [report.failed[0].name for report in reports if len(report.failed) == 1]
    refused = {gate.name: lone.count(gate.name) for gate in gates.gates}
    return Rate(len(reports), sum(report.passed for report in reports), each, refused)
