"""One hash of all compiled code behind a strategy class: its rules, the execution rules and every indicator in it."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING

from indicators.base import Indicator
from indicators.higher_timeframe import HigherTimeframe

if TYPE_CHECKING:
    from indicators.declaration import Declaration
    from strategies.base import Strategy

BASES = ("builtins", "indicators.base", "indicators.declaration", "strategies.base")


def code_digest(cls: type[Strategy]) -> str:
    """SHA-256 of the programs that a class is compiled to; edits of kernels, helpers and execution rules change it."""
    from indicators.engines.program import indicator_program
    from strategies.execution.drivers import Shape, account_program, decision_program, window_program

    programs = [window_program(cls, Shape()), decision_program(cls), account_program()]
    parts = sorted({indicator_program(kind).digest for kind in _indicators(cls.components.values())})
    return hashlib.sha256("\n".join([*(one.digest for one in programs), *parts]).encode()).hexdigest()


def declarations(cls: type[Strategy]) -> str:
    """SHA-256 of what a class and its indicators say outside their kernels: parameters with defaults and bounds, which
    component reads what, settings of the class, and Python methods such as the rule of valid sets."""
    kinds = sorted(_indicators(cls.components.values()), key=lambda kind: (kind.__module__, kind.__qualname__))
    told = [repr((cls.window, cls.reverse, cls.inputs))]
    for kind in (cls, *kinds):
        told.append(repr([parameter.describe() for parameter in kind.declared.values()]))
        told.append(repr((kind.__name__, kind.components, kind.state)))
        told += _methods(kind)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _methods(kind: type[Declaration]) -> list[str]:
    """Source text of the methods that a class adds to the bases that come along."""
    found = []
    for each in kind.__mro__:
        if each.__module__ in BASES:
            continue
        for value in vars(each).values():
            function = getattr(value, "__func__", getattr(value, "fget", value))
            if inspect.isfunction(function):
                found.append(inspect.getsource(function))
    return found


def _indicators(found: Iterable[Indicator]) -> set[type[Indicator]]:
    """Classes with a kernel among indicators, their components, what they read and what they wrap."""
    kinds: set[type[Indicator]] = set()
    for one in found:
        if isinstance(one, HigherTimeframe):
            kinds |= _indicators([one.indicator])
            continue
        kinds.add(type(one))
        kinds |= _indicators(type(one).components.values())
        kinds |= _indicators(source for source in one.sources.values() if isinstance(source, Indicator))
    return kinds
