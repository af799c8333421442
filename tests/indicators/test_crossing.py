"""Crossings against backtrader's own indicator and a table worked by hand."""

import math

import backtrader as bt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_prices import spx

from indicators import CrossOver, Ema

# fast - slow, bar by bar, and the crossing on that bar
TABLE = [
    ("above at once", [1, 1, 2], [None, 0, 0]),
    ("upward", [-1, 1, 1], [None, 1, 0]),
    ("downward", [1, -1, -1], [None, -1, 0]),
    ("through equality, upward", [-1, 0, 0, 1], [None, 0, 0, 1]),
    ("through equality, downward", [1, 0, -1], [None, 0, -1]),
    ("touches and turns back", [1, 0, 1, 0, 0, 1], [None, 0, 0, 0, 0, 0]),
    ("equal from the start", [0, 0, 1, -1], [None, 0, 0, -1]),
    ("there and back", [-1, 1, -1, 1], [None, 1, -1, 1]),
    ("forgets what was before a hole", [-1, -1, None, 1, 1, -1], [None, 0, None, None, 0, -1]),
    ("equality after a hole", [-1, None, 0, 0, 1], [None, None, None, 0, 0]),
]


def numbers(values):
    return np.array([math.nan if value is None else float(value) for value in values])


@pytest.mark.parametrize(("differences", "crossings"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_table_worked_by_hand(differences, crossings):
    fast = 5.0 + numbers(differences)
    found = CrossOver().run({"fast": fast, "slow": np.full(len(fast), 5.0)})
    np.testing.assert_array_equal(found, numbers(crossings))


class _Cross(bt.Strategy):
    params = (("rows", None),)

    def __init__(self):
        self.cross = bt.ind.CrossOver(self.data.close, self.data.open)

    def next(self):
        self.p.rows.append(self.cross[0])


@settings(max_examples=10)
@given(st.lists(st.integers(0, 3), min_size=5, max_size=60), st.integers(0, 5))
def test_crossings_are_those_of_backtrader(fast, slow):
    fast = np.array(fast, dtype=float)
    other = np.roll(fast, slow)
    frame = pd.DataFrame({"open": other, "high": 9.0, "low": 0.0, "close": fast, "volume": 1.0})
    frame.index = pd.date_range("2024-01-01", periods=len(fast), freq="h")
    rows = []
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame))
    cerebro.addstrategy(_Cross, rows=rows)
    cerebro.run()
    found = CrossOver().run({"fast": fast, "slow": other})
    assert math.isnan(found[0])
    np.testing.assert_array_equal(found[-len(rows) :], rows)


def test_crossings_of_averages_alternate():
    cross = CrossOver().on(fast=Ema(period=12), slow=Ema(period=26)).run(spx())
    signs = cross[~np.isnan(cross) & (cross != 0.0)]
    assert len(signs) > 100 and (signs[1:] == -signs[:-1]).all()
    assert np.isnan(cross[:26]).all() and np.isfinite(cross[26:]).all()
