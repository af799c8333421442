"""Trading sessions of a calendar: when a market opens and closes, and to which session an instant belongs."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds.errors import ConfigError, DataError

Ints = NDArray[np.int64]

DAY = 86_400_000_000_000  # nanoseconds
ALWAYS = "24/7"
FX = "FX"
_BUILT_IN = (ALWAYS, FX)


@dataclass(frozen=True)
class Sessions:
    """The sessions of one calendar over a span, in time order. All times are UTC nanoseconds since 1970.

    days: date that names each session [days since 1970-01-01]; opens, closes: its first and last instant.
    starts, ends: the stretches in which it trades (a session with a lunch break has two).
    """

    name: str
    zone: str
    days: Ints
    opens: Ints
    closes: Ints
    starts: Ints
    ends: Ints
    _before: Ints = field(init=False, repr=False)  # trading time before each stretch

    def __post_init__(self) -> None:
        lengths = self.ends - self.starts
        object.__setattr__(self, "_before", np.concatenate(([0], np.cumsum(lengths)[:-1])))

    def locate(self, times: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """Index of the session each bar close belongs to, and whether the close lies inside it (open < t <= close).

        A close between two sessions belongs to the earlier one while the exchange's date is still that session's,
        else to the next one.
        """
        following = np.minimum(np.searchsorted(self.closes, times, side="left"), len(self.closes) - 1)
        inside = (self.opens[following] < times) & (times <= self.closes[following])
        if inside.all():
            return following, inside
        earlier = np.maximum(following - 1, 0)
        same_day = local_days(times - 1, self.zone) <= self.days[earlier]
        return np.where(~inside & same_day, earlier, following), inside

    def covers(self, starts: Ints) -> NDArray[np.bool_]:
        """Whether an instant lies in a session (open <= t < close): the test for the start of a bar."""
        index = np.minimum(np.searchsorted(self.closes, starts, side="right"), len(self.closes) - 1)
        return (self.opens[index] <= starts) & (starts < self.closes[index])

    def elapsed(self, times: Ints) -> Ints:
        """Trading time [ns] from the first session of the table to each instant; closed hours do not count."""
        index = np.maximum(np.searchsorted(self.starts, times, side="right") - 1, 0)
        within = np.clip(times - self.starts[index], 0, self.ends[index] - self.starts[index])
        return np.asarray(self._before[index] + within, dtype=np.int64)

    def close_of_day(self, days: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """Close of the session named by each date, and whether the date names one."""
        index = np.minimum(np.searchsorted(self.days, days), len(self.days) - 1)
        return self.closes[index], self.days[index] == days


def local_days(times: Ints, zone: str) -> Ints:
    """Days since 1970-01-01 on the wall clock of a time zone."""
    if zone == "UTC":
        return times // DAY
    wall = pd.DatetimeIndex(times, tz="UTC").tz_convert(zone).tz_localize(None).as_unit("ns")
    return wall.asi8 // DAY


def check_calendar(name: str) -> str:
    """The calendar's name if it is known. Raises ConfigError with the nearest names if not."""
    if name in _BUILT_IN:
        return name
    if not isinstance(name, str):
        raise ConfigError(f"calendar={name!r} must be a name such as '24/7', 'FX', 'XNYS' or 'CMES'")
    from exchange_calendars import get_calendar_names

    known = [*_BUILT_IN, *get_calendar_names()]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or ["24/7", "FX", "XNYS", "CMES"]
        raise ConfigError(f"calendar {name!r} is unknown; did you mean {', '.join(map(repr, near))}?")
    return name


def sessions(name: str, first: int, last: int) -> Sessions:
    """Sessions of a calendar that surround the span from first to last [UTC ns], with weeks to spare on both sides.

    name: "24/7" (days of UTC), "FX" (17:00 to 17:00 New York, Monday to Friday, no holidays) or any name known to
    exchange_calendars. Raises ConfigError for an unknown name, DataError when the calendar does not reach that far.
    """
    years = pd.DatetimeIndex([first - 40 * DAY, last + 40 * DAY]).year
    return _table(check_calendar(name), int(years[0]), int(years[1]))


@lru_cache(maxsize=64)
def sessions_per_year(name: str) -> int:
    """Trading days in a usual year, to annualise daily figures: 365 for "24/7", 261 for "FX", 252 for "XNYS".

    The mean over 2010 to 2019, rounded. Raises ConfigError for an unknown calendar.
    """
    table = _table(check_calendar(name), 2010, 2019)
    return round(len(table.days) / 10)


@lru_cache(maxsize=64)
def _table(name: str, first_year: int, last_year: int) -> Sessions:
    first, last = pd.Timestamp(first_year, 1, 1), pd.Timestamp(last_year, 12, 31)
    if name == ALWAYS:
        days = np.arange(first.value // DAY, last.value // DAY + 1, dtype=np.int64)
        return Sessions(name, "UTC", days, days * DAY, (days + 1) * DAY, days * DAY, (days + 1) * DAY)
    if name == FX:
        dates = pd.date_range(first, last, freq="B").as_unit("ns")
        closes = (dates + pd.Timedelta(hours=17)).tz_localize("America/New_York").asi8
        opens = (dates - pd.Timedelta(hours=7)).tz_localize("America/New_York").asi8
        return Sessions(name, "America/New_York", dates.asi8 // DAY, opens, closes, opens, closes)
    return _exchange(name, first, last)


def _exchange(name: str, first: pd.Timestamp, last: pd.Timestamp) -> Sessions:
    import exchange_calendars

    try:
        calendar = exchange_calendars.get_calendar(name, start=first, end=last)
    except ValueError:  # some calendars are known for a limited span only
        usual = exchange_calendars.get_calendar(name)
        lowest, highest = usual.bound_min() or first, usual.bound_max() or last
        first, last = max(first, lowest), min(last, highest)
        if first >= last:
            raise DataError(f"calendar {name} is known from {lowest} to {highest} only; cut the data to that") from None
        calendar = exchange_calendars.get_calendar(name, start=first, end=last)
    schedule = calendar.schedule
    columns = {part: _nanoseconds(schedule[part]) for part in ("open", "break_start", "break_end", "close")}
    pause = schedule["break_start"].notna().to_numpy()
    starts = np.sort(np.concatenate((columns["open"], columns["break_end"][pause])))
    ends = np.sort(np.concatenate((columns["close"], columns["break_start"][pause])))
    days = pd.DatetimeIndex(schedule.index).as_unit("ns").asi8 // DAY
    return Sessions(name, str(calendar.tz), days, columns["open"], columns["close"], starts, ends)


def _nanoseconds(column: pd.Series) -> Ints:
    return pd.DatetimeIndex(column).as_unit("ns").asi8
