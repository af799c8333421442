"""Moving averages and what is made of them, against pandas, TA-Lib and exact sums."""

import math
import time

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_prices import blank, ewm, spx, walk

from feeds.errors import ParameterError
from indicators import Ema, Macd, Sma, Trix, TrixLine

PRICES = pytest.mark.parametrize("prices", [spx(), walk()], ids=["spx", "walk"])
# Recursions that round in another order differ by a few units in the last place, here of prices up to 3000.
ROUNDING = {"rtol": 1e-12, "atol": 1e-10}


@PRICES
@pytest.mark.parametrize("period", [1, 2, 12, 200])
def test_ema_is_that_of_pandas(prices, period):
    expected = blank(ewm(prices["close"], period), period - 1)
    np.testing.assert_allclose(Ema(period=period).run(prices), expected, **ROUNDING)


@PRICES
@pytest.mark.parametrize("period", [1, 2, 20, 200])
def test_sma_is_that_of_talib_and_pandas(prices, period):
    found = Sma(period=period).run(prices)
    np.testing.assert_allclose(found, pd.Series(prices["close"]).rolling(period).mean().to_numpy(), **ROUNDING)
    if period > 1:  # TA-Lib refuses 1
        np.testing.assert_allclose(found, talib.SMA(prices["close"], period), **ROUNDING)


def exact_mean(values, period):
    return np.array([math.fsum(values[t + 1 - period : t + 1]) / period for t in range(period - 1, len(values))])


def test_sma_does_not_drift_over_a_long_history():
    """300 000 bars: the last mean is still the correctly rounded one, to one unit in the last place."""
    close = 1e5 + np.random.default_rng(1).normal(0.0, 1.0, 300_000)
    found = Sma(period=200).run({"close": close})
    np.testing.assert_array_almost_equal_nulp(found[-500:], exact_mean(close[-699:], 200), 1)


def test_sma_forgets_a_spike_when_it_leaves_the_window():
    """A plain rolling sum would have lost every digit to the 1e17 and kept the damage."""
    close = np.random.default_rng(2).uniform(1.0, 2.0, 300)
    close[100] = 1e17
    found = Sma(period=50).run({"close": close})
    np.testing.assert_array_almost_equal_nulp(found[49:], exact_mean(close, 50), 2)


@settings(max_examples=40)
@given(
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False) | st.just(math.nan), min_size=1, max_size=60),
    st.integers(1, 12),
)
def test_sma_equals_the_mean_of_the_window_whatever_comes(values, period):
    found = Sma(period=period).run({"close": np.array(values)})
    for bar, value in enumerate(found):
        window = values[max(0, bar + 1 - period) : bar + 1]
        if len(window) < period or any(map(math.isnan, window)):
            assert math.isnan(value)
        else:
            largest = max((abs(one) for one in values if not math.isnan(one)), default=0.0)
            assert value == pytest.approx(math.fsum(window) / period, rel=1e-15, abs=largest * 1e-29)


def test_a_long_sma_costs_what_a_short_one_costs():
    """The declared O(1): adding up 2000 closes on every bar would take over a hundred times as long."""
    close = {"close": np.random.default_rng(3).normal(100.0, 1.0, 100_000)}

    def fastest(period):
        Sma(period=period).run(close)
        times = []
        for _ in range(5):
            start = time.process_time()
            Sma(period=period).run(close)
            times.append(time.process_time() - start)
        return min(times)

    assert fastest(2000) < 10 * fastest(10)


@PRICES
def test_macd_is_the_chain_of_pandas_averages(prices):
    line = ewm(prices["close"], 12) - ewm(prices["close"], 26)
    signal = ewm(line, 9)
    found = Macd().run(prices)
    for ours, theirs in zip(found, (line, signal, line - signal), strict=True):
        np.testing.assert_allclose(ours, blank(theirs, 33), rtol=0.0, atol=1e-9)


def test_macd_meets_talib_once_the_seeds_have_faded():
    """TA-Lib seeds with simple means; after 400 bars the rest of a seed is (25/27)^400, 4e-14 of it."""
    found, theirs = Macd().run(spx()), talib.MACD(spx()["close"], 12, 26, 9)
    for ours, other in zip(found, theirs, strict=True):
        np.testing.assert_allclose(ours[400:], other[400:], rtol=0.0, atol=1e-8)
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(other))


def test_macd_refuses_a_fast_average_that_is_slower():
    with pytest.raises(ParameterError, match="fast must be below slow"):
        Macd(fast=26, slow=12)


@PRICES
def test_trix_is_the_chain_of_pandas_averages(prices):
    three = pd.Series(ewm(ewm(ewm(prices["close"], 7), 7), 7))
    line = 100.0 * three.pct_change().to_numpy()
    signal = pd.Series(blank(line, 19)).rolling(15).mean().to_numpy()
    found = Trix().run(prices)
    # percent per bar: the change of an average near 1 loses the digits that they share, 1e-13 / change
    np.testing.assert_allclose(TrixLine().run(prices), blank(line, 19), rtol=0.0, atol=1e-10)
    np.testing.assert_allclose(found.trix, blank(line, 33), rtol=0.0, atol=1e-10)
    np.testing.assert_allclose(found.signal, signal, rtol=0.0, atol=1e-10)
    np.testing.assert_allclose(found.histogram, line - signal, rtol=0.0, atol=1e-10)


def test_trix_line_meets_talib_once_the_seeds_have_faded():
    found, theirs = TrixLine(period=7).run(spx()), talib.TRIX(spx()["close"], 7)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(theirs))
    np.testing.assert_allclose(found[300:], theirs[300:], rtol=0.0, atol=1e-10)


def test_trix_of_a_price_at_zero_has_no_percent_change():
    flat = TrixLine(period=2).run({"close": np.zeros(9)})
    np.testing.assert_array_equal(flat, [np.nan] * 4 + [0.0] * 5)
    rising = TrixLine(period=2).run({"close": np.r_[np.zeros(6), 1.0, 2.0]})
    assert np.isnan(rising[6]) and np.isfinite(rising[7])


def test_another_period_still_reads_the_same_data():
    vix = Ema(period=9).on(close="vix_close")
    assert vix.replace(period=5).columns() == ["vix_close"]
    assert vix.replace(period=5) == Ema(period=5).on(close="vix_close") != Ema(period=5)
