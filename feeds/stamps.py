"""Times of bars: parsing, time zones, and moving open stamps to the close."""

from __future__ import annotations

import datetime
import zoneinfo
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from feeds.errors import ConfigError, DataError
from feeds.reading import RawTable
from feeds.sessions import ALWAYS, DAY, Ints

_EPOCHS = (("s", 1e8, 1e10), ("ms", 1e11, 1e13), ("us", 1e14, 1e16), ("ns", 1e17, 1e19))
_DIGITS = {10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}  # moments that are written as one number
_DATES = ("%Y{0}%m{0}%d", "%d{0}%m{0}%Y", "%m{0}%d{0}%Y")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")


@dataclass(frozen=True)
class Stamps:
    """Times as the source wrote them. dates: every one is a midnight of its own clock, so it names a day; times are
    naive then, and zone is the clock if the source gave one. bare: dates written without clock and zone."""

    times: pd.DatetimeIndex  # naive or aware, nanoseconds
    dates: bool
    zone: datetime.tzinfo | None = None
    bare: bool = False

    def keep(self, mask: Any) -> Stamps:
        """The times where mask is True."""
        return replace(self, times=self.times[mask])


def check_zone(tz: str | None) -> str | None:
    """The zone's name if it is known. Raises ConfigError if not."""
    if tz is not None:
        try:
            zoneinfo.ZoneInfo(tz)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            raise ConfigError(f"tz={tz!r} is no time zone; write it like 'UTC', 'America/New_York'") from None
    return tz


def parse(raw: RawTable, time_format: str | None) -> Stamps:
    """Times of a table from strings, datetimes, or epoch numbers. Raises DataError with row, value and cure."""
    column = raw.frame["time"]
    absent = np.flatnonzero(column.isna().to_numpy())
    if len(absent):
        raise DataError(f"{raw.name}, row {raw.rows[absent[0]]}: time is missing; delete the row or write its time")
    clock = False
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        if time_format:
            raise ConfigError(f"{raw.name}: time_format={time_format!r}, but the times are dates already; leave it out")
        times = pd.DatetimeIndex(column)
    elif pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        times, clock = _from_numbers(raw, column, time_format)
    else:
        times, clock = _from_text(raw, column, time_format)
    far = np.flatnonzero((times.year < 1900) | (times.year > 2200))
    if len(far):
        raise DataError(
            f"{raw.name}, row {raw.rows[far[0]]}: time {column.iloc[far[0]]} is not between 1900 and 2200; correct it"
        )
    times = times.as_unit("ns")
    wall = times.tz_localize(None) if times.tz is not None else times
    dates = bool((wall.asi8 % DAY == 0).all())
    return Stamps(wall if dates else times, dates, times.tz, dates and not clock and times.tz is None)


def _from_numbers(raw: RawTable, column: pd.Series, time_format: str | None) -> tuple[pd.DatetimeIndex, bool]:
    """Times, and whether they were written with a clock."""
    values = column.to_numpy(dtype=np.float64)
    low, high = values.min(), values.max()
    whole = bool(np.all(values % 1 == 0)) if np.isfinite(values).all() else False
    form = time_format
    if form is None and whole and low >= 19_000_101 and high <= 21_001_231:
        form = "%Y%m%d"
    if form is None and whole:
        form = _moments(raw, values)
    if form:
        text = pd.Series([f"{value:.0f}" for value in values], index=raw.frame.index)
        return _strict(raw, text, form, "correct time_format" if time_format else "correct the row"), _has_clock(form)
    units = np.full(len(values), "", dtype=object)
    for unit, least, most in _EPOCHS:
        units[(values >= least) & (values < most)] = unit
    unit = units[0]
    if not unit or (units != unit).any():
        raise _no_epoch(raw, column, units)
    raw.notes.append(f"times read as {unit} since 1970 UTC")
    factor = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]
    if pd.api.types.is_integer_dtype(column.dtype):
        return pd.DatetimeIndex(column.to_numpy(dtype=np.int64) * factor, tz="UTC"), True
    down = np.floor(values)  # fractions to the microsecond: a double holds no more of a present-day time
    micro = np.round((values - down) * (factor / 1000)).astype(np.int64)
    return pd.DatetimeIndex(down.astype(np.int64) * factor + micro * 1000, tz="UTC"), True


