"""The registry on disk: SQLite, append-only, safe for several processes at once."""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from feeds.errors import ConfigError, DataError, NavaleError
from optimize.registry.events import Event, check_history, first_stage
from optimize.registry.record import DamagedRegistry, Record, canonical, required_text, stamp
from optimize.write_ahead import write_ahead

DEFAULT = "registry.db"
WAIT = 30.0  # seconds for another process to finish writing
LIMITS = {"paper_days": 20.0, "divergence": 0.02, "fill_tolerance": 0.001}
"""paper_days before live; largest share of fills that may differ from the backtest; relative difference in price or
quantity from which a fill differs."""

_TABLES = """
CREATE TABLE records (id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, content TEXT NOT NULL) STRICT;
CREATE TABLE events (
    record TEXT NOT NULL REFERENCES records (id), step INTEGER NOT NULL, kind TEXT NOT NULL, from_stage TEXT NOT NULL,
    to_stage TEXT NOT NULL, by TEXT NOT NULL, why TEXT NOT NULL, at TEXT NOT NULL, details TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE, PRIMARY KEY (record, step)
) STRICT;
CREATE TABLE settings (
    step INTEGER PRIMARY KEY, name TEXT NOT NULL, value REAL NOT NULL, by TEXT NOT NULL, why TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE TRIGGER events_follow BEFORE INSERT ON events
WHEN NEW.step <> (SELECT count(*) FROM events WHERE record = NEW.record)
BEGIN SELECT RAISE(ABORT, 'the registry is append-only: an event follows the last one'); END;
CREATE TRIGGER records_once BEFORE INSERT ON records WHEN EXISTS (SELECT 1 FROM records WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the registry is append-only: this record exists'); END;
CREATE TRIGGER settings_follow BEFORE INSERT ON settings WHEN EXISTS (SELECT 1 FROM settings WHERE step = NEW.step)
BEGIN SELECT RAISE(ABORT, 'the registry is append-only: settings are added'); END;
"""
_GUARD = """
CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'the registry is append-only: {table} are neither changed nor removed'); END;
"""


class RegistryBusy(ConfigError):
    """Another process has had the file to itself for too long."""


class Overtaken(ConfigError):
    """Another process moved the record in the meantime."""


