"""An indicator under check: its bars, its outputs and how rows are fed and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from feeds.bars import Bars
from indicators.base import Indicator
from indicators.engines.batch import arrays
from optimize.conformance.bars import Table, table_of
from optimize.conformance.check import require_same

Outputs = list[np.ndarray]


@dataclass(frozen=True)
class Subject:
    """An indicator, the bars it is checked on and what it makes of them."""

    indicator: Indicator
    bars: Bars

    @cached_property
    def columns(self) -> list[str]:
        return self.indicator.columns()

    @cached_property
    def table(self) -> Table:
        return table_of(self.bars, self.columns)

    @cached_property
    def batch(self) -> Outputs:
        return arrays(self.indicator, self.table)

    def same(self, found: Sequence[np.ndarray], what: str, expected: Sequence[np.ndarray] | None = None) -> None:
        """CheckFailed when outputs differ from those of the batch form."""
        require_same(found, self.batch if expected is None else expected, self.indicator.outputs, what)


def read_row(table: Table, bar: int) -> Callable[[str], float]:
    """One bar of a table as streams read it."""
    return lambda column: float(table[column][bar])


def as_outputs(rows: Sequence[Sequence[float]]) -> Outputs:
    """Rows of a stream as the arrays of the batch form."""
    return [np.array(values, dtype=np.float64) for values in zip(*rows, strict=True)]
