"""What a filed record holds, and its parity report."""

from __future__ import annotations

import datetime
import json
import sys

import numpy as np
import pandas as pd
import pytest

from feeds.bars import Bars
from feeds.errors import ConfigError, DataError
from feeds.instrument import Instrument
from feeds.loading import load
from optimize.backtest import backtest as run_it
from optimize.registry.data import bars_again
from optimize.registry.filing import file_candidate
from optimize.registry.parity_report import ParityReport, parity_report
from optimize.registry.record import Record
from optimize.registry.store import Registry
from strategies.discovery import find
from strategies.execution.account import Account
from tests.conformance.cheaters import ReadsTomorrow, ReadsTomorrowWhenDear
from tests.registry.hand_records import (
    CLEAN,
    GREEN,
    NEAR,
    NOW,
    RED,
    SIGNED,
    filed,
    hand_walk,
    write_bars,
    write_strategy,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(scope="module")
def record(home) -> Record:
    with Registry(home / "registry.db") as registry:
        return filed(registry)


def test_a_record_holds_all_that_it_was_made_from(record, home):
    content = record.content
    assert content["strategy"] == "Steps(back=2)"
    assert content["parameters"] == {"back": 2}
    assert content["source"]["class"] == "Steps"
    assert content["source"]["file"] == "steps.py"  # beside the registry: both may move
    assert content["procedure"]["settings"]["seed"] == 1
    assert content["procedure"]["space"]["axes"] == {"back": {"kind": "int", "low": 1, "high": 3}}
    assert content["code"] == {"kind": "checkout", "commit": "a" * 40, "clean": True}
    assert content["evidence"] == {"judgement": NEAR, "gates": GREEN}
    assert content["account"]["max_exposure"] == "inf"
    assert record.account == Account()
    assert set(content["versions"]) >= {"python", "numpy", "numba"}
    bars = load(str(home / "zigzag.csv"), tz="UTC")
    told = content["data"]["zigzag"]
    assert (told["fingerprint"], told["bars"], told["calendar"]) == (bars.fingerprint, 600, "24/7")
    assert (record.synthetic, content["by"], content["why"]) == (False, "Ada", "because")


def test_it_is_to_be_refitted_one_test_window_after_the_last_bar(record):
    # 600 hours from January 1st end on January 26th, 00:00; a test window has 48 bars.
    assert record.refit_by == datetime.date(2024, 1, 28)


def test_a_green_candidate_comes_with_its_parity_report(record):
    report = ParityReport.from_json(record.content["parity"])
    assert report.green
    assert report.kernel_hash == record.kernel_hash
    assert report.compared == ("backtrader runonce", "backtrader next", "backtrader exactbars", "bounds checks",
                               "another future", "joined columns")  # fmt: skip
    # Closes fall to the 8th hour of each 16 and rise again: higher than two hours before in the 10th, bought in the
    # 11th, lower in the 18th, sold in the 19th. Of 600 hours, 37 begin with an 11th and 37 with a 19th.
    assert report.fills == 74
    assert json.loads(json.dumps(report.to_json())) == record.content["parity"]


def test_the_bars_are_found_again_also_when_the_file_has_grown(record, home, monkeypatch, tmp_path):
    monkeypatch.chdir(home)
    assert len(bars_again(record)["zigzag"]) == 600
    longer = load(str(write_bars(tmp_path, 700)), tz="UTC")
    assert len(bars_again(record, {"zigzag": longer})["zigzag"]) == 600
    other = load(str(write_bars(tmp_path, 700, "other.csv")), tz="UTC")
    with pytest.raises(DataError, match="has no other"):
        bars_again(record, {"other": other})
    changed = (tmp_path / "zigzag.csv").read_text().replace("105,105.5", "105,105.75", 1)
    (tmp_path / "zigzag.csv").write_text(changed)
    with pytest.raises(DataError, match=f"are not those of record {record.id}"):
        bars_again(record, {"zigzag": load(str(tmp_path / "zigzag.csv"), tz="UTC")})


def test_nothing_chosen_is_nothing_filed(tmp_path):
    place, bars = write_strategy(tmp_path), load(str(write_bars(tmp_path)), tz="UTC")
    with Registry(tmp_path / "registry.db") as registry:
        with pytest.raises(DataError, match="chose nothing"):
            file_candidate(hand_walk(place, bars, None), NEAR, GREEN, registry, **SIGNED, now=NOW, code=CLEAN)
        assert registry.records() == []


def test_red_gates_are_filed_at_research_without_a_parity_report(tmp_path):
    with Registry(tmp_path / "registry.db") as registry:
        found = filed(registry, gates=RED)
        assert registry.stage(found) == "research"
        assert found.content["parity"] is None


def test_a_class_that_cannot_be_found_again_is_refused(tmp_path):
    place, bars = write_strategy(tmp_path), load(str(write_bars(tmp_path)), tz="UTC")
    walk = hand_walk(place, bars)
    local = type("Local", (walk.strategy,), {"__module__": __name__})
    object.__setattr__(walk, "strategy", local)
    with Registry(tmp_path / "registry.db") as registry, pytest.raises(ConfigError, match="cannot be found again"):
        file_candidate(walk, NEAR, RED, registry, **SIGNED, now=NOW, code=CLEAN)


def test_too_few_fills_are_not_green(tmp_path):
    place = write_strategy(tmp_path)
    bars = load(str(write_bars(tmp_path, 120)), tz="UTC")  # seven periods of two fills and a half
    report = parity_report(find(place)(), {bars.symbol: bars}, Account(), NOW)
    assert report.differences == ()
    assert 0 < report.fills < 30
    assert not report.green
    assert "30 are needed" in str(report)


def test_a_report_without_fills_is_not_green():
    report = ParityReport("0" * 64, {}, 0, ("backtrader runonce",), (), "2024-01-01T00:00:00")
    assert not report.green


def test_engines_that_differ_are_told_with_the_row(tmp_path, monkeypatch):
    def wrong(strategy, bars, engine="vector", **more):
        run = run_it(strategy, bars, engine, **more)
        if more.get("mode") == "next":
            run.ledger.loc[3, "price"] += 0.01
        return run

    place = write_strategy(tmp_path)
    bars = load(str(write_bars(tmp_path)), tz="UTC")
    monkeypatch.setattr(sys.modules["optimize.backtest"], "backtest", wrong)
    report = parity_report(find(place)(), {bars.symbol: bars}, Account(), NOW)
    assert not report.green
    (difference,) = report.differences
    assert difference.startswith("backtrader next: ledger row 4, price")


@pytest.mark.parametrize("cheater", [ReadsTomorrow, ReadsTomorrowWhenDear])
def test_a_strategy_that_reads_tomorrow_is_not_green(cheater, tmp_path):
    frame = load(str(write_bars(tmp_path)), tz="UTC").frame * 2000.0
    bars = Bars(frame, Instrument("DEAR"), "test", pd.Timedelta("1h"))
    report = parity_report(cheater(), {"DEAR": bars}, Account(), NOW)
    assert not report.green
    assert "reads outside a window" in str(report)


def test_a_column_that_knows_the_future_is_not_green(tmp_path):
    place = write_strategy(tmp_path).replace("Steps", "Leak")
    text = (tmp_path / "steps.py").read_text()
    for old, new in {"class Steps": "class Leak", "decide(close,": "decide(close, tip,", "    back = Int":
                     "    inputs = ('tip',)\n    back = Int", "rise > 0.0": "tip[-1] > close[-1]"}.items():  # fmt: skip
        text = text.replace(old, new)
    (tmp_path / "steps.py").write_text(text)
    bars = load(str(write_bars(tmp_path)), tz="UTC")
    frame = bars.frame.assign(tip=np.append(bars.frame["close"].to_numpy()[1:], np.nan))
    leaking = Bars(frame, bars.instrument, bars.source, bars.timeframe)
    report = parity_report(find(place)(), {bars.symbol: leaking}, Account(), NOW)
    assert not report.green
    told = "joined columns: column 'tip' is the open of 1 bar(s) later"
    assert any(one.startswith(told) for one in report.differences)
