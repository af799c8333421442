"""The choice on one train window: trials judged on its blocks, the best of those that bring enough evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ParameterError
from optimize.sweep_figures import FIGURES
from optimize.walkforward.folds import blocks
from optimize.walkforward.result import Choice
from optimize.walkforward.trial_engine import TrialEngine

if TYPE_CHECKING:
    import optuna
    import pandas as pd
    from numpy.typing import NDArray

    from feeds.bars import Bars
    from optimize.walkforward.settings import Settings
    from optimize.walkforward.space import SearchSpace
    from strategies.base import Strategy

PROBES = 32  # random parameter sets whose longest holding time sets the purge
LARGEST_PURGE = 0.1  # of the train window
WIDTH = 0.25  # of the smoothing, per square root of the number of searched parameters
COMPLETE, PRUNED, RULED_OUT, TOO_FEW = "complete", "pruned", "ruled-out", "too-few-trades"


class Judged:
    """One parameter set on a train window, computed as far as it is asked for. strategy: None when its own rule forbids
    the set. A set that refuses the bars, as `backtest` would tell, has too few trades whatever it does on them."""

    def __init__(self, window: TrainWindow, strategy: Strategy | None) -> None:
        self.window, self.strategy = window, strategy
        self._blocks: list[tuple[float, ...]] = []

    @cached_property
    def state(self) -> str:
        """RULED_OUT, TOO_FEW, or COMPLETE for a set that may be chosen."""
        if self.strategy is None:
            return RULED_OUT
        if self.strategy.refusal(self.window.bars):
            return TOO_FEW
        return COMPLETE if self.figures["trades"] >= self.window.settings.min_trades else TOO_FEW

    @cached_property
    def figures(self) -> dict[str, float]:
        """FIGURES on the whole train window; nothing for a set that is ruled out."""
        if self.strategy is None:
            return {}
        found = self.window.engine.figures(self.strategy, [(self.window.first, self.window.last)])
        return {name: float(found[name][0]) for name in FIGURES}

    def scores(self, count: int) -> NDArray[np.float64]:
        """Objectives on the first `count` blocks, scores[block, objective]; an undefined one (no trade) counts as 0."""
        assert self.strategy is not None
        while len(self._blocks) < count:
            found = self.window.engine.figures(self.strategy, [self.window.blocks[len(self._blocks)]])
            values = [float(found[name][0]) for name in self.window.settings.objectives]
            self._blocks.append(tuple(0.0 if math.isnan(value) else value for value in values))
        return np.array(self._blocks[:count])

    def means(self, count: int) -> tuple[float, ...]:
        """Objectives as means over the first `count` blocks."""
        return tuple(float(value) for value in self.scores(count).mean(axis=0))


class TrainWindow:
    """Bars up to the end of a train window, and nothing later: what a choice may know.

    gap: whether a test window follows, from which purge and embargo keep a distance.
    """

    def __init__(self, space: SearchSpace, bars: Bars, first: int, settings: Settings, periods: float, gap: bool,
                 seed: int) -> None:  # fmt: skip
        self.space, self.settings, self.seed = space, settings, seed
        self.engine = TrialEngine(space.cls, bars, settings.account, periods)
        self.bars = bars
        self._judged: dict[tuple[Any, ...], Judged] = {}
        self.first = max(first, space.warmup() - 1)
        self.purge = self._longest_holding(len(bars))
        self.embargo = math.ceil(settings.embargo * (len(bars) - self.first)) if gap else 0
        self.last = len(bars) - self.embargo - (self.purge if gap else 0)
        self.blocks = blocks(self.first, self.last, settings.blocks, self.purge)

    def _longest_holding(self, last: int) -> int:
        """Longest holding time [bars] of random parameter sets on the train window, at most a tenth of it."""
        random = np.random.default_rng([self.seed, PROBES])
        limit = int(LARGEST_PURGE * (last - self.first))
        longest = 0
        for _ in range(PROBES):
            strategy = self.strategy(self.space.draw(random))
            if strategy is not None:
                longest = max(longest, self.engine.longest_holding(strategy, (self.first, last)))
        return min(longest, limit)

    def strategy(self, values: Mapping[str, Any]) -> Strategy | None:
        """The strategy of a parameter set; None when its own rule forbids it."""
        try:
            return self.space.strategy(values)
        except ParameterError:
            return None

    def judged(self, values: Mapping[str, Any]) -> Judged:
        """What is known of a parameter set; kept, so that nothing is computed twice."""
        key = tuple(values[name] for name in self.space.axes)
        if key not in self._judged:
            self._judged[key] = Judged(self, self.strategy(values))
        return self._judged[key]

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """A trial's parameters."""
        found: dict[str, Any] = {}
        for name, axis in self.space.axes.items():
            if axis.kind == "choice":
                found[name] = trial.suggest_categorical(name, axis.values)
            elif axis.kind == "int":
                found[name] = trial.suggest_int(name, int(axis.low), int(axis.high))
            else:
                found[name] = trial.suggest_float(name, axis.low, axis.high)
        return found

    def evaluate(self, trial: optuna.Trial) -> float | tuple[float, ...]:
        """The objective of a study. A trial without enough evidence, or hopeless after some blocks, is pruned."""
        import optuna

        from optimize.walkforward.study import hopeless

        found, count = self.judged(self.suggest(trial)), len(self.blocks)
        if found.state != COMPLETE:
            raise optuna.TrialPruned(found.state)
        for block in range(1, count):
            if hopeless(trial, block - 1, found.means(block)[0]):
                raise optuna.TrialPruned(PRUNED)
        values = found.means(count)
        return values if len(values) > 1 else values[0]

    def choice(self, trials: list[Any]) -> Choice:
        """The choice among finished trials. Their figures are computed again from their parameters, not believed."""
        rows = [self._row(trial) for trial in trials]
        self._smooth(rows)
        best = self._best(rows)
        times = self.bars.times
        parameters, figures = None, {}
        if best is not None:
            parameters = dict(self.space.strategy(best["values"]).parameters)
            figures = {name: best[name] for name in FIGURES}
        return Choice(
            times[self.first], times[self.last - 1], self.purge, self.embargo, parameters,
            None if best is None else best["number"], math.nan if best is None else best["smoothed"], figures,
            self._table(rows),
        )  # fmt: skip

    def _row(self, trial: Any) -> dict[str, Any]:
        from optuna.trial import TrialState

        found, count = self.judged(trial.params), len(self.blocks)
        pruned = found.state == COMPLETE and trial.state == TrialState.PRUNED
        done = len(trial.intermediate_values) if pruned else count
        means, scores = (math.nan,) * len(self.settings.objectives), [math.nan] * count
        if found.state == COMPLETE:
            means = found.means(done)
            scores[:done] = found.scores(done)[:, 0].tolist()
        return {
            "number": trial.number, "state": PRUNED if pruned else found.state, "score": means[0],
            "smoothed": math.nan, "objectives": means, "values": dict(trial.params),
            **{f"score_{block}": score for block, score in enumerate(scores)},
            **{name: found.figures.get(name, math.nan) for name in FIGURES},
        }  # fmt: skip

    def _smooth(self, rows: list[dict[str, Any]]) -> None:
        """Objectives averaged over the trials near each: a lone peak is luck more often than a plateau is. A pruned
        trial counts with the blocks that it was judged on.

        Weights are those of a normal distribution of the distance in the space, whose width is WIDTH √dimensions.
        """
        known = [row for row in rows if row["state"] in (COMPLETE, PRUNED)]
        if not known:
            return
        places = np.array([self.space.unit(row["values"]) for row in known])
        apart = ((places[:, None, :] - places[None, :, :]) ** 2).sum(axis=2)
        weights = np.exp(-apart / (2.0 * WIDTH**2 * self.space.dimensions))
        smoothed = weights @ np.array([row["objectives"] for row in known]) / weights.sum(axis=1)[:, None]
        for row, values in zip(known, smoothed.tolist(), strict=True):
            row["objectives"], row["smoothed"] = tuple(values), values[0]

    def _best(self, rows: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Highest smoothed score of complete trials, the earlier one on a tie; with several objectives the member of
        the Pareto front with the least sum of ranks."""
        fit = [row for row in rows if row["state"] == COMPLETE]
        if not fit:
            return None
        points = np.array([row["objectives"] for row in fit])
        front = [k for k, point in enumerate(points)
                 if not np.any(np.all(points >= point, axis=1) & np.any(points > point, axis=1))]  # fmt: skip
        ranks = [(int(np.sum(points[front] > points[k])), -points[k][0], k) for k in front]
        return fit[min(ranks)[2]]

    def _table(self, rows: list[dict[str, Any]]) -> pd.DataFrame:
        import pandas as pd

        blocks = [f"score_{block}" for block in range(len(self.blocks))]
        columns = ["number", "state", "score", "smoothed", *blocks, *self.space.axes, *FIGURES]
        return pd.DataFrame([{**row, **row["values"]} for row in rows], columns=columns)
