"""Random damage to a chain: prepare() answers with a finite surface or with an error of ours, and warns of nothing."""

from __future__ import annotations

import dataclasses
import functools
import warnings

import numpy as np
import pandas as pd
import pytest
from options.hand_quotes import chain, rows

from feeds.errors import DataError
from indicators.gex.preparing import prepare
from indicators.gex.settings import GexSettings

COLUMNS = ("bid", "ask", "mid", "iv", "gamma", "oi", "multiplier", "volume", "strike")
VALUES = (np.nan, 0.0, -1.0, 1e-12, 1e-300, 1e12, np.inf, -np.inf)


@functools.cache
def whole():
    frame = pd.concat([rows(days=days) for days in (0.1, 7, 30, 60)])
    return chain(frame.assign(iv=0.2, gamma=0.01, volume=5.0))


def damaged(generator):
    """A chain after one to four kinds of damage, past the checks of Chain.from_rows."""
    made = whole()
    table, spot = made.rows.copy(), made.spot
    for _ in range(generator.integers(1, 5)):
        kind = generator.integers(0, 6)
        part = generator.random(len(table)) < generator.choice([0.02, 0.3, 1.0])
        name = str(generator.choice(COLUMNS))
        if kind <= 2:
            table.loc[part, name] = float(generator.choice(VALUES))
        elif kind == 3:
            table.loc[part, name] = table.loc[part, name] * 10 ** float(generator.uniform(-3, 3))
        elif kind == 4:
            table = table[~part]
        else:
            spot = float(generator.choice([np.nan, 0.0, -5.0, 10.0, 1000.0, 1e-9, 1e9, np.inf]))
    if generator.random() < 0.2 and len(table):
        table.loc[table.index[:3], "expiry_ts_utc"] = pd.NaT
    return dataclasses.replace(made, rows=table, spot=spot)


@pytest.mark.parametrize("seed", range(10))
def test_a_finite_surface_or_an_error_of_ours(seed):
    generator = np.random.default_rng(seed)
    answered = 0
    for _ in range(40):
        broken = damaged(generator)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = prepare(broken, GexSettings())
            except DataError:
                continue
        answered += 1
        for name in ("strike", "sigma", "gamma", "delta", "vega", "vanna", "charm", "oi", "multiplier", "rate"):
            assert np.isfinite(getattr(found, name)).all(), name
        assert 0 < found.spot < np.inf and (found.oi >= 0).all() and (found.years > 0).all()
        assert len(found.strike) + sum(found.dropped.values()) == found.total
    assert answered >= 5
