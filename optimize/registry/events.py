"""The stages of a record and its history: events, each of which carries a hash of all that came before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from optimize.registry.record import DamagedRegistry, Record, canonical, digest

STAGES = ("research", "candidate", "approved", "paper", "live")
RETIRED = "retired"
REQUIRED: dict[str, tuple[str, ...]] = {
    "candidate": ("gates",),
    "approved": ("gates", "stability", "kernels", "parity", "code"),
    "paper": ("kernels", "parity", "code", "refit"),
    "live": ("market data", "kernels", "parity", "code", "refit", "paper days", "divergence"),
}
"""What a promotion to a stage must have passed."""


@dataclass(frozen=True)
class Event:
    """One line of a history. kind: "filed", "promoted", "demoted" or "exported". at: UTC. details: requirements,
    parity report, file hash. hash: of this event, its number and the hash of the one before (of the record, first)."""

    record: str
    step: int
    kind: str
    from_stage: str
    to_stage: str
    by: str
    why: str
    at: str
    details: str
    hash: str = ""

    def sealed(self, previous: str) -> Event:
        """The same event with its hash."""
        return Event(**{**asdict(self), "hash": self.seal(previous)})

    def seal(self, previous: str) -> str:
        """What the hash must be after an event (or record) with the hash `previous`."""
        return digest(canonical({**asdict(self), "hash": previous}))


def up(stage: str) -> str | None:
    """The next stage, None from live and retired."""
    return STAGES[STAGES.index(stage) + 1] if stage in STAGES[:-1] else None


def below(stage: str) -> tuple[str, ...]:
    """Stages that a demotion may lead to, nearest first."""
    return (*reversed(STAGES[: STAGES.index(stage)]), RETIRED) if stage in STAGES else ()


def first_stage(record: Record) -> str:
    """Where a record is filed: a candidate when every gate is green."""
    return "candidate" if green(record.gates) else "research"


def green(gates: Mapping[str, Any]) -> bool:
    """True when a gate report passed, and holds at least one gate and no failed one."""
    found = gates.get("gates") or []
    return gates.get("passed") is True and bool(found) and all(gate.get("passed") is True for gate in found)


def check_history(record: Record, events: Sequence[Event]) -> None:
    """DamagedRegistry unless the events follow one another, are unchanged, and lead one stage at a time.

    check "history": a line was changed, removed or put in by hand. check "skipped-stage": the hashes agree, but a move
    is none that the registry would have made.
    """
    import json

    previous, stage = record.digest, ""
    for step, event in enumerate(events):
        where = (
            f"record {record.id}, event {step + 1} ({event.kind} {event.from_stage} to {event.to_stage}, {event.at})"
        )
        if event.record != record.id or event.step != step or event.hash != event.seal(previous):
            raise DamagedRegistry(
                "history", f"{where}: its hash does not follow from the event before; restore the registry's file"
            )
        why = _impossible(record, event, stage, json.loads(event.details))
        if why:
            raise DamagedRegistry("skipped-stage", f"{where}: {why}; every stage is taken with `navale promote`")
        previous, stage = event.hash, event.to_stage
    if not events:
        raise DamagedRegistry("history", f"record {record.id} has no history; restore the registry's file")


def _impossible(record: Record, event: Event, stage: str, details: Mapping[str, Any]) -> str:
    if event.from_stage != stage:
        return f"it leaves {event.from_stage or 'nothing'}, the record was at {stage or 'nothing'}"
    if event.kind == "filed":
        right = first_stage(record)
        return "" if not stage and event.to_stage == right else f"its gates file it at {right}"
    if event.kind == "exported":
        return "" if event.to_stage == stage and stage in ("paper", "live") else f"nothing is exported at {stage}"
    if event.kind == "demoted":
        return "" if event.to_stage in below(stage) else f"{event.to_stage} is not below {stage}"
    if event.kind != "promoted":
        return f"there is no such event as {event.kind!r}"
    if event.to_stage != up(stage):
        return f"a stage is skipped: above {stage} comes {up(stage)}"
    passed = {item["name"] for item in details.get("requirements", []) if item.get("passed") is True}
    missing = [name for name in REQUIRED[event.to_stage] if name not in passed]
    return f"it lacks the checks of that stage: {', '.join(missing)}" if missing else ""
