"""Longer bars from shorter ones, closed on the trading calendar."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds.errors import ConfigError, DataError
from feeds.sessions import ALWAYS, DAY, Ints, Sessions
from feeds.timeframe import parse_timeframe, timeframe_name

if TYPE_CHECKING:
    from feeds.bars import Bars

_WEEK = 7 * DAY


def resample(bars: Bars, timeframe: str | pd.Timedelta) -> Bars:
    """See `Bars.resample`."""
    length = parse_timeframe(timeframe)
    frame, notes = _higher(bars, length)
    if len(frame) == 0:
        raise DataError(f"{bars.source}: no whole bar of {timeframe} within {len(bars)} bars; load a longer span")
    return dataclasses.replace(bars, _frame=frame, timeframe=length, notes=(*bars.notes, *notes))


def higher_column(bars: Bars, name: str) -> NDArray[np.float64]:
    """Column "4h.close" and its like: the last completed longer bar as of each close, NaN before the first."""
    text, _, part = name.rpartition(".")
    try:
        length = parse_timeframe(text)
    except ConfigError:
        raise bars._no_column(name) from None
    key = f"resampled {length.value}"
    if key not in bars._cache:
        frame, _ = _higher(bars, length)
        bars._cache[key] = frame, frame.index.searchsorted(bars.times, side="right")
    frame, completed = bars._cache[key]
    if part == "count":
        return np.array(completed, dtype=np.float64)
    if part not in frame.columns:
        raise bars._no_column(name)
    values: NDArray[np.float64] = np.concatenate(([np.nan], frame[part].to_numpy()))
    return np.take(values, completed)


def _higher(bars: Bars, length: pd.Timedelta) -> tuple[pd.DataFrame, list[str]]:
    """Whole bars of a longer timeframe, and what was left out."""
    closes, step = bars.times.asi8, bars.timeframe.value
    _check_fit(bars, length)
    index, inside = bars.sessions.locate(closes)
    used = np.flatnonzero(inside)
    starts, ends = _bounds(closes[used], index[used], length.value, bars.sessions)
    first = np.flatnonzero(np.r_[True, ends[1:] != ends[:-1]]) if len(used) else np.empty(0, dtype=np.int64)
    name = timeframe_name(length)
    notes = [f"resampled from {timeframe_name(bars.timeframe)} to {name}"]
    if outside := len(closes) - len(used):
        notes.append(f"{outside} bars outside the sessions of {bars.calendar} take no part")
    begins = np.maximum(closes[used] - step, bars.sessions.opens[index[used]])
    if straddling := int((begins < starts).sum()) - int(len(used) > 0 and begins[0] < starts[0]):
        notes.append(f"{straddling} bars begin before the bar of {name} in which they close")
    whole = ends[first] <= closes[-1]
    if len(first) and not whole[-1]:
        notes.append(f"unfinished last bar of {name} left out (it closes at {_text(ends[-1])})")
    if len(first) and closes[used[0]] - step > starts[0]:
        notes.append(f"first bar of {name} left out: the series starts within it ({_text(starts[0])})")
        whole[0] = False
    return _aggregate(bars.frame.iloc[used], first, ends[first])[whole], notes


def _check_fit(bars: Bars, length: pd.Timedelta) -> None:
    wanted, step = length.value, bars.timeframe.value
    name, own = timeframe_name(length), timeframe_name(bars.timeframe)
    if wanted < step or (wanted % step and wanted < DAY):
        raise ConfigError(f"timeframe {name} does not fit {bars.symbol}'s bars of {own}: it must be a multiple of them")
    if wanted > DAY and wanted % DAY:
        raise ConfigError(f"timeframe {name} is neither within a day nor whole days; use '1d' or '1w'")
    if wanted > DAY and wanted % _WEEK and bars.calendar != ALWAYS:
        raise ConfigError(f"timeframe {name} has no fixed start on calendar {bars.calendar}; use '1d' or '1w'")


def _bounds(closes: Ints, index: Ints, length: int, calendar: Sessions) -> tuple[Ints, Ints]:
    """Start and end of the longer bar that each bar belongs to. All bars lie inside their session."""
    opens, ends = calendar.opens[index], calendar.closes[index]
    if length < DAY:
        steps = -(-(closes - opens) // length)
        return opens + (steps - 1) * length, np.minimum(opens + steps * length, ends)
    if length == DAY:
        return opens, ends
    shift = 3 if length % _WEEK == 0 else 0  # day 0 was a Thursday; weeks start on Monday
    group = (calendar.days + shift) // (length // DAY)
    own = group[index]
    return (
        calendar.opens[np.searchsorted(group, own, side="left")],
        calendar.closes[np.searchsorted(group, own, side="right") - 1],
    )


def _aggregate(frame: pd.DataFrame, first: Ints, ends: Ints) -> pd.DataFrame:
    """One row per longer bar; `first`: position of the first short bar of each."""
    last = np.r_[first[1:], len(frame)] - 1
    columns = {}
    for name in frame.columns:
        values = frame[name].to_numpy()
        if len(first) == 0:
            columns[name] = np.empty(0)
        elif name == "open":
            columns[name] = values[first]
        elif name == "high":
            columns[name] = np.maximum.reduceat(values, first)
        elif name == "low":
            columns[name] = np.minimum.reduceat(values, first)
        elif name == "volume":
            columns[name] = np.add.reduceat(values, first)
        else:
            columns[name] = values[last]
    return pd.DataFrame(columns, index=pd.DatetimeIndex(ends, tz="UTC", name="time"))


def _text(nanoseconds: np.int64) -> str:
    return f"{pd.Timestamp(int(nanoseconds), tz='UTC'):%Y-%m-%d %H:%M} UTC"
