"""Put-call parity: forwards and dividend yields that the quotes imply, and quotes that contradict each other.

For European options call - put = e^(-rT) (F - K) at every strike K, so each pair of quotes names the forward F. For
American ones this is exact only without early exercise, which is worth little near the money.
Source: Stoll (1969), The relationship between put and call option prices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indicators.options.black_scholes import Bools, Floats

Ints = NDArray[np.int64]

NEAREST, TIGHTEST, FEWEST = 10, 5, 3
"""Of the ten pairs nearest to the forward the five tightest count; fewer than three are no evidence."""
QUOTE_ERROR = 1e-4
"""Slack of the parity check, of the spot: ticks, and quotes that are not of the same instant."""
RATE_ERROR = 0.01
"""Slack of the parity check: how far the rate may be off [per year]."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Call and put with the same expiry and strike, both quoted; one element each. Prices in points.

    expiry: index of the settlement; spread: ask - bid of call and put together, NaN when only mids are known.
    """

    expiry: Ints
    strike: Floats
    call: Floats
    put: Floats
    spread: Floats


def forwards(pairs: Pairs, years: Floats, rate: Floats) -> tuple[Floats, Ints]:
    """Forward [points] per settlement and the number of pairs behind it; NaN with fewer than three pairs.

    Median of K + e^(rT) (call - put) over the five tightest of the ten pairs whose call and put prices are closest to
    each other, which are those nearest to the forward whatever the spot. `years` and `rate` per settlement.
    """
    count = len(years)
    gap = np.abs(pairs.call - pairs.put)
    order = np.lexsort((gap, pairs.expiry))
    order = order[_rank(pairs.expiry[order]) < NEAREST]
    spread = np.where(np.isnan(pairs.spread), np.inf, pairs.spread)
    order = order[np.lexsort((gap[order], spread[order], pairs.expiry[order]))]
    rank = _rank(pairs.expiry[order])
    order, rank = order[rank < TIGHTEST], rank[rank < TIGHTEST]
    expiry = pairs.expiry[order]
    table = np.full((count, TIGHTEST), np.inf)
    table[expiry, rank] = pairs.strike[order] + np.exp(rate[expiry] * years[expiry]) * (
        pairs.call[order] - pairs.put[order]
    )
    table.sort(axis=1)
    found = np.bincount(expiry, minlength=count)
    row = np.arange(count)
    low, high = np.maximum(found - 1, 0) // 2, np.minimum(found // 2, TIGHTEST - 1)
    enough = found >= FEWEST
    middle = 0.5 * (table[row, low] + table[row, high])
    return np.where(enough, middle, np.nan), found


def _rank(groups: Ints) -> Ints:
    """Position of each element within its run of equal neighbours."""
    index = np.arange(len(groups))
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    return np.asarray(index - np.repeat(starts, np.diff(np.append(starts, len(groups)))), dtype=np.int64)


def dividend_yield(spot: float, forward: Floats, years: Floats, rate: Floats) -> Floats:
    """Continuous yield [per year] that explains each forward: q = r - ln(F/S)/T; it holds borrow costs as well."""
    return np.asarray(rate - np.log(forward / spot) / years)


def violations(
    pairs: Pairs, spot: float, forward: Floats, years: Floats, rate: tuple[Floats, Floats], american: Bools
) -> Floats:
    """1 for each pair whose quotes break put-call parity by more than their spreads, 0 for one that holds.

    NaN for a pair that cannot be judged: no spread, or no forward. A pair holds when some call - put within the quotes,
    give or take 1e-4 of spot, equals e^(-rT) (F - K) for a rate in the range `rate` (lowest, highest), or for American
    options lies within S e^(-qT) - K and S - K e^(-rT). forward, years, rate per settlement; american per pair.
    """
    e, k = pairs.expiry, pairs.strike
    middle, slack = pairs.call - pairs.put, 0.5 * pairs.spread + QUOTE_ERROR * spot
    f, t = forward[e], years[e]
    dear, cheap = np.exp(-rate[0][e] * t), np.exp(-rate[1][e] * t)
    low, high = np.minimum((f - k) * dear, (f - k) * cheap), np.maximum((f - k) * dear, (f - k) * cheap)
    low = np.where(american, np.minimum(low, np.minimum(f * cheap, spot) - k), low)
    high = np.where(american, np.maximum(high, np.maximum(f * dear, spot) - k * cheap), high)
    broken = (middle + slack < low) | (middle - slack > high)
    return np.where(np.isfinite(slack) & np.isfinite(f), broken.astype(np.float64), np.nan)
