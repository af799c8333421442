"""Marks that generated or made-up chains leave and no exchange does: constants, ladders, clamped volatilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from indicators.gex.surface import Floats, Surface

if TYPE_CHECKING:
    from feeds.chains.chain import Chain

ENOUGH = 20
"""Values below which a pattern means nothing."""


@dataclass(frozen=True)
class Pattern:
    code: str
    found: bool
    value: float | str | None
    limit: float | str | None
    message: str


def patterns(chain: Chain, surface: Surface) -> list[Pattern]:
    """Each mark that was looked for, found or not."""
    return [
        _constant_columns(chain.rows),
        _unlisted_strikes(chain.rows["strike"].to_numpy(dtype=np.float64)),
        _quote_ladder(chain.rows, surface.spot),
        _clamped_volatility(surface),
        _fractions(chain.rows["oi"].to_numpy(dtype=np.float64)),
    ]


def _constant_columns(rows: pd.DataFrame) -> Pattern:
    """Quotes, open interest or volatility that are the same number (not 0) in all of at least 20 rows."""
    constant = []
    for name in ("bid", "ask", "oi", "iv", "gamma"):
        values = rows[name].dropna().to_numpy(dtype=np.float64)
        if len(values) >= ENOUGH and values[0] != 0 and bool((values == values[0]).all()):
            constant.append(name)
    return Pattern(
        "CONSTANT_COLUMN", bool(constant), ", ".join(constant) or None, None, "columns with one value throughout"
    )


def _fractions(oi: Floats) -> Pattern:
    """Open interest that is no whole number: contracts are counted, so it was estimated."""
    known = oi[np.isfinite(oi)]
    share = float((known != np.round(known)).mean()) if len(known) else 0.0
    return Pattern("FRACTIONAL_OI", share > 0.05, share, 0.05, "open interest that is no whole number [share]")


def _unlisted_strikes(strikes: Floats) -> Pattern:
    """Strikes on a ladder of at least one point that misses the round numbers every listed ladder holds.

    Listed strikes are multiples of their step; adjusted ones (after a split) are not, but they are no ladder either.
    Nor does a listed strike of at least 10 points have more than three decimals: the symbol of a contract has no more.
    """
    unique = np.unique(strikes)
    fine = float(((unique >= 10) & (np.abs(unique - np.round(unique, 3)) > 1e-9 * unique)).mean())
    if len(unique) >= ENOUGH and fine > 0.5:
        return Pattern("UNLISTED_STRIKES", True, fine, 0.5, "strikes with more than three decimals [share]")
    steps = np.round(np.diff(unique), 6)
    share = 0.0
    if len(steps) + 1 >= ENOUGH:
        values, counts = np.unique(steps, return_counts=True)
        step = float(values[np.argmax(counts)])
        rest = np.round(np.mod(unique, step), 6)
        rest[np.isclose(rest, step)] = 0.0
        rests, times = np.unique(rest, return_counts=True)
        if step >= 1 and rests[np.argmax(times)] != 0:
            share = float(times.max() / len(unique))
    return Pattern("UNLISTED_STRIKES", share > 0.9, share, 0.9, "strikes on one ladder off the round numbers [share]")


def _quote_ladder(rows: pd.DataFrame, spot: float) -> Pattern:
    """Bids of out-of-the-money options near the spot that fall by the same amount from strike to strike.

    Option prices are convex in the strike: over 10 strikes in a row their differences cannot all be equal, save where
    they are ticks. Only differences of at least 0.5 % of the strike's step and of 0.10 points count.
    """
    strike, bid = rows["strike"].to_numpy(dtype=np.float64), rows["bid"].to_numpy(dtype=np.float64)
    call = (rows["right"] == "C").to_numpy(dtype=bool)
    use = np.flatnonzero((np.abs(strike / spot - 1) <= 0.05) & (call == (strike >= spot)) & (bid > 0))
    expiry = pd.DatetimeIndex(rows["expiry_ts_utc"]).asi8[use]
    root = pd.factorize(rows["root"])[0][use]
    strike, bid, call = strike[use], bid[use], call[use]
    order = np.lexsort((strike, call, root, expiry))
    strike, bid = strike[order], bid[order]
    changes = [np.diff(key[order]) != 0 for key in (expiry, root, call.astype(np.int64))]
    ladders = whole = 0
    for part in np.split(np.arange(len(order)), np.flatnonzero(np.any(changes, axis=0)) + 1):
        steps, falls = np.diff(strike[part]), np.abs(np.diff(bid[part]))
        if len(falls) < 9 or np.ptp(steps) > 1e-6:
            continue
        whole += 1
        usual = float(np.median(falls))
        same = np.abs(falls - usual) < 1e-6
        ladders += bool(usual >= max(0.10, 0.005 * steps[0]) and same.mean() > 0.9)
    share = ladders / whole if whole else 0.0
    return Pattern("QUOTE_LADDER", share > 0.5, share, 0.5, "expiries whose bids fall by one constant step [share]")


def _clamped_volatility(surface: Surface) -> Pattern:
    """One and the same volatility at the lowest or highest of the used ones, for more than a tenth of them."""
    sigma = surface.sigma
    if len(sigma) < ENOUGH or (len(np.unique(sigma)) == 1 and len(np.unique(surface.strike)) < ENOUGH):
        return Pattern("CLAMPED_VOLATILITY", False, 0.0, 0.1, "contracts at the lowest or highest volatility [share]")
    share = float(max((sigma == sigma.min()).mean(), (sigma == sigma.max()).mean()))
    return Pattern(
        "CLAMPED_VOLATILITY", share > 0.1, share, 0.1, "contracts at the lowest or highest volatility [share]"
    )
