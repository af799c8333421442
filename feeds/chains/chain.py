"""An option chain at one instant: the canonical rows, and what was known about the underlying."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from feeds.errors import DataError

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
    theta per day; oi, volume in contracts. Instants are datetime64[ns, UTC]; oi_date is the session (a date) at whose
    end the open interest was counted.
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

    @classmethod
    def from_rows(
        cls,
        frame: pd.DataFrame,
        *,
        symbol: str | None = None,
        asof: datetime | None = None,
        spot: float | None = None,
        spot_ts: datetime | None = None,
        spot_source: str = "given",
        source: str,
        detail: str = "",
        feed: str | None = None,
        prev_close: float = float("nan"),
        notes: tuple[str, ...] = (),
    ) -> Chain:
        """A checked chain from rows with some or all of COLUMNS.

        Required: strike, right, and expiry_ts_utc or expiry (date) with root; other absent columns are missing (NaN).
        symbol, asof, spot, spot_ts, prev_close and feed may come as columns (underlying, asof_utc, …) instead.
        Row numbers in errors count from 1, after the frame's index when that is a number.
        Raises DataError for rows that break the canonical row: a contract twice, numbers that are negative, infinite or
        no numbers, an unknown right, times without an offset, several instants or underlyings; each names file, row,
        value and cure.
        """
        from feeds.chains.canonical import Source, arranged, canonical, one_of

        place = Source(detail or source, frame)
        rows = canonical(frame, place)
        told = list(notes)
        held = one_of(rows["underlying"], "underlyings", place, "choose one with symbol=")
        if symbol is None and held is None:
            raise DataError(f"{place.name}: nobody says what the underlying is; give symbol= or a column underlying")
        if symbol is not None and held is not None and held != symbol:
            told.append(f"column underlying holds {held}, loaded as {symbol}")
        name = str(symbol if symbol is not None else held)
        instant = _instant(rows, asof, place)
        rows["asof_utc"] = instant
        rows["underlying"] = name
        if rows["root"].isna().any():
            rows["root"] = rows["root"].fillna(name)
        if rows["multiplier"].isna().all():
            told.append("no multiplier in the source: exposures in dollars need one per contract")
        price = _alone(frame, "spot", place) if spot is None else float(spot)
        before = prev_close if math.isfinite(prev_close) else _alone(frame, "prev_close", place)
        for what, value in (("spot", price), ("prev_close", before)):
            if math.isinf(value) or value <= 0:
                raise DataError(f"{place.name}: {what} {value:g} must be above 0 and finite; leave it out when unknown")
        seen = _alone_time(frame, "spot_ts", place) if spot_ts is None else spot_ts
        if seen is None and math.isfinite(price):
            seen = instant
        rate = feed or ("REALTIME" if (rows["feed"] == "REALTIME").all() else "DELAYED")
        rows["feed"] = rows["feed"].fillna(rate)
        return cls(
            symbol=name,
            asof=_moment(instant, "asof", place.name),
            rows=arranged(rows, place),
            spot=price,
            spot_ts=None if seen is None else _moment(seen, "spot_ts", place.name),
            spot_source=spot_source if math.isfinite(price) else "",
            source=source,
            detail=detail,
            feed=rate,
            prev_close=before,
            notes=tuple(told),
        )


def _instant(rows: pd.DataFrame, asof: datetime | None, place: Any) -> pd.Timestamp:
    """The instant of the chain [UTC]."""
    import pandas as pd

    from feeds.chains.canonical import one_of

    held = one_of(rows["asof_utc"], "instants in asof_utc", place, "choose one with asof=")
    if asof is None:
        if held is None:
            raise DataError(f"{place.name}: nobody says when the chain was seen; give asof= or a column asof_utc")
        place.refuse(rows["asof_utc"].isna(), rows["asof_utc"], "asof_utc is missing; write the chain's instant")
        return pd.Timestamp(held).tz_convert("UTC")
    if asof.tzinfo is None:
        raise DataError(f"{place.name}: asof {asof} has no UTC offset; give an aware datetime")
    wanted = pd.Timestamp(asof).tz_convert("UTC").as_unit("ns")
    if held is not None and pd.Timestamp(held) != wanted:
        raise DataError(f"{place.name}: asof_utc is {held}, not {wanted}; leave asof= out or correct it")
    return wanted


def _alone(frame: pd.DataFrame, name: str, place: Any) -> float:
    """The only value of an optional number column, NaN when there is none."""
    from feeds.chains.canonical import number, one_of

    if name not in frame.columns:
        return math.nan
    value = one_of(number(frame, name, place), f"values of {name}", place, "a chain has one; split the file by instant")
    return math.nan if value is None else float(value)


def _alone_time(frame: pd.DataFrame, name: str, place: Any) -> Any:
    from feeds.chains.canonical import one_of, times

    if name not in frame.columns:
        return None
    return one_of(times(frame, name, place), f"values of {name}", place, "a chain has one; split the file by instant")


def _moment(value: Any, what: str, name: str) -> datetime:
    """An aware UTC datetime, to the microsecond."""
    import pandas as pd

    stamp = pd.Timestamp(value)
    if stamp.tzinfo is None:
        raise DataError(f"{name}: {what} {value} has no UTC offset; give an aware datetime")
    moment: datetime = stamp.tz_convert("UTC").floor("us").to_pydatetime(warn=False)
    return moment.astimezone(UTC)
