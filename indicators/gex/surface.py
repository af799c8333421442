"""What every metric reads: the used contracts of a chain as plain arrays, with one volatility and one gamma each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Surface:
    """Used contracts, one array element each (n of them), all float64 unless said otherwise.

    strike [points]; is_call [bool]; expiry [int]: index into `expiries`; years to settlement (ACT/365, floored);
    oi, volume [contracts]; multiplier; sigma: decimal volatility that all pricing uses (sticky strike); rate and
    dividend_yield: continuous, per contract; gamma, delta, vanna, charm, vega: per share at `spot`; gamma comes from
    `greek_source` (spec order: vendor, vendor_iv, solved_iv, borrowed), the others are Black-Scholes with sigma.
    """

    symbol: str
    asof: datetime
    spot: float
    spot_source: str
    strike: Floats
    is_call: NDArray[np.bool_]
    expiry: NDArray[np.int64]
    years: Floats
    oi: Floats
    volume: Floats
    multiplier: Floats
    sigma: Floats
    rate: Floats
    dividend_yield: Floats
    gamma: Floats
    delta: Floats
    vega: Floats
    vanna: Floats
    charm: Floats
    greek_source: NDArray[np.str_]
    expiries: tuple[Expiry, ...]
    total: int
    """Contracts of the chain, used or not."""
    dropped: Mapping[str, int]
    """Contracts left out, by reason."""
    parity_violations: float
    """Share of the call-put pairs within 10 % of the spot whose quotes break put-call parity by more than their
    spreads; NaN without quotes."""
    notes: tuple[str, ...] = ()
    oi_date: date | None = None
    """Latest session whose open interest the chain reports; None when it does not say."""
    oi_share: float = float("nan")
    """Share of the strikes within ±10 % of spot that report open interest; NaN: not counted."""


@dataclass(frozen=True)
class Expiry:
    """One settlement: its instant, root, forward and the rates behind it."""

    settles: datetime
    root: str
    years: float
    forward: float
    rate: float
    dividend_yield: float
    rate_source: str
    """given, curve or fallback."""
    dividend_source: str
    """given, parity or fallback."""
    buckets: frozenset[str]
    """Of 0dte, weekly, monthly."""
