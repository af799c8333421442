"""Holes in a series of bars, counted against the trading calendar."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from feeds.sessions import DAY, Ints, Sessions
from feeds.timeframe import timeframe_name


@dataclass(frozen=True)
class Gaps:
    """Holes: stretches in which the calendar trades and the series has no bar. Nothing is ever filled in.

    count: number of holes; missing: bars that would fill them; longest: the longest hole in trading time (sessions
    count as one day each for daily and longer bars); holes: (last close before, open of the first bar after) of each,
    UTC; fingerprint: sha256 over the holes, equal for two series with the same holes.
    """

    count: int
    missing: int
    longest: pd.Timedelta
    holes: tuple[tuple[pd.Timestamp, pd.Timestamp], ...]
    fingerprint: str

    def __str__(self) -> str:
        if not self.count:
            return "no gaps"
        holes = "1 gap" if self.count == 1 else f"{self.count:,} gaps"
        longest = timeframe_name(self.longest)
        return f"{holes}, {self.missing:,} bars missing, longest {longest}, from {self.holes[0][0]:%Y-%m-%d %H:%M}"


def find_gaps(times: Ints, timeframe: int, calendar: Sessions) -> Gaps:
    """Compare bar closes [UTC ns] with a calendar. timeframe: length of a bar [ns]."""
    lost = _lost(times, timeframe, calendar)
    where = np.flatnonzero(lost > 0)
    starts, ends = times[where], times[where + 1] - timeframe
    longest = int(lost[where].max()) if len(where) else 0
    digest = hashlib.sha256(np.column_stack((starts, ends)).astype("<i8").tobytes()).hexdigest()
    holes = tuple(zip(pd.DatetimeIndex(starts, tz="UTC"), pd.DatetimeIndex(ends, tz="UTC"), strict=True))
    missing = int(np.sum(-(-lost[where] // timeframe)))
    return Gaps(len(where), missing, pd.Timedelta(longest, unit="ns"), holes, digest)


def _lost(times: Ints, timeframe: int, calendar: Sessions) -> Ints:
    """Trading time [ns] without a bar between each bar and the next."""
    if timeframe < DAY:
        return np.diff(calendar.elapsed(times)) - timeframe
    index, _ = calendar.locate(times)
    if timeframe % (7 * DAY) == 0:  # weeks are counted by the calendar, whatever the day they close on
        return np.diff((calendar.days[index] + 3) // 7) * 7 * DAY - timeframe
    return np.diff(index) * DAY - timeframe
