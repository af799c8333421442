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

SMALLEST_FIRST = ("volatility", "fees", "ruined")
"""Figures whose best rows are those with the smallest values."""


def smallest_first(by: str) -> bool:
    """Whether the best rows by a figure have its smallest values. ConfigError when there is no such figure."""
    if by not in FIGURES:
        raise ConfigError(f"no figure is called {by!r}{suggestion(by, list(FIGURES))}")
    return by in SMALLEST_FIRST


def with_length(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row of the table for the eye: its timeframe, where it has one, as "1d"."""
    import pandas as pd

    from feeds.timeframe import timeframe_name

    told = {"timeframe": timeframe_name(pd.Timedelta(row["timeframe"]))} if "timeframe" in row else {}
    return {**row, **told}


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

    def top(self, count: int = 10, by: str = "sharpe", *, least: bool | None = None, trades: int = 0) -> pd.DataFrame:
        """The best rows by a figure, of those with at least `trades` closed trades; rows where the figure is undefined
        are left out.

        least: the smallest values come first; by default those of volatility, fees and ruined do, and of every other
        figure the largest (max_drawdown is negative: the largest is the mildest).
        """
        import pandas as pd

        least = smallest_first(by) if least is None else least
        best = self.store.empty()
        for frame in self.store.frames():
            kept = frame[(frame["trades"] >= trades) & frame[by].notna()]
            best = pd.concat([best, kept]) if len(best) else kept
            best = best.sort_values(by, ascending=least, kind="stable").head(count)
        return best.reset_index(drop=True)

    def strategy(self, number: int) -> Strategy:
        """The strategy of combination `number` (column `set`)."""
        return self.grid.cls(**self.grid.values(int(number)))

    def run(self, row: Any, series: int | None = None) -> Run:
        """One combination through `backtest`, with its ledger and equity curve.

        row: a row of `table`, or a number of column `set`. series: place of the bars in `series`; a number needs it
        when the sweep has several symbols or timeframes (ConfigError).
        """
        from optimize.backtest import backtest

        told = row if hasattr(row, "get") else {"set": row}
        bars = self.series[self.series_of(told) if series is None else series]
        return backtest(self.strategy(told["set"]), bars, "vector", self.start, self.end, self.account)

    def portfolio(self, rows: Any) -> Any:
        """vectorbt Portfolio of one combination, or a list of them for several.

        rows: a row or rows of `table`, or numbers of column `set` where the sweep has one symbol and one timeframe.
        """
        if hasattr(rows, "columns"):
            return [self.run(row).portfolio for row in rows.to_dict("records")]
        if "set" in rows if hasattr(rows, "get") else np.ndim(rows) == 0:
            return self.run(rows).portfolio
        return [self.run(row).portfolio for row in rows]

    def series_of(self, row: Mapping[Any, Any]) -> int:
        """Number of the bars in `series` that a row of the table was made on. ConfigError when the row fits none or,
        for want of a symbol or timeframe, several."""
        told = {name: row.get(name) for name in ("symbol", "timeframe") if row.get(name) is not None}
        found = [number for number, (symbol, timeframe) in enumerate(self.store.symbols)
                 if told.get("symbol", symbol) == symbol and told.get("timeframe", timeframe) == timeframe]  # fmt: skip
        if not found:
            raise ConfigError(f"no series of this sweep is {' '.join(map(str, told.values()))}; it has {self._names()}")
        if len(found) > 1:
            raise ConfigError(f"set {row.get('set')} stands for {len(found)} rows, one each of {self._names()}: pass "
                              "rows of the table, with their columns symbol and timeframe")  # fmt: skip
        return found[0]

    def name_of(self, series: int) -> str:
        """Symbol and timeframe of one of the series: "SPX 1d"."""
        from feeds.timeframe import timeframe_name

        return f"{self.series[series].symbol} {timeframe_name(self.series[series].timeframe)}"

    def _names(self) -> str:
        names = [self.name_of(number) for number in range(len(self.series))]
        return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")

    def __len__(self) -> int:
        return self.store.rows()

    def __repr__(self) -> str:
        state = "" if self.complete else ", interrupted"
        axes = " x ".join(f"{name}[{len(values)}]" for name, values in self.grid.axes.items())
        return f"<Sweep of {self.grid.cls.__name__}: {len(self):,} rows of {axes}{state}>"
