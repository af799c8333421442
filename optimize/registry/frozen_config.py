"""The frozen configuration: one TOML file with everything that trading needs, sealed by a hash of its own bytes."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError
from optimize.registry.events import Event
from optimize.registry.record import Record, stamp
from optimize.registry.store import Registry

if TYPE_CHECKING:
    from feeds.instrument import Instrument
    from strategies.base import Strategy
    from strategies.execution.account import Account

FORMAT = 1
EXPORTED = ("paper", "live")
HEAD = "# Written by `navale configs export`. Any edit, also of a comment, makes it unusable: export it again.\n"
SEAL = re.compile(rb'\[seal\]\nsha256 = "([0-9a-f]{64})"\n')


@dataclass(frozen=True)
class Market:
    """What a configuration trades. timeframe: of a bar, in nanoseconds."""

    instrument: Instrument
    timeframe: int
    calendar: str
    source: str


@dataclass(frozen=True)
class FrozenConfig:
    """A configuration that passed every check of `load_config`. warnings: what a person should know, e.g. that
    refit_by has passed."""

    path: Path
    sha256: str
    record: str
    stage: str
    strategy: Strategy
    kernel_hash: str
    markets: Mapping[str, Market]
    account: Account
    refit_by: datetime.date
    synthetic: bool
    warnings: tuple[str, ...]


def sealed(body: bytes) -> bytes:
    """The body followed by its hash."""
    return body + f'[seal]\nsha256 = "{hashlib.sha256(body).hexdigest()}"\n'.encode()


def export(
    registry: Registry, name: str, output: Path, *, by: str, why: str, now: datetime.datetime
) -> tuple[Path, Event]:
    """Write the frozen configuration of a record at stage paper or live, and note its hash in the history.

    The history is written before the file has its name: a file that exists is known to the registry. When something
    fails between the two, the history knows a file that nobody has, which harms nothing; export again. Raises
    ConfigError for another stage or an existing file, Overtaken when another process moved the record meanwhile.
    """
    record = registry.record(name)
    history = registry.history(record)
    stage = history[-1].to_stage
    if stage not in EXPORTED:
        raise ConfigError(f"{record.id} is at {stage}; a configuration is exported at paper or live: navale promote")
    if not output.resolve().parent.is_dir():
        raise ConfigError(f"{output.parent} is not a folder; make it first")
    try:
        output.open("xb").close()  # the name is ours from here on; an empty file is refused by every reader
    except FileExistsError as error:
        raise ConfigError(f"{output} exists; choose another file, for a running node may be reading it") from error
    except OSError as error:
        raise ConfigError(f"{output} cannot be written ({error.strerror}); choose another file") from error
    try:
        return output, _write(registry, record, history, output, by=by, why=why, now=now)
    except BaseException:
        output.unlink(missing_ok=True)
        raise


def _write(
    registry: Registry, record: Record, history: tuple[Event, ...], output: Path, *, by: str, why: str,
    now: datetime.datetime,
) -> Event:  # fmt: skip
    stage = history[-1].to_stage
    content = sealed(render(record, history, now).encode())
    handle, part = tempfile.mkstemp(dir=output.resolve().parent, prefix=f".{output.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(0o644)
        details = {"sha256": hashlib.sha256(content).hexdigest(), "file": output.name}
        event = registry.append(record, history[-1], "exported", stage, details, by=by, why=why, now=now)
        Path(part).replace(output)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    return event


def render(record: Record, history: Sequence[Event], now: datetime.datetime) -> str:
    """The text before the seal."""
    content = record.content
    told: dict[str, Any] = {
        "format": FORMAT,
        "record": record.id,
        "record_sha256": record.digest,
        "stage": history[-1].to_stage,
        "synthetic": record.synthetic,
        "refit_by": content["refit_by"],
        "kernel_hash": record.kernel_hash,
        "exported": stamp(now),
        "strategy": {"repr": content["strategy"], "source": content["source"], "parameters": content["parameters"]},
        "data": {
            symbol: {name: one[name] for name in ("source", "fingerprint", "timeframe", "calendar", "instrument")}
            for symbol, one in content["data"].items()
        },
        "account": content["account"],
    }
    lines = [HEAD, *_table((), told)]
    for event in history:
        row = {"kind": event.kind, "from": event.from_stage, "to": event.to_stage, "by": event.by, "at": event.at}
        lines += ["\n[[history]]\n", *_values({**row, "hash": event.hash})]
    return "".join([*lines, "\n"])


def _table(path: tuple[str, ...], told: Mapping[str, Any]) -> Iterator[str]:
    if path:
        yield f"\n[{'.'.join(map(_text, path))}]\n"
    yield from _values({name: value for name, value in told.items() if not isinstance(value, Mapping)})
    for name, value in told.items():
        if isinstance(value, Mapping):
            yield from _table((*path, name), value)


def _values(told: Mapping[str, Any]) -> Iterator[str]:
    for name, value in told.items():
        if value is not None:  # TOML has no null: what is not there is not written
            yield f"{name if re.fullmatch(r'[A-Za-z0-9_-]+', name) else _text(name)} = {_value(value)}\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, (int, float)) else _text(str(value))


def _text(value: str) -> str:
    """A TOML basic string: JSON's escapes are among TOML's, save that of DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
