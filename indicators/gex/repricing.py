"""Net GEX at other spots: every contract is priced again with its own volatility (sticky strike)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from indicators.gex.surface import Floats, Surface

STEP = 0.0025
"""Of the grid, as a share of spot."""
CORE, WIDE, WIDEST = 60, 100, 140
"""Steps on each side: ±15 %, ±25 %, ±35 %."""
NEGLIGIBLE = 45.0
"""A contract whose gamma is exp(-45) of the nearest one's everywhere between two levels does not matter there."""


@dataclass(frozen=True, eq=False)
class Terms:
    """Contracts as Gaussians of log spot: G(s) = s sum(weight exp(-((log(s/spot) - centre) steepness)²))."""

    spot: float
    centre: Floats
    steepness: Floats
    weight: Floats

    def at(self, level: float) -> float:
        """Net GEX [usd per 1 %] with the underlying at `level`."""
        z = (log(level / self.spot) - self.centre) * self.steepness
        return level * float(self.weight @ np.exp(-z * z))

    def slope(self, level: float) -> float:
        """dG/ds [usd per 1 % per point] at `level`."""
        return self.with_slope(level)[1]

    def with_slope(self, level: float) -> tuple[float, float]:
        """Net GEX and its slope at `level`."""
        z = (log(level / self.spot) - self.centre) * self.steepness
        bell = self.weight * np.exp(-z * z)
        total = float(bell.sum())
        return level * total, total - 2.0 * float(bell @ (z * self.steepness))

    def within(self, low: float, high: float) -> Terms:
        """The contracts that matter somewhere between two levels."""
        first, last = log(low / self.spot), log(high / self.spot)
        away = np.maximum(np.maximum(self.centre - last, first - self.centre), 0.0) * self.steepness
        away *= away
        near = away < away.min(initial=np.inf) + NEGLIGIBLE
        if near.all():
            return self
        return Terms(self.spot, self.centre[near], self.steepness[near], self.weight[near])

    def over(self, levels: Floats) -> Floats:
        """Net GEX [usd per 1 %] at many levels."""
        x = np.log(levels / self.spot)
        near = self.within(float(levels.min()), float(levels.max()))
        total = np.zeros(len(levels))
        for start in range(0, len(near.centre), 512):  # blocks stay in the cache
            part = slice(start, start + 512)
            z = np.subtract.outer(near.centre[part], x)
            z *= near.steepness[part, None]
            z *= z
            np.negative(z, out=z)
            np.exp(z, out=z)
            total += near.weight[part] @ z
        return levels * total


class Repricer:
    """Prices the dealers' gamma of a surface again, expiry by expiry.

    gamma(s) = exp(-qT) phi(d1) / (s sigma sqrt(T)); G(s) = sum(position multiplier s² 0.01 gamma(s)) [usd per 1 %].
    Contracts without a position are left out; contracts of one strike and one volatility are priced once.
    volatility: factor on every sigma; years: another time per expiry.
    """

    def __init__(
        self, surface: Surface, position: Floats, *, volatility: float = 1.0, years: Floats | None = None
    ) -> None:
        self.surface, self.position = surface, position
        used = np.flatnonzero(position)
        used = used[np.argsort(surface.expiry[used], kind="stable")]
        expiry, strike = surface.expiry[used], surface.strike[used]
        sigma, rate, dividend = surface.sigma[used], surface.rate[used], surface.dividend_yield[used]
        size = position[used] * surface.multiplier[used]
        self.held = np.bincount(expiry, minlength=len(surface.expiries))
        """Contracts with a position, per expiry."""
        if len(used):
            new = np.ones(len(used), dtype=bool)
            new[1:] = (np.diff(expiry) != 0) | (np.diff(strike) != 0) | (np.diff(sigma) != 0)
            new[1:] |= (np.diff(rate) != 0) | (np.diff(dividend) != 0)
            starts = np.flatnonzero(new)
            size = np.add.reduceat(size, starts)
            used, expiry, strike, sigma = used[starts], expiry[starts], strike[starts], sigma[starts]
            rate, dividend = rate[starts], dividend[starts]
        time = surface.years[used] if years is None else years[expiry]
        sigma = sigma * volatility
        deviation = sigma * np.sqrt(time)
        self.spot = surface.spot
        self.centre = np.log(strike / surface.spot) - (rate - dividend + 0.5 * sigma * sigma) * time
        self.steepness = 1.0 / (deviation * sqrt(2.0))
        self.weight = 0.01 * size * np.exp(-dividend * time) / (deviation * sqrt(2.0 * pi))
        self.bounds = np.searchsorted(expiry, np.arange(len(surface.expiries) + 1))

    def disturbed(self, *, volatility: float = 1.0, years: Floats | None = None) -> Repricer:
        """The same positions under other volatilities or times."""
        return Repricer(self.surface, self.position, volatility=volatility, years=years)

    def terms(self, expiries: Sequence[int] | NDArray[np.int64] | None = None, shares: Floats | None = None) -> Terms:
        """The contracts of some expiries (all: None); shares: how much each expiry counts."""
        if expiries is None and shares is None:
            return Terms(self.spot, self.centre, self.steepness, self.weight)
        chosen = range(len(self.bounds) - 1) if expiries is None else [int(index) for index in expiries]
        parts = [np.arange(self.bounds[index], self.bounds[index + 1]) for index in chosen]
        index = np.concatenate([*parts, np.empty(0, dtype=np.int64)])
        weight = self.weight[index]
        if shares is not None:
            weight = weight * np.repeat([shares[index] for index in chosen], [len(part) for part in parts])
        return Terms(self.spot, self.centre[index], self.steepness[index], weight)


class Profiles:
    """Net GEX by expiry on the grid spot (1 + k STEP); each expiry is priced once, as wide as somebody asked."""

    def __init__(self, repricer: Repricer) -> None:
        self.repricer = repricer
        count = len(repricer.bounds) - 1
        self._grid: Floats = np.asarray(repricer.spot * (1.0 + STEP * np.arange(-WIDEST, WIDEST + 1)), dtype=np.float64)
        self._net = np.zeros((count, len(self._grid)))
        self._known = np.full(count, -1)

    def grid(self, half: int) -> Floats:
        return self._grid[WIDEST - half : WIDEST + half + 1]

    def rows(self, expiries: NDArray[np.int64], half: int) -> Floats:
        """Net [expiry, level] on grid(half)."""
        for index in expiries[self._known[expiries] < half]:
            terms, known = self.repricer.terms([int(index)]), int(self._known[index])
            for part in (
                slice(WIDEST - half, WIDEST - known),
                slice(max(WIDEST + known + 1, WIDEST - known), WIDEST + half + 1),
            ):
                if part.start < part.stop:
                    self._net[index, part] = terms.over(self._grid[part])
            self._known[index] = half
        return self._net[expiries, WIDEST - half : WIDEST + half + 1]


def decay(years: Floats, days: float) -> Floats | None:
    """min(1, days to settlement / `days`) per expiry: how much an expiry counts in the flip; None when off (0)."""
    return np.minimum(1.0, years * 365.0 / days) if days > 0 else None
