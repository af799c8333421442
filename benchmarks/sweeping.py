"""Many parameter sets of one strategy through the vector engine's `sweep`, indicators computed beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from feeds.bars import Bars
from indicators.engines.batch import arrays
from strategies.base import Strategy
from strategies.execution.account import Account
from strategies.execution.drivers import Shape, window_program
from strategies.execution.records import LEDGER
from strategies.execution.setup import account_record, empty_book, has_limits, terms_of


class Prepared:
    """Everything that `sweep` reads.

    `pool` holds each distinct indicator once, one row each; picks[j] says which rows set j reads. Decisions begin on
    bar `first`, the longest warm-up of all sets; `last` is one past the last bar.
    """

    def __init__(self, strategies: Sequence[Strategy], bars: Bars, account: Account) -> None:
        cls = type(strategies[0])
        self.strategies, self.bars, self.account = strategies, bars, account
        self.first, self.last = max(strategy.warmup for strategy in strategies) - 1, len(bars)
        self.pool, self.picks = _pool(strategies, bars)
        self.program = window_program(cls, Shape(limits=account.kind == "margin" or has_limits(account)))
        self._prices = [bars.column(name) for name in ("open", "high", "low", "close")]
        self._columns = [bars.column(name) for name, (kind, _) in cls.bindings().items() if kind == "input"]
        self._terms = terms_of([bars.instrument], account)
        self._start = account_record(account, cls.reverse)
        self._numbers = np.array([one.numbers() for one in strategies], dtype=np.float64)
        depths = [[one.depths[name] for name in cls.source_names()] for one in strategies]
        self._depths = np.array(depths, dtype=np.float64)
        self._memory = np.full((1, max(1, len(cls.state))), np.nan)

    def run(self) -> np.ndarray:
        """Account records of all sets, in order: the money, the drawdown and the sums behind Sharpe."""
        results = np.repeat(self._start, len(self.strategies))
        window = (self.first, self.last, self.first)
        records = (self._terms, results, empty_book(1), empty_book(1), self._memory.copy(), np.zeros(0, LEDGER))
        given = (np.zeros((0, 5)), self._numbers, self._depths, self.picks, self.pool)
        self.program.call("sweep", 0, len(results), *window, *self._prices, *records, *given, *self._columns)
        return results

    def ledger(self, j: int) -> np.ndarray:
        """The ledger of set j, from the same driver's `simulate`."""
        picks, columns = iter(self.picks[j]), iter(self._columns)
        kinds = [kind for kind, _ in type(self.strategies[j]).bindings().values() if kind in ("input", "part")]
        sources = [next(columns) if kind == "input" else self.pool[next(picks)] for kind in kinds]
        record, ledger = self._start.copy(), np.zeros(2 * self.last, LEDGER)
        window = (self.first, self.last, 1, self.first)
        records = (self._terms, record, empty_book(1), self._memory.copy(), ledger, np.zeros((0, 5)))
        given = (self._numbers[j], self._depths[j])
        self.program.call("simulate", *window, *self._prices, *records, *given, *sources)
        return ledger[: int(record[0]["rows"])]


def _pool(strategies: Sequence[Strategy], bars: Bars) -> tuple[np.ndarray, np.ndarray]:
    cls = type(strategies[0])
    parts = [name for name, (kind, _) in cls.bindings().items() if kind == "part"]
    pool: list[np.ndarray] = []
    places: dict[Any, int] = {}
    cached: dict[Any, list[np.ndarray]] = {}
    picks = np.zeros((len(strategies), max(1, len(parts))), dtype=np.int64)
    for j, strategy in enumerate(strategies):
        for k, name in enumerate(parts):
            source = strategy.source(name)
            if source not in places:
                places[source] = len(pool)
                unread = np.full(len(bars), np.nan)
                pool.append(arrays(source[0], bars, cached)[source[1]] if isinstance(source, tuple) else unread)
            picks[j, k] = places[source]
    return np.array(pool), picks
