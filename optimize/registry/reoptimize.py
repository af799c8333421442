"""A record's procedure on new data."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.errors import ConfigError, DataError
from optimize.registry.data import load_again
from optimize.registry.record import Record, required_text
from optimize.registry.store import Registry
from optimize.registry.strategy_source import find_strategy

if TYPE_CHECKING:
    from feeds.bars import Bars
    from optimize.gates.gates import Gates
    from optimize.walkforward.concluding import Outcome
    from optimize.walkforward.result import WalkForward

Progress = Callable[[int, int], None]


def repeat(
    record: Record, registry: Registry, bars: Bars, storage: str | None = None, progress: Progress | None = None
) -> WalkForward:
    """The walk-forward of a record on other bars: the class as it is declared now, same space, settings and seed."""
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
        start=(record.content["reading"] or {}).get("start"),
        storage=storage,
        progress=progress,
        **{field.name: getattr(settings, field.name) for field in fields(settings)},
    )


def gates_of(record: Record) -> Gates:
    """The gates that a record was judged by."""
    from optimize.gates.gates import Gate, Gates

    rows = [Gate(row["name"], row["figure"], row["bound"], row["threshold"], row["why"])
            for row in record.gates["gates"]]  # fmt: skip
    return Gates(record.gates["version"], tuple(rows), record.gates["source"])


def reoptimize(
    registry: Registry,
    name: str,
    *,
    by: str,
    why: str,
    now: datetime.datetime,
    sources: Sequence[str] = (),
    root: str | Path = "walks",
    progress: Progress | None = None,
) -> Outcome:
    """Run a record's procedure on the bars of `sources` (default: its own, which may have grown) and file the outcome.

    Judged by the record's own gates, kept and reported below `root` like any walk-forward, where an interrupted search
    goes on. The new record starts where its gates put it; nothing is promoted, the old one stays where it is. Raises
    ConfigError and DataError as loading and optimizing do, and DataError when nothing was chosen.
    """
    from optimize.walkforward.concluding import conclude

    by, why = required_text("by", by), required_text("why", why)
    record = registry.record(name)
    bars = load_again(record, sources)
    if len(bars) != 1:
        raise ConfigError(f"{record.id} was found on one symbol; give one --data, not {len(bars)}")
    Path(root).mkdir(parents=True, exist_ok=True)
    (one,) = bars.values()
    walk = repeat(record, registry, one, str(Path(root) / "trials.log"), progress)
    reading = record.content["reading"]
    if reading is not None and sources:
        reading = reading | {"sources": list(sources)}
    outcome = conclude(
        walk, gates_of(record), root=root, registry=registry.path, by=by, why=why, now=now, reading=reading
    )  # fmt: skip
    if outcome.record is None:
        raise DataError(f"the procedure chose nothing on the last train window of {one.source}; see {outcome.report}")
    return outcome
