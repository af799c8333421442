"""Indicators as real backtrader indicators: lines and params as backtrader users expect, `once` and `next` equal."""

from __future__ import annotations

from array import array
from typing import Any

import backtrader as bt
import numpy as np

from feeds.errors import ConfigError, DataError, ParameterError
from indicators.base import Indicator, suggestion
from indicators.engines.batch import arrays
from indicators.engines.stream import open_stream


def line_of(data: Any, column: str, owner: str) -> Any:
    """The line of a backtrader feed that holds a bar column; DataError when the feed has none."""
    named = getattr(data, "column_lines", {})
    if column in named:
        return data.lines[named[column]]
    absent = getattr(data, "absent", ())
    if column in data.getlinealiases() and column not in absent:
        return getattr(data.lines, column)
    present = [name for name in (*named, *data.getlinealiases()) if name not in absent]
    raise DataError(
        f"{owner} needs column {column!r}; feed {getattr(data, '_name', '') or type(data).__name__!r} has "
        f"{', '.join(present)}. Feed navale's own bars: bars_feed(bars, columns)"
    )


def refuse_replay(data: Any, owner: str) -> None:
    """ConfigError when a feed, or the feed under an indicator or a line, shows a bar before it has closed."""
    while data is not None and not isinstance(data, bt.feed.AbstractDataBase):
        clock = getattr(data, "_clock", None)
        data = clock if clock is not None else getattr(data, "_owner", None)
    if data is not None and data.replaying:
        raise ConfigError(
            f"{owner}: feed {data._name!r} replays unfinished bars; feed finished ones (cerebro.resampledata)"
        )


class IndicatorHost(bt.Indicator):
    """Runs a declared indicator inside backtrader; made per class by `Indicator.bt`."""

    declaration: type[Indicator]
    params = (("navale", None),)

    def __init__(self, **unknown: Any) -> None:
        own = list(self.declaration.declared)
        for name in unknown:
            raise ParameterError(f"{self.declaration.__name__} has no parameter {name!r}{suggestion(name, own)}")
        given = self.p.navale
        self.indicator = (
            given if given is not None else self.declaration(**{name: getattr(self.p, name) for name in own})
        )
        refuse_replay(self.data, repr(self.indicator))
        self.columns = self.indicator.columns()
        self._lines = {column: line_of(self.data, column, repr(self.indicator)) for column in self.columns}
        self._stream: Any = None
        self._fed = 0
        self.addminperiod(self.indicator.total_warmup)

    def preonce(self, start: int, end: int) -> None:
        """Whole-array mode: everything is computed here, on the feed's arrays."""
        size = self.buflen()
        values = {column: np.array(line.array, dtype=np.float64)[:size] for column, line in self._lines.items()}
        for output, line in zip(arrays(self.indicator, values), self.lines, strict=False):
            line.array[:size] = array("d", output)

    def __len__(self) -> int:
        return self.lines.lines[0].lencount

    def advance(self, size: int = 1) -> None:
        """Whole-array mode, a bar on: what backtrader does through five calls."""
        if self.lines.lines[0].lencount < len(self._clock):
            for line in self.lines.lines:
                line._idx += size
                line.lencount += size

    def oncestart(self, start: int, end: int) -> None:
        """Nothing is left to do after preonce."""

    def once(self, start: int, end: int) -> None:
        """Nothing is left to do after preonce."""

    def prenext(self) -> None:
        self.next()

    def nextstart(self) -> None:
        self.next()

    def next(self) -> None:
        """Bar-by-bar mode. backtrader may call this again without a new bar: then the state must not move."""
        if self._stream is None:
            self._stream = open_stream(self.indicator)
        if len(self.data) > self._fed:
            self._fed = len(self.data)
            self._latest = self._stream.feed(lambda column: self._lines[column][0])
        for line, value in zip(self.lines, self._latest, strict=False):
            line[0] = value


def backtrader_class(cls: type[Indicator]) -> type[bt.Indicator]:
    """The backtrader indicator of a declared indicator."""
    params = tuple((name, parameter.default) for name, parameter in cls.declared.items())
    body = {
        "lines": cls.outputs,
        "params": params,
        "declaration": cls,
        "__doc__": cls.__doc__,
        "__module__": cls.__module__,
        "__qualname__": f"{cls.__qualname__}.bt",
        "plotinfo": {"subplot": "close" not in cls.inputs},
    }
    return type(cls.__name__, (IndicatorHost,), body)


def bound(built: type[bt.Indicator], indicator: Indicator) -> type[bt.Indicator]:
    """The same class with an instance's parameters (and the data it reads) as defaults."""
    return type(built.__name__, (built,), {"params": (*indicator.parameters.items(), ("navale", indicator))})
