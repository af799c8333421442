"""The rules of AtrTrend on hand-made bars whose indicator values are chosen, in every engine."""

from __future__ import annotations

import math

import pytest

from feeds.errors import ConfigError, DataError, ParameterError
from strategies import Account, AtrTrend, Costs, Sizing
from strategies.atr_trend import ema_pair

FLAT = " | ".join(["100 101 99 100"] * 6)
BARE = {"scenario": "stochrsi", "hv_filter": False, "rsi_filter": False, "partials": False, "cooldown": 0}
COSTLY = Account(costs=Costs(fee=0.001, slippage_bps=5.0), sizing=Sizing.lots(10))

# condition: parameters that switch it on, column, value that blocks the entry
CONDITIONS = {
    "trend": ({}, "x_fast", 1.0),
    "stochrsi at its floor": ({}, "x_stoch", 0.05),
    "stochrsi at its ceiling": ({}, "x_stoch", 0.80),
    "stochrsi overbought": ({}, "x_stoch", 0.95),
    "no range": ({}, "x_atr", 0.0),
    "sma": ({"scenario": "sma"}, "x_sma", 100.0),
    "adx": ({"scenario": "adx"}, "x_adx", 25.0),
    "adx, own level": ({"scenario": "adx", "adx_min": 45.0}, "x_adx", 44.0),
    "trix": ({"scenario": "trix"}, "x_trix", 0.0),
    "hv high": ({"hv_filter": True}, "x_hv", 1.5),
    "hv low": ({"hv_filter": True}, "x_hv", -1.5),
    "rsi low": ({"rsi_filter": True}, "x_rsi", 29.9),
    "rsi high": ({"rsi_filter": True}, "x_rsi", 70.1),
    "macd": ({"macd_filter": True}, "x_macd", -0.1),  # -0.05 ATR
    "volume": ({"volume_filter": True}, "volume", 1.0),
    "mtf": ({"mtf_filter": True}, "x_higher_fast", 1.0),
}
SWITCHED = {name: case for name, case in CONDITIONS.items() if case[0]}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_that_fails_delays_the_entry(act, tape, condition):
    on, column, blocking = CONDITIONS[condition]
    passing = {"x_fast": 2.0, "x_stoch": 0.5, "x_atr": 2.0, "x_sma": 99.9, "x_adx": 45.1, "x_trix": 0.001, "x_hv": 1.49,
               "x_rsi": 70.0, "x_macd": -0.099, "volume": 1.001, "x_higher_fast": 1.001}[column]  # fmt: skip
    bars = tape(FLAT, **{column: [blocking, blocking, passing, passing, passing, passing]})
    assert act(bars, **(BARE | on)) == ["4 buy 10 @ 100 entry", "6 sell 10 @ 100 window-end"]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_missing_value_blocks_the_entry(act, tape, condition):
    on, column, _ = CONDITIONS[condition]
    assert act(tape(FLAT, **{column: math.nan}), **(BARE | on)) == []


@pytest.mark.parametrize("condition", SWITCHED)
def test_a_condition_that_is_off_changes_nothing(act, tape, condition):
    _, column, blocking = SWITCHED[condition]
    for value in (blocking, math.nan):
        assert act(tape(FLAT, **{column: value}), **BARE)[0] == "2 buy 10 @ 100 entry"


def test_rsi_bounds_are_inclusive(act, tape):
    assert act(tape(FLAT, x_rsi=30.0), **(BARE | {"rsi_filter": True}))[0] == "2 buy 10 @ 100 entry"


RISING = "100 101 99 100 | 100 100.5 99.5 100 | {} | 100 101 99 100 | 100 101 99 100"


def test_the_initial_stop_is_in_atr_of_the_signal_bar_under_the_fill(act, tape):
    # fill 100 x 1.0005 = 100.05; stop 100.05 - 3 x 2 = 94.05, sold 5 bps lower; the later ATR of 9 is not used
    bars = tape(RISING.format("95 95 94.04 94.5"), x_atr=[2, 9, 9, 9, 9], x_fast=[2, 1, 1, 1, 1])
    assert act(bars, COSTLY, **BARE) == ["2 buy 10 @ 100.05 entry", "3 sell 10 @ 94.002975 stop"]


