"""Indicators one bar at a time, with state that can be saved and resumed."""

from __future__ import annotations

from typing import Any

import numpy as np

from feeds.errors import DataError
from indicators.base import Indicator
from indicators.engines.batch import output_type
from indicators.engines.program import indicator_program, source_names

SPARE = 512


class Stream:
    """An indicator fed bar by bar: `update(bar)` returns this bar's output(s), bit-equal to `run` over all bars."""

    def __init__(self, indicator: Indicator, checked: bool = False) -> None:
        self.indicator = indicator
        cls = type(indicator)
        self._names = source_names(cls)
        self._bindings = cls.bindings()
        self._parts: dict[Indicator, Any] = {part: open_stream(part, checked) for part in indicator.parts}
        self._depth = indicator.depth
        self._call_from = indicator.lead + self._depth - 1
        self._ready_from = indicator.total_warmup - 1
        self._state = np.full(len(cls.state), np.nan)
        self._numbers = np.array(indicator.numbers(), dtype=np.float64)
        self._sources = [np.full(self._depth + SPARE, np.nan) for _ in self._names]
        self._outputs = [np.full(self._depth + SPARE, np.nan) for _ in cls.outputs]
        self._run = indicator_program(cls, checked)
        self._count = 0
        self._at = 0

    def update(self, bar: Any) -> Any:
        """Feed one closed bar (mapping, row or object with the columns as attributes); returns a float or named tuple.

        Raises DataError for a missing column.
        """
        values = self.feed(lambda column: read_field(bar, column, self.indicator))
        return values[0] if len(values) == 1 else output_type(type(self.indicator))(*values)

    def feed(self, read: Any) -> list[float]:
        """Feed one bar through a function from column name to number; returns all outputs."""
        fresh = {part: stream.feed(read) for part, stream in self._parts.items()}
        if self._at == len(self._sources[0]):
            self._compact()
        at = self._at
        for name, array in zip(self._names, self._sources, strict=True):
            array[at] = self._value(name, read, fresh)
        shift = self._count - at
        self._run.call(
            "run",
            at,
            at + 1,
            self._call_from - shift,
            self._ready_from - shift,
            self._depth,
            self._state,
            self._numbers,
            *self._sources,
            *self._outputs,
        )
        self._at += 1
        self._count += 1
        return [float(output[at]) for output in self._outputs]

    def _value(self, name: str, read: Any, fresh: dict[Indicator, list[float]]) -> float:
        kind, detail = self._bindings[name]
        if kind == "part":
            return fresh[self.indicator.part(detail[0])][detail[1]]
        source = self.indicator.sources[detail]
        return fresh[source][0] if isinstance(source, Indicator) else float(read(source))

    def _compact(self) -> None:
        keep = self._depth - 1
        for array in self._sources:
            array[:keep] = array[self._at - keep : self._at].copy()
        self._at = keep

    def save(self) -> dict[str, Any]:
        """Everything needed to go on later, as plain data."""
        start = max(0, self._at - (self._depth - 1))
        return {
            "indicator": repr(self.indicator),
            "count": self._count,
            "state": self._state.tolist(),
            "windows": [array[start : self._at].tolist() for array in self._sources],
            "parts": [stream.save() for stream in self._parts.values()],
        }

    def restore(self, saved: dict[str, Any]) -> Stream:
        """Go on from `save()`. DataError when it was saved by another indicator."""
        if saved["indicator"] != repr(self.indicator):
            raise DataError(f"this state belongs to {saved['indicator']}, not to {self.indicator!r}")
        self._count = int(saved["count"])
        self._state[:] = saved["state"]
        self._at = len(saved["windows"][0]) if saved["windows"] else 0
        for array, window in zip(self._sources, saved["windows"], strict=True):
            array[: self._at] = window
        for stream, part in zip(self._parts.values(), saved["parts"], strict=True):
            stream.restore(part)
        return self


def open_stream(indicator: Indicator, checked: bool = False) -> Any:
    """The streaming form of an indicator (wrappers bring their own)."""
    return indicator.open_stream(checked) if hasattr(indicator, "open_stream") else Stream(indicator, checked)


def read_field(bar: Any, column: str, indicator: Indicator) -> float:
    """Column of one bar: a mapping, a row or an object with attributes; DataError when it is missing."""
    try:
        return float(bar[column])
    except (TypeError, KeyError, IndexError):
        if hasattr(bar, column):
            return float(getattr(bar, column))
    raise DataError(f"{indicator!r} needs column {column!r}, which this bar does not have")