class Registry:
    """Records and their histories in one SQLite file (WAL, every commit synced).

    path: made when it is not there, unless `create` is False (then ConfigError). Rows are verified whenever they are
    read: DamagedRegistry when one was changed, removed or put in by hand.
    """

    def __init__(self, path: str | Path = DEFAULT, *, create: bool = True) -> None:
        self.path = Path(path)
        self.folder = self.path.resolve().parent
        if not create and not self.path.is_file():
            raise ConfigError(f"there is no registry {self.path}; file a candidate first, or name it with --registry")
        if not self.folder.is_dir():
            raise ConfigError(f"{self.folder} is not a folder; make it first")
        self._connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)
        try:
            self._prepare(create)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            if _busy(error):
                raise RegistryBusy(f"{self.path} is in use by another process ({error}); try again") from error
            raise DataError(f"{self.path} is no registry ({error}); name another file with --registry") from error
        except NavaleError:
            self._connection.close()
            raise

    def _prepare(self, create: bool) -> None:
        run = self._connection.execute
        if not (create or self._known()):
            raise DataError(f"{self.path} is empty, no registry; name another file with --registry")
        run("PRAGMA foreign_keys = ON")
        write_ahead(self._connection, WAIT)
        run("PRAGMA synchronous = FULL")
        if not self._known():
            with self._writing():
                if not self._known():  # no other process was quicker
                    guards = [_GUARD.format(table=table, verb=verb) for table in ("records", "events", "settings")
                              for verb in ("UPDATE", "DELETE")]  # fmt: skip
                    for statement in _statements(_TABLES + "".join(guards)):
                        run(statement)
        if not {"records", "events", "settings"} <= self._known():
            raise DataError(f"{self.path} is an SQLite file, but no registry; name another one with --registry")

    def _known(self) -> set[str]:
        return {name for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            if _busy(error):
                raise RegistryBusy(f"{self.path} is in use by another process ({error}); try again") from error
            raise DamagedRegistry(
                "registry-differs", f"{self.path} cannot be read ({error}); restore it from a copy"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction that holds the only right to write; all of it is kept or nothing."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise RegistryBusy(f"{self.path} cannot be written now ({error}); try again") from error
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def record(self, prefix: str) -> Record:
        """The record whose id begins with `prefix`. ConfigError when there is none or more than one."""
        rows = self._rows(
            "SELECT id, digest, content FROM records WHERE substr(id, 1, ?) = ? ORDER BY id LIMIT 3",
            len(prefix), prefix,
        )  # fmt: skip
        if len(rows) != 1 or not prefix:
            told = f"is the beginning of {', '.join(row[0] for row in rows)}" if rows and prefix else "names no record"
            raise ConfigError(f"{prefix!r} {told} in {self.path}; `navale configs` lists them")
        found = Record(*rows[0])
        found.verify()
        return found

    def records(self) -> list[Record]:
        """All records, in the order of filing."""
        rows = self._rows("SELECT id, digest, content FROM records ORDER BY rowid")
        found = [Record(*row) for row in rows]
        for record in found:
            record.verify()
        return found

    def history(self, record: Record) -> tuple[Event, ...]:
        """The events of a record, oldest first, verified."""
        events = self._events(record.id)
        check_history(record, events)
        return events

    def _events(self, name: str) -> tuple[Event, ...]:
        rows = self._rows("SELECT * FROM events WHERE record = ? ORDER BY step", name)
        return tuple(Event(*row) for row in rows)

    def stage(self, record: Record) -> str:
        """Where a record is now."""
        return self.history(record)[-1].to_stage

    def file(self, content: Mapping[str, Any], *, by: str, why: str, now: datetime.datetime) -> Record:
        """Keep a new record at the stage that its gates allow. ConfigError when the very same one is there already."""
        by, why, at = required_text("by", by), required_text("why", why), stamp(now)
        record = Record.of({**content, "by": by, "why": why, "when": at})
        event = Event(record.id, 0, "filed", "", first_stage(record), by, why, at, "{}").sealed(record.digest)
        with self._writing():
            if self._connection.execute("SELECT 1 FROM records WHERE id = ?", (record.id,)).fetchone():
                raise ConfigError(f"record {record.id} is filed already; nothing was changed")
            row = (record.id, record.digest, record.text)
            self._connection.execute("INSERT INTO records VALUES (?, ?, ?)", row)
            self._insert(event)
        return record

    def append(
        self,
        record: Record,
        last: Event,
        kind: str,
        to_stage: str,
        details: Mapping[str, Any],
        *,
        by: str,
        why: str,
        now: datetime.datetime,
    ) -> Event:
        """Add an event after `last`. Overtaken when another process has added one in the meantime."""
        by, why, at = required_text("by", by), required_text("why", why), stamp(now)
        event = Event(record.id, last.step + 1, kind, last.to_stage, to_stage, by, why, at, canonical(dict(details)))
        event = event.sealed(last.hash)
        with self._writing():
            present = self._events(record.id)
            if present[-1:] != (last,):
                told = f"{present[-1].kind} to {present[-1].to_stage} by {present[-1].by}" if present else "removed"
                raise Overtaken(f"record {record.id} was {told} in the meantime; look at it again: "
                                f"navale configs show {record.id}")  # fmt: skip
            check_history(record, (*present, event))
            self._insert(event)
        return event

    def _insert(self, event: Event) -> None:
        values = tuple(vars(event).values())
        self._connection.execute(f"INSERT INTO events VALUES ({', '.join('?' * len(values))})", values)

    @property
    def limits(self) -> dict[str, float]:
        """The limits in force: LIMITS, and what was set since."""
        return LIMITS | dict(self._rows("SELECT name, value FROM settings ORDER BY step"))

    def set_limit(self, name: str, value: float, *, by: str, why: str, now: datetime.datetime) -> None:
        """Set one of LIMITS from now on; earlier values stay readable. ConfigError for an unknown name."""
        if name not in LIMITS or not value > 0:
            raise ConfigError(f"limit {name}={value!r}: give one of {', '.join(LIMITS)} a number above 0")
        row = (name, float(value), required_text("by", by), required_text("why", why), stamp(now))
        with self._writing():
            self._connection.execute("INSERT INTO settings (name, value, by, why, at) VALUES (?, ?, ?, ?, ?)", row)


def _busy(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _statements(script: str) -> list[str]:
    found, part = [], ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            found.append(part)
            part = ""
    return found


def details_of(event: Event) -> dict[str, Any]:
    """The details of an event, read."""
    found: dict[str, Any] = json.loads(event.details)
    return found


__all__ = ["DEFAULT", "LIMITS", "DamagedRegistry", "Overtaken", "Registry", "RegistryBusy", "details_of"]