def test_the_stop_is_not_hit_one_tick_above_it(act, tape):
    bars = tape(RISING.format("95 95 94.06 94.5"), x_fast=[2, 1, 1, 1, 1])
    assert act(bars, COSTLY, **BARE)[1] == "5 sell 10 @ 99.95 window-end"


def test_partials_sell_half_and_then_thirty_percent_of_the_rest_beyond_costs(act, tape):
    # 100.05 x 1.023 = 102.35115 and 100.05 x 1.043 = 104.35215, limits without slippage; 5, then 1.5, 3.5 stay
    bars = tape(RISING.format("100 105 100 104"), x_fast=[2, 1, 1, 1, 1])
    assert act(bars, COSTLY, **(BARE | {"partials": True})) == [
        "2 buy 10 @ 100.05 entry",
        "3 sell 5 @ 102.35115 target-1",
        "3 sell 1.5 @ 104.35215 target-2",
        "5 sell 3.5 @ 99.95 window-end",
    ]


def test_partials_have_their_own_levels_and_shares(act, tape):
    own = {"partial_1": 0.03, "share_1": 0.4, "partial_2": 0.05, "share_2": 0.25, "round_trip": 0.0, "partials": True}
    bars = tape(RISING.format("100 106 100 104"), x_fast=[2, 1, 1, 1, 1])
    assert act(bars, **(BARE | own))[1:3] == ["3 sell 4 @ 103 target-1", "3 sell 1.5 @ 105 target-2"]


@pytest.mark.parametrize(
    ("close", "exits"),
    [
        (110.9, "6 sell 10 @ 99 window-end"),  # a gain of 10.9 < 5.5 x 2: the trailing stop never starts
        (111.0, "4 sell 10 @ 100 trail"),  # 111 - 11
        (114.0, "4 sell 10 @ 103 trail"),
    ],
)
def test_trailing_starts_at_its_own_distance(act, tape, close, exits):
    bars = tape(
        f"100 101 99 100 | 100 100 100 100 | 100 {close} 99 {close} | 105 105 99 99 | 99 100 98 99 | 99 99 99 99",
        x_fast=[2, 1, 1, 1, 1, 1],
    )
    assert act(bars, **BARE)[1] == exits


def test_the_trailing_stop_only_rises(act, tape):
    # best close 120: stop 109; a lower close of 112 must not lower it to 101
    bars = tape(
        "100 101 99 100 | 100 120 100 120 | 120 120 112 112 | 112 112 108 110 | 110 110 110 110",
        x_fast=[2, 1, 1, 1, 1],
    )
    assert act(bars, **BARE)[1] == "4 sell 10 @ 109 trail"


def test_break_even_covers_the_round_trip(simulate, scripted, tape):
    # gain >= 1 % of 100.05 on a close of 101.06; stop 100.05 x 1.003 = 100.35015, sold 5 bps lower
    bars = tape("100 101 99 100 | 100 101.1 100 101.06 | 101 101 100.3 101 | 101 101 101 101", x_fast=[2, 1, 1, 1])
    run = simulate(scripted(**(BARE | {"break_even": True})), bars, COSTLY)
    assert list(run.ledger["reason"]) == ["entry", "break-even"]
    assert run.ledger["price"][1] == pytest.approx(100.35015 * 0.9995, rel=1e-12)
    assert 0.0 < run.equity.iloc[-1] - 10_000.0 < 1.0  # on a position of 1,000: nothing lost, next to nothing won


def test_break_even_is_off_by_default(act, tape):
    bars = tape("100 101 99 100 | 100 101.1 100 101.06 | 101 101 100.3 101 | 101 101 101 101", x_fast=[2, 1, 1, 1])
    assert act(bars, **BARE)[1] == "4 sell 10 @ 101 window-end"


def test_the_signal_exit_needs_both_a_lost_trend_and_a_stochrsi_above_its_level(act, tape):
    lost, above = [2, 1, 0.5, 0.5, 0.5, 0.5], [0.5, 0.9, 0.3, 0.3, 0.31, 0.5]
    assert act(tape(FLAT, x_fast=lost, x_stoch=above), **BARE)[1] == "6 sell 10 @ 100 signal"
    above[4] = math.nan
    assert act(tape(FLAT, x_fast=lost, x_stoch=above), **BARE)[1] == "6 sell 10 @ 100 window-end"
    assert act(tape(FLAT, x_stoch=0.7), **BARE)[1] == "6 sell 10 @ 100 window-end"


