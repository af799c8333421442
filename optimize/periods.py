"""How many bars a year has, to annualise figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from feeds.bars import Bars
    from optimize.run import Run

DAY = 86_400_000_000_000  # nanoseconds
YEAR = 365.2425 * DAY


def periods_per_year(bars: Bars) -> float:
    """Bars in a usual year of the bars' calendar and timeframe.

    Daily: the calendar's trading days (365 for "24/7", 261 for "FX", 252 for "XNYS"). Weeks: 52. Longer than a day:
    trading days over days. Shorter: "24/7" 365 days over the timeframe (8760 hours); exchanges: the mean number of
    bars that fill the real sessions of 2010 to 2019, short last bars and early closes counted (XNYS hourly: 1755, seven
    in a full session).
    """
    from feeds.sessions import ALWAYS, sessions, sessions_per_year

    length = bars.timeframe.value
    if length % (7 * DAY) == 0:
        return 52.0 / (length // (7 * DAY))
    if length >= DAY:
        return sessions_per_year(bars.calendar) * DAY / length
    if bars.calendar == ALWAYS:
        return 365.0 * DAY / length
    first, last = (int(np.datetime64(day, "ns").astype(np.int64)) for day in ("2010-01-01", "2020-01-01"))
    table = sessions(bars.calendar, first, last)
    inside = (table.starts >= first) & (table.starts < last)
    filled = -((table.starts - table.ends)[inside] // length)
    return float(round(filled.sum() / 10))


def run_periods(run: Run) -> float:
    """Stamps per year of a run: `periods_per_year` if its symbols share calendar, timeframe and grid, else counted."""
    stamps = run.equity.index
    if not counted(run):
        return max(periods_per_year(one) for one in run.bars.values())
    return float((len(stamps) - 1) * YEAR / (stamps[-1] - stamps[0]).value)


def counted(run: Run) -> bool:
    """Whether the run's stamps are no single grid: its symbols' bars differ in length or calendar, or close between
    each other's."""
    kinds = {(one.calendar, one.timeframe.value) for one in run.bars.values()}
    return len(run.equity) > 1 and (len(kinds) > 1 or _between(run.bars, run.equity.index))


def _between(bars: Mapping[str, Bars], stamps: pd.Index) -> bool:
    """True when some symbol's stamps fall between another's (10:00 and 10:30 in hourly bars), so that the stamps of all
    of them together are more than the bars of one."""
    import pandas as pd

    if len(bars) == 1:
        return False
    own = [np.diff(one.times.asi8).min() for one in bars.values() if len(one.times) > 1]
    return bool(own) and bool(np.diff(pd.DatetimeIndex(stamps).asi8).min() < min(own))
