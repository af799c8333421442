"""One stage up, when that stage's checks are passed; any stage down, with a reason."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError, NavaleError
from indicators.declaration import suggestion
from optimize.registry.code_state import CodeState, code_state
from optimize.registry.events import REQUIRED, Event, below, up
from optimize.registry.record import Record, required_text
from optimize.registry.requirements import CHECKS, Case, Requirement
from optimize.registry.store import Registry

if TYPE_CHECKING:
    from feeds.bars import Bars


class PromotionRefused(NavaleError):
    """A stage's checks are not all passed. requirements: all of them, passed ones too."""

    def __init__(self, record: Record, stage: str, requirements: Sequence[Requirement]) -> None:
        self.record, self.stage, self.requirements = record, stage, tuple(requirements)
        failed = [str(item) for item in requirements if not item.passed]
        super().__init__(f"{record.id} is not promoted to {stage}: {'. '.join(failed)}")

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the checks that failed."""
        return tuple(item.name for item in self.requirements if not item.passed)


def promote(
    registry: Registry,
    name: str,
    *,
    by: str,
    why: str,
    now: datetime.datetime,
    bars: Mapping[str, Bars] | None = None,
    paper_record: Path | None = None,
    code: CodeState | None = None,
) -> Event:
    """Move a record one stage up and return the event.

    name: the beginning of an id. by, why: who decides and for what reason, not blank. bars: the record's bars by
    symbol, where they cannot be loaded again by themselves; towards live they must reach to the last paper day.
    paper_record: file of the paper account, towards live. code: state of the running code, default: the present one.

    Raises PromotionRefused with every check and its cure, Overtaken when another process moved the record meanwhile,
    ConfigError for blank words, an unknown record and one that has no stage above it.
    """
    by, why = required_text("by", by), required_text("why", why)
    record = registry.record(name)
    history = registry.history(record)
    last = history[-1]
    stage = up(last.to_stage)
    if stage is None:
        told = "it is live" if last.to_stage == "live" else "a retired record stays so; file a new candidate"
        raise ConfigError(f"{record.id} has no stage above: {told}")
    case = Case(record, history, registry.folder, registry.limits, code or code_state(), now, bars, paper_record)
    found = requirements(case, stage)
    if not all(item.passed for item in found):
        raise PromotionRefused(record, stage, found)
    details: dict[str, Any] = {"requirements": [item.to_json() for item in found]}
    if case.parity is not None:
        details["parity"] = case.parity.to_json()
    return registry.append(record, last, "promoted", stage, details, by=by, why=why, now=now)


def requirements(case: Case, stage: str) -> list[Requirement]:
    """All checks of a stage, whatever the first ones say."""
    found: list[Requirement] = []
    for name in REQUIRED[stage]:
        if name in CHECKS:
            answer = CHECKS[name](case)
            found += answer if isinstance(answer, list) else [answer]
    return found


def demote(registry: Registry, name: str, *, by: str, why: str, now: datetime.datetime, to: str | None = None) -> Event:
    """Move a record down: one stage, or to any stage below, or to "retired". Nothing is checked but the words.

    A retired record stays so. Raises ConfigError for blank words and a stage that is not below.
    """
    by, why = required_text("by", by), required_text("why", why)
    record = registry.record(name)
    last = registry.history(record)[-1]
    lower = below(last.to_stage)
    if not lower:
        raise ConfigError(f"{record.id} is retired; there is nothing below")
    stage = lower[0] if to is None else to
    if stage not in lower:
        raise ConfigError(f"{record.id} is at {last.to_stage}; {stage!r} is not below{suggestion(stage, list(lower))}")
    return registry.append(record, last, "demoted", stage, {}, by=by, why=why, now=now)
