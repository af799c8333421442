"""What a run is measured against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from feeds.errors import ConfigError, DataError
from optimize.metrics import performance, shown
from optimize.periods import run_periods

if TYPE_CHECKING:
    from feeds.bars import Bars
    from optimize.run import Run


def benchmark_curve(run: Run, benchmark: Any = None) -> pd.Series:
    """The run's starting equity invested in the benchmark at the first stamp, without costs; on the run's stamps.

    benchmark: None (buy and hold of the run's symbols, in equal parts of money at the first stamp; symbols that begin
    later are left out), Bars, or a Series of prices with aware times; its name is shown. Each stamp takes the last
    price known by then. Raises ConfigError for anything else (a ticker would need a network), DataError for prices
    that are missing at the start, not finite or not positive.
    """
    from feeds.bars import Bars

    if benchmark is None:
        benchmark = _equal_parts(run)
    if isinstance(benchmark, Bars):
        prices, name = benchmark.frame["close"], f"buy and hold of {benchmark.symbol}"
    elif isinstance(benchmark, pd.Series):
        prices, name = benchmark, str(benchmark.name or "benchmark")
    else:
        raise ConfigError(f"benchmark={benchmark!r} must be Bars or a Series of prices; load it with feeds.load")
    index = prices.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None or not index.is_monotonic_increasing:
        raise DataError(f"{name}: its index must be aware times in order, such as those of Bars; it is {index.dtype}")
    bad = ~(np.isfinite(prices.to_numpy(dtype=np.float64)) & (prices.to_numpy() > 0))
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(f"{name}, row {row} ({index[row]}): price {prices.iloc[row]} must be a positive number")
    known = prices.reindex(run.equity.index, method="ffill")
    if np.isnan(known.iloc[0]):
        raise DataError(f"{name} begins at {index[0]}, after the run's first stamp {run.equity.index[0]}; load more")
    return (run.equity.iloc[0] * known / known.iloc[0]).rename(name)


def _equal_parts(run: Run) -> Bars | pd.Series:
    """Worth of equal sums put into every symbol that has a price at the run's first stamp."""
    first = run.equity.index[0]
    began = [bars for bars in run.bars.values() if bars.times[0] <= first]
    if len(began) < 2:
        return next(iter(began or run.bars.values()))
    closes = [bars.frame["close"].reindex(run.equity.index, method="ffill") for bars in began]
    symbols = ", ".join(bars.symbol for bars in began) if len(began) <= 5 else f"{len(began)} symbols"
    worth = pd.concat([prices / prices.iloc[0] for prices in closes], axis=1).mean(axis=1)
    return worth.rename(f"buy and hold of {symbols} in equal parts")


def verdict(run: Run, curve: pd.Series, rf: float = 0.0) -> tuple[bool, str]:
    """Whether the run earned more than the benchmark, and that in plain words."""
    periods = run_periods(run)
    ours, theirs = (performance(values.to_numpy(), periods, rf) for values in (run.equity, curve))
    names = {"total_return": "total return", "sharpe": "Sharpe", "max_drawdown": "deepest drawdown"}
    told = "; ".join(f"{said} {shown(key, ours[key])} against {shown(key, theirs[key])}" for key, said in names.items())
    better = ours["total_return"] > theirs["total_return"]
    if not len(run.fills):
        return False, f"Never traded; did not beat {curve.name}: {told}. The benchmark pays no costs."
    return better, f"{'Beat' if better else 'Did not beat'} {curve.name}: {told}. The benchmark pays no costs."
