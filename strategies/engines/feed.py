"""Bars as a backtrader feed."""

from __future__ import annotations

from array import array
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

import backtrader as bt
import numpy as np

from feeds.bars import Bars

if TYPE_CHECKING:
    import pandas as pd

EPOCH_DAY = 719163.0
DAY = 86_400_000_000_000  # nanoseconds
PRICES = ("close", "low", "high", "open", "volume")


def days_of(times: pd.DatetimeIndex) -> np.ndarray:
    """Times as backtrader counts them, the same numbers as its date2num: days in steps of about 10 microseconds."""
    days, rest = np.divmod(times.as_unit("ns").asi8, DAY)
    return np.asarray(EPOCH_DAY + days + rest / DAY)


def distinct_days(times: pd.DatetimeIndex) -> np.ndarray:
    """The same for increasing times, each number above the one before: times that would fall together are put one
    step apart."""
    steps = np.arange(len(times))
    return (np.maximum.accumulate(days_of(times).view(np.int64) - steps) + steps).view(np.float64)


class BarsFeed(bt.feed.DataBase):
    """Feeds Bars; made by `bars_feed`. Times inside backtrader are naive UTC close times."""

    params = (("bars", None), ("columns", ()), ("size", None), ("days", None))

    def __init__(self) -> None:
        super().__init__()
        bars: Bars = self.p.bars
        size = len(bars.times) if self.p.size is None else self.p.size
        self._name: str = self._name or bars.symbol
        self.instrument = bars.instrument
        self.times = bars.times[:size]
        self.days: np.ndarray = days_of(self.times) if self.p.days is None else self.p.days
        zeros = np.zeros(size)
        present = set(bars.frame.columns)
        self.absent = frozenset(PRICES) - present
        self._arrays: list[np.ndarray] = []
        for alias in self.getlinealiases():
            if alias == "datetime":
                self._arrays.append(self.days)
            elif alias in PRICES:
                self._arrays.append(
                    np.asarray(bars.column(alias))[:size] if alias in present else np.full(size, np.nan)
                )
            elif alias in self.extra:
                self._arrays.append(np.asarray(bars.column(self.extra[alias]))[:size])
            else:
                self._arrays.append(zeros)
        self._size, self._at = size, 0

    def whole(self, alias: str) -> np.ndarray:
        """All values of a line."""
        return self._arrays[self.getlinealiases().index(alias)]

    extra: ClassVar[dict[str, str]] = {}
    column_lines: ClassVar[dict[str, int]] = {}

    def start(self) -> None:
        super().start()
        self._at = 0

    def _load(self) -> bool:
        if self._at >= self._size:
            return False
        for line, values in zip(self.lines, self._arrays, strict=False):
            line[0] = values[self._at]
        self._at += 1
        return True

    def __len__(self) -> int:
        return self.lines.lines[0].lencount

    def advance(self, size: int = 1, datamaster: Any = None, ticks: bool = True) -> None:
        """A bar on, once preloaded. Nothing happens inside a bar, so backtrader's tick prices need no filling."""
        if datamaster is not None:
            super().advance(size, datamaster, ticks)
            return
        for line in self.lines.lines:
            line._idx += size
            line.lencount += size

    def advance_peek(self) -> float:
        """Time of the next bar, once preloaded; infinity after the last one."""
        times = self.lines.datetime
        return float(times.array[times._idx + 1]) if times.lencount < len(times.array) else inf

    def preload(self) -> None:
        """Fill the lines at once; the same state as loading bar by bar and rewinding. Filters see bar by bar."""
        if self._filters:
            super().preload()
            return
        for line, values in zip(self.lines, self._arrays, strict=False):
            line.array = array("d", values.tobytes())
            line.idx, line.lencount, line.extension = self._size - 1, self._size, 0
        self._at = self._size
        self._last()
        self.home()


def bars_feed(
    bars: Bars, columns: tuple[str, ...] = (), size: int | None = None, days: np.ndarray | None = None
) -> bt.feed.DataBase:
    """A backtrader feed of Bars with the named extra columns as lines; `size` cuts the end, `days` are the numbers that
    backtrader orders the bars by (by default those of their times)."""
    extra = {f"column_{k}": name for k, name in enumerate(name for name in columns if name not in PRICES)}
    lines = {name: 7 + k for k, name in enumerate(extra.values())}
    cls = type("BarsFeed", (BarsFeed,), {"lines": tuple(extra), "extra": extra, "column_lines": lines})
    return cls(bars=bars, columns=tuple(columns), size=size, days=days, name=bars.symbol)


def instrument_of(data: Any) -> Any:
    """The feed's Instrument; a plain one named after the feed when it has none."""
    from feeds.instrument import Instrument

    found = getattr(data, "instrument", None)
    return found if found is not None else Instrument(getattr(data, "_name", "") or "data")
