"""The exported configuration: what it holds, and everything for which the loader refuses it."""

from __future__ import annotations

import datetime
import hashlib
import json
import sys
import tomllib

import pytest

from feeds.errors import ConfigError
from optimize.registry import frozen_config
from optimize.registry.events import Event
from optimize.registry.frozen_config import export, sealed
from optimize.registry.loading import ConfigRefused, load_config
from optimize.registry.promotion import demote, promote
from optimize.registry.store import Registry
from strategies.execution.account import Account
from tests.registry.hand_records import CLEAN, NOW, SIGNED, copy_registry, filed, tampered


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A record at stage paper and its exported file, beside the registry."""
    home = tmp_path_factory.mktemp("made")
    with Registry(home / "registry.db") as registry:
        name = filed(registry).id
        for _ in range(2):
            promote(registry, name, **SIGNED, now=NOW, code=CLEAN)
        export(registry, name, home / "trend.toml", **SIGNED, now=NOW)
    return home, name


@pytest.fixture
def place(made, tmp_path):
    """Folder with a registry, the strategy and the file, to be spoiled."""
    sys.modules.pop("middle", None)
    path = copy_registry(made[0] / "registry.db", tmp_path / "copy")
    (path.parent / "trend.toml").write_bytes((made[0] / "trend.toml").read_bytes())
    yield path.parent
    sys.modules.pop("middle", None)


def load(place, **more):
    return load_config(place / "trend.toml", place / "registry.db", **{"now": NOW, **more})


def refused(place, **more) -> ConfigRefused:
    with pytest.raises(ConfigRefused) as seen:
        load(place, **more)
    assert "\n" not in str(seen.value)
    assert str(place / "trend.toml") in str(seen.value)
    return seen.value


def live(place, name) -> None:
    """Promoted to live with checks that are said to be passed, and exported there."""
    from optimize.registry.events import REQUIRED

    with Registry(place / "registry.db") as registry:
        record = registry.record(name)
        details = {"requirements": [{"name": check, "passed": True} for check in REQUIRED["live"]]}
        registry.append(record, registry.history(record)[-1], "promoted", "live", details, **SIGNED, now=NOW)


def test_it_holds_everything_that_trading_needs(made):
    home, name = made
    told = tomllib.loads((home / "trend.toml").read_text())
    assert told["record"] == name
    assert told["strategy"]["repr"] == "Steps(back=2)"
    assert told["strategy"]["parameters"] == {"back": 2}
    assert told["data"]["zigzag"]["calendar"] == "24/7"
    assert told["data"]["zigzag"]["timeframe"] == 3_600_000_000_000
    assert told["data"]["zigzag"]["instrument"]["symbol"] == "zigzag"
    assert told["account"]["costs"] == {"fee": 0.001, "slippage_bps": 5.0, "slippage_ticks": 0.0, "commission": 0.0}
    assert (told["synthetic"], told["stage"]) == (False, "paper")
    assert datetime.date.fromisoformat(told["refit_by"]) == datetime.date(2024, 1, 28)
    assert [row["to"] for row in told["history"]] == ["candidate", "approved", "paper"]


def test_it_loads_as_what_was_promoted(place, made):
    config = load(place)
    assert config.record == made[1]
    assert repr(config.strategy) == "Steps(back=2)"
    assert config.account == Account()
    assert config.markets["zigzag"].instrument.calendar == "24/7"
    assert config.markets["zigzag"].timeframe == 3_600_000_000_000
    assert config.warnings == ("refit_by was 2024-01-28: navale reoptimize " + made[1] + " files a successor",)


def test_until_refit_by_there_is_no_warning(place):
    assert load(place, now=datetime.datetime(2024, 1, 28, 23, 59, tzinfo=datetime.UTC)).warnings == ()


def test_a_comment_in_the_strategys_file_is_a_warning_only(place):
    path = place / "steps.py"
    path.write_text(path.read_text() + "\n# a remark\n")
    assert "its kernels are the same" in load(place).warnings[0]


@pytest.mark.parametrize(("file", "old", "new"), [("steps.py", "rise > 0.0", "rise > 0.001"),
                                                  ("steps.py", "0.05 *", "0.06 *"),
                                                  ("middle.py", "SCALE = 1.0", "SCALE = 2.0")])  # fmt: skip
def test_an_edited_kernel_is_refused(place, file, old, new):
    path = place / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    told = refused(place)
    assert told.check == "kernel"
    assert "a" * 12 in str(told)  # the commit to go back to


def test_a_strategy_that_is_gone_is_refused(place):
    (place / "steps.py").unlink()
    assert refused(place).check == "strategy"


def test_any_changed_byte_is_refused(place):
    path = place / "trend.toml"
    content = path.read_bytes()
    for position in range(len(content)):
        for other in {content[position] ^ 1, 0x20} - {content[position]}:
            path.write_bytes(content[:position] + bytes([other]) + content[position + 1 :])
            with pytest.raises(ConfigRefused) as seen:
                frozen_config_read(path)
            assert seen.value.check == "changed-byte", position
    path.write_bytes(content)
    load(place)


def frozen_config_read(path):
    """The part of loading that every changed byte must not get past: no registry and no kernels are needed for it."""
    from optimize.registry.loading import read_sealed

    return read_sealed(path)


@pytest.mark.parametrize("position", [0, 100, 500, -1, -20, -80])
def test_a_changed_byte_is_refused_by_the_loader_itself(place, position):
    path = place / "trend.toml"
    content = bytearray(path.read_bytes())
    content[position] ^= 2
    path.write_bytes(bytes(content))
    assert refused(place).check == "changed-byte"


@pytest.mark.parametrize("spoil", [lambda text: text[:-1], lambda text: text + b"\n", lambda text: b"",
                                   lambda text: b"\n" + text, lambda text: text + text])  # fmt: skip
def test_a_file_cut_or_grown_is_refused(place, spoil):
    path = place / "trend.toml"
    path.write_bytes(spoil(path.read_bytes()))
    assert refused(place).check == "changed-byte"


def test_a_file_sealed_anew_by_hand_is_refused(place):
    path = place / "trend.toml"
    body = path.read_bytes().partition(b"[seal]")[0].replace(b"back = 2", b"back = 3")
    path.write_bytes(sealed(body))
    assert refused(place).check == "registry-export"
    path.write_bytes(sealed(b"not = [toml"))
    assert refused(place).check == "file"
    path.unlink()
    assert refused(place).check == "file"


ROWS = {
    "parameters": ("UPDATE records SET content = replace(content, '\"back\":2', '\"back\":3')", "registry-differs"),
    "refit_by": ("UPDATE records SET content = replace(content, '2024-01-28', '2034-01-28')", "registry-differs"),
    "hash": ("UPDATE records SET digest = substr(digest, 1, 12) || substr(digest, 1, 52)", "registry-differs"),
    "deleted": ("DELETE FROM records", "registry-missing"),
    "history deleted": ("DELETE FROM events", "history"),
    "export deleted": ("DELETE FROM events WHERE kind = 'exported'", "registry-export"),
    "who": ("UPDATE events SET by = 'Eve' WHERE to_stage = 'paper'", "history"),
    "stage": ("UPDATE events SET to_stage = 'live' WHERE kind = 'exported'", "history"),
    "checks": ("UPDATE events SET details = '{}' WHERE to_stage = 'approved'", "history"),
}


@pytest.mark.parametrize("what", ROWS)
def test_a_row_that_differs_or_is_missing_is_refused(place, what):
    statement, check = ROWS[what]
    tampered(place / "registry.db", statement)
    assert refused(place).check == check


def test_another_registry_or_none_is_refused(place, tmp_path):
    with pytest.raises(ConfigRefused) as seen:
        load_config(place / "trend.toml", tmp_path / "absent.db", now=NOW)
    assert seen.value.check == "registry-missing"
    with Registry(tmp_path / "empty.db"):
        pass
    with pytest.raises(ConfigRefused) as seen:
        load_config(place / "trend.toml", tmp_path / "empty.db", now=NOW)
    assert seen.value.check == "registry-missing"


def insert(place, name, *moves) -> None:
    """Events put in by hand, after the last one, with the right hashes."""
    with Registry(place / "registry.db") as registry:
        last = registry.history(registry.record(name))[-1]
    rows = []
    for kind, before, after in moves:
        last = Event(name, last.step + 1, kind, before, after, "Eve", "quick", "2024-03-02", "{}").sealed(last.hash)
        rows.append(tuple(vars(last).values()))
    tampered(place / "registry.db", *["INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?)"] * len(rows), values=rows)


def test_a_stage_put_in_by_hand_is_refused(place, made):
    insert(place, made[1], ("promoted", "paper", "live"))
    told = refused(place, purpose="live")
    assert told.check == "skipped-stage"
    assert "lacks the checks" in str(told)


def test_a_stage_that_was_skipped_is_refused(place, made):
    """The approval is taken out, and every hash after it made anew."""
    with Registry(place / "registry.db") as registry:
        record = registry.record(made[1])
        history = registry.history(record)
    kept, previous = [], record.digest
    for event in (history[0], *history[2:]):
        old = vars(event)
        new = Event(**{**old, "step": len(kept), "hash": "", "from_stage": kept[-1].to_stage if kept else ""})
        kept.append(new.sealed(previous))
        previous = kept[-1].hash
    rows = [tuple(vars(event).values()) for event in kept]
    insertion = "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?)"
    tampered(place / "registry.db", "DELETE FROM events", *[insertion] * len(rows), values=[(), *rows])
    told = refused(place)
    assert told.check == "skipped-stage"
    assert "above candidate comes approved" in str(told)


def test_a_retired_or_demoted_record_is_refused(place, made):
    with Registry(place / "registry.db") as registry:
        demote(registry, made[1], by="Ada", why="fills drift", now=NOW)
        told = refused(place)
        assert (told.check, "is at approved" in str(told)) == ("stage", True)
        promote(registry, made[1], **SIGNED, now=NOW, code=CLEAN)
        told = refused(place)  # back on paper, but the file is of before
        assert (told.check, "fills drift" in str(told)) == ("demoted", True)
        demote(registry, made[1], by="Ada", why="enough", now=NOW, to="retired")
        told = refused(place)
        assert (told.check, "enough" in str(told)) == ("retired", True)


def test_a_paper_configuration_does_not_trade_live(place, made):
    assert refused(place, purpose="live").check == "stage"
    live(place, made[1])
    told = refused(place, purpose="live")  # the record is live, the file was exported on paper
    assert (told.check, "exported at paper" in str(told)) == ("stage", True)
    assert load(place, purpose="paper").stage == "live"
    with Registry(place / "registry.db") as registry:
        export(registry, made[1], place / "live.toml", **SIGNED, now=NOW)
    assert load_config(place / "live.toml", place / "registry.db", purpose="live", now=NOW).stage == "live"
    with pytest.raises(ConfigError, match="purpose='backtest'"):
        load(place, purpose="backtest")


def test_a_synthetic_record_reaches_paper_labelled_and_never_live(tmp_path):
    sys.modules.pop("middle", None)
    with Registry(tmp_path / "registry.db") as registry:
        name = filed(registry, synthetic=True).id
        for _ in range(2):
            promote(registry, name, **SIGNED, now=NOW, code=CLEAN)
        live(tmp_path, name)  # by somebody who forged the checks
        export(registry, name, tmp_path / "trend.toml", **SIGNED, now=NOW)
    assert load(tmp_path).synthetic
    assert refused(tmp_path, purpose="live").check == "synthetic"
    assert b"\nsynthetic = true\n" in (tmp_path / "trend.toml").read_bytes()


def test_only_paper_and_live_are_exported_and_nothing_is_overwritten(place, made):
    with Registry(place / "registry.db") as registry:
        with pytest.raises(ConfigError, match="exists"):
            export(registry, made[1], place / "trend.toml", **SIGNED, now=NOW)
        with pytest.raises(ConfigError, match="make it first"):
            export(registry, made[1], place / "no" / "trend.toml", **SIGNED, now=NOW)
        demote(registry, made[1], **SIGNED, now=NOW)
        with pytest.raises(ConfigError, match="is at approved"):
            export(registry, made[1], place / "other.toml", **SIGNED, now=NOW)
    assert not (place / "other.toml").exists()


def exports(place, name) -> list[str]:
    """Hashes of files that the history knows."""
    with Registry(place / "registry.db") as registry:
        return [json.loads(event.details)["sha256"] for event in registry.history(registry.record(name))
                if event.kind == "exported"]  # fmt: skip


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("where", ["before the event", "after the event"])
def test_a_file_that_exists_is_known_whenever_the_export_is_killed(place, made, monkeypatch, where):
    def fault(*_: object, **__: object) -> None:
        raise Killed

    before = exports(place, made[1])
    with Registry(place / "registry.db") as registry, monkeypatch.context() as patched:
        if where == "before the event":
            patched.setattr(registry, "append", fault)
        else:
            patched.setattr(frozen_config.Path, "replace", fault)
        with pytest.raises(Killed):
            export(registry, made[1], place / "other.toml", **SIGNED, now=NOW)
    assert not (place / "other.toml").exists()
    assert len(exports(place, made[1])) - len(before) == (0 if where == "before the event" else 1)
    with Registry(place / "registry.db") as registry:  # and the next attempt goes through
        export(registry, made[1], place / "other.toml", **SIGNED, now=NOW)
    assert hashlib.sha256((place / "other.toml").read_bytes()).hexdigest() == exports(place, made[1])[-1]
    load_config(place / "other.toml", place / "registry.db", now=NOW)
    assert not list(place.glob(".other.toml*"))


def test_odd_words_survive_the_file(place, made):
    """Quotes, backslashes, control letters and brackets in `by` do not end a string or open a table."""
    odd = 'A"da\\ [seal] \x7f\x01 = é ]'
    with Registry(place / "registry.db") as registry:
        demote(registry, made[1], by=odd, why=odd, now=NOW)
        promote(registry, made[1], by=odd, why=odd, now=NOW, code=CLEAN)
        export(registry, made[1], place / "odd.toml", by=odd, why=odd, now=NOW)
    told = tomllib.loads((place / "odd.toml").read_text())
    assert told["history"][-1]["by"] == " ".join(odd.split())
    load_config(place / "odd.toml", place / "registry.db", now=NOW)
