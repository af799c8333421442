"""After a walk-forward: judge it, keep it, write its report, file its candidate."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimize.evidence.judgement import judge
from optimize.gates.gates import Gates, check_gates
from optimize.registry.filing import file_candidate
from optimize.registry.store import Registry
from optimize.walkforward.report import write_report
from optimize.walkforward.saving import describe, save

if TYPE_CHECKING:
    from optimize.gates.gates import GateReport
    from optimize.registry.record import Record
    from optimize.walkforward.result import WalkForward


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a walk-forward. record: of its candidate; None when the procedure chose nothing at the end."""

    walk: WalkForward
    gates: GateReport
    judgement: dict[str, Any]
    folder: Path
    report: Path
    record: Record | None
    stage: str

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        record = None if self.record is None else self.record.id
        return {
            **describe(self.walk), "gates": self.gates.to_json(), "judgement": self.judgement,
            "folder": str(self.folder), "report": str(self.report), "candidate_id": record, "stage": self.stage,
        }  # fmt: skip


def conclude(
    walk: WalkForward,
    gates: Gates,
    *,
    root: str | Path,
    registry: str | Path,
    by: str,
    why: str,
    now: datetime.datetime,
    reading: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
    tearsheet: bool = True,
) -> Outcome:
    """Judge `walk` by `gates`, write folder and report below `root` and file the candidate in `registry`.

    by, why: of the filing. reading: how the bars are loaded again (optimize.registry.filing.file_candidate). tearsheet:
    whether the report holds that of the out-of-sample returns.
    """
    judgement = judge(walk, progress=progress)
    values, missing = judgement.values(gates.figures)
    verdict = check_gates(values, missing, gates)
    told = judgement.to_json()
    folder = save(walk, root, {"judgement.json": told, "gates.json": verdict.to_json()}, pd.Timestamp(now))
    report = write_report(walk, judgement, verdict, folder / "report.html", quantstats=tearsheet)
    record, stage = None, "none"
    if walk.candidate.parameters is not None:
        with Registry(registry) as opened:
            record = file_candidate(
                walk, told, verdict.to_json(), opened, by=by, why=why, now=now, reading=reading
            )  # fmt: skip
            stage = opened.stage(record)
    return Outcome(walk, verdict, told, folder, report, record, stage)