def _moments(raw: RawTable, values: Any) -> str | None:
    """The form of numbers such as 202401020930, if they are moments of the calendar and no epoch.

    Of a hundred epochs with as many digits one is a moment by accident, so most of them say which the column holds.
    """
    digits = len(f"{values.max():.0f}")
    form = _DIGITS.get(digits)
    if form is None or values.min() < 1900 * 10 ** (digits - 4) or values.max() >= 2101 * 10 ** (digits - 4):
        return None
    known = pd.to_datetime(pd.Series([f"{value:.0f}" for value in values]), format=form, errors="coerce").notna()
    if known.mean() <= 0.5:
        return None
    raw.notes.append(f"times read as {form}")
    return form


def _no_epoch(raw: RawTable, column: pd.Series, units: Any) -> DataError:
    """What is wrong with numbers that are not all in one unit: the first one that is none, or not as most are."""
    none = np.flatnonzero(units == "")
    if len(none):
        row = int(none[0])
        wrong = f"time {column.iloc[row]} is no epoch in s, ms, us or ns"
        return DataError(f"{raw.name}, row {raw.rows[row]}: {wrong}; convert it or give time_format")
    names, counts = np.unique(units.astype(str), return_counts=True)
    usual = str(names[np.argmax(counts)])
    row = int(np.flatnonzero(units != usual)[0])
    return DataError(
        f"{raw.name}, row {raw.rows[row]}: time {column.iloc[row]} is in {units[row]} since 1970, most others are in "
        f"{usual}; convert it"
    )


def _from_text(raw: RawTable, column: pd.Series, time_format: str | None) -> tuple[pd.DatetimeIndex, bool]:
    """Times, and whether they were written with a clock."""
    text = column.astype(str).str.strip()
    if time_format:
        return _strict(raw, text, time_format), _has_clock(time_format)
    aware = has_offset(text)
    mixed = np.flatnonzero(aware != aware[0])
    if len(mixed):
        row = int(mixed[0])
        raise DataError(f"{raw.name}, row {raw.rows[row]}: time {text.iloc[row]!r}: some have an offset, some none")
    parsed = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=bool(aware[0]))
    known = parsed.notna().to_numpy()
    clock = bool(text.str.contains(r":|\d[T ]\d", regex=True).any())
    if known.all():
        return pd.DatetimeIndex(parsed), clock
    first = text.iloc[0]
    if known[0]:
        row = int(np.flatnonzero(~known)[0])
        raise DataError(f"{raw.name}, row {raw.rows[row]}: time {text.iloc[row]!r} is no time; correct the source")
    number = pd.to_numeric(text, errors="coerce")
    if number.notna().mean() > 0.5:
        wrong = np.flatnonzero(number.isna().to_numpy())
        if not len(wrong):
            return _from_numbers(raw, number, None)
        raise DataError(f"{raw.name}, row {raw.rows[wrong[0]]}: time {text.iloc[wrong[0]]!r} is no number, as most "
                        "others are; correct the source")  # fmt: skip
    readings = _readings(text, next((mark for mark in "/.-" if mark in first), ""))
    if len(readings) == 1:
        form, times = readings[0]
        raw.notes.append(f"dates read as {form.split()[0]}")
        return times, clock
    fault = "could be day or month first" if readings else "is no time"
    raise DataError(f"{raw.name}, row {raw.rows[0]}: time {first!r} {fault}; give time_format, e.g. '%d.%m.%Y %H:%M'")


