"""The windows of a walk-forward as bar numbers, and its returns by trading session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from feeds.bars import Bars
    from optimize.walkforward.result import Choice, Fold

MONDAY = 4  # 1970-01-05, in days since 1970


def train_window(bars: Bars, choice: Choice) -> tuple[int, int]:
    """First bar that trials trade on, and the one after the last."""
    return int(bars.times.searchsorted(choice.first)), int(bars.times.searchsorted(choice.last, side="right"))


def test_window(bars: Bars, fold: Fold) -> tuple[int, int]:
    """First bar of the test window, and the one after the last."""
    return int(bars.times.searchsorted(fold.times[0])), int(bars.times.searchsorted(fold.times[-1], side="right"))


def days_of(bars: Bars, times: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Trading session of each stamp, as days since 1970 (UTC days for "24/7")."""
    return np.asarray(bars.sessions.days[bars.sessions.locate(times.asi8)[0]], dtype=np.int64)


def weeks_of(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Week of each day, Monday to Sunday, as a growing number."""
    return (days - MONDAY) // 7


def compounded(returns: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """One return for every stretch of equal `groups`, which never fall: ∏(1 + r) - 1."""
    if not len(returns):
        return np.zeros(0)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(groups)) + 1))
    values: NDArray[np.float64] = np.multiply.reduceat(1.0 + returns, starts) - 1.0
    return values


def daily(
    bars: Bars, times: pd.DatetimeIndex, returns: NDArray[np.float64], periods: float
) -> tuple[NDArray[np.float64], float]:
    """Returns per trading session, and how many of them a year has; bars of a day or longer stay as they are.

    periods: bars per year."""
    from feeds.sessions import DAY, sessions_per_year

    if bars.timeframe.value >= DAY:
        return returns, periods
    return compounded(returns, days_of(bars, times)), float(sessions_per_year(bars.calendar))


def shortened(returns: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """At most `most` returns over equal numbers of periods, compounded along the first axis; the last may hold fewer
    periods."""
    step = -(-len(returns) // most)
    values: NDArray[np.float64] = np.multiply.reduceat(1.0 + returns, np.arange(0, len(returns), step), axis=0) - 1.0
    return values
