"""Indicators on a longer timeframe: completed bars only, the same in every form, usable in strategies."""

import json
import pickle

import backtrader as bt
import numpy as np
import pandas as pd
import pytest
from oracle_prices import ewm

from feeds import load
from feeds.errors import DataError, DefinitionError, ParameterError
from indicators import Choice, CrossOver, Ema, HigherTimeframe, Indicator, Int, Macd, Sma, Vwap, kernel
from optimize.backtest import backtest
from optimize.conformance import check_indicator
from optimize.conformance.bars import kit_bars
from strategies.base import Strategy, enter_long, hold, leave
from strategies.engines.feed import bars_feed


def hours(close, start="2024-01-01 01:00", keep=None):
    """Hourly bars that close from `start` on; `keep` leaves some out."""
    times = pd.date_range(start, periods=len(close), freq="h", tz="UTC")
    frame = pd.DataFrame({"time": times, "open": close, "high": close, "low": close, "close": close, "volume": 1.0})
    frame = frame if keep is None else frame[keep]
    return load(frame, symbol="X", label="close", calendar="24/7", timeframe="1h")


def walk(size=700, seed=3):
    return 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0, 0.01, size)))


def by_hand(bars, length, function):
    """Resample, keep whole bars, apply the function, show each value from its bar's close on. With pandas alone."""
    close = bars.frame["close"]
    length = length.replace("d", "D")
    grouped = close.resample(length, closed="right", label="right")
    longer = grouped.last()[grouped.count() == pd.Timedelta(length) // pd.Timedelta("1h")]
    values = pd.Series(function(longer.to_numpy()), index=longer.index)
    return values.reindex(close.index, method="ffill").to_numpy()


@pytest.mark.parametrize("start", ["2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 03:00", "2024-01-01 04:00"])
@pytest.mark.parametrize("length", ["2h", "4h", "1d"])
def test_it_is_resample_and_hold(start, length):
    bars = hours(walk(), start)
    indicator = HigherTimeframe(Ema(period=5), length)
    expected = by_hand(bars, length, lambda close: ewm(close, 5))
    ready = indicator.total_warmup - 1
    found = indicator.run(bars)
    assert np.isnan(found[:ready]).all() and np.isfinite(found[ready:]).all()
    np.testing.assert_allclose(found[ready:], expected[ready:], rtol=1e-13)


def test_the_value_appears_on_the_bar_that_completes_the_longer_one():
    """Closes 1 ... 24; 4-hour bars close at 4, 8, ...: their closes are 4, 8, ... and nothing is known earlier."""
    found = HigherTimeframe(Sma(period=1), "4h").run(hours(np.arange(1.0, 25.0)))
    expected = [np.nan] * 6 + [4.0] + [8.0] * 4 + [12.0] * 4 + [16.0] * 4 + [20.0] * 4 + [24.0]
    np.testing.assert_array_equal(found, expected)


def test_no_bar_knows_more_than_the_data_up_to_it():
    bars = hours(walk(200))
    indicator = HigherTimeframe(Macd(fast=2, slow=4, signal_period=2), "4h")
    whole = indicator.run(bars)
    for bar in range(40, 200, 7):
        cut = indicator.run(bars.window(end=bars.times[bar]))
        for ours, theirs in zip(cut, whole, strict=True):
            np.testing.assert_array_equal(ours, theirs[: bar + 1])


def test_the_warm_up_is_in_bars_of_the_base():
    """25 values of 4 hours and up to one unfinished one before them: 4 * 26 - 1 hours; 15-minute bars: 16 * 26 - 1."""
    assert HigherTimeframe(Ema(period=25), "4h").total_warmup == 103
    assert HigherTimeframe(Ema(period=25), "4h", base="15min").total_warmup == 415
    assert HigherTimeframe(Ema(period=25), "1h").base == "1min"
    assert HigherTimeframe(Ema(period=25), "90min").base == "1h"
    assert HigherTimeframe(Ema(period=1), "90min").total_warmup == 3


def rows_of(indicator, bars):
    return [{name: bars.column(name)[t] for name in indicator.columns()} for t in range(len(bars))]


def streamed(indicator, bars):
    stream = indicator.stream()
    return np.array([stream.update(row) for row in rows_of(indicator, bars)])


def test_two_longer_bars_that_complete_at_once_are_one_step():
    """After a gap from 3:00 the bar of 8:00 completes two: only the later one is in the columns, so only it counts."""
    close = np.arange(1.0, 49.0)
    keep = np.ones(48, dtype=bool)
    keep[3:7] = False  # the bars that close at 4:00 ... 7:00
    bars = hours(close, keep=keep)
    count = bars.column("4h.count")
    assert (np.diff(count, prepend=0.0) == 2.0).sum() == 1
    indicator = HigherTimeframe(Sma(period=2), "4h", base="4h")
    found = indicator.run(bars)
    seen = [8.0, 12.0, 16.0, 20.0, 24.0]  # not the one that closed at 4:00 with 3
    first = int(np.flatnonzero(~np.isnan(found))[0])
    assert found[first] == (seen[0] + seen[1]) / 2 and bars.times[first].hour == 12
    np.testing.assert_array_equal(found, streamed(indicator, bars))


@pytest.mark.parametrize("seed", range(6))
def test_bar_by_bar_equals_the_batch_form_whatever_is_missing(seed):
    rng = np.random.default_rng(seed)
    keep = rng.random(400) > rng.uniform(0.1, 0.8)
    keep[-1] = True
    bars = hours(walk(400, seed), keep=keep)
    indicator = HigherTimeframe(Ema(period=3), "4h")
    np.testing.assert_array_equal(indicator.run(bars), streamed(indicator, bars))


def test_a_missing_close_restarts_the_inner_indicator():
    bars = hours(walk(200))
    indicator = HigherTimeframe(Ema(period=4), "4h")
    table = {name: bars.column(name).copy() for name in indicator.columns()}
    table["4h.close"][99:103] = np.nan  # the bar that completes at hour 100
    found = indicator.run(table)
    fresh = Ema(period=4).run({"close": table["4h.close"][103::4]})
    np.testing.assert_array_equal(found[103::4], fresh)
    assert np.isnan(found[99:115]).all() and np.isfinite(found[115:]).all()


def test_it_resumes_in_the_middle_of_a_longer_bar():
    bars = hours(walk(120))
    indicator = HigherTimeframe(Macd(fast=2, slow=4, signal_period=2), "4h")
    whole, rows = indicator.run(bars), rows_of(indicator, bars)
    for cut in (0, 1, 50, 51, 52, 53):
        stream = indicator.stream()
        for row in rows[:cut]:
            stream.update(row)
        stream = indicator.stream().restore(json.loads(json.dumps(stream.save())))
        np.testing.assert_array_equal(np.array([stream.update(row) for row in rows[cut:]]), np.array(whole).T[cut:])
    with pytest.raises(DataError, match="this state belongs to"):
        HigherTimeframe(Ema(), "4h").stream().restore(stream.save())


def test_it_is_a_value():
    one, two = HigherTimeframe(Ema(period=18), "4h"), HigherTimeframe(Ema(period=18), "4H", base="1h")
    assert one == two and hash(one) == hash(two) and one != HigherTimeframe(Ema(period=18), "1d")
    assert one != HigherTimeframe(Sma(period=18), "4h") and one != Ema(period=18)
    assert repr(one) == "HigherTimeframe(indicator=Ema(period=18), timeframe='4h', base='1h')"
    assert one == pickle.loads(pickle.dumps(one)) == one.replace()
    assert one.replace(timeframe="1d").columns() == ["1d.close", "1d.count"]
    assert isinstance(one, HigherTimeframe) and isinstance(one, Indicator)
    with pytest.raises(AttributeError, match="immutable"):
        one.timeframe = "1d"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HigherTimeframe(), r"needs an indicator, not None; write HigherTimeframe\(Ema"),
        (lambda: HigherTimeframe(Ema, "4h"), "needs an indicator, not <class"),
        (lambda: HigherTimeframe(Ema()), "'' is no timeframe; write it like '15min'"),
        (lambda: HigherTimeframe(Ema(), "4 hours"), "'4 hours' is no timeframe"),
        (lambda: HigherTimeframe(Ema(), "1h", base="4h"), "base '4h' is longer than the timeframe '1h'"),
        (lambda: HigherTimeframe(Ema(), timefram="4h"), "has no 'timefram'; did you mean 'timeframe'"),
        (lambda: HigherTimeframe(HigherTimeframe(Ema(), "4h"), "1d"), "inside another"),
        (lambda: HigherTimeframe(Sma().on(close=HigherTimeframe(Ema(), "4h")), "1d"), "inside another"),
        (lambda: HigherTimeframe(Ema(), "4h").on(close="vix"), "give other data to the inner indicator"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


def test_columns_that_bars_cannot_derive_are_named():
    with pytest.raises(DataError, match=r"4h\.session"):
        HigherTimeframe(Vwap(), "4h").run(hours(walk(50)))
    with pytest.raises(DataError, match=r"needs column '4h\.count'"):
        HigherTimeframe(Ema(), "4h").run({"close": walk(50)})


def test_there_is_no_vectorbt_form_and_it_says_so():
    assert not hasattr(HigherTimeframe, "vbt")
    with pytest.raises(AttributeError, match="no vectorbt form"):
        HigherTimeframe(Ema(), "4h").vbt  # noqa: B018


class _Plain(bt.Strategy):
    params = (("indicator", None), ("rows", None))

    def __init__(self):
        self.trend = self.p.indicator.bt(self.data)

    def next(self):
        self.p.rows.append(self.trend.ema[0])


@pytest.mark.parametrize("runonce", [True, False])
def test_a_plain_cerebro_script_can_use_it(runonce):
    indicator, bars, rows = HigherTimeframe(Ema(period=5), "4h"), hours(walk(200)), []
    cerebro = bt.Cerebro(stdstats=False, runonce=runonce)
    cerebro.adddata(bars_feed(bars, tuple(indicator.columns())))
    cerebro.addstrategy(_Plain, indicator=indicator, rows=rows)
    cerebro.run()
    np.testing.assert_array_equal(rows, indicator.run(bars)[indicator.total_warmup - 1 :])


class Distance(Indicator):
    """An indicator with parts on two timeframes; a slow average bound to its own parameter."""

    outputs = ("distance",)
    slow = Int(4, low=2, high=20)
    trend = HigherTimeframe(Ema(period=slow), "4h")
    near = Ema(period=3)

    @kernel
    def step(near, trend):
        return near[-1] - trend[-1]


def test_it_is_a_part_of_other_indicators():
    bars = hours(walk(200))
    expected = Ema(period=3).run(bars) - HigherTimeframe(Ema(period=6), "4h").run(bars)
    np.testing.assert_array_equal(Distance(slow=6).run(bars), expected)
    assert not [check for check in check_indicator(Distance) if not check.passed]
    cross = CrossOver().on(fast=Ema(period=3), slow=HigherTimeframe(Ema(period=6), "4h"))
    assert not [check for check in check_indicator(cross) if not check.passed and check.name != "vectorbt"]
    above = Ema(period=3).run(bars) > HigherTimeframe(Ema(period=6), "4h").run(bars)
    found = cross.run(bars)
    ready = np.flatnonzero(~np.isnan(found))
    assert (np.abs(found[ready]) == (above[ready] != above[ready - 1])).all() and np.abs(found[ready]).sum() > 5


class TwoSpeeds(Strategy):
    """Long while the hourly EMA is above the slow one of the longer timeframe."""

    fast, slow = Int(5, 2, 50), Int(3, 2, 50)
    longer = Choice("4h", ("2h", "4h", "1d"))
    near = Ema(period=fast)
    trend = HigherTimeframe(Ema(period=slow), longer)
    momentum = HigherTimeframe(Macd(fast=2, slow=slow, signal_period=2), longer)

    @kernel
    def decide(near, trend, momentum_line, position):
        if near[-1] > trend[-1] and momentum_line[-1] > 0.0:
            return enter_long() if position == 0.0 else hold()
        return leave()


@pytest.mark.parametrize("longer", ["2h", "4h", "1d"])
def test_strategies_trade_the_same_with_it_on_both_engines(longer):
    bars, strategy = kit_bars((), 2500), TwoSpeeds(slow=4, longer=longer)
    assert strategy.part("trend") == HigherTimeframe(Ema(period=4), longer)
    assert strategy.warmup == HigherTimeframe(Macd(fast=2, slow=4, signal_period=2), longer).total_warmup
    vector, event = backtest(strategy, bars, engine="vector"), backtest(strategy, bars, engine="event")
    assert len(vector.ledger) > 10
    pd.testing.assert_frame_equal(vector.ledger, event.ledger)


def test_a_parameter_that_the_owner_does_not_declare_is_refused():
    stranger = Int(5, 2, 9)
    stranger.name = "stranger"
    with pytest.raises(DefinitionError, match="refers to a parameter that Wrong does not declare"):
        type("Wrong", (Indicator,), {"trend": HigherTimeframe(Ema(period=stranger), "4h")})
    with pytest.raises(DefinitionError, match="refers to a parameter that Wrong does not declare"):
        type("Wrong", (Indicator,), {"trend": HigherTimeframe(Ema(period=3), stranger)})
