"""Single parameter sets on windows of one series, fast: indicators once per distinct parameters, figures only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError
from indicators.engines.batch import arrays
from optimize.metrics import returns_of
from optimize.sweep_figures import figures
from strategies.execution.drivers import Shape, window_program
from strategies.execution.ledger import equity_curve, fills_only
from strategies.execution.records import LEDGER
from strategies.execution.setup import account_record, empty_book, has_limits, terms_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from feeds.bars import Bars
    from strategies.base import Strategy
    from strategies.execution.account import Account

LARGEST_POOL = 256_000_000  # bytes of indicator values kept


@dataclass(frozen=True)
class _Read:
    """What a strategy makes the kernel read. sources: per window argument a row of the pool or the name of a column."""

    strategy: Strategy
    sources: dict[str, Any]
    numbers: NDArray[np.float64]
    depths: NDArray[np.float64]
    warmup: int


class TrialEngine:
    """Trials of one strategy class on one series; figures are those of `backtest` on the same window.

    A window is (first, last): bars first … last - 1. Decisions begin on its first bar, from cash; bars before it only
    warm indicators up. ConfigError when they are too few for that.
    """

    def __init__(self, cls: type[Strategy], bars: Bars, account: Account, periods: float) -> None:
        self.cls, self.bars, self.account, self.periods = cls, bars, account, periods
        self._program = window_program(cls, Shape(limits=account.kind == "margin" or has_limits(account)))
        self._prices = [bars.column(name) for name in ("open", "high", "low", "close")]
        self._parts = {name for name in cls.source_names() if cls.bindings()[name][0] == "part"}
        self._no_ledger, self._no_levels = np.zeros(0, LEDGER), np.zeros((0, 5))
        self._terms = terms_of([bars.instrument], account)
        self._cached: dict[Any, list[np.ndarray]] = {}
        self._forget()

    def _forget(self) -> None:
        self._rows: dict[Any, int] = {None: 0}
        self._pool = np.full((8, len(self.bars)), np.nan)
        self._cached.clear()
        self._last: _Read | None = None

    def figures(self, strategy: Strategy, windows: Sequence[tuple[int, int]]) -> dict[str, NDArray[np.float64]]:
        """One value per window for each name of optimize.sweep_figures.FIGURES."""
        read = self._read(strategy, windows)
        sources = read.sources
        results = np.repeat(account_record(self.account, self.cls.reverse), len(windows))
        picks = np.array([[sources[name] for name in sources if name in self._parts] or [0]], dtype=np.int64)
        columns = [self._values(sources[name]) for name in sources if name not in self._parts]
        tables = (self._no_ledger, self._no_levels, read.numbers[None, :], read.depths[None, :])
        blank, book, memory = empty_book(1), empty_book(1), self._memory()
        for k, window in enumerate(windows):
            records = (self._terms, results[k : k + 1], blank, book, memory)
            where = (0, 1, *window, window[0])
            self._program.call("sweep", *where, *self._prices, *records, *tables, picks, self._pool, *columns)
        return figures(results, self.periods)

    def returns(self, strategy: Strategy, window: tuple[int, int]) -> NDArray[np.float64]:
        """Return of every bar of a window, flat ones included; of its first bar from the cash at the start."""
        return returns_of(np.concatenate(([self.account.cash], self._simulate(strategy, window)[1])))

    def longest_holding(self, strategy: Strategy, window: tuple[int, int]) -> int:
        """Most bars from an entry to the flat position after it."""
        rows = self._simulate(strategy, window)[0]
        longest, entered = 0, -1
        for row in fills_only(rows):
            if entered < 0:
                entered = int(row["stamp"])
            if row["position_after"] == 0.0:
                longest, entered = max(longest, int(row["stamp"]) - entered), -1
        return longest

    def _simulate(self, strategy: Strategy, window: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Ledger records, and equity after every bar of the window."""
        first, last = window
        read = self._read(strategy, [window])
        values = [self._values(row) for row in read.sources.values()]
        room = 1024 + (last - first) // 4
        while True:
            record = account_record(self.account, self.cls.reverse)
            ledger = np.zeros(room, LEDGER)
            state = (self._terms, record, empty_book(1), self._memory(), ledger, self._no_levels)
            numbers = (read.numbers, read.depths)
            self._program.call("simulate", first, last, 1, first, *self._prices, *state, *numbers, *values)
            room = int(record[0]["rows"])
            if room <= len(ledger):
                break
        closes = self._prices[3][:last, None]
        multipliers = np.array([self.bars.instrument.multiplier])
        equity = equity_curve(ledger[:room], closes, first, multipliers, self.account.cash, bool(record[0]["ruined"]))
        return ledger[:room], equity

    def _read(self, strategy: Strategy, windows: Sequence[tuple[int, int]]) -> _Read:
        if self._last is None or self._last.strategy is not strategy:
            self._last = self._prepare(strategy)
        warmup = self._last.warmup
        if any(warmup - 1 > first or first >= last for first, last in windows):
            raise ConfigError(f"{strategy!r} needs {warmup - 1} bars before a window, and one in it; got {windows}")
        return self._last

    def _prepare(self, strategy: Strategy) -> _Read:
        if len(self._rows) * 8 * len(self.bars) > LARGEST_POOL:
            self._forget()
        depths, found, warmup = strategy.depths, {}, 1
        for name in self.cls.source_names():
            source = strategy.source(name)
            found[name] = source if isinstance(source, str) else self._row(source)
            lead = source[0].total_warmup if isinstance(source, tuple) else 1
            warmup = max(warmup, lead + depths[name] - 1)
        numbers = np.array(strategy.numbers(), dtype=np.float64)
        return _Read(strategy, found, numbers, np.array(list(depths.values()), dtype=np.float64), warmup)

    def _values(self, source: Any) -> NDArray[np.float64]:
        return np.asarray(self.bars.column(source) if isinstance(source, str) else self._pool[source])

    def _memory(self) -> NDArray[np.float64]:
        return np.full((1, max(1, len(self.cls.state))), np.nan)

    def _row(self, source: Any) -> int:
        """Place of an indicator output in the pool; row 0 holds NaN, for what is unread."""
        if source in self._rows:
            return self._rows[source]
        row = len(self._rows)
        if row == len(self._pool):
            self._pool = np.concatenate([self._pool, np.full_like(self._pool, np.nan)])
        self._pool[row] = arrays(source[0], self.bars, self._cached)[source[1]]
        self._rows[source] = row
        return row
