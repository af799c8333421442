"""Made-up hourly bars with gaps between close and open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from feeds.bars import Bars

BARS = 17_520  # two years of hours


def hourly(bars: int = BARS, seed: int = 3, sigma: float = 0.006) -> Bars:
    """A geometric random walk: log returns of `sigma` per bar, opening gaps of a tenth of it, made from `seed`."""
    import feeds

    draw = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.0, sigma, bars)))
    opened = np.concatenate([[100.0], close[:-1]]) * np.exp(draw.normal(0.0, sigma / 10, bars))
    high = np.maximum(opened, close) * np.exp(np.abs(draw.normal(0.0, sigma / 2, bars)))
    low = np.minimum(opened, close) * np.exp(-np.abs(draw.normal(0.0, sigma / 2, bars)))
    times = pd.date_range("2020-01-01 01:00", periods=bars, freq="h", tz="UTC", name="time")
    frame = pd.DataFrame(
        {"open": opened, "high": high, "low": low, "close": close, "volume": draw.uniform(1.0, 100.0, bars)},
        index=times,
    )
    return feeds.load(frame, symbol="WALK", label="close")
