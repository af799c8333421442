"""Many combinations through the vector engine's `sweep`: indicators once, figures only, no equity curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import DataError
from indicators.engines.batch import arrays
from optimize.parameter_sets import ParameterSets
from optimize.sweep_figures import figures
from strategies.engines.window import make_window
from strategies.execution.account import Account
from strategies.execution.drivers import Shape, window_program
from strategies.execution.records import LEDGER
from strategies.execution.setup import account_record, empty_book, has_limits, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from feeds.bars import Bars


class SweepEngine:
    """One symbol's bars made ready for a grid's combinations.

    start, end: window as in `backtest`. Without `start` each combination begins where its own warm-up ends, as
    `backtest` does. `run` may be called from several threads: kernels release the interpreter's lock.
    """

    def __init__(self, sets: ParameterSets, bars: Bars, account: Account, start: Any, end: Any, periods: float) -> None:
        from feeds.bars import instant

        cls = sets.grid.cls
        self.sets, self.bars, self.account, self.periods = sets, bars, account, periods
        self.last = len(bars) if end is None else int(bars.times.searchsorted(instant(end, end=True), side="right"))
        self.since = None if start is None else int(bars.times.searchsorted(instant(start)))
        self.program = window_program(cls, Shape(limits=account.kind == "margin" or has_limits(account)))
        self._prices = [bars.column(name) for name in ("open", "high", "low", "close")]
        self._nothing = np.full(len(bars), np.nan)
        self._nothing.setflags(write=False)  # as columns are: one compiled driver serves both
        self._columns = [
            np.asarray(bars.column(name)) if sets.some_read(k) else self._nothing for k, name in sets.columns.items()
        ]
        self._pool = _pool(sets, bars)
        self._terms = terms_of([bars.instrument], account)
        self._start = account_record(account, cls.reverse)
        self._states = max(1, len(cls.state))
        self._check(start, end)
        self.run(np.zeros(0, dtype=np.int64))

    def _check(self, start: Any, end: Any) -> None:
        """The errors that `backtest` would raise for the first combination: too little history, wrong window."""
        grid = self.sets.grid
        first = next((k for k in range(len(grid)) if self.sets.possible(np.array([k]))[0]), None)
        if first is None:
            raise DataError(f"{grid.cls.__name__}: its own rule allows none of the grid's {len(grid):,} combinations")
        make_window(grid.cls(**grid.values(first)), self.bars, start, end)

    def run(self, numbers: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
        """Figures of combinations that are possible, by number. NaN where the history is shorter than the warm-up."""
        batch = self.sets.of(numbers)
        begin = batch.warmup - 1 if self.since is None else np.maximum(batch.warmup - 1, self.since)
        first = begin if self.since is None else np.full(len(numbers), self.since)
        short = (first >= self.last) | (batch.warmup - 1 > first)
        order = np.lexsort((begin, first, batch.unread))
        order = order[~short[order]]
        results = np.repeat(self._start, len(order))
        key = np.stack([first[order], begin[order], batch.unread[order]])
        picked = (batch.numbers[order], batch.depths[order], batch.picks[order])
        if not len(order):  # compiles, when nobody has yet, before threads ask for it
            self._simulate((0, 0), (0, 0, 0), results, picked)
        edges = np.flatnonzero(np.any(np.diff(key, axis=1) != 0, axis=0)) + 1
        for low, high in zip([0, *edges], [*edges, len(order)], strict=True):
            if low < high:
                self._simulate((int(low), int(high)), key[:, low], results, picked)
        found = figures(results, self.periods)
        filled = {}
        for name, values in found.items():
            filled[name] = np.full(len(numbers), np.nan)
            filled[name][order] = values
        return filled

    def _simulate(self, span: tuple[int, int], key: Iterable[int], results: Any, picked: tuple[Any, ...]) -> None:
        first, begin, unread = (int(one) for one in key)
        memory = np.full((1, self._states), np.nan)
        records = (self._terms, results, empty_book(1), empty_book(1), memory, np.zeros(0, LEDGER), np.zeros((0, 5)))
        window = (*span, first, self.last, begin)
        columns = [self._nothing if unread >> bit & 1 else column for bit, column in enumerate(self._columns)]
        self.program.call("sweep", *window, *self._prices, *records, *picked, self._pool, *columns)


def _pool(sets: ParameterSets, bars: Bars) -> NDArray[np.float64]:
    """Each distinct indicator output once, one row each."""
    cached: dict[Any, list[np.ndarray]] = {}
    pool = np.full((max(1, len(sets.sources)), len(bars)), np.nan)
    for row, source in enumerate(sets.sources):
        if source is not None:
            pool[row] = arrays(source[0], bars, cached)[source[1]]
    return pool
