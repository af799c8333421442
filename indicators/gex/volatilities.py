"""One volatility per contract, from the best source there is, and from where it came.

Order: the vendor's own; solved from the price of the out-of-the-money side of the strike, else of the other side;
borrowed from the other side of the strike, else from the neighbouring strikes of the same settlement, linear in
log-moneyness and never beyond the outermost known strike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indicators.gex.quotes import Quotes
from indicators.gex.surface import Floats
from indicators.options.black_scholes import Bools
from indicators.options.implied_volatility import HIGHEST, LOWEST, REASONS, implied_volatility

NONE, VENDOR, SOLVED, BORROWED = range(4)


@dataclass(frozen=True, eq=False)
class Volatilities:
    """sigma: decimal per year, NaN for none; source: VENDOR, SOLVED, BORROWED or NONE; why: reason for NONE."""

    sigma: Floats
    source: NDArray[np.int8]
    why: NDArray[np.str_]


def volatilities(
    quotes: Quotes, among: Bools, spot: float, years: Floats, rate: Floats, dividend_yield: Floats, forward: Floats
) -> Volatilities:
    """Volatilities of the chosen contracts; years, rate, dividend_yield and forward per settlement."""
    given = quotes.numbers["iv"]
    vendor = among & (given >= LOWEST) & (given <= HIGHEST)
    sigma = np.where(vendor, given, np.nan)
    source = np.where(vendor, VENDOR, NONE).astype(np.int8)
    why = np.zeros(len(sigma), dtype=np.int8)
    missing = among & ~vendor
    if not missing.any():
        return Volatilities(sigma, source, np.full(len(sigma), ""))

    some = np.maximum(quotes.call, quotes.put)
    strike, expiry = quotes.numbers["strike"][some], quotes.expiry[some]
    upper = strike >= forward[expiry]
    outside = np.where(upper, quotes.call, quotes.put)
    inside = np.where(upper, quotes.put, quotes.call)

    price = _at(quotes.price, outside)
    use = np.where(np.isfinite(price), outside, inside)
    price = np.where(np.isfinite(price), price, _at(quotes.price, inside))
    wanted = np.zeros(len(some), dtype=bool)
    wanted[quotes.place[missing]] = True
    todo = np.flatnonzero(wanted & np.isfinite(price))
    e = expiry[todo]
    found = implied_volatility(
        price[todo], spot, strike[todo], years[e], rate[e], dividend_yield[e], quotes.is_call[use[todo]]
    )
    solved = np.full(len(some), np.nan)
    solved[todo] = found.sigma
    failed = np.ones(len(some), dtype=np.int8)
    failed[todo] = found.code

    own = solved[quotes.place]
    fits = missing & np.isfinite(own)
    sigma[fits], source[fits] = own[fits], SOLVED
    missing &= ~fits
    if missing.any():
        known = _at(given, np.where(_at(vendor, outside) == 1, outside, np.where(_at(vendor, inside) == 1, inside, -1)))
        known = np.where(np.isfinite(known), known, solved)
        lent = _between(known, np.log(strike / forward[expiry]), expiry)[quotes.place]
        fits = missing & np.isfinite(lent)
        sigma[fits], source[fits] = lent[fits], BORROWED
        missing &= ~fits
        why[missing] = failed[quotes.place[missing]]
    return Volatilities(sigma, source, np.array(["", "no_price", *(f"iv_{reason}" for reason in REASONS[2:])])[why])


def _at(values: NDArray[np.generic], index: NDArray[np.int64]) -> Floats:
    """Values at an index, NaN where it is -1."""
    return np.where(index >= 0, values[index].astype(np.float64), np.nan)


def _between(known: Floats, moneyness: Floats, expiry: NDArray[np.int64]) -> Floats:
    """Known values, and straight lines between the known neighbours of the same settlement."""
    have = np.isfinite(known)
    result = known.copy()
    for e in np.unique(expiry[~have]):
        inside = np.flatnonzero(expiry == e)
        here = inside[have[inside]]
        if len(here):
            result[inside] = np.interp(moneyness[inside], moneyness[here], known[here], np.nan, np.nan)
    return result
