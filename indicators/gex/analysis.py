"""The results of an analysis: levels, exposures and their evidence. Dollars are per 1 % move where the name says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from indicators.gex.settings import GexSettings
from indicators.gex.surface import Floats, Surface


@dataclass(frozen=True)
class Wall:
    strike: float
    oi: float
    """Contracts of the wall's own side at the strike."""
    gex_usd_per_1pct: float
    share: float
    """Of its side's gross exposure."""
    distance_pts: float
    distance_pct: float


@dataclass(frozen=True)
class Crossing:
    """A root of the profile. upward: from negative below to positive above (regime flip); else inverted."""

    level: float
    upward: bool
    valid: bool
    reason: str
    """Why it does not count: edge, weak or far; "" when valid."""


@dataclass(frozen=True)
class Flip:
    """level None is information: `status` says why."""

    level: float | None
    status: str
    """ok, multiple, one_sided_positive, one_sided_negative, edge_only, weak_only or too_few_contracts."""
    crossings: tuple[Crossing, ...]
    quality: str
    """clear, moderate, ambiguous, edge or unknown."""
    quality_score: float
    band: tuple[float, float] | None
    """Lowest and highest flip under the disturbances of the quality score."""
    distance_pts: float
    distance_pct: float
    profile_at_flip: float
    slope_usd_per_1pct_per_1pct: float
    cumulative_level: float | None
    """Flip of the cumulative method, for comparison."""
    cumulative_gamma_at_flip_strike: float


@dataclass(frozen=True)
class VolTrigger:
    level: float | None
    ratio: float
    mode: str
    cumulative_expo: float


@dataclass(frozen=True)
class Pin:
    strike: float
    strength: float
    """Prominence: gross over the mean of the other strikes within 1 %."""
    category: str
    share: float
    gex_usd_per_1pct: float
    role: str
    """pin or accelerator."""
    rank: float
    distance_pts: float


@dataclass(frozen=True)
class Totals:
    """Exposures of a set of contracts; GEX in dollars per 1 %, vanna per vol point, charm per calendar day."""

    call: float
    put: float
    gross: float
    net: float
    net_over_gross: float
    net_gamma_shares_per_pt: float
    option_delta_usd: float
    vanna_usd_per_vol_pt: float
    charm_usd_per_day: float
    contracts: int


@dataclass(frozen=True, eq=False)
class Profile:
    """Net GEX over spot: `net` [usd per 1 %] on `grid` [points]."""

    grid: Floats
    net: Floats


@dataclass(frozen=True, eq=False)
class StrikeTable:
    """One element per strike, ascending; signed net, unsigned call and put, all usd per 1 %; oi in contracts."""

    strike: Floats
    call: Floats
    put: Floats
    net: Floats
    call_oi: Floats
    put_oi: Floats


@dataclass(frozen=True)
class ExpiryRow:
    settles: datetime
    root: str
    years: float
    totals: Totals
    max_pain: float | None
    flip: float | None
    share: float
    """Of the whole chain's gross."""


@dataclass(frozen=True)
class BucketRow:
    """One bucket: all, 0dte, weekly, monthly, ex_next_expiry, ex_next_opex."""

    totals: Totals
    flip: float | None
    flip_status: str
    call_wall: float | None = None
    put_wall: float | None = None


@dataclass(frozen=True)
class Bias:
    """vol_regime: damping (+) or amplifying (-). direction: bearish (-1) … bullish (+1), from the terms available."""

    vol_regime: float | None
    direction: float | None
    strength: str
    regime: str
    confidence: float
    terms: Mapping[str, float | None]


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything that is computed from one surface."""

    surface: Surface
    settings: GexSettings
    totals: Totals
    strikes: StrikeTable
    matrix: Floats
    """Signed net by strike (rows, as in `strikes`) and expiry (columns, as in surface.expiries), usd per 1 %."""
    profile: Profile
    flip: Flip
    vol_trigger: VolTrigger
    call_wall: Wall | None
    put_wall: Wall | None
    call_walls: tuple[Wall, ...]
    """Top three."""
    put_walls: tuple[Wall, ...]
    max_pain: float | None
    pins: tuple[Pin, ...]
    by_expiry: tuple[ExpiryRow, ...]
    buckets: Mapping[str, BucketRow]
    regime: str
    """POS, NEG, NEUTRAL or MIXED."""
    regime_num: int
    concentration_hhi: float
    share_0dte: float
    pcr_oi: float
    pcr_volume: float
    risk_reversal_25d: float | None
    skew_25d_put_atm: float | None
    iv_skew_puts_minus_calls: float | None
    expected_move_pts: float | None
    straddle_move_pts: float | None
    oi_confidence: str
    """direct, stale, proxy_volume or missing."""
    oi_score: float
    profile_error: float
    """abs(profile at spot - total) / gross."""
    bias: Bias
    z252: float | None
    pct252: float | None
    regime_raw: str = "NEUTRAL"
    """Without hysteresis."""
    max_pain_all: float | None = None
    """Of all expiries together; for information."""
    net_per_adv: float | None = None
    """Net GEX over the hedging future's average daily volume in dollars, when that was given."""
    sign_model: str = "naive"
    """Name of the model in use (settings.sign_model unless another was passed)."""