@pytest.mark.parametrize(("min_hold", "bar"), [(0, 3), (1, 4), (2, 5)])
def test_minimum_holding_time_counts_bars_after_the_entry_bar(act, tape, min_hold, bar):
    bars = tape(FLAT, x_fast=[2, 0.5, 0.5, 0.5, 0.5, 0.5])
    assert act(bars, **(BARE | {"min_hold": min_hold}))[1] == f"{bar} sell 10 @ 100 signal"


@pytest.mark.parametrize(("cooldown", "bar"), [(0, 4), (1, 5), (2, 6)])
def test_cooldown_counts_from_the_exit_bar(act, tape, cooldown, bar):
    bars = tape("100 101 99 100 | 100 100 100 100 | 100 100 90 100 " + "| 100 101 99 100 " * 4)
    rows = act(bars, **(BARE | {"cooldown": cooldown}))
    assert rows[1:3] == ["3 sell 10 @ 94 stop", f"{bar} buy 10 @ 100 entry"]


def test_time_stop_is_decided_on_its_bar_after_the_entry_bar(act, tape):
    assert act(tape(FLAT), **(BARE | {"time_stop": 2}))[:2] == ["2 buy 10 @ 100 entry", "5 sell 10 @ 100 time"]


@pytest.mark.parametrize(
    ("sizing", "quantity"),
    [
        (Sizing.fraction(0.5), 50.0),  # 0.5 x 10,000 / 100
        (Sizing.risk(0.01), 100.0 / (3 * 2 + 100 * (2 * 0.001 + 2 * 0.0005))),  # loses 100 at the stop, costs included
        (Sizing.volatility(0.01), 50.0),  # one ATR of 2 moves 100
    ],
)
def test_size_follows_from_the_stop_and_the_atr(simulate, scripted, tape, sizing, quantity):
    account = Account(costs=Costs(fee=0.001, slippage_bps=5.0), sizing=sizing)
    run = simulate(scripted(**BARE), tape(FLAT), account)
    assert run.fills["quantity"][0] == pytest.approx(quantity, rel=1e-12)


def test_a_filter_needs_its_column_only_when_it_is_on(simulate, tape):
    table = tape(" | ".join(["100 101 99 100"] * 60)).frame.drop(columns="volume")
    bars = type(tape(FLAT))(table, tape(FLAT).instrument, "no volume", tape(FLAT).timeframe)
    plain = AtrTrend(scenario="stochrsi", hv_filter=False, rsi_filter=False)
    assert len(simulate(plain, bars).equity) == 60 - plain.warmup + 1
    with pytest.raises(DataError, match=r"AtrTrend reads column 'volume' of A: no volume: no column 'volume'"):
        simulate(plain.replace(volume_filter=True), bars)


@pytest.mark.parametrize(
    ("timeframe", "ratio", "pair"),
    [
        ("1h", 0.01, (14, 26)),
        ("4h", 0.02, (22, 44)),  # 22.88 and 44
        ("1d", 0.004, (56, 224)),
        ("1min", 0.02, (5, 11)),  # 4.4 is below the floor of 5; 11.44
        ("5min", 0.015, (7, 17)),  # the edges themselves change nothing
        ("5min", 0.005, (7, 17)),
    ],
)
def test_ema_pair_follows_volatility(timeframe, ratio, pair):
    assert ema_pair(timeframe, ratio) == pair
    assert AtrTrend(fast=pair[0], slow=pair[1]).fast == pair[0]


def test_ema_pair_refuses_what_it_does_not_know():
    with pytest.raises(ConfigError, match="no EMA pair for timeframe '4hr'; did you mean '4h'"):
        ema_pair("4hr", 0.01)
    with pytest.raises(ConfigError, match="ratio between 0 and 1"):
        ema_pair("4h", math.nan)


@pytest.mark.parametrize(
    "wrong", [{"fast": 50, "slow": 50}, {"mtf_fast": 58}, {"partial_1": 0.045, "partial_2": 0.042}]
)
def test_contradictions_are_refused(wrong):
    with pytest.raises(ParameterError, match="not a valid combination"):
        AtrTrend(**wrong)


def test_a_typo_is_refused_with_a_suggestion():
    with pytest.raises(ParameterError, match="no parameter 'trail_art'; did you mean 'trail_atr'"):
        AtrTrend(trail_art=5)
