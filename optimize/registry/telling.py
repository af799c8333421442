"""Records and events as plain data and as cells of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optimize.registry.events import green

if TYPE_CHECKING:
    from optimize.registry.events import Event
    from optimize.registry.record import Record
    from optimize.registry.store import Registry


def overview(registry: Registry, record: Record) -> dict[str, Any]:
    """One line of `navale configs`."""
    last = registry.history(record)[-1]
    return {"id": record.id, "stage": last.to_stage, "strategy": record.content["strategy"],
            "refit_by": record.content["refit_by"], "gates": "green" if green(record.gates) else "not green",
            "synthetic": record.synthetic, "by": last.by, "when": last.at[:19]}  # fmt: skip


def brief(record: Record) -> dict[str, Any]:
    """The content without the tables of the evidence and without the gates."""
    judgement = record.content["evidence"]["judgement"]
    kept = {name: judgement[name] for name in ("values", "missing", "proximity") if name in judgement}
    return {**record.content, "evidence": kept}


def flat(content: Any, prefix: str = "") -> dict[str, Any]:
    """Nested mappings and lists as one mapping of dotted names to values."""
    if isinstance(content, dict) and content:
        items = content.items()
    elif isinstance(content, list) and any(isinstance(item, dict) for item in content):
        items = {str(item.get("name", k)) if isinstance(item, dict) else str(k): item
                 for k, item in enumerate(content)}.items()  # fmt: skip
    else:
        return {prefix: content}
    return {name: value for key, item in items
            for name, value in flat(item, f"{prefix}.{key}" if prefix else str(key)).items()}  # fmt: skip


def event_data(event: Event) -> dict[str, Any]:
    """An event without its details."""
    return {"record": event.record, "kind": event.kind, "from": event.from_stage, "to": event.to_stage,
            "by": event.by, "why": event.why, "at": event.at, "hash": event.hash}  # fmt: skip


def cell(value: Any) -> Any:
    """A value as a table shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else value
