"""What the trials behind a choice say of it: deflated Sharpe ratio and probability of backtest overfitting.

Sources: `sharpe_ratio` and `overfitting` in this folder; Galwey (2009, "A new measure of the effective number of tests,
a practical tool for comparing families of non-independent significance tests", Genetic Epidemiology 33) for the number
of independent tries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import DataError
from optimize.evidence.overfitting import Overfitting, overfitting
from optimize.evidence.sharpe_ratio import deflated_sharpe, expected_best, sample
from optimize.evidence.windows import daily, shortened, train_window

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from optimize.walkforward.result import Choice, WalkForward
    from optimize.walkforward.space import Dimension, SearchSpace
    from optimize.walkforward.trial_engine import TrialEngine

PERIODS = 2000
TRIED = ("complete", "pruned", "too-few-trades")


@dataclass(frozen=True)
class Deflation:
    """Deflated Sharpe ratio of a choice, in its own train window, from daily returns.

    probability: that its true Sharpe ratio is above what the best of `tried` independent tries reaches by luck.
    tried counts every trial that ran: cautious, as trials that resemble each other are fewer tries than they look.
    independent: number of independent tries by Galwey's measure, (Σ√λ)² / Σλ over the eigenvalues of the correlation
    of the trials' returns; gentler: probability with that number. luck, own: the Sharpe ratio that luck reaches with
    `tried` tries and that of the choice, both per day. spread: standard deviation of the trials' daily Sharpe ratios.
    A figure for the report: the stitched out-of-sample record was not chosen among these trials.
    """

    probability: float
    gentler: float
    tried: int
    independent: float
    own: float
    luck: float
    spread: float


def values_of(space: SearchSpace, row: Mapping[Any, Any]) -> dict[str, Any]:
    """The searched parameters of a row of Choice.trials, as the space declares them."""
    return {name: _value(axis, row[name]) for name, axis in space.axes.items()}


def _value(axis: Dimension, raw: Any) -> Any:
    if axis.kind == "choice":
        return next(value for value in axis.values if value == raw)
    return round(raw) if axis.kind == "int" else float(raw)


def trial_returns(walk: WalkForward, engine: TrialEngine, choice: Choice) -> NDArray[np.float64]:
    """returns[period, trial] of the complete trials on the train window, compounded to at most PERIODS periods."""
    window = train_window(walk.bars, choice)
    complete = choice.trials[choice.trials["state"] == "complete"]
    if not len(complete):
        raise DataError("no trial was complete, so there is nothing to compare")
    columns = [
        shortened(engine.returns(walk.space.strategy(values_of(walk.space, row)), window), PERIODS)
        for row in complete.to_dict("records")
    ]
    return np.stack(columns, axis=1)


def trial_overfitting(returns: NDArray[np.float64], blocks: int = 16) -> Overfitting:
    """Overfitting over trials that differ: copies of a trial would rank beside it and say nothing of the choice."""
    return overfitting(np.unique(returns, axis=1), blocks)


def independent_tries(returns: NDArray[np.float64]) -> float:
    """Galwey's number of independent columns: 1 when all are one, their number when none is correlated."""
    moving = returns[:, returns.std(axis=0) > 0]
    if moving.shape[1] < 2:
        return float(moving.shape[1])
    roots = np.maximum(np.linalg.eigvalsh(np.corrcoef(moving, rowvar=False)), 0.0)
    return float(np.sqrt(roots).sum() ** 2 / roots.sum())


def deflation(walk: WalkForward, engine: TrialEngine, choice: Choice, returns: NDArray[np.float64]) -> Deflation:
    """returns: those of `trial_returns`. DataError when nothing was chosen or fewer than two trials have a figure."""
    if choice.parameters is None:
        raise DataError("nothing was chosen, so there is no choice to deflate")
    first, last = train_window(walk.bars, choice)
    own = engine.returns(walk.strategy(**choice.parameters), (first, last))
    values, per_year = daily(walk.bars, walk.bars.times[first:last], own, walk.periods)
    ran = choice.trials[choice.trials["state"].isin(TRIED)]
    known = _finite(ran["sharpe"])
    if len(known) < 2:
        raise DataError(f"{len(known)} trials have a Sharpe ratio; their spread needs two or more")
    variance, given = float(np.var(known, ddof=1)) / per_year, sample(values)
    independent = independent_tries(returns)
    return Deflation(
        deflated_sharpe(given, variance, len(ran)),
        deflated_sharpe(given, variance, max(1.0, independent)),
        len(ran),
        independent,
        given.sharpe,
        expected_best(variance, len(ran)),
        variance**0.5,
    )


def _finite(column: pd.Series) -> NDArray[np.float64]:
    values = column.to_numpy(dtype=np.float64)
    return values[np.isfinite(values)]
