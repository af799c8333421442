"""Earlier analyses of a symbol, one row per session, to tell what is usual: median, z-score and percentile."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from feeds.errors import DataError
from indicators.gex.analysis import Analysis
from indicators.gex.surface import Floats, Surface

if TYPE_CHECKING:
    import pandas as pd

NEW_YORK = ZoneInfo("America/New_York")
SESSIONS, ENOUGH = 252, 20
"""Length of the trailing window, and the sessions without which nothing is said."""
NUMBERS = (
    "spot", "net", "gross", "net_over_gross", "flip", "call_wall", "put_wall", "max_pain", "vol_trigger", "vanna",
    "charm", "pcr_oi", "pcr_volume", "skew_25d_put_atm", "risk_reversal_25d", "expected_move", "flip_quality",
)  # fmt: skip
"""Columns of numbers: levels in points, exposures in usd (per 1 %, per vol point, per day), NaN where missing."""
KEYS = ("session", "asof_utc", "symbol", "sign_model", "max_dte", "regime")


def session_of(surface: Surface) -> date:
    """New York day of the chain."""
    return surface.asof.astimezone(NEW_YORK).date()


def row_of(analysis: Analysis) -> dict[str, object]:
    """The row that a history keeps of one analysis."""

    def number(value: float | None) -> float:
        return float("nan") if value is None else float(value)

    totals, walls = analysis.totals, (analysis.call_wall, analysis.put_wall)
    return {
        "session": session_of(analysis.surface),
        "asof_utc": analysis.surface.asof,
        "symbol": analysis.surface.symbol,
        "sign_model": analysis.sign_model,
        "max_dte": float(analysis.settings.max_dte),
        "regime": analysis.regime,
        "spot": analysis.surface.spot,
        "net": totals.net,
        "gross": totals.gross,
        "net_over_gross": totals.net_over_gross,
        "flip": number(analysis.flip.level),
        "call_wall": number(walls[0].strike if walls[0] else None),
        "put_wall": number(walls[1].strike if walls[1] else None),
        "max_pain": number(analysis.max_pain),
        "vol_trigger": number(analysis.vol_trigger.level),
        "vanna": totals.vanna_usd_per_vol_pt,
        "charm": totals.charm_usd_per_day,
        "pcr_oi": analysis.pcr_oi,
        "pcr_volume": analysis.pcr_volume,
        "skew_25d_put_atm": number(analysis.skew_25d_put_atm),
        "risk_reversal_25d": number(analysis.risk_reversal_25d),
        "expected_move": number(analysis.expected_move_pts),
        "flip_quality": analysis.flip.quality_score,
    }


@dataclass(frozen=True, eq=False)
class Trailing:
    """The sessions before one: at most 252 of them, oldest first; NaN where a figure was missing."""

    net: Floats
    pcr_oi: Floats
    skew: Floats

    @property
    def median_abs_net(self) -> float | None:
        """Median of abs(net) [usd per 1 %]; None with fewer than 20 sessions."""
        known = self.net[np.isfinite(self.net)]
        return float(np.median(np.abs(known))) if len(known) >= ENOUGH else None


def z_score(value: float | None, past: Floats) -> float | None:
    """(value - mean) / standard deviation of the past; None with fewer than 20 figures or no spread."""
    known = past[np.isfinite(past)]
    if value is None or not np.isfinite(value) or len(known) < ENOUGH:
        return None
    spread = float(known.std(ddof=1))
    return (value - float(known.mean())) / spread if spread > 1e-12 * float(np.abs(known).max()) else None


def percentile(value: float, past: Floats) -> float | None:
    """Share of the past at or below the value [0 to 100]; None with fewer than 20 figures."""
    known = past[np.isfinite(past)]
    return float(np.mean(known <= value)) * 100.0 if len(known) >= ENOUGH and np.isfinite(value) else None


@dataclass(frozen=True, eq=False)
class History:
    """Rows of KEYS and NUMBERS of one symbol, one per session, sign model and max_dte, in time order. Immutable."""

    symbol: str
    rows: pd.DataFrame

    def with_analysis(self, analysis: Analysis) -> History:
        """This history and one more analysis. A later one of the same session takes the place of the earlier.

        Errors: DataError for another symbol, or one earlier than what the session already has.
        """
        import pandas as pd

        new = row_of(analysis)
        if new["symbol"] != self.symbol:
            raise DataError(
                f"history of {self.symbol}: cannot take an analysis of {new['symbol']}; use its own history"
            )
        rows = self.rows
        if len(rows):
            same = (rows["session"] == new["session"]) & (rows["sign_model"] == new["sign_model"])
            same &= rows["max_dte"] == new["max_dte"]
            if (rows.loc[same, "asof_utc"] > new["asof_utc"]).any():
                raise DataError(
                    f"history of {self.symbol}: session {new['session']} already has a later analysis than "
                    f"{new['asof_utc']}; add them in time order"
                )
            rows = rows[~same]
        added = _typed(pd.DataFrame([new], columns=[*KEYS, *NUMBERS]))
        rows = pd.concat([rows, added], ignore_index=True) if len(rows) else added
        return History(self.symbol, rows.sort_values("asof_utc", ignore_index=True))

    def trailing(self, surface: Surface, sign_model: str, max_dte: float) -> Trailing:
        """The 252 sessions before the surface's own, of the same sign model and max_dte. Nothing of the day itself."""
        if surface.symbol != self.symbol:
            raise DataError(f"history of {self.symbol} used for {surface.symbol}; use its own history")
        rows = self.rows
        if len(rows):
            rows = rows[(rows["session"] < session_of(surface)) & (rows["sign_model"] == sign_model)]
            rows = rows[rows["max_dte"] == float(max_dte)].tail(SESSIONS)
        columns = (rows[name].to_numpy(dtype=np.float64) for name in ("net", "pcr_oi", "skew_25d_put_atm"))
        return Trailing(*columns)

    def write(self, path: Path) -> None:
        """Replace the Parquet file at once: a reader sees the old rows or the new ones."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        self.rows.to_parquet(fresh, index=False)
        fresh.replace(path)


def empty(symbol: str) -> History:
    import pandas as pd

    return History(symbol, _typed(pd.DataFrame(columns=[*KEYS, *NUMBERS])))


def read(path: Path, symbol: str) -> History:
    """History of a symbol from its Parquet file; an empty one when there is no file yet.

    Errors: DataError for a file that is not such a history, or of another symbol.
    """
    import pandas as pd

    if not path.exists():
        return empty(symbol)
    try:
        rows = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable history of analyses ({error}); remove it to start again") from error
    if missing := [name for name in (*KEYS, *NUMBERS) if name not in rows]:
        raise DataError(f"{path}: column {missing[0]!r} is missing; remove the file to start again")
    if others := sorted(set(rows["symbol"]) - {symbol}):
        raise DataError(f"{path}: holds rows of {others[0]}, not of {symbol}; use one file per symbol")
    return History(symbol, _typed(rows[[*KEYS, *NUMBERS]]).sort_values("asof_utc", ignore_index=True))


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    rows = rows.copy()
    rows["asof_utc"] = pd.to_datetime(rows["asof_utc"], utc=True)
    for name in ("max_dte", *NUMBERS):
        rows[name] = rows[name].astype(np.float64)
    return rows
