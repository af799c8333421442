"""Gamma flip: where the dealers' net gamma changes sign, by pricing the chain again over spot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from feeds.errors import ConfigError
from indicators.gex.analysis import Crossing, Flip, StrikeTable
from indicators.gex.exposure import Exposures
from indicators.gex.flip_quality import Quality, label, score
from indicators.gex.repricing import CORE, WIDE, WIDEST, Profiles, Terms, decay
from indicators.gex.surface import Floats

METHODS = ("grid", "cumulative")
EDGE, NEAR, FAR = 0.05, 0.02, 10.0 / 15.0
"""Share of the grid's width that is edge; how far the profile is looked at around a crossing; the part of the grid's
half width beyond which a crossing is too far from spot (10 % of ±15 %)."""
WEAK = 0.10
"""Share of the profile's p90 that must be reached near a crossing."""


@dataclass(frozen=True, eq=False)
class Search:
    """What was found for one set of expiries."""

    chosen: Crossing | None
    crossings: tuple[Crossing, ...]
    status: str
    scale: float
    """p90 of abs(G) over ±15 % [usd per 1 %]."""
    terms: Terms
    grid: Floats
    net: Floats
    """The profile that was searched, on the ±15 % grid."""


def find_flip(
    profiles: Profiles, expiries: Sequence[int] | None = None, *, decay_days: float = 0.0, widen: bool = True
) -> Search:
    """All crossings of the profile of some expiries (all: None), and the one that counts.

    The grid is ±15 % of spot in steps of 0.25 %; roots are refined by Brent's method. A crossing counts when it is at
    least 5 % of the grid's width from its edges, the profile within ±2 % reaches 10 % of the p90 of abs(G) over
    ±15 %, and it is within 10 % of spot. The nearest to spot is chosen. With none, the grid widens to ±25 % and ±35 %
    and the distance allowed grows in proportion (to 16.7 % and 23.3 %).
    An expiry hours away bends the profile within less than a step of the grid: two crossings between two levels are
    not seen. decay_days lets such expiries count less: min(1, days / decay_days).
    Status: ok, multiple, one_sided_positive, one_sided_negative, edge_only, weak_only, too_few_contracts (below 2).
    """
    repricer = profiles.repricer
    index = np.arange(len(repricer.surface.expiries)) if expiries is None else np.asarray(expiries, dtype=np.int64)
    shares = decay(np.array([expiry.years for expiry in repricer.surface.expiries]), decay_days)
    terms = repricer.terms(expiries, shares)
    if repricer.held[index].sum() < 2:
        return Search(None, (), "too_few_contracts", 0.0, terms, profiles.grid(CORE), np.zeros(2 * CORE + 1))

    def profile(half: int) -> Floats:
        rows = profiles.rows(index, half)
        return rows.sum(axis=0) if shares is None else shares[index] @ rows

    core = profile(CORE)
    scale = float(np.sort(np.abs(core))[round(0.9 * 2 * CORE)])
    found: tuple[Crossing, ...] = ()
    for half in (CORE, WIDE, WIDEST) if widen else (CORE,):
        grid, net = profiles.grid(half), core if half == CORE else profile(half)
        found = tuple(_judged(level, up, grid, net, scale, repricer.spot) for level, up in _roots(grid, net, terms))
        if valid := [crossing for crossing in found if crossing.valid]:
            nearest = min(valid, key=lambda crossing: abs(crossing.level - repricer.spot))
            return Search(
                nearest, found, "ok" if len(valid) == 1 else "multiple", scale, terms, profiles.grid(CORE), core
            )
    if found:
        status = "weak_only" if all(crossing.reason == "weak" for crossing in found) else "edge_only"
    else:
        status = one_sided(float(core.sum()))
    return Search(None, found, status, scale, terms, profiles.grid(CORE), core)


def one_sided(total: float) -> str:
    return "one_sided_positive" if total > 0 else "one_sided_negative" if total < 0 else "too_few_contracts"


