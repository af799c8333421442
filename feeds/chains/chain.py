"""An option chain at one instant: the canonical rows, and what was known about the underlying."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "asof_utc", "underlying", "root", "expiry_ts_utc", "strike", "right", "style", "multiplier", "bid", "ask", "mid",
    "last", "volume", "oi", "oi_date", "iv", "iv_source", "delta", "gamma", "vega", "theta", "greek_source", "quote_ts",
    "feed",
)  # fmt: skip
"""The canonical row: one per contract; float64 numbers, NaN (never 0) for what is missing."""


@dataclass(frozen=True, eq=False)
class Chain:
    """All contracts of one underlying as they were known at `asof`.

    rows: DataFrame of COLUMNS, sorted by expiry, root, strike and right; no contract twice; `right` is "C" or "P";
    expiry_ts_utc the instant of settlement; prices and strikes in points; iv decimal per year; vega per vol point,
    theta per day; oi, volume in contracts.
    spot [points] with its source ("underlying_asset", "index_snapshot", "given") and time; NaN when nobody told.
    """

    symbol: str
    asof: datetime
    rows: pd.DataFrame
    spot: float
    spot_ts: datetime | None
    spot_source: str
    source: str
    """massive, cboe, file, recorded or synthetic."""
    detail: str = ""
    """File or provider version."""
    feed: str = "DELAYED"
    """REALTIME or DELAYED."""
    prev_close: float = float("nan")
    notes: tuple[str, ...] = ()
