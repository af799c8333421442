"""A registry that is empty, damaged or in use is told as what it is; an export takes nobody's file."""

from __future__ import annotations

import sqlite3

import pytest

from feeds.errors import ConfigError, DataError
from optimize.registry.frozen_config import export
from optimize.registry.loading import ConfigRefused, load_config
from optimize.registry.promotion import promote
from optimize.registry.record import DamagedRegistry
from optimize.registry.store import Registry, RegistryBusy
from tests.registry.hand_records import CLEAN, NOW, SIGNED, filed


@pytest.fixture
def place(tmp_path):
    """A folder with a registry, one record at stage paper and its exported file."""
    with Registry(tmp_path / "registry.db") as registry:
        name = filed(registry).id
        for _ in range(2):
            promote(registry, name, **SIGNED, now=NOW, code=CLEAN)
        export(registry, name, tmp_path / "trend.toml", **SIGNED, now=NOW)
    return tmp_path


def spoil(path) -> None:
    """Overwrite every page but the first, as a failing disk may."""
    content = bytearray(path.read_bytes())
    size = int.from_bytes(content[16:18], "big")
    assert len(content) > 3 * size
    content[size:] = b"\xa5" * (len(content) - size)
    path.write_bytes(content)


def test_a_damaged_page_is_a_refusal(place):
    spoil(place / "registry.db")
    with Registry(place / "registry.db", create=False) as registry:
        for read in (registry.records, lambda: registry.record("1"), lambda: registry.limits):
            with pytest.raises(DamagedRegistry, match=r"malformed.*restore it from a copy"):
                read()
    with pytest.raises(ConfigRefused, match=r"trend\.toml.*registry\.db cannot be read") as refused:
        load_config(place / "trend.toml", place / "registry.db", now=NOW)
    assert refused.value.check == "registry-differs"


def test_an_empty_file_is_not_made_a_registry_by_reading(place):
    empty = place / "empty.db"
    empty.touch()
    with pytest.raises(DataError, match="is empty, no registry"):
        Registry(empty, create=False)
    assert empty.read_bytes() == b""
    with Registry(empty) as registry:
        assert registry.records() == []


def test_a_registry_in_use_is_not_called_missing(place, monkeypatch):
    monkeypatch.setattr("optimize.registry.store.WAIT", 0.05)
    other = sqlite3.connect(place / "registry.db", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(RegistryBusy, match="in use by another process"):
        Registry(place / "registry.db")
    with pytest.raises(ConfigRefused, match="in use") as refused:
        load_config(place / "trend.toml", place / "registry.db", now=NOW)
    assert refused.value.check == "registry-busy"
    other.close()


def test_a_file_that_appears_during_an_export_is_kept(place, monkeypatch):
    target = place / "theirs.toml"
    with Registry(place / "registry.db") as registry:
        name = registry.records()[0].id
        history = registry.history

        def appears(record):
            target.write_text("theirs")
            return history(record)

        monkeypatch.setattr(registry, "history", appears)
        with pytest.raises(ConfigError, match="exists; choose another file"):
            export(registry, name, target, **SIGNED, now=NOW)
    assert target.read_text() == "theirs"


def test_a_target_that_cannot_be_written_is_told(place):
    with Registry(place / "registry.db") as registry, pytest.raises(ConfigError, match="cannot be written"):
        export(registry, registry.records()[0].id, place / ("x" * 300), **SIGNED, now=NOW)
