"""Append-only, for several processes at once, and every change by hand is seen."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from feeds.errors import ConfigError, DataError
from optimize.registry.events import REQUIRED, Event, green
from optimize.registry.record import DamagedRegistry, Record
from optimize.registry.store import Overtaken, Registry
from tests.registry.hand_records import GREEN, NEAR, NOW, RED, SIGNED, tampered

CONTENT = {"strategy": "Steps(back=2)", "synthetic": False, "refit_by": "2024-04-01", "parity": None, "data": {},
           "evidence": {"judgement": NEAR, "gates": GREEN}, "parameters": {"back": 2}}  # fmt: skip


def passed(stage: str) -> dict[str, object]:
    """Details of a promotion whose checks are all passed."""
    return {"requirements": [{"name": name, "passed": True} for name in REQUIRED[stage]]}


@pytest.fixture
def registry(tmp_path):
    with Registry(tmp_path / "registry.db") as opened:
        yield opened


@pytest.fixture
def record(registry):
    return registry.file(CONTENT, **SIGNED, now=NOW)


def climb(registry: Registry, record: Record, *stages: str) -> Event:
    """Promotions whose checks are said to be passed."""
    for stage in stages:
        last = registry.append(
            record, registry.history(record)[-1], "promoted", stage, passed(stage), **SIGNED, now=NOW
        )
    return last


def test_a_record_is_found_by_the_beginning_of_its_id(registry, record):
    assert registry.record(record.id[:5]) == record
    assert registry.record(record.id).content["parameters"] == {"back": 2}
    assert registry.record(record.id).content["when"] == "2024-03-01T12:00:00.000000+00:00"
    for wrong in ("zz", "", record.id + "0"):
        with pytest.raises(ConfigError, match="names no record"):
            registry.record(wrong)
    others = [registry.file(CONTENT | {"parameters": {"back": k}}, **SIGNED, now=NOW) for k in range(3, 23)]
    ids = [record.id, *(one.id for one in others)]
    shared = next(letter for letter in "0123456789abcdef" if sum(one.startswith(letter) for one in ids) > 1)
    with pytest.raises(ConfigError, match="is the beginning of"):
        registry.record(shared)


@pytest.mark.parametrize(("gates", "stage"), [(GREEN, "candidate"), (RED, "research"),
                                              ({**GREEN, "gates": []}, "research"), ({"passed": True}, "research"),
                                              ({**RED, "passed": True}, "research")])  # fmt: skip
def test_gates_say_where_a_record_is_filed(registry, gates, stage):
    content = CONTENT | {"evidence": {"judgement": NEAR, "gates": gates}}
    assert registry.stage(registry.file(content, **SIGNED, now=NOW)) == stage
    assert green(gates) is (stage == "candidate")


def test_the_same_record_twice_and_blank_words_are_refused(registry, record):
    with pytest.raises(ConfigError, match="filed already"):
        registry.file(CONTENT, **SIGNED, now=NOW)
    assert len(registry.records()) == 1
    for words in ({"by": "  "}, {"why": ""}, {"by": "\udcff"}):
        with pytest.raises(ConfigError, match=r"--(by|why)"):
            registry.file(CONTENT | {"x": 1}, **SIGNED | words, now=NOW)
    with pytest.raises(ConfigError, match="aware"):
        registry.file(CONTENT | {"x": 1}, **SIGNED, now=NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET content = '{}'",
        "DELETE FROM records",
        "UPDATE events SET to_stage = 'live'",
        "DELETE FROM events",
        "UPDATE settings SET value = 1",
        "DELETE FROM settings",
        "INSERT OR REPLACE INTO records SELECT id, 'x', content FROM records",
        "INSERT OR REPLACE INTO events SELECT * FROM events",
        "INSERT OR REPLACE INTO settings SELECT * FROM settings",
    ],
)
def test_no_row_is_changed_or_removed(registry, record, statement):
    registry.set_limit("paper_days", 30, **SIGNED, now=NOW)
    with sqlite3.connect(registry.path) as raw, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(statement)
    raw.close()
    assert registry.record(record.id) == record
    assert registry.limits["paper_days"] == 30


def test_it_is_durable(registry):
    assert registry._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert registry._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_limits_are_added_never_changed(registry):
    assert registry.limits["paper_days"] == 20
    registry.set_limit("paper_days", 30, **SIGNED, now=NOW)
    registry.set_limit("paper_days", 25, **SIGNED, now=NOW)
    assert registry.limits["paper_days"] == 25
    with pytest.raises(ConfigError, match="paper_dyas"):
        registry.set_limit("paper_dyas", 1, **SIGNED, now=NOW)


# What was done to the rows, and what the registry says of it.
TAMPERED = {
    "content": ("UPDATE records SET content = replace(content, '\"back\":2', '\"back\":3')", "registry-differs"),
    "digest": (f"UPDATE records SET digest = '{'0' * 64}'", "registry-differs"),
    "an event changed": ("UPDATE events SET by = 'Eve' WHERE step = 1", "history"),
    "an event removed": ("DELETE FROM events WHERE step = 1", "history"),
    "all events removed": ("DELETE FROM events", "history"),
    "an event put in": (
        "INSERT INTO events SELECT record, 3, 'promoted', 'paper', 'live', by, why, at, details, 'x' FROM events "
        "WHERE step = 2",
        "history",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_change_behind_its_back_is_seen(registry, record, what):
    climb(registry, record, "approved", "paper")
    statement, check = TAMPERED[what]
    tampered(registry.path, statement)
    with pytest.raises(DamagedRegistry) as seen:
        registry.history(registry.record(record.id))
    assert seen.value.check == check
    assert record.id in str(seen.value)


# Histories with right hashes that the registry would never have written.
IMPOSSIBLE = {
    "a stage skipped": [("promoted", "candidate", "paper", passed("paper"))],
    "straight to live": [("promoted", "candidate", "live", passed("live"))],
    "without checks": [("promoted", "candidate", "approved", {})],
    "with a failed check": [("promoted", "candidate", "approved",
                             {"requirements": [*passed("approved")["requirements"][:-1],
                                               {"name": "code", "passed": False}]})],
    "up by a demotion": [("demoted", "candidate", "approved", {})],
    "exported early": [("exported", "candidate", "candidate", {})],
    "filed again": [("filed", "candidate", "candidate", {})],
    "out of the blue": [("promoted", "approved", "paper", passed("paper"))],
    "back from retirement": [("demoted", "candidate", "retired", {}), ("demoted", "retired", "candidate", {})],
    "an unknown kind": [("blessed", "candidate", "approved", passed("approved"))],
}  # fmt: skip


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_a_history_with_right_hashes_must_still_be_possible(registry, record, what):
    previous = registry.history(record)[-1]
    rows = []
    for kind, before, after, details in IMPOSSIBLE[what]:
        event = Event(record.id, previous.step + 1, kind, before, after, "Eve", "in a hurry", "2024-03-02T00:00:00",
                      json.dumps(details)).sealed(previous.hash)  # fmt: skip
        rows.append(tuple(vars(event).values()))
        previous = event
    tampered(registry.path, *["INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?)"] * len(rows), values=rows)
    with pytest.raises(DamagedRegistry) as seen:
        registry.history(record)
    assert seen.value.check == "skipped-stage"


def test_the_registry_refuses_to_write_such_a_history(registry, record):
    with pytest.raises(DamagedRegistry, match="above candidate comes approved"):
        climb(registry, record, "paper")
    assert registry.stage(record) == "candidate"


def test_other_files_are_not_taken_for_a_registry(tmp_path):
    (tmp_path / "text.db").write_text("no database at all, but long enough to be read as one" * 30)
    with pytest.raises(DataError, match=r"text\.db is no registry"):
        Registry(tmp_path / "text.db")
    with sqlite3.connect(tmp_path / "other.db") as raw:
        raw.execute("CREATE TABLE prices (a)")
    raw.close()
    with pytest.raises(DataError, match="no registry"):
        Registry(tmp_path / "other.db")
    with pytest.raises(ConfigError, match="there is no registry"):
        Registry(tmp_path / "absent.db", create=False)
    assert not (tmp_path / "absent.db").exists()


def move(path: Path, name: str, number: int, gate: object, answers: object) -> None:
    """One process that has looked at a record and wants to move it."""
    with Registry(path) as registry:
        record = registry.record(name)
        last = registry.history(record)[-1]
        gate.wait()  # both have seen the same history
        try:
            registry.append(record, last, "promoted", "approved", passed("approved"), by=f"p{number}", why="w", now=NOW)
            answers.put(("won", number))
        except Overtaken as error:
            answers.put(("told", str(error)))


def test_of_two_processes_one_wins_and_the_other_is_told(registry, record):
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(2), context.Queue()
    both = [context.Process(target=move, args=(registry.path, record.id, k, gate, answers)) for k in range(2)]
    for process in both:
        process.start()
    found = dict(answers.get(timeout=300) for _ in both)
    for process in both:
        process.join()
    assert set(found) == {"won", "told"}
    assert f"promoted to approved by p{found['won']} in the meantime" in found["told"]
    assert [event.by for event in registry.history(record)] == ["Ada", f"p{found['won']}"]


def fill(path: Path, number: int, gate: object, answers: object) -> None:
    """One process that makes the registry, if it is the first, and files into it."""
    gate.wait()
    for k in range(10):
        with Registry(path) as registry:
            registry.file(CONTENT | {"parameters": {"back": k, "process": number}}, **SIGNED, now=NOW)
    answers.put(number)


def test_several_processes_make_and_fill_one_registry(tmp_path):
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(3), context.Queue()
    path = tmp_path / "registry.db"
    every = [context.Process(target=fill, args=(path, k, gate, answers)) for k in range(3)]
    for process in every:
        process.start()
    for process in every:
        process.join()
    assert [process.exitcode for process in every] == [0, 0, 0]
    with Registry(path) as registry:
        assert len(registry.records()) == 30
