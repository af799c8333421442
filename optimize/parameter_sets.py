"""What each combination of a grid needs, worked out once per distinct value instead of once per combination.

A component, the warm-up and the rule of valid combinations depend on a few parameters only. Which ones is found by
watching what the class reads: its methods run on an instance whose parameters note every look-up, for every combination
of the axes seen so far, until no new axis is looked at. The tables are therefore exact for any class whose methods are
functions of its parameters.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError, ParameterError
from indicators.base import Indicator
from optimize.grid import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strategies.base import Strategy

LARGEST = 5_000_000
IMPOSSIBLE = object()


class _Watched(dict[str, Any]):
    """Parameter values that note which of them were looked at."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.seen.add(name)
        return super().__getitem__(name)

    def _all(self) -> None:
        self.seen.update(self)

    def get(self, name: str, default: Any = None) -> Any:
        self.seen.add(name)
        return super().get(name, default)

    def items(self) -> Any:
        self._all()
        return super().items()

    def values(self) -> Any:
        self._all()
        return super().values()


def _bare(cls: type[Strategy], values: dict[str, Any]) -> Strategy:
    """An instance that was not asked whether its parameters fit together."""
    made = object.__new__(cls)
    object.__setattr__(made, "parameters", values)
    object.__setattr__(made, "_parts", {})
    return made


class Table:
    """A function of a grid's combinations, evaluated for every combination of the axes that it reads."""

    def __init__(self, grid: Grid, function: Callable[[Strategy], Any]) -> None:
        self.axes: tuple[str, ...] = ()
        while True:
            found, more = self._evaluate(grid, function)
            if not more:
                break
            self.axes = tuple(name for name in grid.axes if name in more or name in self.axes)
        self.results = found
        self.shape = tuple(len(grid.axes[name]) for name in self.axes)

    def _evaluate(self, grid: Grid, function: Callable[[Strategy], Any]) -> tuple[list[Any], set[str]]:
        size = math.prod(len(grid.axes[name]) for name in self.axes)
        if size > LARGEST:
            raise ConfigError(f"{grid.cls.__name__}: {size:,} combinations of {', '.join(self.axes)} must be looked at "
                              f"one by one, at most {LARGEST:,}; take fewer values")  # fmt: skip
        base = {name: parameter.default for name, parameter in grid.cls.declared.items()} | grid.fixed
        base |= {name: values[0] for name, values in grid.axes.items()}
        results = []
        for combination in itertools.product(*(grid.axes[name] for name in self.axes)):
            watched = _Watched(base | dict(zip(self.axes, combination, strict=True)))
            try:
                results.append(function(_bare(grid.cls, watched)))
            except ParameterError:  # a component that these values rule out: the combination is pruned
                results.append(IMPOSSIBLE)
            more = (watched.seen & set(grid.axes)) - set(self.axes)
            if more:
                return [], more
        return results, set()

    def places(self, indices: dict[str, NDArray[np.int64]], count: int) -> NDArray[np.int64]:
        """Where the result of each combination stands in `results`."""
        if not self.axes:
            return np.zeros(count, dtype=np.int64)
        return np.ravel_multi_index(tuple(indices[name] for name in self.axes), self.shape).astype(np.int64)