def _has_clock(form: str) -> bool:
    return any(part in form for part in ("%H", "%I", "%c", "%X", "%T"))


def _readings(text: pd.Series, mark: str) -> list[tuple[str, pd.DatetimeIndex]]:
    """Ways to read dates with numbers only."""
    found = []
    for date in _DATES if mark else ():
        for clock in _CLOCKS:
            form = date.format(mark) + clock
            times = pd.to_datetime(text, format=form, errors="coerce")
            if times.notna().all():
                found.append((form, pd.DatetimeIndex(times)))
                break
    return found


def _strict(raw: RawTable, text: pd.Series, form: str, cure: str = "correct time_format") -> pd.DatetimeIndex:
    times = pd.to_datetime(text, format=form, errors="coerce", utc="%z" in form)
    wrong = np.flatnonzero(times.isna().to_numpy())
    if len(wrong):
        row = int(wrong[0])
        raise DataError(f"{raw.name}, row {raw.rows[row]}: time {text.iloc[row]!r} does not match {form!r}; {cure}")
    return pd.DatetimeIndex(times)


def has_offset(text: pd.Series) -> Any:
    """Which times were written with an offset from UTC."""
    offset = text.str.contains(r"(?:[zZ]|[+-]\d\d:?(?:\d\d)?)$", regex=True).to_numpy()
    return offset & text.str.contains(":").to_numpy()


def to_utc(raw: RawTable, stamps: Stamps, tz: str | None, calendar: str) -> Ints:
    """The stamps as UTC nanoseconds; dates on an exchange calendar stay at midnight UTC, for they name sessions."""
    times = stamps.times
    if stamps.zone is not None and tz is not None and str(stamps.zone) != tz:
        raise ConfigError(f"{raw.name}: tz={tz!r}, but the times carry their own zone, {stamps.zone}; leave tz out")
    if times.tz is not None:
        return times.tz_convert("UTC").asi8
    if stamps.dates and calendar != ALWAYS:
        return times.asi8
    zone = stamps.zone or tz
    if zone is None:
        what = "date" if stamps.dates else "time"
        cure = "calendar='XNYS' for its sessions or tz='UTC'" if stamps.dates else "tz, e.g. tz='UTC'"
        raise DataError(f"{raw.name}, row {raw.rows[0]}: {what} {times[0]} has no time zone; give {cure}")
    return localize(raw, times, zone)


def localize(raw: RawTable, times: pd.DatetimeIndex, tz: str | datetime.tzinfo) -> Ints:
    """Wall-clock times of a zone as UTC nanoseconds. Raises DataError for times that clock changes skip or repeat."""
    aware = times.tz_localize(tz, ambiguous="NaT", nonexistent="NaT")
    if aware.hasnans:
        row = int(np.flatnonzero(aware.isna())[0])
        absent = times[row : row + 1].tz_localize(tz, ambiguous=np.array([True]), nonexistent="NaT").hasnans
        fault = "does not exist (the clocks went forward)" if absent else "occurs twice (the clocks went back)"
        raise DataError(
            f"{raw.name}, row {raw.rows[row]}: time {times[row]} {fault} in {tz}; store times in UTC or with an offset"
        )
    return aware.tz_convert("UTC").asi8


def check_order(raw: RawTable, times: Ints) -> None:
    """Raise DataError at the first time that does not come after the one before."""
    wrong = np.flatnonzero(times[1:] <= times[:-1])
    if len(wrong):
        row = int(wrong[0]) + 1
        written = raw.frame["time"].iloc[row]
        if times[row] == times[row - 1]:
            raise DataError(
                f"{raw.name}, row {raw.rows[row]}: time {written} repeats row {raw.rows[row - 1]}; keep one of the two"
            )
        raise DataError(
            f"{raw.name}, row {raw.rows[row]}: time {written} comes before row {raw.rows[row - 1]}'s "
            f"{raw.frame['time'].iloc[row - 1]}; sort the rows by time"
        )
