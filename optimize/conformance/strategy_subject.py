"""A strategy under check: its bars, its window and its ledger in the vector engine."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from feeds.bars import Bars
from optimize.conformance.bars import kit_bars
from optimize.conformance.check import CheckFailed
from strategies.base import Strategy
from strategies.engines import vector
from strategies.engines.result import Result
from strategies.engines.window import Window, make_window
from strategies.execution.account import Account, Costs, Sizing

SIZE = 2500
ACCOUNT = Account(
    cash=100_000.0,
    kind="margin",
    leverage=2.0,
    cap=0.5,
    sizing=Sizing.fraction(0.3),
    costs=Costs(fee=0.0005, slippage_bps=2.0),
)


@dataclass(frozen=True)
class StrategySubject:
    """A strategy, the bars it is checked on, and what it does with them."""

    strategy: Strategy
    bars: dict[str, Bars]
    declared: Any = None
    account: Account = ACCOUNT

    @cached_property
    def window(self) -> Window:
        return make_window(self.strategy, self.bars)

    @cached_property
    def result(self) -> Result:
        return vector.run(self.strategy, self.window, self.account)


def subject_for(strategy: Strategy) -> StrategySubject:
    """Bars that the class declares (`verify_bars`), else a random walk with the columns that it reads."""
    declared = inspect.getattr_static(type(strategy), "verify_bars", None)
    if declared is None:
        columns = [name for name in strategy.columns() if name not in ("open", "high", "low", "close", "volume")]
        return StrategySubject(strategy, {"KIT": kit_bars(columns, max(SIZE, 4 * strategy.warmup))})
    make = declared.__func__ if isinstance(declared, staticmethod) else declared
    bars = make(kit_bars((), max(SIZE, 4 * strategy.warmup))) if takes_prices(make) else make()
    return StrategySubject(strategy, bars if isinstance(bars, dict) else {bars.symbol: bars}, make)


def takes_prices(make: Any) -> bool:
    """True when `verify_bars` builds its columns from bars that it is given."""
    return bool(inspect.signature(make).parameters)


def several(strategy: Strategy) -> StrategySubject:
    """Three symbols with missing bars and a late start."""
    columns = [name for name in strategy.columns() if name not in ("open", "high", "low", "close", "volume")]
    rng = np.random.default_rng(5)
    found = {}
    for k, symbol in enumerate(("ONE", "TWO", "THREE")):
        bars = kit_bars(columns, max(1200, 3 * strategy.warmup), seed=11 + k)
        keep = rng.random(len(bars)) > 0.05 * k
        keep[: 40 * k] = False
        found[symbol] = with_frame(bars, bars.frame[keep], symbol)
    return StrategySubject(strategy, found)


def with_frame(bars: Bars, frame: pd.DataFrame, symbol: str = "") -> Bars:
    """The same bars with another table."""
    instrument = replace(bars.instrument, symbol=symbol or bars.symbol)
    return replace(bars, _frame=frame, instrument=instrument)


def require_ledger(found: np.ndarray, expected: np.ndarray, what: str) -> None:
    """CheckFailed at the first ledger row that differs by a bit."""
    for k in range(max(len(found), len(expected))):
        if k >= len(found) or k >= len(expected) or found[k] != expected[k]:
            ours = found[k] if k < len(found) else "missing"
            theirs = expected[k] if k < len(expected) else "missing"
            raise CheckFailed(
                f"{what}: ledger row {k} is {ours}, not {theirs} (fields: {', '.join(expected.dtype.names or ())})"
            )
