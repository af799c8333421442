"""Typed parameters of declarations: default, bounds and unit in one line.

A parameter written in a class body can be passed on to a component (`Ema(period=fast)`) or used in simple integer
arithmetic (`window = period + 1`); both are resolved when the class is instantiated.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from feeds.errors import DefinitionError, ParameterError


class Reference:
    """A number that is known once a declaration has its parameters: a parameter, or arithmetic on parameters."""

    def resolve(self, values: dict[str, Any]) -> Any:
        raise NotImplementedError

    def _combine(self, other: Any, function: Callable[[Any, Any], Any], sign: str, swap: bool = False) -> Expression:
        left, right = (other, self) if swap else (self, other)
        return Expression(left, right, function, sign)

    def __add__(self, other: Any) -> Expression:
        return self._combine(other, operator.add, "+")

    def __radd__(self, other: Any) -> Expression:
        return self._combine(other, operator.add, "+", swap=True)

    def __sub__(self, other: Any) -> Expression:
        return self._combine(other, operator.sub, "-")

    def __rsub__(self, other: Any) -> Expression:
        return self._combine(other, operator.sub, "-", swap=True)

    def __mul__(self, other: Any) -> Expression:
        return self._combine(other, operator.mul, "*")

    def __rmul__(self, other: Any) -> Expression:
        return self._combine(other, operator.mul, "*", swap=True)


class Expression(Reference):
    """`period + 1` and the like, kept until the parameters are known."""

    def __init__(self, left: Any, right: Any, function: Callable[[Any, Any], Any], sign: str) -> None:
        self.left, self.right, self.function, self.sign = left, right, function, sign

    def resolve(self, values: dict[str, Any]) -> Any:
        return self.function(resolved(self.left, values), resolved(self.right, values))

    def __repr__(self) -> str:
        return f"({self.left!r} {self.sign} {self.right!r})"


def resolved(value: Any, values: dict[str, Any]) -> Any:
    """`value` itself, or what a reference stands for under these parameter values."""
    return value.resolve(values) if isinstance(value, Reference) else value


class Parameter(Reference):
    """Base of Int, Float, Switch and Choice: a class attribute that is a number on instances."""

    kind = "parameter"

    def __init__(self, default: Any, low: Any, high: Any, unit: str) -> None:
        self.name = ""
        self.default, self.low, self.high, self.unit = default, low, high, unit

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else instance.parameters[self.name]

    def resolve(self, values: dict[str, Any]) -> Any:
        if self.name not in values:
            raise DefinitionError(f"parameter {self.name or '(unnamed)'} is not declared on the class that uses it")
        return values[self.name]

    def check(self, owner: str, value: Any) -> Any:
        """The value in the parameter's own type; ParameterError when it does not fit."""
        raise NotImplementedError

    def number(self, value: Any) -> float:
        """How kernels see the value."""
        return float(value)

    def describe(self) -> dict[str, Any]:
        """Plain data for listings, the command line and search spaces."""
        return {
            "name": self.name,
            "kind": self.kind,
            "default": self.default,
            "low": self.low,
            "high": self.high,
            "unit": self.unit,
        }

    def edges(self) -> list[Any]:
        """The extreme legal values, for checks that every bound runs."""
        return [self.low, self.high]

    def __repr__(self) -> str:
        return self.name or f"{type(self).__name__}({self.default!r})"

    def _bounded(self, owner: str, value: Any) -> Any:
        if not self.low <= value <= self.high:
            raise ParameterError(
                f"{owner}: {self.name}={value!r} is outside {self.low} … {self.high}"
                + (f" {self.unit}" if self.unit else "")
            )
        return value


class Int(Parameter):
    """A whole number between `low` and `high`, both allowed."""

    kind = "int"

    def __init__(self, default: int, low: int, high: int, unit: str = "bars") -> None:
        super().__init__(default, low, high, unit)
        if not low <= default <= high:
            raise DefinitionError(f"Int({default}, {low}, {high}): the default is outside its bounds")

    def check(self, owner: str, value: Any) -> int:
        if isinstance(value, bool) or not (
            hasattr(value, "__index__") or (isinstance(value, float) and value.is_integer())
        ):
            raise ParameterError(f"{owner}: {self.name}={value!r} must be a whole number")
        return int(self._bounded(owner, int(value)))


class Float(Parameter):
    """A real number between `low` and `high`, both allowed."""

    kind = "float"

    def __init__(self, default: float, low: float, high: float, unit: str = "") -> None:
        super().__init__(float(default), float(low), float(high), unit)
        if not low <= default <= high:
            raise DefinitionError(f"Float({default}, {low}, {high}): the default is outside its bounds")

    def check(self, owner: str, value: Any) -> float:
        if isinstance(value, (bool, str)):
            raise ParameterError(f"{owner}: {self.name}={value!r} must be a number")
        try:
            number = float(value)
        except (TypeError, ValueError) as error:
            raise ParameterError(f"{owner}: {self.name}={value!r} must be a number") from error
        if not math.isfinite(number):
            raise ParameterError(f"{owner}: {self.name}={value!r} must be finite")
        return float(self._bounded(owner, number))


class Switch(Parameter):
    """On or off; kernels see 1 or 0."""

    kind = "switch"

    def __init__(self, default: bool) -> None:
        super().__init__(bool(default), False, True, "")

    def check(self, owner: str, value: Any) -> bool:
        if value in (0, 1, True, False):
            return bool(value)
        raise ParameterError(f"{owner}: {self.name}={value!r} must be true or false")


class Choice(Parameter):
    """One of a few names; kernels see its position in `options`, counted from 0."""

    kind = "choice"

    def __init__(self, default: str, options: tuple[str, ...]) -> None:
        super().__init__(default, 0, len(options) - 1, "")
        self.options = tuple(options)
        if default not in self.options:
            raise DefinitionError(f"Choice: the default {default!r} is not among {self.options}")

    def check(self, owner: str, value: Any) -> str:
        if value not in self.options:
            raise ParameterError(f"{owner}: {self.name}={value!r} is not one of {', '.join(map(repr, self.options))}")
        return str(value)

    def number(self, value: Any) -> float:
        return float(self.options.index(value))

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"options": list(self.options)}

    def edges(self) -> list[Any]:
        return list(self.options)
