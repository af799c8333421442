"""Strength and range indicators against TA-Lib, published numbers and textbook loops."""

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_prices import spx, walk

from indicators import Adx, Atr, Highest, Lowest, Rsi, StochRsi

PRICES = pytest.mark.parametrize("prices", [spx(), walk()], ids=["spx", "walk"])
PERIODS = pytest.mark.parametrize("period", [2, 14, 50])

# The worked example of StockCharts' ChartSchool for the 14-day RSI, as printed there.
CLOSES = (
    "44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328 45.6140 46.2820 "
    "46.2820 46.0028 46.0328 46.4116 46.2222 45.6439 46.2122 46.2521 45.7137 46.4515 45.7835 45.3548 44.0288 44.1783 "
    "44.2181 44.5672 43.4205 42.6628 43.1314"
)
RSI_14 = (
    "70.53 66.32 66.55 69.41 66.36 57.97 62.93 63.26 56.06 62.38 54.71 50.42 39.99 41.46 41.87 45.46 37.30 33.08 37.77"
)


def test_rsi_is_the_published_worked_example():
    found = Rsi(period=14).run({"close": np.array(CLOSES.split(), dtype=float)})
    assert np.isnan(found[:14]).all()
    np.testing.assert_allclose(found[14:], np.array(RSI_14.split(), dtype=float), rtol=0.0, atol=0.005001)


@PRICES
@PERIODS
def test_rsi_is_that_of_talib(prices, period):
    """Same seed, same smoothing; sums in another order: 1e-9 of 100 points is far above rounding."""
    found = Rsi(period=period).run(prices)
    theirs = talib.RSI(prices["close"], period)
    moved = pd.Series(prices["close"]).diff().abs().cumsum().to_numpy() > 0  # before that TA-Lib says 0
    np.testing.assert_array_equal(np.isnan(found), np.isnan(theirs))
    np.testing.assert_allclose(found[moved], theirs[moved], rtol=0.0, atol=1e-9)


def test_rsi_of_a_flat_market_is_neutral_and_of_one_direction_extreme():
    assert Rsi(period=3).run({"close": np.full(6, 7.0)}).tolist()[3:] == [50.0] * 3
    assert Rsi(period=3).run({"close": np.arange(6.0)}).tolist()[3:] == [100.0] * 3
    assert Rsi(period=3).run({"close": np.arange(6.0)[::-1].copy()}).tolist()[3:] == [0.0] * 3


@settings(max_examples=50)
@given(st.lists(st.integers(1, 200), min_size=20, max_size=80), st.integers(1, 15))
def test_rsi_and_stoch_rsi_stay_in_their_range_and_know_no_scale(ticks, period):
    close = np.array(ticks, dtype=float)
    rsi = Rsi(period=period).run({"close": close})
    stochastic = StochRsi(period=period, lookback=5).run({"close": close})
    assert np.isnan(rsi[:period]).all() and ((rsi[period:] >= 0.0) & (rsi[period:] <= 100.0)).all()
    ready = stochastic[period + 4 :]
    assert np.isnan(stochastic[: period + 4]).all() and ((ready >= 0.0) & (ready <= 1.0)).all()
    np.testing.assert_array_equal(Rsi(period=period).run({"close": close * 64.0}), rsi)  # a power of two is exact


@PRICES
@pytest.mark.parametrize(("period", "lookback"), [(14, 14), (14, 5), (5, 21)])
def test_stoch_rsi_is_that_of_talib(prices, period, lookback):
    """TA-Lib's fast %K of the RSI, in percent. Dividing by the RSI's range, points, enlarges its rounding a little."""
    found = StochRsi(period=period, lookback=lookback).run(prices)
    theirs, _ = talib.STOCHRSI(prices["close"], period, lookback, 1)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(theirs))
    np.testing.assert_allclose(found, theirs / 100.0, rtol=0.0, atol=1e-9)


def test_stoch_rsi_of_an_rsi_that_does_not_move_is_one_half():
    """Also when rounding moves it: the RSI of a market that has stopped is constant but for its last digit."""
    close = np.r_[100.0, 101.0, 100.3, np.full(60, 100.3)]
    rsi = Rsi(period=14).run({"close": close})[20:]
    assert 0.0 < np.ptp(rsi) < 1e-12
    found = StochRsi().run({"close": close})
    assert np.isnan(found[:27]).all() and (found[33:] == 0.5).all()
    assert (StochRsi().run({"close": np.arange(1.0, 60.0)})[27:] == 0.5).all()


def test_stoch_rsi_while_warming_up_is_no_number():
    """Not 0, which would read as oversold, and not 0.5."""
    found = StochRsi(period=14, lookback=14).run(spx())
    assert np.isnan(found[:27]).all() and np.isfinite(found[27:]).all()


