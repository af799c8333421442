"""One hash of all compiled code behind a strategy class: its rules, the execution rules and every indicator in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from indicators.base import Indicator
from indicators.higher_timeframe import HigherTimeframe

if TYPE_CHECKING:
    from strategies.base import Strategy


def code_digest(cls: type[Strategy]) -> str:
    """SHA-256 of the programs that a class is compiled to; edits of kernels, helpers and execution rules change it."""
    from indicators.engines.program import indicator_program
    from strategies.execution.drivers import Shape, account_program, decision_program, window_program

    programs = [window_program(cls, Shape()), decision_program(cls), account_program()]
    parts = sorted({indicator_program(kind).digest for kind in _indicators(cls.components.values())})
    return hashlib.sha256("\n".join([*(one.digest for one in programs), *parts]).encode()).hexdigest()


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
