"""Several processes that make the same SQLite file at once."""

import sqlite3
import time
from types import SimpleNamespace

import pytest

from feeds.errors import ConfigError
from optimize import write_ahead as module
from optimize.registry.store import Registry
from optimize.write_ahead import write_ahead


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.db"


@pytest.fixture
def busy(path):
    """Another connection that has the file to itself."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE made (x)")
    other.execute("BEGIN EXCLUSIVE")
    yield other
    other.close()


def test_it_is_asked_for_until_the_other_one_is_done(path, busy, monkeypatch):
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            busy.execute("COMMIT")

    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
    ours = sqlite3.connect(path, timeout=0.0)
    write_ahead(ours, 60.0)
    assert len(pauses) == 3
    assert ours.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    ours.close()


def test_it_gives_up_in_the_end(path, busy):
    ours = sqlite3.connect(path, timeout=0.0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        write_ahead(ours, 0.0)
    ours.close()


def test_a_registry_in_use_is_not_called_a_damaged_one(path, busy, monkeypatch):
    monkeypatch.setattr("optimize.registry.store.WAIT", 0.05)
    with pytest.raises(ConfigError, match="in use by another process"):
        Registry(path)


def test_a_file_of_something_else_is_told_at_once(path):
    path.write_bytes(b"no database, though long enough to look like one" * 40)
    ours = sqlite3.connect(path)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        write_ahead(ours, 60.0)
    ours.close()
