"""What a search may choose from: some of a strategy's parameters, each with its range."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError, ParameterError
from indicators.declaration import suggestion
from optimize.grid import Grid
from optimize.parameter_sets import ParameterSets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strategies.base import Strategy


@dataclass(frozen=True)
class Dimension:
    """One searched parameter. kind: "int", "float" (low to high, both allowed) or "choice" (one of `values`; a switch
    is a choice of False and True)."""

    name: str
    kind: str
    low: float
    high: float
    values: tuple[Any, ...] = ()

    def position(self, value: Any) -> float:
        """Where a value lies, from 0 to 1."""
        if self.kind == "choice":
            return self.values.index(value) / max(1, len(self.values) - 1)
        return (float(value) - self.low) / (self.high - self.low) if self.high > self.low else 0.0

    def describe(self) -> dict[str, Any]:
        """Plain data."""
        if self.kind == "choice":
            return {"kind": self.kind, "values": list(self.values)}
        return {"kind": self.kind, "low": self.low, "high": self.high}


class SearchSpace:
    """Ranges of the parameters that are searched; the others are fixed.

    ranges: name to (low, high) within the declared bounds, or to a list of values; None: what the class names in
    `search` (every parameter when it names none), with the declared bounds. fixed: values of other parameters; the
    rest keep their defaults. Raises ParameterError and ConfigError for what does not fit.
    """

    def __init__(
        self, cls: type[Strategy], ranges: Mapping[str, Any] | None = None, fixed: Mapping[str, Any] | None = None
    ) -> None:
        self.cls = cls
        if ranges is None:
            ranges = {name: None for name in cls.search or cls.declared if name not in (fixed or {})}
        if not isinstance(ranges, Mapping):
            raise ConfigError(f"space={ranges!r} must be a mapping, like {{'fast': (5, 50)}}")
        if not ranges:
            raise ConfigError(f"{cls.__name__}: nothing to search; give a parameter a range, like fast=5:50")
        for name in (*ranges, *(fixed or {})):
            if name not in cls.declared:
                raise ParameterError(f"{cls.__name__} has no parameter {name!r}{suggestion(name, list(cls.declared))}")
        both = sorted(set(ranges) & set(fixed or {}))
        if both:
            raise ConfigError(f"{both[0]} is searched and fixed; give it once")
        self.fixed = {name: cls.declared[name].check(cls.__name__, value) for name, value in (fixed or {}).items()}
        self.axes = {name: _dimension(cls, name, given) for name, given in ranges.items()}

    def strategy(self, values: Mapping[str, Any]) -> Strategy:
        """The strategy with these values of the searched parameters. ParameterError when its own rule forbids them."""
        return self.cls(**(self.fixed | dict(values)))

    def draw(self, random: np.random.Generator) -> dict[str, Any]:
        """One parameter set, each axis uniform; the class's own rule may forbid it."""
        found: dict[str, Any] = {}
        for name, axis in self.axes.items():
            if axis.kind == "choice":
                found[name] = axis.values[int(random.integers(len(axis.values)))]
            elif axis.kind == "int":
                found[name] = int(random.integers(int(axis.low), int(axis.high) + 1))
            else:
                found[name] = float(random.uniform(axis.low, axis.high))
        return found

    def unit(self, values: Mapping[str, Any]) -> NDArray[np.float64]:
        """Position of a parameter set in the space, each axis from 0 to 1."""
        return np.array([axis.position(values[name]) for name, axis in self.axes.items()])

    @property
    def dimensions(self) -> int:
        """Axes with more than one value, 1 at least: a list of one value says nothing of distances."""
        return max(1, sum(len(axis.values) != 1 for axis in self.axes.values()))

    def searched(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The searched ones among all parameters of a strategy."""
        return {name: parameters[name] for name in self.axes}

    def warmup(self) -> int:
        """Bars until the first decision of whatever set needs the most of them, so that all trials start together.

        Looked for among the ends of numeric ranges and all values of choices.
        """
        ends: dict[str, Any] = {}
        for name, axis in self.axes.items():
            whole = axis.kind == "int"
            ends[name] = (
                axis.values
                if axis.kind == "choice"
                else sorted({int(edge) if whole else edge for edge in (axis.low, axis.high)})
            )
        return ParameterSets(Grid(self.cls, ends, self.fixed)).longest_warmup()

    def describe(self) -> dict[str, Any]:
        """Plain data that identify the space."""
        return {"axes": {name: axis.describe() for name, axis in self.axes.items()}, "fixed": dict(self.fixed)}

    def __repr__(self) -> str:
        return f"<SearchSpace of {self.cls.__name__}: {', '.join(self.axes)}>"


def _dimension(cls: type[Strategy], name: str, given: Any) -> Dimension:
    declared = cls.declared[name]
    told = declared.describe()
    if declared.kind == "switch":
        values = (False, True) if given is None else _values(cls, name, given)
        return Dimension(name, "choice", 0.0, 1.0, values)
    if declared.kind == "choice":
        values = tuple(told["options"]) if given is None else _values(cls, name, given)
        return Dimension(name, "choice", 0.0, 1.0, values)
    if given is None:
        given = (told["low"], told["high"])
    if isinstance(given, list):
        return Dimension(name, "choice", 0.0, 1.0, _values(cls, name, given))
    try:
        low, high = (declared.check(cls.__name__, edge) for edge in given)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{cls.__name__}: range of {name} must be (low, high), not {given!r}") from error
    if not (low < high and math.isfinite(high - low)):
        raise ConfigError(f"{cls.__name__}: range of {name}: {low} must be below {high}")
    return Dimension(name, declared.kind, low, high)


def _values(cls: type[Strategy], name: str, given: Any) -> tuple[Any, ...]:
    found = tuple(cls.declared[name].check(cls.__name__, value) for value in given)
    if len(found) < 1 or len(set(found)) != len(found):
        raise ConfigError(f"{cls.__name__}: values of {name} must be one or more, each once, not {list(given)!r}")
    return found


def parse_space(cls: type[Strategy], texts: Sequence[str]) -> dict[str, Any] | None:
    """Ranges from words: "name" (declared bounds), "name=low:high" or "name=a,b,c". None when there are none."""
    from strategies.settings import value_of

    found: dict[str, Any] = {}
    for text in texts:
        name, equals, values = (part.strip() for part in text.partition("="))
        if name in found:
            raise ConfigError(f"--space {name} is given twice")
        if name not in cls.declared:
            raise ParameterError(f"{cls.__name__} has no parameter {name!r}{suggestion(name, list(cls.declared))}")
        if not equals:
            found[name] = None
        elif ":" in values:
            parts = values.split(":")
            if len(parts) != 2:
                raise ConfigError(f"--space {text!r}: write {name}=low:high")
            found[name] = tuple(value_of(cls, name, part.strip()) for part in parts)
        else:
            found[name] = [value_of(cls, name, word.strip()) for word in values.split(",") if word.strip()]
    return found or None