class ParameterSets:
    """The combinations of a grid as the numbers that a driver reads.

    `sources`: each distinct indicator output once, as (indicator, number of the output), None for what is unread.
    `columns`: bar columns of the kernel, by place among its windows.
    """

    def __init__(self, grid: Grid) -> None:
        cls = grid.cls
        self.grid = grid
        self.names = cls.source_names()
        self.valid = Table(grid, lambda strategy: strategy.valid())
        self.reads = [Table(grid, _source(name)) for name in self.names]
        self.depths = Table(grid, lambda strategy: strategy.depths)
        kinds = cls.bindings()
        self.parts = [k for k, name in enumerate(self.names) if kinds[name][0] == "part"]
        self.columns = {k: str(kinds[name][1]) for k, name in enumerate(self.names) if kinds[name][0] == "input"}
        self.sources: list[tuple[Indicator, int] | None] = []
        self._rows: dict[Any, int] = {}
        self._pick = [self._pick_table(self.reads[k]) for k in self.parts]
        self._lead = [_numbers(table, _lead) for table in self.reads]
        self._depth = np.array([[float(one[name]) for name in self.names] if isinstance(one, dict) else
                                [1.0] * len(self.names) for one in self.depths.results])  # fmt: skip
        self._number = {name: np.array([cls.declared[name].number(value) for value in values])
                        for name, values in grid.axes.items()}  # fmt: skip
        base = {name: parameter.default for name, parameter in cls.declared.items()} | grid.fixed
        base |= {name: values[0] for name, values in grid.axes.items()}
        self._base = np.array([cls.declared[name].number(base[name]) for name in cls.declared], dtype=np.float64)
        self._places = {name: k for k, name in enumerate(cls.declared)}

    def _pick_table(self, table: Table) -> NDArray[np.int64]:
        return np.array([self._row(result) for result in table.results], dtype=np.int64)

    def _row(self, source: Any) -> int:
        if source is IMPOSSIBLE:
            return -1
        if source not in self._rows:
            self._rows[source] = len(self.sources)
            self.sources.append(source)
        return self._rows[source]

    def possible(self, sets: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the class's own rule and its components allow each combination."""
        indices = self.grid.indices(sets)
        allowed = _numbers(self.valid, float)[self.valid.places(indices, len(sets))] == 1.0
        for table, lead in zip(self.reads, self._lead, strict=True):
            allowed &= ~np.isnan(lead[table.places(indices, len(sets))])
        return allowed

    def longest_warmup(self) -> int:
        """Bars until the first decision of the combination that needs the most of them, whether possible or not."""
        needs = [np.nanmax(lead, initial=1.0) + np.max(self._depth[:, k]) - 1.0 for k, lead in enumerate(self._lead)]
        return int(max([1.0, *needs]))

    def of(self, sets: NDArray[np.int64]) -> Batch:
        """The driver's arrays for some combinations that are possible."""
        indices = self.grid.indices(sets)
        count = len(sets)
        numbers = np.repeat(self._base[None, :], count, axis=0)
        for name, values in self._number.items():
            numbers[:, self._places[name]] = values[indices[name]]
        depths = self._depth[self.depths.places(indices, count)].reshape(count, len(self.names))
        picks = np.zeros((count, max(1, len(self.parts))), dtype=np.int64)
        for column, (k, rows) in enumerate(zip(self.parts, self._pick, strict=True)):
            picks[:, column] = rows[self.reads[k].places(indices, count)]
        warmup = np.ones(count)
        for k, (table, lead) in enumerate(zip(self.reads, self._lead, strict=True)):
            warmup = np.maximum(warmup, lead[table.places(indices, count)] + depths[:, k] - 1.0)
        unread = np.zeros(count, dtype=np.int64)
        for bit, k in enumerate(self.columns):
            unread |= self._unread(k)[self.reads[k].places(indices, count)].astype(np.int64) << bit
        return Batch(numbers, depths, picks, warmup.astype(np.int64), unread)

    def _unread(self, k: int) -> NDArray[np.bool_]:
        """For each result of a window's table whether the strategy leaves the window unread."""
        return np.array([one is None for one in self.reads[k].results])

    def some_read(self, k: int) -> bool:
        """Whether any combination reads window `k`."""
        return not self._unread(k).all()


class Batch:
    """Arrays of some combinations: numbers[n, parameters], depths[n, sources], picks[n, parts], warmup[n], unread[n]
    (bit b is set where the b-th bar column is not read)."""

    def __init__(
        self, numbers: Any, depths: Any, picks: Any, warmup: NDArray[np.int64], unread: NDArray[np.int64]
    ) -> None:
        self.numbers, self.depths, self.picks, self.warmup, self.unread = numbers, depths, picks, warmup, unread


def _source(name: str) -> Callable[[Strategy], Any]:
    return lambda strategy: strategy.source(name)


def _numbers(table: Table, function: Callable[[Any], float]) -> NDArray[np.float64]:
    return np.array([math.nan if one is IMPOSSIBLE else function(one) for one in table.results], dtype=np.float64)


def _lead(source: Any) -> float:
    """Bars until a source has a value, as in Strategy.warmup."""
    return float(source[0].total_warmup) if isinstance(source, tuple) else 1.0
