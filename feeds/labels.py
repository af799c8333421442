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
_FEW = 5  # nor are so many that fit longer bars so well that one in a million (2 ** -20) would by accident
_LONGEST = 3660 * DAY
_MONTH = 30 * DAY
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def usual_step(raw: RawTable, stamps: Stamps) -> int:
    """The most common step between times [ns], the shortest of equals. Raises DataError for a single row."""
    steps = np.diff(stamps.times.asi8)
    if len(steps) == 0:
        raise DataError(f"{raw.name}: one row does not show how long a bar is; give timeframe, e.g. timeframe='1h'")
    values, counts = np.unique(steps, return_counts=True)
    step = int(values[np.argmax(counts)])
    if not 0 < step <= _LONGEST:
        row = int(np.argmax(steps == step))
        first, second = (f"{stamp:%Y-%m-%d}" for stamp in stamps.times[row : row + 2])
        raise DataError(f"{raw.name}, row {raw.rows[row + 1]}: {second} is more than ten years after row "
                        f"{raw.rows[row]}'s {first}; correct the times")  # fmt: skip
    return step


def check_one_timeframe(raw: RawTable, stamps: Stamps, step: int) -> None:
    """Refuse a source that is made of bars of two lengths: the longer ones would be shown before they closed.

    Gaps look the same for a while. So a run of longer steps counts when it is long, or when it is a run of whole days
    at midnight, of weeks, of months, or of equal steps on their own clock that is too regular for an accident. Whole
    days at another hour may be a market that trades once a day: a note tells of them.
    """
    times = _wall(stamps)
    steps = np.diff(times)
    kinds = _kinds(times, steps, step)
    starts, runs = _runs(kinds)
    lengths = kinds[starts]
    needed = np.maximum(_FEW, np.ceil(_RUN / np.log2(np.maximum(lengths / step, 1.0001))))
    on_clock = (step >= DAY) | (times[starts] % np.minimum(lengths, DAY) == 0)
    long = np.flatnonzero((lengths > step) & ((runs >= _RUN) | (on_clock & (runs >= needed))))
    if len(long):
        first, count = int(starts[long[0]]), int(runs[long[0]])
        apart = timeframe_name(int(lengths[long[0]]))
        if (steps[first : first + count] != steps[first]).any():
            apart = "a month" if lengths[long[0]] == _MONTH else "whole days"
        raise DataError(
            f"{raw.name}, row {raw.rows[first]}: from here {count} rows are {apart} apart, "
            f"most others {timeframe_name(step)}: bars of two lengths; load each alone or give timeframe="
        )
    starts, runs = _runs(steps % DAY)
    days = np.flatnonzero((steps[starts] % DAY == 0) & (runs >= max(_FEW, _RUN / np.log2(max(DAY / step, 1.0001)))))
    if step < DAY and len(days):
        first = int(starts[days[0]])
        raw.notes.append(
            f"from row {raw.rows[first]} on {runs[days[0]]} rows are whole days apart, most others "
            f"{timeframe_name(step)}: if they are longer bars, they are shown before they closed; load each alone"
        )


def _wall(stamps: Stamps) -> Ints:
    """The times on the source's own clock."""
    return (stamps.times.tz_localize(None) if stamps.times.tz is not None else stamps.times).asi8


def _runs(values: Ints) -> tuple[Ints, Ints]:
    """Where runs of equal values start, and how long they are."""
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]]) if len(values) else np.empty(0, dtype=np.int64)
    return starts, np.diff(np.r_[starts, len(values)])


def _kinds(times: Ints, steps: Ints, step: int) -> Ints:
    """The length of bar that each step may show: a day from midnight to midnight over weekends, a month, or itself."""
    kinds = steps.copy()
    if step < DAY:
        midnight = times % DAY == 0
        kinds[midnight[:-1] & midnight[1:]] = DAY
    elif step < 28 * DAY:
        kinds[(steps > 27.9 * DAY) & (steps < 31.1 * DAY)] = _MONTH
    return kinds


def note_idle_weekdays(raw: RawTable, stamps: Stamps, label: str | None, calendar: str, step: int) -> None:
    """Note days of the week without a single bar, where the calendar says that every day trades."""
    if calendar != ALWAYS or step >= _WEEK:
        return
    instants = label == "close" and not stamps.bare  # a close at midnight belongs to the day before
    days = np.unique((_wall(stamps) - (1 if instants else 0)) // DAY)
    idle = np.flatnonzero(np.bincount((days + 3) % 7, minlength=7) == 0)  # day 0 was a Thursday
    if len(days) >= _RUN and len(idle):
        names = " or ".join(_WEEKDAYS[day] for day in idle)
        raw.notes.append(
            f"no bar on a {names}, but calendar {ALWAYS} trades every day: figures per year count 365 days; "
            "give the market's calendar= (command line: --calendar), e.g. 'XNYS' or 'FX'"
        )


def close_times(
    raw: RawTable, stamps: Stamps, utc: Ints, label: str | None, zone: str | None, calendar: str, step: int
) -> Ints:
    """Close of each bar [UTC ns]. label: what the source's times mark; None is read as "open". step: bar length."""
    table = sessions(calendar, int(utc[0]), int(utc[-1]) + step)
    if calendar != ALWAYS and (step >= DAY or stamps.bare):
        days = _session_days(stamps, utc, label, table)
        if days is not None:
            return _closes_of_days(raw, days, label, table, step)
    if label == "close" and stamps.bare:
        where = zone or "UTC"
        raw.notes.append(f"dates without a clock name days: each bar is stamped at the end of its day in {where}")
        return localize(raw, stamps.times + pd.Timedelta(1, unit="D"), where)
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
    if step <= DAY:
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
