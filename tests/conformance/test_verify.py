"""`verify` passes what is honest and catches what is not."""

from __future__ import annotations

import json
from typing import ClassVar

import pytest
from conformance import cheaters

from feeds.bars import Bars
from feeds.errors import DefinitionError
from indicators.atr import Atr
from indicators.base import Indicator, kernel
from optimize.backtest import backtest
from optimize.conformance import check_indicator, check_strategy, verify
from strategies.discovery import built_in


def failed(checks):
    return {check.name for check in checks if not check.passed}


@pytest.mark.parametrize("cls", built_in("strategy").values(), ids=lambda cls: cls.__name__)
def test_every_strategy_of_the_package_passes(cls):
    checks = check_strategy(cls)
    assert not [check for check in checks if not check.passed]
    assert len(checks) == 10


def test_reading_past_the_end_of_a_window_is_caught():
    found = check_strategy(cheaters.ReadsTomorrow)
    assert {"bounds checks", "future"} <= failed(found)


@pytest.mark.parametrize("engine", ["vector", "event"])
def test_a_look_ahead_that_no_check_can_provoke_does_not_run(engine):
    walk = cheaters.walk()
    frame = walk.frame * 1e4
    dear = Bars(frame, walk.instrument, "test", walk.timeframe, synthetic=True)
    with pytest.raises(DefinitionError, match="outside a window"):
        backtest(cheaters.ReadsTomorrowWhenDear(), dear, engine=engine)


def test_a_column_with_the_next_close_is_caught():
    assert "joined columns" in failed(check_strategy(cheaters.PeeksThroughColumn))


def test_a_noisy_column_with_the_next_close_is_caught():
    assert "joined columns" in failed(check_strategy(cheaters.PeeksThroughGivenColumn))


def test_reading_past_the_end_of_a_joined_column_is_caught():
    assert {"bounds checks", "future"} <= failed(check_strategy(cheaters.PeeksBeyondColumn))


def test_a_strategy_that_never_trades_is_caught():
    assert "trades" in failed(check_strategy(cheaters.NeverTrades))


def test_a_warm_up_that_is_too_short_is_caught():
    assert "warm-up" in failed(check_indicator(cheaters.ShortWarmup))


@pytest.mark.parametrize("index", ["len(close)", "len(close) + 1", "0", "3"])
def test_an_index_that_is_visibly_beyond_this_bar_is_refused_when_the_class_is_made(index, tmp_path):
    path = tmp_path / "cheat.py"
    path.write_text(
        "from strategies.base import *\n\n\nclass Cheat(Strategy):\n    @kernel\n    def decide(close):\n"
        f"        return enter_long() if close[{index}] > 1.0 else hold()\n"
    )
    from optimize.conformance.report import verify as verify_classes
    from strategies.discovery import find

    cheat = find(f"{path}:Cheat")
    report = verify_classes([cheat])
    assert report.failed
    assert "cheat.py" in report.failed[0].detail


def test_the_report_counts():
    report = verify([Atr, cheaters.NeverTrades])
    summary = report.to_json()
    json.dumps(summary)
    assert summary["classes"] == 2
    assert summary["checks"] == len(report.checks) > 15
    assert summary["failed"] == len(summary["failures"]) >= 1
    assert {failure["subject"] for failure in summary["failures"]} == {"NeverTrades"}


def test_a_declared_exception_is_counted_and_shown():
    class Excused(cheaters.NeverTrades):
        """Never trades, and says so."""

        verify_exceptions: ClassVar = {"trades": "waits for a crash"}

    report = verify([Excused])
    assert report.to_json()["exceptions"] == 1
    assert report.excepted[0].exception == "waits for a crash"


def test_writing_into_a_window_is_refused():
    with pytest.raises(DefinitionError, match="may not write into a window"):

        class Writes(Indicator):
            outputs = ("out",)

            @kernel
            def step(close):
                close[-1] = 5.0
                return close[-1]

        Writes().run({"close": [1.0, 2.0]})
