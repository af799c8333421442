"""GexLevels by hand, on every engine, and on histories it trades often."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from feeds import Bars, Instrument, load
from feeds.errors import DataError
from optimize.backtest import backtest
from optimize.conformance import check_strategy
from optimize.parity import parity
from strategies import Account, Costs, GexLevels, Sizing

MARGIN = Account(kind="margin", cash=100_000.0, costs=Costs(fee=0.0, slippage_bps=0.0), sizing=Sizing.lots(10))
REFERENCE = GexLevels.profile("reference").account
LEVELS = {
    "gex_flip": 95.0, "gex_call_wall": 110.0, "gex_put_wall": 90.0, "gex_max_pain": 100.0, "gex_pin_1": 102.0,
    "gex_pin_2": 98.0, "gex_net_over_gross": 0.3, "gex_expected_move": 4.0, "gex_monthly_expiry": np.nan,
    "gex_history": 100.0,
}  # fmt: skip
"""Dealers damp moves between 90 and 110; a day moves 4 points."""
CALM = {"calm_move": 0.1, "near_wall": 0.5, "stop_move": 1.0, "break_move": 0.25}
"""Weight 1; near: 2 points; stop: 4 points; a break: 1 point."""


def candles(text: str, **columns) -> Bars:
    """Hourly bars of "open high low close | ..."; each level may be a number or one value per bar."""
    cells = [cell.split() for cell in text.split("|")]
    times = pd.date_range("2024-01-01 01:00", periods=len(cells), freq="h", tz="UTC", name="time", unit="ns")
    table = pd.DataFrame(np.array(cells, dtype=float), index=times, columns=["open", "high", "low", "close"])
    for name, value in (LEVELS | columns).items():
        table[name] = np.broadcast_to(np.asarray(value, dtype=float), len(cells)).copy()
    return Bars(table, Instrument("A"), "candles", pd.Timedelta("1h"), synthetic=True)


@pytest.fixture
def told(simulate):
    """told(text, columns, **parameters): the ledger as "bar side quantity @ price reason", bars from 1."""

    def run(text, columns=None, **parameters):
        bars = candles(text, **(columns or {}))
        ledger = simulate(GexLevels(**(CALM | parameters)), bars, MARGIN).ledger
        number = bars.times.get_indexer(pd.DatetimeIndex(ledger["time"])) + 1
        return [
            f"{bar} {row.side} {row.quantity:g} @ {row.price:g} {row.reason}"
            for bar, row in zip(number, ledger.itertuples(), strict=True)
        ]

    return run


FLAT = "100 101 99 100"


def test_it_sells_at_the_call_wall_and_takes_the_profit_at_max_pain(told):
    # decided at 109 (wall 110, near 2): stop 4 over the fill of 109, target 9 under it
    text = f"{FLAT} | 100 109 100 109 | 109 110 105 106 | 106 106 99 101 | {FLAT}"
    assert told(text)[:2] == ["3 sell 10 @ 109 entry", "4 buy 10 @ 100 target-1"]


def test_it_buys_at_the_put_wall(told):
    text = f"{FLAT} | 100 100 91 91 | 91 95 91 94 | {FLAT} | {FLAT}"
    found = told(text, {"gex_flip": np.nan})
    assert found[:2] == ["3 buy 10 @ 91 entry", "4 sell 10 @ 100 target-1"]  # target 9 above; the bar opens on it


def test_the_stop_lies_one_expected_move_away(told):
    text = f"{FLAT} | 100 109 100 109 | 109 110 108 109 | 109 114 109 113 | {FLAT}"
    assert told(text)[:2] == ["3 sell 10 @ 109 entry", "4 buy 10 @ 113 stop"]


@pytest.mark.parametrize(("target", "price"), [("max_pain", 100), ("flip", 95), ("pin", 102)])
def test_the_target_is_the_chosen_magnet(told, target, price):
    text = f"{FLAT} | 100 109 100 109 | 109 110 108 109 | 109 109 91 92 | {FLAT}"
    assert told(text, target=target)[1] == f"4 buy 10 @ {price} target-1"


def test_without_a_magnet_ahead_the_target_is_half_way_to_the_other_wall(told):
    text = f"{FLAT} | 100 109 100 109 | 109 110 108 109 | 109 109 91 95 | {FLAT}"
    # (109 - 90) / 2 = 9.5 under the fill
    assert told(text, {"gex_max_pain": 108.0})[1] == "4 buy 10 @ 99.5 target-1"
    assert told(text, {"gex_max_pain": np.nan})[1] == "4 buy 10 @ 99.5 target-1"


def test_a_wall_that_is_broken_by_more_than_near_is_not_faded(told):
    text = f"{FLAT} | 100 112 100 112 | 112 113 111 112.5 | 112 113 111 112.5"
    assert told(text) == []


def test_in_the_negative_regime_it_follows_the_break_of_the_put_wall(told):
    negative = {"gex_flip": 120.0, "gex_net_over_gross": -0.3}
    text = f"{FLAT} | 100 100 88 88 | 88 88 85 86 | 86 86 80 81 | 81 91 81 91 | 91 92 90 91"
    # decided at 88, one point under the wall of 90; left once the close is back over the wall, at the next open
    assert told(text, negative, negative_weight=1.0, time_stop=0) == ["3 sell 10 @ 88 entry", "6 buy 10 @ 91 signal"]


def test_a_break_needs_a_falling_close(told):
    negative = {"gex_flip": 120.0, "gex_net_over_gross": -0.3}
    assert told("88 89 87 88 | 88 89 87 88 | 88 89 87 88", negative) == []


def test_the_negative_regime_trades_half_the_size_and_wild_markets_less(told):
    negative = {"gex_flip": 120.0, "gex_net_over_gross": -0.3}
    text = f"{FLAT} | 100 100 88 88 | 88 88 87 88"
    assert told(text, negative)[0] == "3 sell 5 @ 88 entry"
    # calm_move 0.01 x 88 = 0.88 of an expected move of 4: weight 0.22, halved, of 10 lots
    assert told(text, negative, calm_move=0.01)[0] == "3 sell 1.1 @ 88 entry"


def test_a_break_of_the_flip(told):
    negative = {"gex_flip": 99.0, "gex_net_over_gross": -0.3}
    text = f"{FLAT} | 100 100 97 97 | 97 97 96 96 | 96 101 96 101 | 101 101 100 100"
    expected = ["3 sell 5 @ 97 entry", "5 buy 5 @ 101 signal"]  # over the flip the regime is no longer negative
    assert told(text, negative, break_level="flip", stop_move=5.0) == expected
    assert told(text, negative, break_level="wall") == []


def test_it_leaves_at_the_opposite_wall(told):
    text = f"{FLAT} | 100 109 100 109 | 109 109 101 101 | 101 101 100.5 101 | 101 102 101 101"
    walls = {"gex_put_wall": [90, 90, 90, 101, 101]}
    assert told(text, walls) == ["3 sell 10 @ 109 entry", "5 buy 10 @ 101 signal"]


def test_it_leaves_when_time_is_up(told):
    text = f"{FLAT} | 100 109 100 109 " + "| 109 109 108 109 " * 5
    assert told(text, time_stop=2)[:2] == ["3 sell 10 @ 109 entry", "6 buy 10 @ 109 time"]


def test_it_leaves_before_the_monthly_settlement_and_does_not_enter(told):
    settles = pd.Timestamp("2024-01-01 07:00", tz="UTC").timestamp()
    text = f"{FLAT} | 100 109 100 109 " + "| 109 109 108 109 " * 5
    found = told(text, {"gex_monthly_expiry": settles}, expiry_hours=2.0)
    assert found == ["3 sell 10 @ 109 entry", "6 buy 10 @ 109 signal"]  # bar 5 closes at 05:00


@pytest.mark.parametrize("name", ["gex_call_wall", "gex_put_wall", "gex_net_over_gross", "gex_expected_move"])
def test_a_missing_level_blocks_the_entry(told, name):
    text = f"{FLAT} | 100 109 100 109 | 109 110 108 109 | 109 109 99 100"
    assert told(text, {name: np.nan}) == []


def test_while_nobody_knows_a_position_keeps_its_stop(told):
    text = f"{FLAT} | 100 109 100 109 | 109 110 108 109 | 109 110 108 109 | 109 115 109 114 | {FLAT}"
    gone = {name: [value, value, np.nan, np.nan, np.nan, np.nan] for name, value in LEVELS.items() if value == value}
    assert told(text, gone) == ["3 sell 10 @ 109 entry", "5 buy 10 @ 113 stop"]


def test_it_leaves_when_the_regime_is_another_one(told):
    text = f"{FLAT} | 100 109 100 109 | 109 110 108 109 | 109 110 108 109 | 109 110 108 109"
    found = told(text, {"gex_net_over_gross": [0.3, 0.3, 0.0, 0.3, 0.3]})
    assert found[:2] == ["3 sell 10 @ 109 entry", "4 buy 10 @ 109 signal"]


def test_it_waits_for_its_history(told):
    text = f"{FLAT} | 100 109 100 109 | 109 110 108 109 | 109 110 108 109"
    assert told(text, {"gex_history": [58, 59, 60, 61]}, min_history=60) == [
        "4 sell 10 @ 109 entry", "4 buy 10 @ 109 window-end",
    ]  # fmt: skip


@pytest.mark.parametrize("rows", [[1, 2, 3], [np.nan] * 3])
def test_too_little_history_is_said_instead_of_traded(simulate, rows):
    bars = candles(f"{FLAT} | {FLAT} | {FLAT}", gex_history=rows)
    with pytest.raises(DataError, match=r"A: too little history: [03] usable rows .* waits for 60; record more chains"):
        simulate(GexLevels(), bars, MARGIN)


def test_a_window_does_not_count_the_history_after_it(simulate):
    bars = candles(f"{FLAT} | {FLAT} | {FLAT}", gex_history=[1, 2, 60])
    with pytest.raises(DataError, match="2 usable rows"):
        simulate(GexLevels(), bars, MARGIN, end=bars.times[1])


def test_it_passes_every_check():
    checks = check_strategy(GexLevels)
    assert len(checks) == 10
    assert not [check for check in checks if not check.passed or check.exception]


@cache
def history(strength: float, timeframe: str = "30min") -> Bars:
    return load(f"synthetic:dealer?seed=11&days=250&strength={strength}&timeframe={timeframe}")


@pytest.mark.parametrize("mode", ["runonce", "next", "exactbars"])
@pytest.mark.parametrize(
    "parameters", [{}, {"target": "pin", "break_level": "flip"}, {"time_stop": 4, "near_wall": 0.5}]
)
def test_engines_agree_on_the_planted_history(parameters, mode):
    strategy, bars = GexLevels(**parameters), history(0.5)
    vector = backtest(strategy, bars, account=REFERENCE)
    event = backtest(strategy, bars, engine="event", mode=mode, account=REFERENCE)
    assert len(vector.fills) >= 30
    assert {"long", "short"} == set(vector.trades["side"])
    assert vector.ledger.equals(event.ledger)
    parity(vector, event).require()


def test_engines_agree_on_a_coarser_history_and_without_an_effect():
    for bars in (history(0.5, "1h"), history(0.0)):
        vector, event = (
            backtest(GexLevels(), bars, engine=engine, account=REFERENCE) for engine in ("vector", "event")
        )
        assert len(vector.fills) >= 30
        parity(vector, event).require()


def test_the_planted_effect_is_what_it_earns():
    planted, none = (backtest(GexLevels(), history(strength), account=REFERENCE) for strength in (0.5, 0.0))
    assert planted.metrics["total_return"] > 0.05
    assert abs(none.metrics["total_return"]) < 0.02


def test_a_cash_account_rejects_its_shorts():
    run = backtest(GexLevels(), history(0.5), account=Account(cash=100_000.0))
    assert set(run.rejections["reason"]) == {"rejected-short"}
    assert set(run.trades["side"]) == {"long"}
