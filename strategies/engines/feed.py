"""Bars as a backtrader feed."""

from __future__ import annotations

from array import array
from math import inf
from typing import Any, ClassVar

import backtrader as bt
import numpy as np

from feeds.bars import Bars

EPOCH_DAY = 719163.0
PRICES = ("close", "low", "high", "open", "volume")


class BarsFeed(bt.feed.DataBase):
    """Feeds Bars; made by `bars_feed`. Times inside backtrader are naive UTC close times."""

    params = (("bars", None), ("columns", ()), ("size", None))

    def __init__(self) -> None:
        super().__init__()
        bars: Bars = self.p.bars
        size = len(bars.times) if self.p.size is None else self.p.size
        self._name: str = self._name or bars.symbol
        self.instrument = bars.instrument
        seconds = bars.times.as_unit("ns").asi8[:size] / 1e9
        zeros = np.zeros(size)
        present = set(bars.frame.columns)
        self.absent = frozenset(PRICES) - present
        self._arrays: list[np.ndarray] = []
        for alias in self.getlinealiases():
            if alias == "datetime":
                self._arrays.append(EPOCH_DAY + seconds / 86400.0)
            elif alias in PRICES:
                self._arrays.append(
                    np.asarray(bars.column(alias))[:size] if alias in present else np.full(size, np.nan)
                )
            elif alias in self.extra:
                self._arrays.append(np.asarray(bars.column(self.extra[alias]))[:size])
            else:
                self._arrays.append(zeros)
        self._size, self._at = size, 0

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
        """Fill the lines at once; the same state as loading bar by bar and rewinding."""
        for line, values in zip(self.lines, self._arrays, strict=False):
            line.array = array("d", values.tobytes())
            line.idx, line.lencount, line.extension = self._size - 1, self._size, 0
        self._at = self._size
        self._last()
        self.home()


def bars_feed(bars: Bars, columns: tuple[str, ...] = (), size: int | None = None) -> bt.feed.DataBase:
    """A backtrader feed of Bars with the named extra columns as lines; `size` cuts the end."""
    extra = {f"column_{k}": name for k, name in enumerate(name for name in columns if name not in PRICES)}
    lines = {name: 7 + k for k, name in enumerate(extra.values())}
    cls = type("BarsFeed", (BarsFeed,), {"lines": tuple(extra), "extra": extra, "column_lines": lines})
    return cls(bars=bars, columns=tuple(columns), size=size, name=bars.symbol)


def instrument_of(data: Any) -> Any:
    """The feed's Instrument; a plain one named after the feed when it has none."""
    from feeds.instrument import Instrument

    found = getattr(data, "instrument", None)
    return found if found is not None else Instrument(getattr(data, "_name", "") or "data")
