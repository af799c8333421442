"""The result of a sweep: its table, the best rows, and any row as a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError
from indicators.declaration import suggestion
from optimize.grid import Grid
from optimize.sweep_figures import FIGURES
from optimize.sweep_store import SweepStore
from strategies.base import Strategy
from strategies.execution.account import Account

if TYPE_CHECKING:
    import pandas as pd

    from feeds.bars import Bars
    from optimize.backends.pool import Deliveries
    from optimize.run import Run

BEST = ("sharpe", False)


class Sweep:
    """Rows are combinations that the strategy's rule allows. Figures are those of `backtest`; none of them was made on
    data that the choice of a row has not seen: the best row of a sweep is no forecast.

    complete: False when Ctrl-C ended it. folder: where its parts lie. deliveries: what other processes were sent, None
    with threads.
    """

    def __init__(
        self, grid: Grid, series: Sequence[Bars], account: Account, start: Any, end: Any, store: SweepStore,
        complete: bool, temporary: TemporaryDirectory[str] | None, deliveries: Deliveries | None = None,
    ) -> None:  # fmt: skip
        self.grid, self.series, self.account, self.start, self.end = grid, list(series), account, start, end
        self.store, self.complete, self._temporary, self.deliveries = store, complete, temporary, deliveries

    @property
    def folder(self) -> Any:
        return self.store.folder

    @property
    def table(self) -> pd.DataFrame:
        """All rows: set (number of the combination), symbol and timeframe where there are several, axes, figures.

        Read from disk each time; take `top` of a sweep that is larger than memory.
        """
        import pandas as pd

        frames = [frame for frame in self.store.frames() if len(frame)]
        return pd.concat(frames, ignore_index=True) if frames else self.store.empty()

    def top(self, count: int = 10, by: str = "sharpe", *, least: bool = False, trades: int = 0) -> pd.DataFrame:
        """The best rows by a figure (the smallest with `least`), of those with at least `trades` closed trades; rows
        where the figure is undefined are left out."""
        import pandas as pd

        if by not in FIGURES:
            raise ConfigError(f"no figure is called {by!r}{suggestion(by, list(FIGURES))}")
        best = self.store.empty()
        for frame in self.store.frames():
            kept = frame[(frame["trades"] >= trades) & frame[by].notna()]
            best = pd.concat([best, kept]) if len(best) else kept
            best = best.sort_values(by, ascending=least, kind="stable").head(count)
        return best.reset_index(drop=True)

    def strategy(self, number: int) -> Strategy:
        """The strategy of combination `number` (column `set`)."""
        return self.grid.cls(**self.grid.values(int(number)))

    def run(self, number: int, series: int = 0) -> Run:
        """Combination `number` through `backtest`, with its ledger and equity curve."""
        from optimize.backtest import backtest

        return backtest(self.strategy(number), self.series[series], "vector", self.start, self.end, self.account)

    def portfolio(self, rows: Any) -> Any:
        """vectorbt Portfolio of one combination, or a list of them for several.

        rows: a number of column `set`, numbers, or rows of `table` (with their own symbol and timeframe).
        """
        if hasattr(rows, "to_dict") and "set" in rows:
            found = rows.to_dict("records") if hasattr(rows, "columns") else [rows.to_dict()]
            runs = [self.run(int(row["set"]), self.series_of(row)) for row in found]
            return [run.portfolio for run in runs] if hasattr(rows, "columns") else runs[0].portfolio
        if np.ndim(rows) == 0:
            return self.run(int(rows)).portfolio
        return [self.run(int(number)).portfolio for number in rows]

    def series_of(self, row: Mapping[Any, Any]) -> int:
        """Number of the bars in `series` that a row of the table was made on."""
        for number, (symbol, timeframe) in enumerate(self.store.symbols):
            if row.get("symbol", symbol) == symbol and row.get("timeframe", timeframe) == timeframe:
                return number
        raise ConfigError(f"no series of this sweep is {row.get('symbol')} {row.get('timeframe')}")

    def __len__(self) -> int:
        import pyarrow.parquet as pq

        return sum(int(pq.read_metadata(part).num_rows) for part in self.store.parts())

    def __repr__(self) -> str:
        state = "" if self.complete else ", interrupted"
        axes = " x ".join(f"{name}[{len(values)}]" for name, values in self.grid.axes.items())
        return f"<Sweep of {self.grid.cls.__name__}: {len(self):,} rows of {axes}{state}>"
