"""Max pain: the strike at which the holders of an expiry's options are paid least."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from feeds.errors import ConfigError
from indicators.gex.grouping import grouped
from indicators.gex.surface import Expiry, Floats

CHOICES = ("monthly", "front")
ENOUGH = 0.05
"""Share of all open interest that an expiry needs to give the headline."""


def payout(strike: Floats, call: Floats, put: Floats) -> Floats:
    """Paid to holders when the underlying settles on each of the ascending strikes.

    P(K) = sum(call max(0, K - k) + put max(0, k - K)); call, put: open interest x multiplier per strike [shares].
    Convex and piecewise linear in K. Units: usd.
    """
    calls, puts = np.cumsum(call), np.cumsum(put[::-1])[::-1]
    gaps = np.diff(strike)
    paid_to_calls = np.concatenate([[0.0], np.cumsum(calls[:-1] * gaps)])
    paid_to_puts = np.concatenate([np.cumsum((puts[1:] * gaps)[::-1])[::-1], [0.0]])
    return paid_to_calls + paid_to_puts


def max_pain(strike: Floats, is_call: NDArray[np.bool_], shares: Floats, spot: float) -> float | None:
    """Strike of the least payout of one expiry; ties: nearest to spot, then the lower. None without open interest.

    One element per contract: strike [points], is_call, shares (open interest x multiplier).
    """
    if not len(strike) or not shares.sum() > 0:
        return None
    level, place = np.unique(strike, return_inverse=True)
    call = grouped(np.where(is_call, shares, 0.0), place, len(level))
    put = grouped(np.where(is_call, 0.0, shares), place, len(level))
    return cheapest(level, call, put, spot)


def cheapest(level: Floats, call: Floats, put: Floats, spot: float) -> float | None:
    """The same from a table: ascending strikes with what calls and puts hold [shares]."""
    if not call.sum() + put.sum() > 0:
        return None
    paid = payout(level, call, put)
    least = level[paid <= paid.min() + 1e-12 * paid.max()]
    return float(least[np.lexsort((least, np.abs(least - spot)))[0]])


def headline(
    expiries: Sequence[Expiry], oi: Floats, by_expiry: Sequence[float | None], choice: str = "monthly"
) -> float | None:
    """Max pain of the expiry that counts: the nearest monthly one with at least 5 % of the open interest.

    choice "front": the nearest expiry of any kind with that share. It also stands in when no monthly one has it.
    oi: open interest per expiry [contracts]. Errors: ConfigError for another choice.
    """
    if choice not in CHOICES:
        raise ConfigError(f"max_pain_expiry {choice!r} is unknown; choose one of {', '.join(CHOICES)}")
    total = float(oi.sum())
    if not total > 0:
        return None
    order = sorted(range(len(expiries)), key=lambda index: expiries[index].settles)
    enough = [index for index in order if by_expiry[index] is not None and oi[index] >= ENOUGH * total]
    monthly = [index for index in enough if choice == "monthly" and "monthly" in expiries[index].buckets]
    for index in monthly or enough:
        return by_expiry[index]
    return None
