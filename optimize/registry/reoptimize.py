"""A record's procedure on new data."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError
from optimize.registry.data import load_again
from optimize.registry.filing import file_candidate
from optimize.registry.record import Record, required_text
from optimize.registry.store import Registry
from optimize.registry.strategy_source import find_strategy

if TYPE_CHECKING:
    from feeds.bars import Bars
    from optimize.walkforward.result import WalkForward


def repeat(
    record: Record, registry: Registry, bars: Bars, progress: Callable[[int, int], None] | None = None
) -> WalkForward:
    """The walk-forward of a record on other bars: same class as it is declared now, space, settings and seed."""
    from optimize.walkforward.procedure import walk_forward
    from optimize.walkforward.settings import Settings

    told = record.content["procedure"]
    settings = Settings.from_json(told["settings"])
    space = {name: axis["values"] if axis["kind"] == "choice" else (axis["low"], axis["high"])
             for name, axis in told["space"]["axes"].items()}  # fmt: skip
    return walk_forward(
        find_strategy(record.content["source"], registry.folder),
        bars,
        space=space,
        fixed=told["space"]["fixed"],
        progress=progress,
        **{field.name: getattr(settings, field.name) for field in fields(settings)},
    )


def reoptimize(
    registry: Registry,
    name: str,
    *,
    by: str,
    why: str,
    now: datetime.datetime,
    sources: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Record:
    """Run a record's procedure on the bars of `sources` (default: its own, which may have grown) and file the outcome.

    The new record starts where its own gates put it; nothing is promoted, the old one stays where it is. Raises
    ConfigError and DataError as loading and optimizing do, and DataError when nothing was chosen.
    """
    required_text("by", by), required_text("why", why)
    record = registry.record(name)
    bars = load_again(record, sources)
    if len(bars) != 1:
        raise ConfigError(f"{record.id} was found on one symbol; give one --data, not {len(bars)}")
    (one,) = bars.values()
    walk = repeat(record, registry, one, progress)
    judgement, gates = verdicts(walk, record)
    reading = record.content["reading"]
    if reading is not None and sources:
        reading = reading | {"sources": list(sources)}
    return file_candidate(walk, judgement, gates, registry, by=by, why=why, now=now, reading=reading)


def verdicts(walk: WalkForward, record: Record) -> tuple[dict[str, Any], dict[str, Any]]:
    """Judgement and gate report of the new walk-forward, under the gates of the record."""
    from optimize.evidence.judgement import judge
    from optimize.gates.gates import Gate, Gates, check_gates

    told = record.content["evidence"]["judgement"]
    judgement = judge(walk, draws=told["draws"], seed=told["seed"])
    rows = [Gate(row["name"], row["figure"], row["bound"], row["threshold"], row["why"])
            for row in record.gates["gates"]]  # fmt: skip
    gates = Gates(record.gates["version"], tuple(rows), record.gates["source"])
    values, missing = judgement.values(gates.figures)
    return judgement.to_json(), check_gates(values, missing, gates).to_json()
