"""Grids of parameter values: `stop_atr=1.5:4.5:0.5`, `fast=10,20,30`, every combination numbered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError, ParameterError
from indicators.declaration import suggestion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strategies.base import Strategy

EXAMPLE = "stop_atr=1.5:4.5:0.5 or fast=10,20,30"


class Grid:
    """Every combination of some values per parameter; combination k counts like an odometer, the last axis fastest.

    axes: name of a parameter to its values, checked against the class's bounds; fixed: values of other parameters.
    Raises ParameterError for an unknown name or a value out of bounds, ConfigError for an axis that is empty or holds
    a value twice.
    """

    def __init__(self, cls: type[Strategy], axes: Mapping[str, Any], fixed: Mapping[str, Any] | None = None) -> None:
        self.cls = cls
        self.fixed = dict(fixed or {})
        for name in (*axes, *self.fixed):
            if name not in cls.declared:
                raise ParameterError(f"{cls.__name__} has no parameter {name!r}{suggestion(name, list(cls.declared))}")
        both = sorted(set(axes) & set(self.fixed))
        if both:
            raise ConfigError(f"{both[0]} is on an axis of the grid and fixed; give it once")
        self.axes = {name: self._values(name, values) for name, values in axes.items()}
        self.fixed = {name: cls.declared[name].check(cls.__name__, value) for name, value in self.fixed.items()}
        self.shape = tuple(len(values) for values in self.axes.values())

    def _values(self, name: str, given: Any) -> tuple[Any, ...]:
        listed = [given] if isinstance(given, (str, bytes)) or not hasattr(given, "__iter__") else list(given)
        plain = [value.item() if hasattr(value, "item") else value for value in listed]
        found = tuple(self.cls.declared[name].check(self.cls.__name__, value) for value in plain)
        if not found:
            raise ConfigError(f"axis {name} of the grid is empty; write {EXAMPLE}")
        if len(set(found)) != len(found):
            twice = next(value for k, value in enumerate(found) if value in found[:k])
            raise ConfigError(f"axis {name} of the grid holds {twice!r} twice")
        return found

    def __len__(self) -> int:
        return math.prod(self.shape)

    def indices(self, sets: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """For combinations by number: the place of each axis' value."""
        if not self.axes:
            return {}
        places = np.unravel_index(sets, self.shape)
        return {name: np.asarray(place, dtype=np.int64) for name, place in zip(self.axes, places, strict=True)}

    def values(self, number: int) -> dict[str, Any]:
        """Parameters of one combination, the fixed ones too."""
        if not 0 <= number < len(self):
            raise ConfigError(f"set {number} is not one of the grid's {len(self):,}")
        places = self.indices(np.array([number]))
        return self.fixed | {name: self.axes[name][int(place[0])] for name, place in places.items()}

    def describe(self) -> dict[str, Any]:
        """Plain data that identify the grid."""
        return {"axes": {name: list(values) for name, values in self.axes.items()}, "fixed": dict(self.fixed)}


def parse_grid(cls: type[Strategy], texts: Sequence[str]) -> dict[str, list[Any]]:
    """Axes from words: "name=a,b,c" or "name=first:last:step" (last included). ConfigError says what is wrong."""
    found: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip()
        if not equals or not values.strip():
            raise ConfigError(f"--grid {text!r}: write {EXAMPLE}")
        if name in found:
            raise ConfigError(f"--grid {name} is given twice; write all its values in one")
        if name not in cls.declared:
            raise ParameterError(f"{cls.__name__} has no parameter {name!r}{suggestion(name, list(cls.declared))}")
        found[name] = _axis(cls, name, values.strip(), text)
    return found


def _axis(cls: type[Strategy], name: str, values: str, text: str) -> list[Any]:
    from strategies.settings import value_of

    if ":" not in values:
        return [value_of(cls, name, word.strip()) for word in values.split(",") if word.strip()]
    parts = values.split(":")
    if len(parts) not in (2, 3):
        raise ConfigError(f"--grid {text!r}: a range is first:last:step")
    try:
        first, last = Decimal(parts[0]), Decimal(parts[1])
        step = Decimal(parts[2]) if len(parts) == 3 else Decimal(1)
    except InvalidOperation as error:
        raise ConfigError(f"--grid {text!r}: first, last and step must be numbers") from error
    if not (step.is_finite() and first.is_finite() and last.is_finite()) or step <= 0 or last < first:
        raise ConfigError(f"--grid {text!r}: needs first <= last and a step above 0")
    count = int((last - first) / step) + 1
    if count > 1_000_000:
        raise ConfigError(f"--grid {text!r}: {count:,} values on one axis; at most 1,000,000")
    return [value_of(cls, name, str(first + k * step)) for k in range(count)]
