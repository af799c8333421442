"""How much of the in-sample Sharpe ratio is left out of sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optimize.metrics import performance

if TYPE_CHECKING:
    from optimize.walkforward.result import Fold, WalkForward


@dataclass(frozen=True)
class FoldDecay:
    """Sharpe ratio of a fold's choice on its train window and of its test window; NaN where undefined: no choice, no
    trade. total_return: of the test window. trades: closed in it."""

    fold: int
    in_sample: float
    out_of_sample: float
    total_return: float
    trades: int

    @property
    def ratio(self) -> float:
        """Out of sample over in sample; NaN when the latter is not above zero, where a ratio says nothing."""
        return self.out_of_sample / self.in_sample if self.in_sample > 0 else float("nan")


@dataclass(frozen=True)
class Decay:
    """stitched: Sharpe ratio of the whole out-of-sample record, stretches without a choice included."""

    folds: tuple[FoldDecay, ...]
    stitched: float

    @property
    def in_sample(self) -> float:
        """Mean in-sample Sharpe ratio of the folds that chose something; NaN without any."""
        known = [fold.in_sample for fold in self.folds if np.isfinite(fold.in_sample)]
        return float(np.mean(known)) if known else float("nan")

    @property
    def ratio(self) -> float:
        """Stitched over mean in-sample; NaN when the latter is not above zero."""
        return self.stitched / self.in_sample if self.in_sample > 0 else float("nan")


def decay(walk: WalkForward) -> Decay:
    return Decay(tuple(_fold(fold, walk.periods) for fold in walk.folds), float(walk.figures["sharpe"]))


def _fold(fold: Fold, periods: float) -> FoldDecay:
    found = performance(np.concatenate(([1.0], fold.equity)), periods)
    trades = 0 if fold.run is None else len(fold.run.trades)
    inside = float(fold.choice.in_sample.get("sharpe", float("nan")))
    return FoldDecay(fold.number, inside, found["sharpe"], found["total_return"], trades)
