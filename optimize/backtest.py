"""Run a strategy over history in one engine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError, DataError
from optimize.run import Run
from strategies.base import Strategy
from strategies.engines.window import as_mapping, make_window
from strategies.execution.account import Account
from strategies.execution.ledger import equity_curve, to_frame

if TYPE_CHECKING:
    import pandas as pd

    from strategies.engines.result import Result

ENGINES = ("vector", "event")


def backtest(
    strategy: Strategy,
    bars: Any,
    engine: str = "vector",
    start: Any = None,
    end: Any = None,
    account: Account | None = None,
    mode: str = "runonce",
) -> Run:
    """Run `strategy` on Bars (or a mapping of symbol to Bars that share one account).

    engine: "vector" (compiled) or "event" (backtrader, `mode` "runonce", "next" or "exactbars"); same fills. start,
    end: first and last bar of the window (close time); the bars before `start` warm the indicators up. Positions open
    at the end are closed at the last close, reason "window-end". Raises DataError for missing columns or too little
    history, ConfigError for a wrong setting.
    """
    if engine not in ENGINES:
        raise ConfigError(f"engine {engine!r} is unknown; use one of {', '.join(ENGINES)}")
    if not isinstance(strategy, Strategy):
        raise ConfigError(f"backtest needs a strategy instance such as AtrTrend(fast=20), not {strategy!r}")
    if engine == "vector" and mode != "runonce":
        raise ConfigError(f"mode={mode!r} is for engine='event'; the vector engine has no modes")
    account = account or Account()
    check_bars(bars)
    began = time.perf_counter()
    window = make_window(strategy, bars, start, end)
    refused = [
        strategy.refusal(one.window(end=window.times[-1])) for one in window.bars if one.times[0] <= window.times[-1]
    ]
    if all(refused):
        raise DataError(refused[0])
    if engine == "vector":
        from strategies.engines import vector

        result = vector.run(strategy, window, account)
    else:
        from strategies.engines import event

        result = event.run(strategy, window, account, mode)
    seconds = time.perf_counter() - began
    return as_run(strategy, engine, as_mapping(bars), account, result, seconds)


def check_bars(bars: Any) -> None:
    """Bars made by hand were not validated: on a NaN nothing fills, a quantity needs a price, and whether a bar can
    touch an order is known from its low and high."""
    from feeds.bars import PRICES, Bars

    for one in bars.values() if isinstance(bars, Mapping) else [bars]:
        if not isinstance(one, Bars):
            raise DataError(
                f"backtest needs Bars (or a mapping of symbol to Bars), not {type(one).__name__}: feeds.load"
            )
        for name in PRICES:
            values = one.column(name)
            if not (np.isfinite(values).all() and values.min() > 0):
                bar = int(np.argmin(np.isfinite(values) & (values > 0)))
                raise DataError(
                    f"{one.source}, {one.times[bar]}: {name} {values[bar]} is no price above 0; fix the source or load "
                    "it with feeds.load(..., repair='drop')"
                )
        low, high = one.column("low"), one.column("high")
        for name in ("open", "close"):
            values = one.column(name)
            if not ((low <= values).all() and (values <= high).all()):
                bar = int(np.argmin((low <= values) & (values <= high)))
                raise DataError(
                    f"{one.source}, {one.times[bar]}: {name} {values[bar]} is outside low {low[bar]} … high {high[bar]}"
                    "; fix the source or load it with feeds.load(..., repair='drop')"
                )


def as_run(
    strategy: Strategy, engine: str, bars: dict[str, Any], account: Account, result: Result, seconds: float
) -> Run:
    """The public form of an engine's result."""
    import pandas as pd

    window = result.window
    multipliers = np.array([one.instrument.multiplier for one in window.bars])
    equity = equity_curve(result.rows, window.matrix("close"), window.first, multipliers, account.cash, result.ruined)
    return Run(
        strategy_repr=repr(strategy),
        strategy_name=type(strategy).__name__,
        parameters=dict(strategy.parameters),
        engine=engine,
        bars=bars,
        account=account,
        ledger=to_frame(result.rows, window.stamps, window.symbols),
        equity=pd.Series(equity, index=window.times, name="equity"),
        levels=_levels(result),
        start=window.times[0],
        end=window.times[-1],
        ruined=result.ruined,
        seconds=seconds,
    )


def _levels(result: Result) -> pd.DataFrame | None:
    import pandas as pd

    if result.levels is None:
        return None
    tables = []
    for s, symbol in enumerate(result.window.symbols):
        values = result.levels[s]
        held = ~np.isnan(values).all(axis=1)
        table = pd.DataFrame(values[held], columns=["stop", "target_1", "target_2", "target_3", "target_4"])
        table.insert(0, "time", result.window.bars[s].times[: len(values)][held])
        table.insert(1, "symbol", symbol)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
