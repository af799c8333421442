"""From the times a source wrote to the close of each bar."""

from __future__ import annotations

import numpy as np
import pandas as pd

from feeds.errors import DataError
from feeds.reading import RawTable
from feeds.sessions import ALWAYS, DAY, Ints, Sessions, sessions
from feeds.stamps import Stamps, localize
from feeds.timeframe import timeframe_name

_WEEK = 7 * DAY
_RUN = 20  # so many equal steps in a row are no gaps


def usual_step(raw: RawTable, stamps: Stamps) -> int:
    """The most common step between times [ns], the shortest of equals. Raises DataError for a single row."""
    steps = np.diff(stamps.times.asi8)
    if len(steps) == 0:
        raise DataError(f"{raw.name}: one row does not show how long a bar is; give timeframe, e.g. timeframe='1h'")
    values, counts = np.unique(steps, return_counts=True)
    return int(values[np.argmax(counts)])


def check_one_timeframe(raw: RawTable, stamps: Stamps, step: int) -> None:
    """Refuse a source that is made of bars of two lengths: the longer ones would be shown before they closed."""
    steps = np.diff(stamps.times.asi8)
    starts = np.flatnonzero(np.r_[True, steps[1:] != steps[:-1]]) if len(steps) else np.empty(0, dtype=np.int64)
    runs = np.diff(np.r_[starts, len(steps)])
    long = np.flatnonzero((runs >= _RUN) & (steps[starts] > step))
    if len(long):
        first, count = int(starts[long[0]]), int(runs[long[0]])
        raise DataError(
            f"{raw.name}, row {raw.rows[first]}: from here {count} rows are {timeframe_name(int(steps[first]))} apart, "
            f"most others {timeframe_name(step)}: bars of two lengths; load each alone or give timeframe="
        )


def close_times(
    raw: RawTable, stamps: Stamps, utc: Ints, label: str | None, zone: str | None, calendar: str, step: int
) -> Ints:
    """Close of each bar [UTC ns]. label: what the source's times mark; None is read as "open". step: bar length."""
    table = sessions(calendar, int(utc[0]), int(utc[-1]) + step)
    if calendar != ALWAYS and step >= DAY:
        days = _session_days(stamps, utc, label, table)
        if days is not None:
            return _closes_of_days(raw, days, label, table, step)
    if label == "close":
        return utc
    if step > _WEEK:
        raise DataError(f"{raw.name}: bars of about {step // DAY} days do not tell when they close; give label='close'")
    how = "times" if label else "no label given: times read as the open of each bar and"
    raw.notes.append(f"{how} moved to its close (+{timeframe_name(step)})")
    if calendar != ALWAYS and step == DAY:
        return _close_of_running_session(raw, utc, table)
    if stamps.dates and step % DAY == 0:  # days of 23 and 25 hours
        _check_steps(raw, stamps.times.asi8, step, None)
        return localize(raw, stamps.times + pd.Timedelta(step, unit="ns"), stamps.zone or zone or "UTC")
    closes = _check_steps(raw, utc, step, None if calendar == ALWAYS else table)
    return closes if calendar == ALWAYS else _cut(raw, utc, closes, table)


def check_closes(raw: RawTable, closes: Ints) -> None:
    """Raise DataError at the first bar that does not close after the one before it."""
    wrong = np.flatnonzero(np.diff(closes) <= 0)
    if len(wrong):
        row = int(wrong[0]) + 1
        stamp = pd.Timestamp(int(closes[row]), tz="UTC")
        raise DataError(
            f"{raw.name}, row {raw.rows[row]}: {raw.frame['time'].iloc[row]} belongs to a bar that closes at {stamp}, "
            f"as row {raw.rows[row - 1]} does; keep one row per bar or give label='close'"
        )


def _session_days(stamps: Stamps, utc: Ints, label: str | None, table: Sessions) -> Ints | None:
    """The dates that daily stamps name, or None when they are instants."""
    if stamps.dates and not (stamps.zone and label == "close"):
        return stamps.times.asi8 // DAY
    if label == "close":
        return None
    local = pd.DatetimeIndex(utc, tz="UTC").tz_convert(table.zone).tz_localize(None).asi8
    return local // DAY if (local % DAY == 0).all() else None


def _closes_of_days(raw: RawTable, days: Ints, label: str | None, table: Sessions, step: int) -> Ints:
    if step == DAY:
        closes, known = table.close_of_day(days)
        if not known.all():
            row = int(np.flatnonzero(~known)[0])
            raise DataError(
                f"{raw.name}, row {raw.rows[row]}: {_date(days[row])} is no session of {table.name}; "
                "check calendar= or delete the row"
            )
        raw.notes.append(f"dates name sessions of {table.name}: each bar is stamped at its session's close")
        return closes
    if label != "close" and step % _WEEK:
        raise DataError(f"{raw.name}: bars of about {step // DAY} days do not tell when they close; give label='close'")
    index = np.searchsorted(table.days, days + (0 if label == "close" else step // DAY - 1), side="right") - 1
    what = "last" if label == "close" else "first"
    raw.notes.append(f"dates read as the {what} day of each bar: stamped at the close of its last {table.name} session")
    closes = table.closes[index]
    empty = np.flatnonzero((table.days[index] < days) if label != "close" else np.r_[False, np.diff(closes) <= 0])
    if len(empty):
        row = int(empty[0])
        raise DataError(
            f"{raw.name}, row {raw.rows[row]}: {_date(days[row])} has no {table.name} session; check calendar="
        )
    return closes


def _close_of_running_session(raw: RawTable, utc: Ints, table: Sessions) -> Ints:
    """Daily bars stamped at an instant within their session."""
    running = table.covers(utc)
    if not running.all():
        row = int(np.flatnonzero(~running)[0])
        stamp = pd.Timestamp(int(utc[row]), tz="UTC")
        raise DataError(
            f"{raw.name}, row {raw.rows[row]}: {stamp} is in no session of {table.name}; "
            "check calendar= and tz=, or give label='close'"
        )
    return table.closes[np.searchsorted(table.closes, utc, side="right")]


def _check_steps(raw: RawTable, starts: Ints, step: int, table: Sessions | None) -> Ints:
    """Closes of bars that start at these times. A bar may be shorter than the others only when it starts with its
    session and the next starts on the clock (09:30, 10:00, 11:00): any other short step would show a bar too early."""
    closes = starts + step
    short = np.flatnonzero(np.diff(starts) < step)
    for row in short:
        following = starts[row + 1]
        opens_session = table is not None and bool((table.opens == starts[row]).any())
        if not (opens_session and step < DAY and following % step == 0):
            raise DataError(
                f"{raw.name}, row {raw.rows[row + 1]}: {raw.frame['time'].iloc[row + 1]} is less than a bar of "
                f"{timeframe_name(step)} after row {raw.rows[row]}; give label='close' or remove the row"
            )
        closes[row] = following
    return closes


def _cut(raw: RawTable, starts: Ints, closes: Ints, table: Sessions) -> Ints:
    """End the last bar of a session with it, unless the source also trades outside the sessions."""
    running = table.covers(starts)
    if not running.all():
        raw.notes.append(
            f"{int((~running).sum())} bars start outside the sessions of {table.name}: "
            "no close was cut at a session's end"
        )
        return closes
    ends = table.closes[np.searchsorted(table.closes, starts, side="right")]
    late = closes > ends
    if late.any():
        raw.notes.append(f"{int(late.sum())} bars end with their session on {table.name}, earlier than a full bar")
    return np.minimum(closes, ends)


def _date(day: np.int64) -> str:
    return str(np.datetime64(int(day), "D"))
