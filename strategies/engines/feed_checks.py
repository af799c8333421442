"""What a backtrader script's feeds must be before anything trades on them."""

from __future__ import annotations

from itertools import product
from math import inf
from typing import Any, NoReturn

import backtrader as bt
import numpy as np
import pandas as pd

from feeds.bars import PRICES
from feeds.errors import ConfigError, DataError
from indicators.engines.backtrader import refuse_replay
from strategies.engines.feed import BarsFeed, days_of


def check_feeds(owner: Any, datas: list[Any]) -> list[int]:
    """Numbers of the feeds whose prices are not known yet: `check_bar` them bar by bar.

    ConfigError for a feed that replays or is made of another one; DataError for a price that is none and for stamps
    of two feeds that backtrader cannot tell apart.
    """
    for data in datas:
        refuse_replay(data, type(owner).__name__)
    _refuse_relatives(datas)
    _refuse_merged_stamps(datas)
    preloaded = owner.cerebro._dopreload
    return [s for s, data in enumerate(datas) if not _checked_whole(data, preloaded)]


def name_of(data: Any) -> str:
    """A feed's name in messages."""
    return repr(getattr(data, "_name", "") or type(data).__name__)


# -- prices --------------------------------------------------------------------------------------------------------


def check_bar(data: Any) -> None:
    """DataError when a price of the feed's present bar is not a finite number above 0."""
    for alias in PRICES:
        value = getattr(data.lines, alias)[0]
        if not 0.0 < value < inf:
            _refuse_price(data, alias, value, len(data), data.lines.datetime[0])


def _checked_whole(data: Any, preloaded: bool) -> bool:
    """Check all bars at once, when they are there: those that backtrader has loaded, and our own."""
    if not preloaded and (not isinstance(data, BarsFeed) or data._filters):
        return False
    for alias in PRICES:
        values = _whole(data, alias, preloaded)
        wrong = ~((values > 0.0) & (values < inf))
        if wrong.any():
            bar = int(wrong.argmax())
            _refuse_price(data, alias, float(values[bar]), bar + 1, float(_whole(data, "datetime", preloaded)[bar]))
    return True


def _whole(data: Any, alias: str, preloaded: bool) -> np.ndarray:
    if preloaded:
        return np.array(getattr(data.lines, alias).array, dtype=np.float64)[: data.buflen()]
    return np.asarray(data.whole(alias))


def _refuse_price(data: Any, alias: str, value: float, bar: int, day: float) -> NoReturn:
    raise DataError(
        f"feed {name_of(data)}, bar {bar}, {bt.num2date(day):%Y-%m-%d %H:%M:%S}: {alias} price {value} is no finite "
        "number above 0; fix the source or load it with feeds.load(..., repair='drop')"
    )


# -- stamps --------------------------------------------------------------------------------------------------------


def _exact_times(data: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Nanoseconds of a feed's bars and backtrader's numbers for them; None where nobody knows the nanoseconds."""
    if data._filters or getattr(data.p, "tzinput", None):
        return None
    if isinstance(data, BarsFeed):
        return data.times.asi8, data.days
    if isinstance(data, bt.feeds.PandasData):
        column = data._colmapping["datetime"]
    elif isinstance(data, bt.feeds.PandasDirectData):
        column = data.p.datetime - 1 if data.p.datetime else None
    else:
        return None
    frame = data.p.dataname
    times = pd.DatetimeIndex(frame.index if column is None else frame.iloc[:, column]).as_unit("ns").asi8
    days = days_of(pd.DatetimeIndex(times // 1_000 * 1_000))  # a datetime holds whole microseconds
    inside = (days >= data.fromdate) & (days <= data.todate)
    return times[inside], days[inside]


def _refuse_merged_stamps(datas: list[Any]) -> None:
    """Two bars of different times are one stamp to backtrader when their numbers of days are equal."""
    known = [(s, found) for s, data in enumerate(datas) if (found := _exact_times(data)) is not None]
    if sum(len(found[0]) > 0 for _, found in known) < 2:
        return
    times = np.concatenate([found[0] for _, found in known])
    days = np.concatenate([found[1] for _, found in known])
    feeds = np.concatenate([np.full(len(found[0]), s) for s, found in known])
    order = np.lexsort((times, days))
    times, days, feeds = times[order], days[order], feeds[order]
    starts = np.flatnonzero(np.r_[True, np.diff(days) > 0])
    ends = np.r_[starts[1:], len(days)]
    several = (times[starts] != times[ends - 1]) & (
        np.minimum.reduceat(feeds, starts) != np.maximum.reduceat(feeds, starts)
    )
    if several.any():
        group = range(starts[several.argmax()], ends[several.argmax()])
        a, b = next((a, b) for a, b in product(group, group) if times[a] < times[b] and feeds[a] != feeds[b])
        raise DataError(
            f"feed {name_of(datas[feeds[a]])} has a bar at {pd.Timestamp(times[a])}, feed {name_of(datas[feeds[b]])} "
            f"one at {pd.Timestamp(times[b])}: to backtrader, which counts in steps of about 10 microseconds, both are "
            "one stamp; round the times of both feeds alike (frame.index.round('1ms')), or run "
            "optimize.backtest(..., engine='event'), which keeps them apart"
        )


# -- one market, once ----------------------------------------------------------------------------------------------


def _source(data: Any) -> Any:
    """The feed that a clone reads."""
    while data._clone:
        data = data.data
    return data


def _same_market(one: Any, other: Any) -> bool:
    """Clones of one feed; or, when one is resampled, two feeds of the same columns of the same table."""
    first, second = _source(one), _source(other)
    if first is second:
        return True
    if not (one.resampling or other.resampling):
        return False
    read = [[getattr(root.p, name, None) for name in ("datetime", *PRICES)] for root in (first, second)]
    table, same = (getattr(root.p, "bars", None) or root.p.dataname for root in (first, second))
    one_table = table is same or (isinstance(table, str) and table == same)
    return table is not None and one_table and read[0] == read[1]


def _refuse_relatives(datas: list[Any]) -> None:
    for k, data in enumerate(datas):
        for other in datas[:k]:
            if _same_market(data, other):
                raise ConfigError(
                    f"feeds {name_of(other)} and {name_of(data)} are one market, of which the account would hold two "
                    "positions; feed it once, and let the strategy read its longer bars by "
                    "HigherTimeframe(Ema(period=20), '4h')"
                )