def _roots(grid: Floats, net: Floats, terms: Terms) -> list[tuple[float, bool]]:
    """Levels where the profile changes sign, and whether upward."""
    signed = np.flatnonzero(net)
    turns = np.flatnonzero(np.sign(net[signed[1:]]) != np.sign(net[signed[:-1]]))
    roots = []
    for turn in turns:
        low, high = int(signed[turn]), int(signed[turn + 1])
        if high - low > 1:  # exactly zero in between: the middle of it
            level = 0.5 * float(grid[low + 1] + grid[high - 1])
        else:
            level = _refined(terms, float(grid[low]), float(grid[high]))
        roots.append((level, bool(net[high] > 0)))
    return roots


def _refined(terms: Terms, low: float, high: float) -> float:
    """Root between two grid points; a sign that only rounding turned is left at the middle."""
    terms = terms.within(low, high)
    if terms.at(low) * terms.at(high) >= 0:
        return 0.5 * (low + high)
    return float(brentq(terms.at, low, high, xtol=1e-12 * high, rtol=1e-14))


def _judged(level: float, upward: bool, grid: Floats, net: Floats, scale: float, spot: float) -> Crossing:
    half = 0.5 * float(grid[-1] - grid[0])
    near = np.abs(grid - level) <= NEAR * spot
    reason = ""
    if half - abs(level - spot) < EDGE * 2.0 * half:
        reason = "edge"
    elif float(np.abs(net[near]).max(initial=0.0)) < WEAK * scale:
        reason = "weak"
    elif abs(level - spot) > FAR * half:
        reason = "far"
    return Crossing(level, upward, not reason, reason)


def cumulative_flip(table: StrikeTable, spot: float) -> Crossing | None:
    """Sign change of the running sum of net GEX by strike, from the lowest one; interpolated; nearest to spot.

    For comparison: it depends on the strikes that the chain happens to list. A first strike is never a sign change.
    """
    running = np.cumsum(table.net)
    signed = np.flatnonzero(running)
    turns = np.flatnonzero(np.sign(running[signed[1:]]) != np.sign(running[signed[:-1]]))
    found = []
    for turn in turns:
        low, high = signed[turn], signed[turn + 1]
        part = running[low] / (running[low] - running[high])
        level = float(table.strike[low] + part * (table.strike[high] - table.strike[low]))
        found.append(Crossing(level, bool(running[high] > 0), True, ""))
    return min(found, key=lambda crossing: abs(crossing.level - spot), default=None)


def running_sum_at(table: StrikeTable, level: float | None) -> float:
    """Running sum of net GEX [usd per 1 %] at the listed strike nearest to a level; NaN without one."""
    if level is None or not len(table.strike):
        return float("nan")
    return float(np.cumsum(table.net)[int(np.argmin(np.abs(table.strike - level)))])


def flip_of(
    search: Search, quality: Quality | None, exposure: Exposures, table: StrikeTable, method: str = "grid"
) -> Flip:
    """The headline flip with its evidence. method "cumulative" puts the level of the running sum in its place."""
    if method not in METHODS:
        raise ConfigError(f"flip_method {method!r} is unknown; choose one of {', '.join(METHODS)}")
    spot, turn = exposure.surface.spot, cumulative_flip(table, exposure.surface.spot)
    cumulative = turn.level if turn else None
    level = search.chosen.level if search.chosen else None
    status = search.status
    if method == "cumulative":
        level, quality = cumulative, None
        status = "ok" if cumulative is not None else one_sided(float(table.net.sum()))
    nan = float("nan")
    return Flip(
        level=level,
        status=status,
        crossings=search.crossings,
        quality=label(quality, status),
        quality_score=nan if quality is None else score(quality),
        band=quality.band if quality else None,
        distance_pts=nan if level is None else level - spot,
        distance_pct=nan if level is None else (level / spot - 1.0) * 100.0,
        profile_at_flip=nan if level is None else search.terms.at(level),
        slope_usd_per_1pct_per_1pct=nan if level is None else search.terms.slope(level) * 0.01 * spot,
        cumulative_level=cumulative,
        cumulative_gamma_at_flip_strike=running_sum_at(table, level),
    )
