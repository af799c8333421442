"""Indicators over whole arrays."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

import numpy as np

from feeds.errors import DataError
from indicators.base import Indicator
from indicators.declaration import once_per_class
from indicators.engines.program import indicator_program, source_names


@once_per_class
def output_type(cls: type[Indicator]) -> Any:
    """The named tuple that holds several outputs."""
    return namedtuple(f"{cls.__name__}Values", cls.outputs)


def read_column(bars: Any, name: str, owner: str) -> np.ndarray:
    """Column `name` of Bars, a DataFrame or a mapping, as contiguous float64; DataError when it is missing."""
    if hasattr(bars, "timeframe") and hasattr(bars, "column"):
        return np.asarray(bars.column(name))
    try:
        values = bars[name]
    except (KeyError, IndexError) as error:
        present = ", ".join(map(str, bars.keys())) if hasattr(bars, "keys") else type(bars).__name__
        raise DataError(f"{owner} needs column {name!r}; the data have {present}") from error
    return np.ascontiguousarray(values, dtype=np.float64)


def arrays(
    indicator: Indicator, bars: Any, cached: dict[Any, list[np.ndarray]] | None = None, checked: bool = False
) -> list[np.ndarray]:
    """All outputs as arrays. `cached` shares the results of equal parts between indicators."""
    cached = {} if cached is None else cached
    if indicator in cached:
        return cached[indicator]
    computed = (
        indicator.compute(bars, cached, checked)
        if hasattr(indicator, "compute")
        else _compute(indicator, bars, cached, checked)
    )
    cached[indicator] = computed
    return computed


def _compute(indicator: Indicator, bars: Any, cached: dict[Any, list[np.ndarray]], checked: bool) -> list[np.ndarray]:
    cls = type(indicator)
    sources = [source_array(indicator, name, bars, cached, checked) for name in source_names(cls)]
    size = len(sources[0])
    if any(len(source) != size for source in sources):
        told = ", ".join(f"{name} {len(one)}" for name, one in zip(source_names(cls), sources, strict=True))
        raise DataError(f"{indicator!r} reads columns of different lengths ({told}); give every column the same bars")
    outputs = [np.empty(size) for _ in cls.outputs]
    state = np.full(len(cls.state), np.nan)
    depth, lead = indicator.depth, indicator.lead
    indicator_program(cls, checked).call(
        "run",
        0,
        size,
        lead + depth - 1,
        indicator.total_warmup - 1,
        depth,
        state,
        np.array(indicator.numbers(), dtype=np.float64),
        *sources,
        *outputs,
    )
    return outputs


def source_array(
    indicator: Indicator, name: str, bars: Any, cached: dict[Any, list[np.ndarray]], checked: bool
) -> np.ndarray:
    """What kernel argument `name` reads: a column or an output of a part."""
    kind, detail = type(indicator).bindings()[name]
    if kind == "part":
        return arrays(indicator.part(detail[0]), bars, cached, checked)[detail[1]]
    source = indicator.sources[detail]
    if isinstance(source, Indicator):
        return arrays(source, bars, cached, checked)[0]
    return read_column(bars, source, repr(indicator))


def run(indicator: Indicator, bars: Mapping[str, Any] | Any) -> Any:
    """See Indicator.run."""
    outputs = arrays(indicator, bars)
    return outputs[0] if len(outputs) == 1 else output_type(type(indicator))(*outputs)
