"""Intervals from resampling: stationary bootstrap of returns, and the order of trades shuffled.

Sources: Politis & Romano (1994) for the bootstrap, Politis & White (2004) with Patton's correction (2009) for the
length of its blocks; both as in the library `arch`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from feeds.errors import ConfigError, DataError
from optimize.metrics import performance

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = ("sharpe", "total_return", "max_drawdown")


@dataclass(frozen=True)
class Interval:
    """A figure and where it lies with probability `level` when the past is drawn again; NaN where undefined.

    positive: share of the draws in which it is above zero."""

    value: float
    low: float
    high: float
    level: float
    positive: float


def bootstrap(
    returns: NDArray[np.float64], periods: float, *, draws: int = 2000, level: float = 0.95, seed: int = 1
) -> dict[str, Interval]:
    """Percentile intervals of sharpe, total_return and max_drawdown (names and signs as in optimize.metrics).

    returns: per stamp, in order; periods: stamps per year. Blocks have random lengths whose mean follows from the
    returns' own dependence. The same seed gives the same intervals. DataError for fewer than 20 returns or a gap.
    """
    from arch.bootstrap import StationaryBootstrap, optimal_block_length

    values = np.asarray(returns, dtype=np.float64)
    _check(draws, level)
    if len(values) < 20:
        raise DataError(f"{len(values)} returns are too few to draw from; 20 or more")
    if not np.isfinite(values).all():
        raise DataError("a return is missing or infinite; nothing is filled")
    if not np.std(values) > 0:
        raise DataError("the returns never differ: there is nothing to draw from")
    length = max(1, round(float(optimal_block_length(values)["stationary"].iloc[0])))
    drawn = {name: np.empty(draws) for name in NAMES}
    for k, (again, _) in enumerate(StationaryBootstrap(length, values, seed=seed).bootstrap(draws)):
        found = _figures(np.asarray(again[0]), periods)
        for name in NAMES:
            drawn[name][k] = found[name]
    return _intervals(_figures(values, periods), drawn, level)


def shuffled_trades(returns: NDArray[np.float64], *, draws: int = 2000, level: float = 0.95, seed: int = 1) -> Interval:
    """Deepest drawdown of the compounded trades when they come in another order; each trade's return stays itself."""
    values = np.asarray(returns, dtype=np.float64)
    _check(draws, level)
    if len(values) < 2 or not np.isfinite(values).all() or values.min() <= -1.0:
        raise DataError(f"{len(values)} trades with returns above -100 % and none missing are needed, two or more")
    random = np.random.default_rng(seed)
    drawn = np.array([_drawdown(random.permutation(values)) for _ in range(draws)])
    return _intervals({"max_drawdown": _drawdown(values)}, {"max_drawdown": drawn}, level)["max_drawdown"]


def _check(draws: int, level: float) -> None:
    if draws < 100:
        raise ConfigError(f"draws={draws} must be 100 or more")
    if not 0.5 <= level < 1.0:
        raise ConfigError(f"level={level} must be a probability from 0.5 to below 1, like 0.95")


def _figures(returns: NDArray[np.float64], periods: float) -> dict[str, float]:
    equity = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
    found = performance(equity, periods)
    return {name: found[name] for name in NAMES}


def _drawdown(returns: NDArray[np.float64]) -> float:
    equity = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
    return float(np.min(equity / np.maximum.accumulate(equity)) - 1.0)


def _intervals(
    value: Mapping[str, float], drawn: Mapping[str, NDArray[np.float64]], level: float
) -> dict[str, Interval]:
    found = {}
    for name, values in drawn.items():
        known = values[np.isfinite(values)]
        edges = (50 * (1 - level), 50 * (1 + level))
        low, high = np.percentile(known, edges) if len(known) else (np.nan, np.nan)
        positive = float(np.mean(known > 0)) if len(known) else np.nan
        found[name] = Interval(value[name], float(low), float(high), level, positive)
    return found
