"""Bars: the one table of prices that indicators, strategies and engines read."""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds.errors import ConfigError, DataError
from feeds.gaps import Gaps, find_gaps
from feeds.instrument import Instrument
from feeds.sessions import Sessions, sessions
from feeds.timeframe import timeframe_name

Floats = NDArray[np.float64]

PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, eq=False, repr=False)
class Bars:
    """Closed bars of one instrument, oldest first; immutable, equal by fingerprint.

    frame: DataFrame, index `time` = close of each bar (datetime64[ns, UTC], strictly increasing), float64 columns open
    high low close [price], volume [units, absent when the source has none], then joined columns.
    source: where they come from; timeframe: length of a bar; adjusted: prices corrected for splits or dividends (None:
    unknown); synthetic: not a market; notes: everything that was done to the source.
    Use `feeds.load` to make them: it validates. The constructor checks only the index and the columns' types.
    """

    _frame: pd.DataFrame
    instrument: Instrument
    source: str
    timeframe: pd.Timedelta
    adjusted: bool | None = None
    synthetic: bool = False
    notes: tuple[str, ...] = ()
    _cache: dict[str, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_frame", self._frame.copy(deep=False))  # a copy on write: the caller's stays apart
        index = self._frame.index
        if not isinstance(index, pd.DatetimeIndex) or str(index.dtype) != "datetime64[ns, UTC]":
            raise DataError(f"{self.source}: the index must be datetime64[ns, UTC], not {index.dtype}; use feeds.load")
        if len(index) == 0:
            raise DataError(f"{self.source}: no bars; choose a span that holds some")
        if not (index.is_monotonic_increasing and index.is_unique):
            raise DataError(f"{self.source}: bar times must increase strictly; feeds.load tells which row does not")
        wrong = [str(name) for name in self._frame.columns if self._frame[name].dtype != np.float64]
        missing = [name for name in PRICES if name not in self._frame.columns]
        if wrong or missing:
            raise DataError(f"{self.source}: columns not float64: {wrong}, missing: {missing}; use feeds.load")

    @property
    def frame(self) -> pd.DataFrame:
        """The table. A copy on write: changing it does not change the bars."""
        return self._frame.copy(deep=False)

    @property
    def symbol(self) -> str:
        """Symbol of the instrument."""
        return self.instrument.symbol

    @property
    def calendar(self) -> str:
        """Name of the instrument's trading calendar."""
        return self.instrument.calendar

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns held (those derived by `column` are not listed)."""
        return tuple(map(str, self._frame.columns))

    @cached_property
    def times(self) -> pd.DatetimeIndex:
        """Close time of each bar, aware UTC, nanoseconds."""
        return pd.DatetimeIndex(self._frame.index)

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions of the calendar around these bars."""
        closes = self.times.asi8
        return sessions(self.calendar, int(closes[0]), int(closes[-1]))

    @cached_property
    def gaps(self) -> Gaps:
        """Holes against the calendar."""
        return find_gaps(self.times.asi8, self.timeframe.value, self.sessions)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) over the symbol, the close times and every column, by name and value."""
        digest = hashlib.sha256(f"{self.symbol}\n".encode())
        digest.update(self.times.asi8.astype("<i8").tobytes())
        for name in self._frame.columns:
            values = self._frame[name].to_numpy()
            digest.update(f"\n{name}\n".encode())
            digest.update(np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self._frame)

    def __eq__(self, other: object) -> bool:
        return self.fingerprint == other.fingerprint if isinstance(other, Bars) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __getstate__(self) -> dict[str, Any]:
        """What travels to another process: the data without anything derived from them."""
        names = [item.name for item in dataclasses.fields(self) if item.init]
        return {"_cache": {}, **{name: getattr(self, name) for name in names}}

    def __repr__(self) -> str:
        kind = {True: "adjusted", False: "raw", None: "adjusted or raw unknown"}[self.adjusted]
        kind = "synthetic" if self.synthetic else kind
        return (
            f"Bars({self.symbol}: {len(self):,} x {timeframe_name(self.timeframe)}, {self.times[0]:%Y-%m-%d %H:%M} to "
            f"{self.times[-1]:%Y-%m-%d %H:%M} UTC, {self.calendar}, {kind}, {self.gaps}, {self.source}, "
            f"columns {' '.join(self.columns)}, fingerprint {self.fingerprint[:12]})"
        )

    def column(self, name: str) -> Floats:
        """One column as a read-only, contiguous float64 array with a value per bar.

        Beside the columns held: `time` [epoch seconds], `session` (number of the trading session, equal for the bars of
        one session and growing), and for any longer timeframe "4h.open", "4h.high", "4h.low", "4h.close", "4h.volume"
        (the last bar of that timeframe completed by this bar's close; NaN before the first) and "4h.count" (how many
        have completed). Computed once. Raises DataError naming a column that does not exist and those that do.
        """
        found = self._cache.get(name)
        if found is None:
            values = np.array(self._compute(name), dtype=np.float64)
            values.flags.writeable = False
            self._cache[name] = found = values
        return found

    def _compute(self, name: str) -> Floats:
        if name in self._frame.columns:
            return self._frame[name].to_numpy()
        if name == "time":
            closes = self.times.asi8
            return closes // 1_000_000_000 + (closes % 1_000_000_000) / 1e9
        if name == "session":
            return self.sessions.days[self.sessions.locate(self.times.asi8)[0]].astype(np.float64)
        if isinstance(name, str) and "." in name:
            from feeds.resampling import higher_column

            return higher_column(self, name)
        raise self._no_column(name)

    def _no_column(self, name: object) -> DataError:
        near = difflib.get_close_matches(str(name), [*self.columns, "time", "session"], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return DataError(
            f"{self.source}: no column {name!r}{hint} Present: {', '.join(self.columns)}; derived: time, session, "
            f"'<timeframe>.<column>', '<timeframe>.count'. Join or load what is missing"
        )

    def join(self, table: pd.DataFrame | Bars, *, on: str = "available_at", prefix: str) -> Bars:
        """Add columns of another table, each row visible from the first bar that closes strictly after it was known.

        A backward as-of join with one bar of delay: the bar that closes at `available_at` never sees the row.
        table: one numeric column per value and the aware times `on` at which a row became known (strictly increasing);
        another Bars is joined by its close times. New columns are named `<prefix>_<name>`; NaN before the first row.
        Raises DataError or ConfigError naming table, row, value and cure.
        """
        from feeds.joining import join

        return join(self, table, on=on, prefix=prefix)

    def resample(self, timeframe: str | pd.Timedelta) -> Bars:
        """Longer bars that close on the calendar; only whole ones.

        Bars start at the session's open and the last one of a session ends with it ("4h" on XNYS: 09:30-13:30 and
        13:30-16:00); "1d" is one session, "1w" the sessions of a week from Monday. The first one is left out when the
        series starts within it, the last one when the series ends before it; bars outside the sessions take no part.
        Each is noted. Joined columns keep their last value. Raises ConfigError for a timeframe that does not fit.
        """
        from feeds.resampling import resample

        return resample(self, timeframe)

    def window(self, start: Any = None, end: Any = None) -> Bars:
        """The bars that close from start to end, both included. A time without zone is UTC; a bare date
        (month, year) as the end means the whole of it. Raises DataError when no bar is left."""
        low = instant(start) if start is not None else self.times[0]
        high = instant(end, end=True) if end is not None else self.times[-1]
        closes = self.times
        first, last = closes.searchsorted(low, side="left"), closes.searchsorted(high, side="right")
        if first >= last:
            raise DataError(
                f"{self.source}: no bar closes from {low} to {high}; the bars run from {closes[0]} to {closes[-1]}"
            )
        return dataclasses.replace(self, _frame=self._frame.iloc[first:last])

    def with_instrument(self, instrument: Instrument) -> Bars:
        """The same bars with other contract terms (tick, lot, multiplier, margins, calendar)."""
        if instrument.calendar == self.calendar:
            return dataclasses.replace(self, instrument=instrument)
        note = (
            f"calendar changed from {self.calendar} to {instrument.calendar}: sessions and gaps follow it, stamps stay"
        )
        return dataclasses.replace(self, instrument=instrument, notes=(*self.notes, note))


def instant(value: Any, *, end: bool = False) -> pd.Timestamp:
    """A time as an aware UTC Timestamp. No zone: UTC. A bare year, month or date: its start, or with `end` its last
    instant. Text is read as ISO 8601 only: 05.06.2015 means one day in Berlin and another in New York."""
    form = _ISO.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        known = form is not None or isinstance(value, (datetime.date, np.datetime64))
        stamp = pd.Timestamp(value) if known else pd.NaT
    except (ValueError, TypeError, OverflowError):
        stamp = pd.NaT
    if pd.isna(stamp):
        raise ConfigError(f"{value!r} is no time; write it like '2024-01-31' or '2024-01-31 14:30'")
    stamp = (stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")).as_unit("ns")
    if not end:
        return stamp
    if form is not None and form["clock"] is None:
        whole = pd.DateOffset(days=1) if form["day"] else pd.DateOffset(months=1 if form["month"] else 12)
        return stamp + whole - pd.Timedelta(1, unit="ns")
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return stamp + pd.Timedelta(days=1) - pd.Timedelta(1, unit="ns")
    return stamp


_ISO = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d{2})(-(?P<day>\d{2})(?P<clock>[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
    r"\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?)?)?"
)
