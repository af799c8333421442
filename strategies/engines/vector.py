"""The vector engine: a strategy's generated driver over whole columns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from indicators.engines.batch import arrays
from strategies.base import Strategy
from strategies.engines.result import Result
from strategies.engines.window import Window
from strategies.execution.account import Account
from strategies.execution.drivers import Shape, window_program
from strategies.execution.records import LEDGER
from strategies.execution.setup import account_record, empty_book, has_limits, terms_of


def shape_for(window: Window, account: Account, checked: bool = False) -> Shape:
    """The kind of driver that a window and an account need."""
    many = len(window.symbols) > 1
    return Shape(many, not many and (account.kind == "margin" or has_limits(account)), checked)


def sources_of(strategy: Strategy, window: Window, symbol: int, checked: bool = False) -> list[np.ndarray]:
    """Arrays behind the kernel's window arguments, for one symbol, up to the window's end; NaN for unused ones."""
    columns = {name: window.column(symbol, name) for name in strategy.columns()}
    cached: dict[Any, list[np.ndarray]] = {}
    found = []
    for name in type(strategy).source_names():
        source = strategy.source(name)
        if source is None:
            found.append(np.full(window.sizes[symbol], np.nan))
        elif isinstance(source, str):
            found.append(columns[source])
        else:
            found.append(arrays(source[0], columns, cached, checked)[source[1]])
    return found


def run(
    strategy: Strategy,
    window: Window,
    account: Account,
    levels: bool = True,
    checked: bool = False,
    cuts: Sequence[int] = (),
    late: int = 0,
) -> Result:
    """Simulate a window.

    checked: compile with bounds checks (slower; for verification). cuts: stamps at which the simulation stops and goes
    on from its saved records (for verification: they change nothing). late: bars by which every decision is too late:
    `decide` is given bar columns and indicators of that many bars ago, the first time `late` bars after the window's
    first decision; what it is told of the position is of now, and fills, stops and targets are not delayed.
    """
    many = len(window.symbols) > 1
    program = window_program(type(strategy), shape_for(window, account, checked))
    terms = terms_of([bars.instrument for bars in window.bars], account)
    sources = [sources_of(strategy, window, s, checked) for s in range(len(window.symbols))]
    sources = [[_delayed(column, late) for column in columns] for columns in sources] if late else sources
    stacked = [np.concatenate(columns) if many else columns[0] for columns in zip(*sources, strict=True)]
    prices = [
        np.concatenate([window.column(s, name) for s in range(len(window.symbols))]) if many else window.column(0, name)
        for name in ("open", "high", "low", "close")
    ]
    numbers = np.array(strategy.numbers(), dtype=np.float64)
    depths = np.array([strategy.depths[name] for name in type(strategy).source_names()], dtype=np.float64)
    kept = np.full((len(prices[3]) if levels else 0, 5), np.nan)
    time_line = _time_line(window, account, late) if many else (int(window.begin[0]) + late,)
    edges = [window.first, *cuts, window.last]
    room = 1024 + len(prices[3]) // 4
    while True:
        record, book = account_record(account, type(strategy).reverse), empty_book(len(window.symbols))
        memory = np.full((len(window.symbols), max(1, len(strategy.state))), np.nan)
        ledger = np.zeros(room, dtype=LEDGER)
        for first, last in itertools.pairwise(edges):
            if not record[0]["ruined"]:
                closing = int(last == window.last)
                program.call(
                    "simulate",
                    first,
                    last,
                    closing,
                    *time_line,
                    *prices,
                    terms,
                    record,
                    book,
                    memory,
                    ledger,
                    kept,
                    numbers,
                    depths,
                    *stacked,
                )
        count = int(record[0]["rows"])
        if count <= room:
            break
        room = count
    split = np.split(kept, np.cumsum(window.sizes)[:-1]) if levels else None
    return Result(window, ledger[:count], record, book, split, memory)


def _delayed(column: np.ndarray, late: int) -> np.ndarray:
    return np.concatenate([np.full(min(late, len(column)), np.nan), column[:-late]])


def _time_line(window: Window, account: Account, late: int) -> tuple[np.ndarray, ...]:
    """begin, rows, starts and closes by stamp, for a driver of several symbols."""
    starts = np.concatenate([[0], np.cumsum(window.sizes)[:-1]]).astype(np.int64)
    rows = np.where(window.rows >= 0, window.rows + starts, -1)
    matrix = window.matrix("close") if account.max_correlation <= 1 else np.zeros((0, len(starts)))
    return window.begin + late, rows, starts, matrix
