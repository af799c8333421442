"""Hosts of HigherTimeframe: the inner indicator steps when a longer bar has completed, its values are held between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from feeds.errors import DataError
from indicators.base import Indicator
from indicators.engines.batch import arrays, output_type, read_column
from indicators.engines.stream import open_stream, read_field
from indicators.higher_timeframe import HigherTimeframe


def compute(wrapper: HigherTimeframe, bars: Any, checked: bool) -> list[np.ndarray]:
    """Outputs for all base bars. `bars` has the columns that `wrapper.columns()` names."""
    count = read_column(bars, f"{wrapper.timeframe}.count", repr(wrapper))
    known = np.fmax.accumulate(np.concatenate(([0.0], count)))
    steps = count > known[:-1]
    inner = {
        column: read_column(bars, f"{wrapper.timeframe}.{column}", repr(wrapper))[steps]
        for column in wrapper.indicator.columns()
    }
    done = np.cumsum(steps)
    found = []
    for output in arrays(wrapper.indicator, inner, None, checked):
        values = np.concatenate(([np.nan], output))[done]
        values[: wrapper.total_warmup - 1] = np.nan
        found.append(values)
    return found


class HigherTimeframeStream:
    """A HigherTimeframe fed one base bar at a time: `update(bar)` is bit-equal to `run` over all bars."""

    def __init__(self, indicator: HigherTimeframe, checked: bool = False) -> None:
        self.indicator = indicator
        self._inner = open_stream(indicator.indicator, checked)
        self._prefix = f"{indicator.timeframe}."
        self._silent = indicator.total_warmup - 1
        self._completed = 0.0
        self._latest = [np.nan] * len(indicator.outputs)
        self._count = 0

    def update(self, bar: Any) -> Any:
        """Feed one closed base bar with its derived columns; returns a float or a named tuple.

        Raises DataError for a missing column.
        """
        values = self.feed(lambda column: read_field(bar, column, self.indicator))
        return values[0] if len(values) == 1 else output_type(type(self.indicator))(*values)

    def feed(self, read: Any) -> list[float]:
        """Feed one bar through a function from column name to number; returns all outputs."""
        completed = float(read(self._prefix + "count"))
        if completed > self._completed:
            self._completed = completed
            self._latest = self._inner.feed(lambda column: read(self._prefix + column))
        self._count += 1
        return [np.nan] * len(self._latest) if self._count <= self._silent else list(self._latest)

    def save(self) -> dict[str, Any]:
        """Everything needed to go on later, as plain data."""
        return {
            "indicator": repr(self.indicator),
            "count": self._count,
            "completed": self._completed,
            "latest": list(self._latest),
            "inner": self._inner.save(),
        }

    def restore(self, saved: Mapping[str, Any]) -> HigherTimeframeStream:
        """Go on from `save()`. DataError when it was saved by another indicator."""
        if saved["indicator"] != repr(self.indicator):
            raise DataError(f"this state belongs to {saved['indicator']}, not to {self.indicator!r}")
        self._count, self._completed = int(saved["count"]), float(saved["completed"])
        self._latest = [float(value) for value in saved["latest"]]
        self._inner.restore(saved["inner"])
        return self


def bound_class(owner: type[Indicator], instance: HigherTimeframe | None) -> Any:
    """The backtrader indicator of a form of HigherTimeframe; with an instance, a class that is this very indicator."""
    from indicators.engines.backtrader import backtrader_class

    if "_backtrader" not in vars(owner):
        owner._backtrader = backtrader_class(owner)  # type: ignore[attr-defined]
    host = vars(owner)["_backtrader"]
    return host if instance is None else type(host.__name__, (host,), {"params": (("navale", instance),)})
