"""The two kinds of series that gates are calibrated on: nothing to find, and something planted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.synthetic import martingale, planted_edge

if TYPE_CHECKING:
    from feeds.bars import Bars

TIMEFRAME, BARS_PER_YEAR, START = "4h", 2190, "1990-01-01"
EDGE, PERSISTENCE = 0.00125, 0.99  # docs/calibration.md: the best fixed set has a yearly Sharpe of 1.5
KINDS = ("noise", "planted")


def series(kind: str, seed: int, years: float) -> Bars:
    """4-hour bars of `years` years: "noise" is a price martingale, "planted" the same with a drift of two states."""
    bars = round(years * BARS_PER_YEAR)
    if kind == "noise":
        return martingale(bars=bars, seed=seed, timeframe=TIMEFRAME, start=START)
    return planted_edge(
        bars=bars, seed=seed, timeframe=TIMEFRAME, start=START, edge=EDGE, persistence=PERSISTENCE
    )  # fmt: skip
