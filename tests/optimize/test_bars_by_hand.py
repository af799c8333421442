"""Bars that nobody validated do not run."""

from __future__ import annotations

import re

import numpy as np
import pytest

from feeds.bars import Bars
from feeds.errors import DataError
from feeds.synthetic import martingale
from optimize.backtest import backtest
from strategies.atr_trend import AtrTrend


@pytest.mark.parametrize("price", [np.nan, np.inf, 0.0, -3.0])
def test_a_price_that_is_none_is_named(price):
    bars = martingale(bars=300, seed=1)
    frame = bars.frame
    frame.iloc[200, list(frame.columns).index("close")] = price
    broken = Bars(frame, bars.instrument, "mine", bars.timeframe, synthetic=True)
    with pytest.raises(DataError, match=re.escape(f"mine, {bars.times[200]}: close {price} is no price")):
        backtest(AtrTrend(), {"A": bars, "B": broken})


@pytest.mark.parametrize(("name", "factor"), [("open", 1.5), ("close", 0.5), ("low", 1.5), ("high", 0.5)])
def test_a_price_outside_its_bar_is_named(name, factor):
    bars = martingale(bars=300, seed=1)
    frame = bars.frame
    frame.iloc[200, list(frame.columns).index(name)] *= factor
    broken = Bars(frame, bars.instrument, "mine", bars.timeframe, synthetic=True)
    with pytest.raises(DataError, match=re.escape(f"mine, {bars.times[200]}: ") + r"(open|close) \S+ is outside low"):
        backtest(AtrTrend(), broken)


@pytest.mark.parametrize("wrap", [lambda bars: bars.frame, lambda bars: [bars], lambda bars: {"A": bars.frame}])
def test_what_is_no_bars_is_named(wrap):
    with pytest.raises(DataError, match="backtest needs Bars"):
        backtest(AtrTrend(), wrap(martingale(bars=300, seed=1)))
