"""The record against holding the same thing over the same bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optimize.metrics import performance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from feeds.bars import Bars
    from optimize.walkforward.result import WalkForward
    from strategies.execution.account import Costs


@dataclass(frozen=True, eq=False)
class BuyAndHold:
    """All money in at the open of the first test bar and out at the close of the last one, with the record's costs.

    equity: at the close of each test bar, as a multiple of the money at the start. sharpe, total_return, max_drawdown
    as in optimize.metrics. correlation, beta: of the record's returns per bar with these; NaN where undefined. excess:
    total return of the record less this one.
    """

    equity: NDArray[np.float64]
    sharpe: float
    total_return: float
    max_drawdown: float
    correlation: float
    beta: float
    excess: float


def buy_and_hold(walk: WalkForward) -> BuyAndHold:
    times = walk.equity.index
    first, last = int(walk.bars.times.searchsorted(times[0])), int(walk.bars.times.searchsorted(times[-1]))
    held = held_equity(walk.bars, first, last, walk.settings.account.costs)
    places = walk.bars.times.get_indexer(times) - first
    equity = held[places]
    changes = np.concatenate(([equity[0] - 1.0], equity[1:] / equity[:-1] - 1.0))
    found = performance(np.concatenate(([1.0], equity)), walk.periods)
    own = walk.returns.to_numpy(dtype=np.float64)
    together = np.cov(own, changes)
    known = together[0, 0] > 0 and together[1, 1] > 0
    nan = float("nan")
    return BuyAndHold(
        equity,
        found["sharpe"],
        found["total_return"],
        found["max_drawdown"],
        float(together[0, 1] / np.sqrt(together[0, 0] * together[1, 1])) if known else nan,
        float(together[0, 1] / together[1, 1]) if together[1, 1] > 0 else nan,
        float(walk.figures["total_return"]) - found["total_return"],
    )


def held_equity(bars: Bars, first: int, last: int, costs: Costs) -> NDArray[np.float64]:
    """Worth of 1 invested at the open of bar `first`, at the close of each bar to `last`, sold at that one's close.

    Slippage makes the open dearer and the last close cheaper; fee and commission are paid on both.
    """
    instrument = bars.instrument
    closes = bars.column("close")[first : last + 1]
    slip, ticks = costs.slippage_bps / 1e4, costs.slippage_ticks * instrument.tick
    paid = bars.column("open")[first] * (1 + slip) + ticks
    got = closes[-1] * (1 - slip) - ticks
    commission = costs.commission / instrument.multiplier
    units = 1.0 / (paid * (1 + costs.fee) + commission)
    worth = units * np.array(closes)
    worth[-1] = units * (got * (1 - costs.fee) - commission)
    return worth
