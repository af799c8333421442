"""Settings of the GEX pipeline; `-p name=value` on the command line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GexSettings:
    """How a chain becomes levels. None means: find it out (rates curve, parity, the symbol's own gap)."""

    sign_model: str = "naive"
    wall_mode: str = "net_gamma_side"
    max_dte: float = 93.0
    rate: float | None = None
    dividend_yield: float | None = None
    day_count: str = "act365"
    flip_method: str = "grid"
    dte_weight_ref: float = 0.0
    """Days below which an expiry counts less in the flip; 0: off."""
    vol_trigger_mode: str = "profile_ratio"
    vol_trigger_ratio: float = 0.30
    window_pct: float = 0.03
    min_gap_pts: float | None = None
    max_pins: int = 2
    max_pain_expiry: str = "monthly"
    """Whose max pain is the headline: the nearest "monthly" expiry, or the "front" one."""
