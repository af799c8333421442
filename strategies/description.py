"""What a class declares, as plain data for listings."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from strategies.base import Strategy


def describe(cls: type[Any]) -> dict[str, Any]:
    """name, kind, module, summary, parameters, inputs, outputs, warmup and profiles of a strategy or an indicator.

    inputs: bar columns read with default parameters. warmup: bars until the first value or decision, with defaults.
    """
    strategy = issubclass(cls, Strategy)
    one = cls.example() if hasattr(cls, "example") else cls()
    return {
        "name": cls.__name__,
        "kind": "strategy" if strategy else "indicator",
        "module": cls.__module__,
        "summary": next(iter((cls.__doc__ or "").strip().splitlines()), ""),
        "parameters": [parameter.describe() for parameter in cls.declared.values()],
        "inputs": one.columns(),
        "outputs": [] if strategy else list(cls.outputs),
        "warmup": one.warmup if strategy else one.total_warmup,
        "profiles": {name: as_data(profile) for name, profile in cls.profiles.items()} if strategy else {},
    }


def as_data(value: Any) -> Any:
    """Dataclasses and mappings as dicts, infinite numbers as None: ready for JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_data(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(name): as_data(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_data(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
