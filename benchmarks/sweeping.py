"""A grid through the product's own sweep, as `optimize.sweep` runs it, without its threads and its table on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optimize.backtest import backtest
from optimize.grid import Grid
from optimize.parameter_sets import ParameterSets
from optimize.sweep_engine import SweepEngine

if TYPE_CHECKING:
    from feeds.bars import Bars
    from optimize.run import Run
    from strategies.execution.account import Account


class Swept:
    """Combinations 0 … `sets` - 1 of a grid over the same stretch of bars.

    Decisions begin on bar `first`, the longest warm-up of all; `last` is one past the last bar. Indicators are ready
    before `run`, as peers' signals are.
    """

    def __init__(self, grid: Grid, bars: Bars, account: Account, periods: float, sets: int | None = None) -> None:
        self.grid, self.bars, self.account = grid, bars, account
        self.numbers = np.arange(len(grid) if sets is None else min(sets, len(grid)))
        self.sets = ParameterSets(grid)
        self.batch = self.sets.of(self.numbers)
        self.first, self.last = int(self.batch.warmup.max()) - 1, len(bars)
        self.start = bars.times[self.first]
        self.engine = SweepEngine(self.sets, bars, account, self.start, None, periods)

    def __len__(self) -> int:
        return len(self.numbers)

    def run(self) -> dict[str, np.ndarray]:
        """Every figure of every combination."""
        return self.engine.run(self.numbers)

    def backtest(self, number: int, engine: str = "vector") -> Run:
        """One combination on its own."""
        strategy: Any = self.grid.cls(**self.grid.values(number))
        return backtest(strategy, self.bars, engine, start=self.start, account=self.account)
