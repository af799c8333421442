"""The stretch of bars that a run covers: one time line over all symbols, and where decisions begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError, DataError
from strategies.base import Strategy

if TYPE_CHECKING:
    import pandas as pd

    from feeds.bars import Bars


@dataclass(frozen=True)
class Window:
    """Stamps `first` … `last - 1` of the union of the symbols' close times.

    rows[t, s]: number of symbol s's bar at stamp t in its own bars, -1 when it has none. begin[s]: the symbol's own
    bar on which its decisions begin. sizes[s]: its bars up to the window's end.
    """

    symbols: tuple[str, ...]
    bars: tuple[Bars, ...]
    stamps: pd.DatetimeIndex
    rows: np.ndarray
    sizes: np.ndarray
    begin: np.ndarray
    first: int
    last: int

    @property
    def times(self) -> pd.DatetimeIndex:
        """Close times of the window's stamps."""
        return self.stamps[self.first : self.last]

    def column(self, symbol: int, name: str) -> np.ndarray:
        """A column of one symbol up to the window's end."""
        return np.asarray(self.bars[symbol].column(name))[: self.sizes[symbol]]

    def matrix(self, name: str) -> np.ndarray:
        """A column of all symbols by stamp, NaN where a symbol has no bar."""
        found = np.full(self.rows.shape, np.nan)
        for s in range(len(self.symbols)):
            here = self.rows[:, s] >= 0
            found[here, s] = self.column(s, name)[self.rows[here, s]]
        return found


def as_mapping(bars: Any) -> dict[str, Bars]:
    """One Bars or a mapping of symbol to Bars, as a mapping in declared order."""
    if isinstance(bars, Mapping):
        if not bars:
            raise DataError("no bars were given")
        return dict(bars)
    return {bars.symbol: bars}


def make_window(strategy: Strategy, bars: Any, start: Any = None, end: Any = None) -> Window:
    """Line up the symbols. DataError when a column that the strategy reads is missing, or when the history before
    `start` (or in all) is shorter than the warm-up."""
    import pandas as pd

    from feeds.bars import instant

    given = as_mapping(bars)
    symbols, series = tuple(given), tuple(given.values())
    for one in series:
        _check_columns(strategy, one)
    times = [one.times for one in series]
    until = None if end is None else instant(end, end=True)
    kept = [index if until is None else index[index <= until] for index in times]
    if until is not None and start is not None and instant(start) > until:
        raise DataError(f"the window starts {instant(start)}, after its end {until}; exchange them")
    stamps = kept[0]
    for index in kept[1:]:
        stamps = stamps.union(index)
    if len(stamps) == 0:
        raise DataError(f"no bars up to {until}; the data begin {min(index[0] for index in times)}")
    rows = np.full((len(stamps), len(series)), -1, dtype=np.int64)
    for s, index in enumerate(kept):
        rows[stamps.get_indexer(index), s] = np.arange(len(index))
    sizes = np.array([len(index) for index in kept])
    warmup = strategy.warmup
    begin = np.full(len(series), warmup - 1, dtype=np.int64)
    if start is None:
        ready = [int(stamps.searchsorted(index[warmup - 1])) for index in kept if len(index) >= warmup]
        if not ready:
            raise DataError(
                f"{strategy!r} needs {warmup} bars before its first decision; the longest of "
                f"{', '.join(symbols)} has {sizes.max()}: load more history"
            )
        first = min(ready)
    else:
        since = instant(start)
        first = int(stamps.searchsorted(since))
        if first >= len(stamps):
            raise DataError(f"the window starts {since}, after the last bar {stamps[-1]}")
        before = [int(index.searchsorted(since)) for index in kept]
        if max(before) < warmup - 1:
            longest = kept[int(np.argmax(sizes))]
            raise DataError(
                f"{strategy!r} needs {warmup - 1} bars before {since} to warm up and has {max(before)}: "
                f"load earlier history or start at {longest[min(warmup, len(longest)) - 1]}"
            )
        begin = np.maximum(begin, np.array(before))
    return Window(symbols, series, pd.DatetimeIndex(stamps), rows, sizes, begin, first, len(stamps))


def _check_columns(strategy: Strategy, bars: Bars) -> None:
    for name in strategy.columns():
        try:
            bars.column(name)
        except (DataError, ConfigError) as error:
            raise type(error)(f"{type(strategy).__name__} reads column {name!r} of {bars.symbol}: {error}") from error
