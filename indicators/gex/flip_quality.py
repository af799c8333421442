"""How far a gamma flip can be trusted: slope, uniqueness, stability under disturbances and coverage."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from indicators.gex.exposure import Exposures
from indicators.gex.repricing import Repricer, Terms, decay
from indicators.gex.surface import Floats, Surface
from indicators.options.years import SECOND, to_settlement

REACH, STEPS = 0.05, 6
"""A disturbed flip is looked for within ±5 % of the undisturbed one, on six steps to each side."""
STEP = 0.01
"""The largest of Newton's steps that is trusted not to jump over a crossing."""


@dataclass(frozen=True)
class Quality:
    """The factors of the score, each in [0, 1], and the band: lowest and highest flip under the disturbances."""

    slope: float
    uniqueness: float
    stability: float
    coverage: float
    band: tuple[float, float]


def score(quality: Quality) -> float:
    """Product of the factors."""
    return quality.slope * quality.uniqueness * quality.stability * quality.coverage


def label(quality: Quality | None, status: str) -> str:
    """clear from 0.6, moderate from 0.3, else ambiguous; edge when only the edges cross; unknown without a flip."""
    if quality is None:
        return "edge" if status == "edge_only" else "unknown"
    value = score(quality)
    return "clear" if value >= 0.6 else "moderate" if value >= 0.3 else "ambiguous"


def measure(
    level: float,
    upward: bool,
    valid: int,
    scale: float,
    terms: Terms,
    repricer: Repricer,
    exposure: Exposures,
    *,
    decay_days: float = 0.0,
    day_count: str = "act365",
) -> Quality:
    """Quality of a flip at `level`, one of `valid` crossings; scale: p90 of abs(G) over ±15 % [usd per 1 %].

    slope = min(1, abs(dG per 1 %) / (0.15 scale)); uniqueness = 1 / valid crossings;
    stability = exp(-range / (0.5 % of spot)), range: the spread of flips with volatilities x 0.9 and x 1.1, the other
    time convention (trading hours for calendar time) and without today's expiries; 0 when one of them leaves
    no such crossing within ±5 %; coverage: share of gross GEX whose volatility was not borrowed from a neighbour.
    """
    surface = exposure.surface
    levels: list[float | None] = [level]
    shares = decay(np.array([expiry.years for expiry in surface.expiries]), decay_days)
    for changed in (
        repricer.disturbed(volatility=0.9),
        repricer.disturbed(volatility=1.1),
        repricer.disturbed(years=other_years(surface, day_count)),
    ):
        levels.append(_nearest(changed.terms(shares=shares), level, upward))
    later = [index for index, expiry in enumerate(surface.expiries) if "0dte" not in expiry.buckets]
    if 0 < len(later) < len(surface.expiries):
        levels.append(_nearest(repricer.terms(later, shares), level, upward))
    kept = [value for value in levels if value is not None]
    band = (min(kept), max(kept))
    stable = exp(-(band[1] - band[0]) / (0.005 * surface.spot)) if len(kept) == len(levels) else 0.0
    gross = float(exposure.gross.sum())
    borrowed = float(exposure.gross[surface.greek_source == "borrowed"].sum())
    steep = abs(terms.slope(level)) * 0.01 * surface.spot / (0.15 * scale) if scale > 0 else 0.0
    return Quality(min(1.0, steep), 1.0 / valid, stable, 1.0 - borrowed / gross, band)


def _nearest(terms: Terms, level: float, upward: bool) -> float | None:
    """Crossing of the same direction nearest to `level`: by Newton's steps, else on a grid and by false position."""
    guess = level
    for _ in range(6):
        value, slope = terms.with_slope(guess)
        if slope == 0 or (slope > 0) != upward or abs(value / slope) > STEP * level:
            break
        guess -= value / slope
        if abs(guess - level) > REACH * level:
            break
        if abs(value / slope) < 1e-7 * level:
            return guess
    grid: Floats = level * (1.0 + REACH * np.arange(-STEPS, STEPS + 1) / STEPS)
    net = terms.over(grid)
    turns = np.flatnonzero((net[:-1] < 0) & (net[1:] >= 0) if upward else (net[:-1] > 0) & (net[1:] <= 0))
    if not len(turns):
        return None
    turn = turns[int(np.argmin(np.abs(grid[turns] - level)))]
    low, high, at_low, at_high = (float(value) for value in (grid[turn], grid[turn + 1], net[turn], net[turn + 1]))
    for _ in range(3):
        middle = low + (high - low) * at_low / (at_low - at_high)
        value = terms.at(middle)
        if value == 0 or middle in (low, high):
            return middle
        if (value > 0) == (at_high > 0):
            high, at_high = middle, value
        else:
            low, at_low = middle, value
    return low + (high - low) * at_low / (at_low - at_high)


def other_years(surface: Surface, day_count: str) -> Floats:
    """Time to each settlement under the other convention: trading hours in place of calendar time, or the reverse."""
    settles = np.array([round(expiry.settles.timestamp() * SECOND) for expiry in surface.expiries], dtype=np.int64)
    other = "bus252" if day_count == "act365" else "act365"
    years = to_settlement(settles, round(surface.asof.timestamp() * SECOND), other)
    return np.where(np.isfinite(years), years, [expiry.years for expiry in surface.expiries])
