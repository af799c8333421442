"""The test windows again, with the same choices, under worse conditions: dearer, and one bar late."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optimize.metrics import performance, returns_of

if TYPE_CHECKING:
    from optimize.walkforward.result import WalkForward
    from strategies.execution.account import Account


@dataclass(frozen=True)
class Stressed:
    """Figures of the stitched record under a condition; names as in optimize.metrics.DEFINITIONS, NaN where
    undefined."""

    condition: str
    sharpe: float
    total_return: float
    max_drawdown: float
    profit_factor: float
    trades: int


def dearer(account: Account, times: float) -> Account:
    """The account with every cost multiplied: fee, slippage in basis points and ticks, commission. ConfigError when a
    cost leaves its bounds."""
    costs = {item.name: getattr(account.costs, item.name) * times for item in dataclasses.fields(account.costs)}
    return dataclasses.replace(account, costs=dataclasses.replace(account.costs, **costs))


def costs_times(walk: WalkForward, times: float) -> Stressed:
    """The test windows with all costs multiplied."""
    return _again(walk, f"costs × {times:g}", dearer(walk.settings.account, times), 0)


def one_bar_late(walk: WalkForward) -> Stressed:
    """The test windows with every decision acted on one bar later than it was made."""
    return _again(walk, "one bar late", walk.settings.account, 1)


def _again(walk: WalkForward, condition: str, account: Account, late: int) -> Stressed:
    from strategies.engines import vector
    from strategies.engines.window import make_window
    from strategies.execution.ledger import equity_curve

    multipliers = np.array([walk.bars.instrument.multiplier])
    parts, sums = [], dict.fromkeys(("gain", "loss", "trades"), 0.0)
    for fold in walk.folds:
        if fold.choice.parameters is None:
            parts.append(np.zeros(len(fold.times)))
            continue
        strategy = walk.strategy(**fold.choice.parameters)
        window = make_window(strategy, walk.bars, fold.times[0], fold.times[-1])
        found = vector.run(strategy, window, account, levels=False, late=late)
        closes = window.matrix("close")
        equity = equity_curve(found.rows, closes, window.first, multipliers, account.cash, found.ruined)
        parts.append(returns_of(np.concatenate(([account.cash], equity))))
        for name in sums:
            sums[name] += float(found.account[0][name])
    curve = np.concatenate(([1.0], (1.0 + np.concatenate(parts)).cumprod(dtype=np.float64)))
    figures = performance(curve, walk.periods)
    factor = sums["gain"] / sums["loss"] if sums["loss"] > 0 else float("nan")
    return Stressed(condition, figures["sharpe"], figures["total_return"], figures["max_drawdown"], factor,
                    round(sums["trades"]))  # fmt: skip
