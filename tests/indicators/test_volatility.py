"""Volatility against pandas, NumPy and Python's exact statistics."""

import math
import statistics

import numpy as np
import pandas as pd
import pytest
from oracle_prices import spx, walk

from feeds.errors import DataError
from indicators import Atr, Hv, HvZscore, LogReturn, StandardDeviation

PRICES = pytest.mark.parametrize("prices", [spx(), walk()], ids=["spx", "walk"])


def returns(prices):
    close = pd.Series(prices["close"])
    return np.log(close / close.shift())


@PRICES
def test_log_return(prices):
    np.testing.assert_allclose(LogReturn().run(prices), returns(prices).to_numpy(), rtol=0.0, atol=1e-16)


def test_log_return_of_prices_that_have_none():
    found = LogReturn().run({"close": np.array([1.0, 0.0, 2.0, -3.0, 4.0, 4.0, 1e-300, 1e300])})
    np.testing.assert_array_equal(found, [np.nan] * 5 + [0.0, math.log(1e-300 / 4.0), np.nan])


@PRICES
@pytest.mark.parametrize("period", [2, 20, 200])
def test_standard_deviation_is_that_of_python_and_numpy(prices, period):
    found = StandardDeviation(period=period).run(prices)
    frame = np.lib.stride_tricks.sliding_window_view(prices["close"], period)
    np.testing.assert_allclose(found[period - 1 :], frame.std(axis=1, ddof=1), rtol=1e-11, atol=1e-13)
    for bar in range(period - 1, 2000, 97):
        exact = statistics.stdev(prices["close"][bar + 1 - period : bar + 1].tolist())
        assert found[bar] == pytest.approx(exact, rel=1e-12, abs=1e-14)


@PRICES
def test_hv_is_the_yearly_deviation_of_twenty_log_returns(prices):
    expected = returns(prices).rolling(20).std(ddof=1).to_numpy() * np.sqrt(252)
    np.testing.assert_allclose(Hv().run(prices), expected, rtol=1e-9, atol=1e-12)


@PRICES
def test_hv_zscore_is_the_definition_and_needs_seventy_bars(prices):
    hv = returns(prices).rolling(20).std(ddof=1) * np.sqrt(252)
    expected = (hv - hv.rolling(50).mean()) / (hv.rolling(50).std(ddof=1) + 1e-6)
    found = HvZscore().run(prices)
    assert HvZscore().total_warmup == 70 and np.isnan(found[:69]).all() and np.isfinite(found[69])
    # the z-score divides pandas' rolling errors (1e-14) by a deviation of 1e-2
    np.testing.assert_allclose(found, expected.to_numpy(), rtol=0.0, atol=1e-8)


def test_hv_zscore_of_a_constant_volatility_is_zero():
    close = np.where(np.arange(200) % 2, 101.0, 100.0)
    assert np.abs(HvZscore().run({"close": close})[69:]).max() < 1e-6
    assert (HvZscore().run({"close": np.full(100, 7.0)})[69:] == 0.0).all()


def test_columns_of_different_lengths_are_refused():
    prices = np.linspace(100.0, 110.0, 40)
    with pytest.raises(DataError, match=r"different lengths \(high 40, low 40, close 20\)"):
        Atr().run({"high": prices, "low": prices, "close": prices[:20]})
