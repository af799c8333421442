"""The choice on one train window: trials judged on its blocks, the best of those that bring enough evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
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

    from feeds.bars import Bars
    from optimize.walkforward.settings import Settings
    from optimize.walkforward.space import SearchSpace
    from strategies.base import Strategy

PROBES = 32  # random parameter sets whose longest holding time sets the purge
LARGEST_PURGE = 0.1  # of the train window
WIDTH = 0.25  # of the smoothing, per square root of the number of searched parameters: docs/calibration.md
COMPLETE, PRUNED, RULED_OUT, TOO_FEW = "complete", "pruned", "ruled-out", "too-few-trades"


@dataclass(frozen=True)
class Verdict:
    """What is known of one trial. scores: one list per objective, a value per block."""

    state: str
    scores: tuple[tuple[float, ...], ...]
    figures: Mapping[str, float]

    def values(self) -> tuple[float, ...]:
        """The objectives: means over the blocks."""
        return tuple(float(np.mean(one)) for one in self.scores)


class TrainWindow:
    """Bars up to the end of a train window, and nothing later: what a choice may know.

    gap: whether a test window follows, from which purge and embargo keep a distance.
    """

    def __init__(self, space: SearchSpace, bars: Bars, first: int, settings: Settings, periods: float, gap: bool,
                 seed: int) -> None:  # fmt: skip
        self.space, self.settings, self.seed = space, settings, seed
        self.engine = TrialEngine(space.cls, bars, settings.account, periods)
        self.bars = bars
        self._verdicts: dict[tuple[Any, ...], Verdict] = {}
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

    def verdict(self, values: Mapping[str, Any]) -> Verdict:
        """A parameter set on the whole train window, then on its blocks."""
        key = tuple(values[name] for name in self.space.axes)
        if key not in self._verdicts:
            self._verdicts[key] = self._judge(values)
        return self._verdicts[key]

    def _judge(self, values: Mapping[str, Any]) -> Verdict:
        strategy = self.strategy(values)
        if strategy is None:
            return Verdict(RULED_OUT, (), {})
        found = self.engine.figures(strategy, [(self.first, self.last), *self.blocks])
        whole = {name: float(found[name][0]) for name in FIGURES}
        scores = tuple(tuple(np.nan_to_num(found[name][1:], nan=0.0).tolist()) for name in self.settings.objectives)
        return Verdict(COMPLETE if whole["trades"] >= self.settings.min_trades else TOO_FEW, scores, whole)

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

        found = self.verdict(self.suggest(trial))
        if found.state != COMPLETE:
            raise optuna.TrialPruned(found.state)
        if len(found.scores) > 1:
            return found.values()
        for block in range(len(self.blocks) - 1):
            trial.report(float(np.mean(found.scores[0][: block + 1])), block)
            if trial.should_prune():
                raise optuna.TrialPruned(PRUNED)
        return found.values()[0]

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

        found = self.verdict(trial.params)
        state = PRUNED if found.state == COMPLETE and trial.state == TrialState.PRUNED else found.state
        known = found.state == COMPLETE
        scores = found.scores[0] if known else (math.nan,) * len(self.blocks)
        return {
            "number": trial.number, "state": state, "smoothed": math.nan,
            "objectives": found.values() if known else (math.nan,) * len(self.settings.objectives),
            "score": found.values()[0] if known else math.nan,
            **{f"score_{block}": score for block, score in enumerate(scores)}, "values": dict(trial.params),
            **{name: found.figures.get(name, math.nan) for name in FIGURES},
        }  # fmt: skip

    def _smooth(self, rows: list[dict[str, Any]]) -> None:
        """Objectives averaged over the trials near each: a lone peak is luck more often than a plateau is.

        Weights are those of a normal distribution of the distance in the space, whose width is WIDTH √dimensions.
        """
        known = [row for row in rows if row["state"] in (COMPLETE, PRUNED)]
        if not known:
            return
        places = np.array([self.space.unit(row["values"]) for row in known])
        apart = ((places[:, None, :] - places[None, :, :]) ** 2).sum(axis=2)
        weights = np.exp(-apart / (2.0 * WIDTH**2 * places.shape[1]))
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
