"""Time to settlement in years, from instants in microseconds since 1970 (UTC)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from feeds.errors import ConfigError
from indicators.options.black_scholes import Floats

Ints = NDArray[np.int64]

SECOND = 1_000_000
FLOOR = 300 * SECOND
"""Five minutes: gamma grows without bound as the time left goes to zero."""
CALENDAR_YEAR = 365 * 86_400 * SECOND
TRADING_YEAR = 252 * 6.5 * 3_600 * SECOND
DAY_COUNTS = ("act365", "bus252")


def to_settlement(settles: Ints, asof: int, day_count: str = "act365") -> Floats:
    """Years from `asof` to each settlement, at least five minutes; NaN for settlements that have passed.

    act365: calendar seconds / (365 days). bus252: hours in which the New York Stock Exchange trades / (252 days of
    6.5 hours), so that nights, weekends and holidays cost no time and an early close costs half a day.
    ConfigError: an unknown day count.
    """
    if day_count == "act365":
        left, year = settles - asof, float(CALENDAR_YEAR)
    elif day_count == "bus252":
        left, year = _trading_time(settles, asof), TRADING_YEAR
    else:
        raise ConfigError(f"day_count {day_count!r} is unknown; use {' or '.join(DAY_COUNTS)}")
    return np.where(settles > asof, np.maximum(left, FLOOR) / year, np.nan)


def _trading_time(settles: Ints, asof: int) -> Ints:
    from feeds.sessions import sessions

    known = np.concatenate(([asof], settles)) * 1_000
    table = sessions("XNYS", int(known.min()), int(known.max()))
    elapsed = table.elapsed(known) // 1_000
    return np.asarray(elapsed[1:] - elapsed[0], dtype=np.int64)
