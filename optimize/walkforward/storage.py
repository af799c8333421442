"""Where trials are kept: memory, one file, or a PostgreSQL server. Why so: docs/decisions/0009-trial-storage.md."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError
from optimize.write_ahead import write_ahead

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

# Seconds that a process waits for its turn on an embedded file: many trials of many processes, not a deadlock.
TURN = 120.0
ATTEMPTS = 10  # where nothing tells that another process was quicker
# PostgreSQL's states for a table, type or row that another process has just made, and for a deadlock with it.
OVERTAKEN = ("42P07", "42710", "23505", "40P01")
SQLITE_ENDINGS = (".db", ".sqlite", ".sqlite3")
SQLITE_HEADER = b"SQLite format 3\0"
JOURNAL_START = b'{"op_code":'


def open_storage(text: str | None) -> BaseStorage:
    """The place of a study's trials, made when it does not exist.

    text: None for memory; a path for a journal file (one JSON line per change), also `journal:trials.log`; a path that
    ends with .db, .sqlite or .sqlite3, or `sqlite:///trials.db`, for an SQLite file;
    `postgresql://user:password@host:port/database` for a server. An existing file is taken for what it holds. Every
    kind but memory may be used by several processes at once, files only by processes of one machine. Raises ConfigError
    when the file holds something else, when the server refuses, or when its driver is not installed; messages never
    hold a password.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if text is None:
        return optuna.storages.InMemoryStorage()
    scheme = re.match(r"([a-z0-9+]{2,}):", text)
    word = scheme[1] if scheme else ""
    if word.partition("+")[0] in ("postgresql", "postgres"):
        return _server(text)
    if word == "journal":
        return _journal(Path(text.removeprefix("journal:").removeprefix("//")), text)
    if word == "sqlite":
        return _sqlite(Path(text.removeprefix("sqlite:").removeprefix("///")), text)
    if word:
        raise ConfigError(f"storage {without_password(text)!r}: {word}: is not known; give a file like trials.db, "
                          "journal:trials.log or postgresql://user@host/database")  # fmt: skip
    path = Path(text)
    kind = _kind(path, text) or ("sqlite" if path.suffix in SQLITE_ENDINGS or os.name == "nt" else "journal")
    return _sqlite(path, text) if kind == "sqlite" else _journal(path, text)


def without_password(url: str) -> str:
    """The address with its password, also one among the query's words, as ***."""
    url = re.sub(r"(//[^:/@\s]*):.*@", r"\1:***@", url)
    return re.sub(r"(?i)(password=)[^&\s]*", r"\1***", url)


def _kind(path: Path, text: str) -> str | None:
    """ "sqlite" or "journal", by what the file holds; None when there is nothing yet."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ConfigError(f"storage {text!r}: {path} is not a file in an existing folder")
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"storage {text!r}: {error.strerror}; give a file that can be read and written") from error
    if start.startswith(JOURNAL_START):
        return "journal"
    if start == SQLITE_HEADER:
        return "sqlite"
    if start:
        raise ConfigError(f"storage {text!r} is not a file of trials; give another name")
    return None


def _journal(path: Path, text: str) -> BaseStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    from optimize.walkforward.journal_lock import JournalLock

    if os.name == "nt":
        raise ConfigError(
            f"storage {text!r}: journal files need a lock that Windows has not; write sqlite:///trials.db"
        )
    if _kind(path, text) == "sqlite":
        raise ConfigError(f"storage {text!r} is an SQLite file; write sqlite:///{path}")
    try:
        return JournalStorage(JournalFileBackend(str(path), lock_obj=JournalLock(path)))
    except OSError as error:
        raise ConfigError(f"storage {text!r}: {error.strerror}; give a file that can be read and written") from error
    except (ValueError, KeyError, AssertionError) as error:
        raise ConfigError(f"storage {text!r} is damaged ({error}); give another name") from error


def _sqlite(path: Path, text: str) -> BaseStorage:
    import sqlite3

    import sqlalchemy

    kind = _kind(path, text)
    if kind == "journal":
        raise ConfigError(f"storage {text!r} is a journal file; write journal:{path}")
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=TURN)) as file:
            tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables <= _tables():
                raise ConfigError(f"storage {text!r} is a database of something else; give another name")
            # Readers, like the dashboard, do not stop writers; kept in the file.
            write_ahead(file, TURN)
    except sqlite3.Error as error:
        raise ConfigError(f"storage {text!r}: {error}; give an SQLite file that can be written") from error
    # Python's driver opens a transaction at the first write only: two processes that both read "running" could both
    # write "finished". Every transaction takes the file's write lock at its start instead.
    arguments = {"timeout": TURN, "isolation_level": None}
    made = _relational(sqlalchemy.URL.create("sqlite", database=str(path)), text, {"connect_args": arguments})
    backend = made._backend  # type: ignore[attr-defined]
    sqlalchemy.event.listen(backend.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return made


def _server(text: str) -> BaseStorage:
    import sqlalchemy

    try:
        importlib.import_module("psycopg")
    except ImportError as error:
        raise ConfigError("storage postgresql:// needs its driver: pip install 'navale[postgres]'") from error
    try:
        url = sqlalchemy.make_url(text).set(drivername="postgresql+psycopg")
    except (sqlalchemy.exc.ArgumentError, ValueError) as error:
        shown = without_password(text)
        raise ConfigError(f"storage {shown!r}: write postgresql://user:password@host:5432/database") from error
    return _relational(url, text, {})


def _relational(url: Any, text: str, settings: dict[str, Any]) -> BaseStorage:
    """The tables, made once though several processes may come first at the same time."""
    import optuna
    import sqlalchemy
    from optuna.storages import RDBStorage

    # Optuna fills {SCHEMA_VERSION} into addresses.
    address = url.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}")
    shown = without_password(text)
    try:
        engine = sqlalchemy.create_engine(url, **settings)
        with engine.connect():
            pass
        engine.dispose()
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise ConfigError(
            f"storage {shown!r}: {reason(error, url.password)}; check address, name and rights"
        ) from error
    until, attempt = time.monotonic() + TURN, 0
    while True:
        try:
            return optuna.storages.get_storage(RDBStorage(address, settings))
        except RuntimeError as error:
            raise ConfigError(f"storage {shown!r}: {error}") from error
        except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
            if (attempt >= ATTEMPTS and not _overtaken(error)) or time.monotonic() > until:
                raise ConfigError(f"storage {shown!r}: {reason(error, url.password)}") from error
        attempt += 1
        time.sleep(0.05 * min(attempt, ATTEMPTS) + 0.001 * (os.getpid() % 50))


def _overtaken(error: Exception) -> bool:
    """Whether another process that makes the same tables was quicker, or is at it."""
    origin = _origin(error)
    if getattr(origin, "sqlstate", None) in OVERTAKEN:
        return True
    return any(word in str(origin) for word in ("already exists", "locked", "UNIQUE constraint"))  # SQLite's words


def _tables() -> set[str]:
    from optuna.storages._rdb import models

    return set(models.BaseModel.metadata.tables) | {"alembic_version", "sqlite_sequence"}


def _origin(error: Exception) -> Exception:
    """What the driver raised."""
    found: Exception = getattr(error, "orig", None) or getattr(error.__cause__, "orig", None) or error
    return found


def reason(error: Exception, password: str | None = None) -> str:
    """The first line of what the driver said, without the password."""
    origin = _origin(error)
    line = (str(origin).strip().splitlines() or [type(origin).__name__])[0].strip()
    return line.replace(password, "***") if password else line
