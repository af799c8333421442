"""Prices for comparisons with other libraries: real ones, and walks in cents with many equal closes."""

from functools import cache

import numpy as np
import pandas as pd

from feeds import load

PARTS = ("open", "high", "low", "close", "volume")


@cache
def spx():
    """S&P 500, daily, 1999-2018."""
    bars = load("sample:spx")
    return {name: bars.column(name) for name in PARTS}


@cache
def walk(size=3000, seed=5, step=0.05):
    """A random walk in cents with a good share of unchanged closes."""
    rng = np.random.default_rng(seed)
    close = np.round(20.0 + np.cumsum(rng.normal(0.0, step, size)).clip(-15.0), 2)
    opened = np.round(close + rng.normal(0.0, step, size), 2)
    high = np.round(np.maximum(opened, close) + np.abs(rng.normal(0.0, step, size)), 2)
    low = np.round(np.minimum(opened, close) - np.abs(rng.normal(0.0, step, size)), 2)
    return {"open": opened, "high": high, "low": low, "close": close, "volume": rng.integers(0, 9, size).astype(float)}


def ewm(values, span):
    """The spec's EMA: pandas, seeded on the first value."""
    return pd.Series(values).ewm(span=span, adjust=False).mean().to_numpy()


def blank(values, first):
    """The values from bar `first` on, NaN before."""
    found = np.array(values, dtype=float)
    found[:first] = np.nan
    return found