def wilder_adx(high, low, close, period):
    """Wilder's worksheet, columns as he names them, kept as sums."""
    adx, plus, minus = (np.full(len(close), np.nan) for _ in range(3))
    tr14 = dm_plus14 = dm_minus14 = 0.0
    dx = []
    for t in range(1, len(close)):
        true_high, true_low = max(high[t], close[t - 1]), min(low[t], close[t - 1])
        up, down = high[t] - high[t - 1], low[t - 1] - low[t]
        dm_plus = up if up > max(down, 0.0) else 0.0
        dm_minus = down if down > max(up, 0.0) else 0.0
        if t <= period:
            tr14, dm_plus14, dm_minus14 = tr14 + true_high - true_low, dm_plus14 + dm_plus, dm_minus14 + dm_minus
        else:
            tr14 = tr14 - tr14 / period + true_high - true_low
            dm_plus14 = dm_plus14 - dm_plus14 / period + dm_plus
            dm_minus14 = dm_minus14 - dm_minus14 / period + dm_minus
        if t >= period:
            di_plus, di_minus = 100.0 * dm_plus14 / tr14, 100.0 * dm_minus14 / tr14
            dx.append(100.0 * abs(di_plus - di_minus) / (di_plus + di_minus))
            if len(dx) == period:
                adx[t] = sum(dx) / period
            elif len(dx) > period:
                adx[t] = (adx[t - 1] * (period - 1) + dx[-1]) / period
            if len(dx) >= period:
                plus[t], minus[t] = di_plus, di_minus
    return adx, plus, minus


@PRICES
@PERIODS
def test_adx_is_wilders_worksheet_from_its_first_value(prices, period):
    found = Adx(period=period).run(prices)
    expected = wilder_adx(prices["high"], prices["low"], prices["close"], period)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=1e-9)


@PRICES
def test_adx_meets_talib_once_the_seed_has_faded(prices):
    """TA-Lib's first sums have one bar fewer. What is left of a seed after 300 bars of 14: (13/14)^300 < 3e-10."""
    high, low, close = prices["high"], prices["low"], prices["close"]
    found = Adx(period=14).run(prices)
    theirs = talib.ADX(high, low, close, 14), talib.PLUS_DI(high, low, close, 14), talib.MINUS_DI(high, low, close, 14)
    assert np.flatnonzero(~np.isnan(found.adx))[0] == np.flatnonzero(~np.isnan(theirs[0]))[0] == 27
    for ours, other in zip(found, theirs, strict=True):
        np.testing.assert_allclose(ours[300:], other[300:], rtol=0.0, atol=1e-6)
        np.testing.assert_allclose(ours[700:], other[700:], rtol=0.0, atol=1e-9)


def test_adx_does_not_change_with_later_bars():
    """A smoothing that is centred on the bar looks ahead: changing bars from 120 on moved such an ADX from bar 108."""
    prices = {name: values[:240].copy() for name, values in spx().items()}
    before = Adx().run(prices)
    for values in prices.values():
        values[120:] *= np.linspace(1.0, 3.0, 120)
    after = Adx().run(prices)
    for ours, theirs in zip(before, after, strict=True):
        np.testing.assert_array_equal(ours[:120], theirs[:120])
    assert (before.adx[125:] != after.adx[125:]).all()


def test_adx_of_a_market_that_does_not_move_is_zero():
    flat = np.full(60, 5.0)
    found = Adx(period=5).run({"high": flat, "low": flat, "close": flat})
    for values in found:
        assert np.isnan(values[:9]).all() and (values[9:] == 0.0).all()


@PRICES
@pytest.mark.parametrize("period", [1, 14, 50])
def test_atr_is_that_of_talib(prices, period):
    found = Atr(period=period).run(prices)
    theirs = talib.ATR(prices["high"], prices["low"], prices["close"], period)
    np.testing.assert_allclose(found, theirs, rtol=1e-12, atol=1e-12)


def test_a_missing_close_is_not_taken_for_a_small_range():
    """The range of the next bar is not known without it: no value, not one that ignores the gap."""
    prices = {name: values[:100].copy() for name, values in spx().items()}
    prices["close"][40] = np.nan
    for indicator in (Atr(period=5), Adx(period=5)):
        values = indicator.run(prices)
        first = values if isinstance(values, np.ndarray) else values.adx
        assert np.isfinite(first[40]) and np.isnan(first[41])


@PRICES
@pytest.mark.parametrize("period", [1, 2, 20, 100])
def test_highest_and_lowest_are_those_of_pandas(prices, period):
    high, low = pd.Series(prices["high"]), pd.Series(prices["low"])
    np.testing.assert_array_equal(Highest(period=period).run(prices), high.rolling(period).max().to_numpy())
    np.testing.assert_array_equal(Lowest(period=period).run(prices), low.rolling(period).min().to_numpy())


@settings(max_examples=50)
@given(st.lists(st.sampled_from([1.0, 2.0, 3.0, 4.0, np.nan]), min_size=1, max_size=50), st.integers(1, 8))
def test_highest_and_lowest_of_ties_and_holes(values, period):
    series = pd.Series(values, dtype=float)
    found = Highest(period=period).run({"high": series.to_numpy()})
    np.testing.assert_array_equal(found, series.rolling(period).max().to_numpy())
    found = Lowest(period=period).run({"low": series.to_numpy()})
    np.testing.assert_array_equal(found, series.rolling(period).min().to_numpy())
