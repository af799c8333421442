"""What a walk-forward found: the choice of each fold, its test window, and all test windows stitched together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from optimize.metrics import performance, returns_of, trade_figures

if TYPE_CHECKING:
    import pandas as pd

    from feeds.bars import Bars
    from optimize.run import Run
    from optimize.walkforward.settings import Settings
    from optimize.walkforward.space import SearchSpace
    from strategies.base import Strategy


@dataclass(frozen=True, eq=False)
class Choice:
    """What the procedure chose on one train window, which knows nothing of later bars.

    first, last: close times of the first bar that trials trade on and of the last one. purge, embargo: bars left
    out between the train window and what comes after it. parameters: all of the strategy's, by name; None when no
    trial brought the minimum of evidence (then nothing is traded). number: of the chosen trial. score: its inner
    cross-validated score, averaged over the trials near it. in_sample: figures of the chosen parameters on the
    train window, names as in optimize.sweep_figures.FIGURES (empty without a choice). trials: one row per trial:
    number, state ("complete", "pruned", "ruled-out", "too-few-trades"), score, smoothed (what the choice goes by),
    one score_<block> per inner block, the parameters searched, and FIGURES on the train window.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    purge: int
    embargo: int
    parameters: Mapping[str, Any] | None
    number: int | None
    score: float
    in_sample: Mapping[str, float]
    trials: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Fold:
    """One train window and the test window after it. run: the test window with the chosen parameters, from `account`'s
    cash, flat at both ends; None when nothing was chosen. times: close times of the test window's bars."""

    number: int
    choice: Choice
    times: pd.DatetimeIndex
    run: Run | None

    @property
    def equity(self) -> np.ndarray:
        """Account value at each of `times`, as a multiple of the cash at the start."""
        if self.run is None:
            return np.ones(len(self.times))
        values: np.ndarray = self.run.equity.to_numpy() / self.run.account.cash
        return values


@dataclass(frozen=True, eq=False, repr=False)
class WalkForward:
    """The record of a procedure: its choices on train windows, and what they earned on bars that no choice had seen.

    candidate: what the same procedure chooses on the last full train window, for use after the data end. Its evidence
    is the stitched out-of-sample record of the procedure, not its own in-sample figures.
    """

    strategy: type[Strategy]
    bars: Bars
    settings: Settings
    space: SearchSpace
    folds: tuple[Fold, ...]
    candidate: Choice
    periods: float
    seconds: float

    @cached_property
    def equity(self) -> pd.Series:
        """Stitched out-of-sample account value; each test window goes on where the one before ended."""
        import pandas as pd

        level, parts = self.settings.account.cash, []
        for fold in self.folds:
            parts.append(pd.Series(level * fold.equity, index=fold.times))
            level = float(parts[-1].iloc[-1])
        return pd.concat(parts).rename("equity")

    @cached_property
    def returns(self) -> pd.Series:
        """Stitched out-of-sample returns per bar, flat bars included; the first is that of the first test bar."""
        import pandas as pd

        values = np.concatenate(([self.settings.account.cash], self.equity.to_numpy()))
        return pd.Series(returns_of(values), index=self.equity.index, name="returns")

    @cached_property
    def trades(self) -> pd.DataFrame:
        """Round trips of all test windows, columns of optimize.trades.round_trips and `fold`."""
        import pandas as pd

        parts = [fold.run.trades.assign(fold=fold.number) for fold in self.folds if fold.run is not None]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"pnl": [], "return": [], "fold": []})

    @cached_property
    def figures(self) -> dict[str, float | int]:
        """Figures of the stitched record, rf 0; names as in optimize.metrics.DEFINITIONS."""
        found = performance(np.concatenate(([self.settings.account.cash], self.equity.to_numpy())), self.periods)
        if len(self.trades):
            return {**found, **trade_figures(self.trades)}
        return {**found, "trades": 0}
