"""Indicators as real vectorbt indicators: `Atr.vbt.run(high, low, close, period=[7, 14])`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import vectorbt as vbt

from indicators.base import Indicator
from indicators.engines.batch import arrays


def input_name(column: str) -> str:
    """A column's name as Python takes it for an argument."""
    timeframe, _, part = column.rpartition(".")
    return re.sub(r"\W", "_", f"{part}_{timeframe}" if timeframe else column)


def vectorbt_class(cls: type[Indicator]) -> Any:
    """The vectorbt indicator of a declared indicator: inputs are the columns it reads, with their names.

    A column of a longer timeframe, "4h.close", is the input close_4h.
    """
    columns = cls().columns()
    names = [input_name(column) for column in columns]
    parameters = list(cls.declared)

    def apply(*arguments: Any) -> Any:
        inputs, values = arguments[: len(names)], arguments[len(names) :]
        indicator = cls(**dict(zip(parameters, values, strict=False)))
        tables = [np.atleast_2d(np.asarray(table, dtype=np.float64).T) for table in inputs]
        outputs = [
            arrays(indicator, dict(zip(columns, [np.ascontiguousarray(row) for row in rows], strict=True)))
            for rows in zip(*tables, strict=True)
        ]
        stacked = [np.column_stack(columns_of) for columns_of in zip(*outputs, strict=True)]
        return stacked[0] if len(stacked) == 1 else tuple(stacked)

    factory = vbt.IndicatorFactory(
        class_name=cls.__name__,
        short_name=cls.__name__.lower(),
        input_names=names,
        param_names=parameters,
        output_names=list(cls.outputs),
        module_name=cls.__module__,
    )
    defaults = {name: parameter.default for name, parameter in cls.declared.items()}
    return factory.from_apply_func(apply, **defaults)
