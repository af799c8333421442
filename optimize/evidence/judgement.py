"""Everything that is known of whether a walk-forward's record is more than luck, computed when it is asked for."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError, NavaleError
from indicators.declaration import suggestion
from optimize.evidence.buy_and_hold import BuyAndHold, buy_and_hold
from optimize.evidence.certainty import Certainty, certainty
from optimize.evidence.decay import Decay, decay
from optimize.evidence.figures import FIGURES
from optimize.evidence.neighbourhood import Neighbourhood, neighbourhood
from optimize.evidence.overfitting import Overfitting
from optimize.evidence.proximity import Proximity, proximity
from optimize.evidence.regimes import regimes
from optimize.evidence.resampling import Interval, bootstrap, shuffled_trades
from optimize.evidence.stress import Stressed, costs_times, one_bar_late
from optimize.evidence.trials import Deflation, deflation, trial_overfitting, trial_returns
from optimize.evidence.windows import daily
from optimize.storage import nulled
from optimize.walkforward.trial_engine import TrialEngine

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from optimize.walkforward.result import WalkForward

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False, repr=False)
class Judgement:
    """The evidence on a walk-forward. Every part is computed when first read, and kept.

    draws: of the bootstrap and of the shuffled trades. seed: of these and of the joint moves around a choice. A part
    that cannot be had raises an error that says why; `values` and `to_json` give NaN and that reason instead.
    """

    walk: WalkForward
    draws: int = 2000
    seed: int = 1

    @cached_property
    def engine(self) -> TrialEngine:
        walk = self.walk
        return TrialEngine(walk.strategy, walk.bars, walk.settings.account, walk.periods)

    @cached_property
    def decay(self) -> Decay:
        return decay(self.walk)

    @cached_property
    def certainty(self) -> Certainty:
        return certainty(self.walk.bars, self.walk.returns)

    @cached_property
    def intervals(self) -> dict[str, Interval]:
        """sharpe, total_return, max_drawdown from the stationary bootstrap of daily returns."""
        import pandas as pd

        returns = self.walk.returns
        times = pd.DatetimeIndex(returns.index)
        values, periods = daily(self.walk.bars, times, returns.to_numpy(dtype=np.float64), self.walk.periods)
        return bootstrap(values, periods, draws=self.draws, seed=self.seed)

    @cached_property
    def shuffled(self) -> Interval:
        """Drawdown when the trades come in another order, each with its share of the account's equity at entry."""
        return shuffled_trades(trade_shares(self.walk), draws=self.draws, seed=self.seed)

    @cached_property
    def trial_returns(self) -> NDArray[np.float64]:
        return trial_returns(self.walk, self.engine, self.walk.candidate)

    @cached_property
    def overfitting(self) -> Overfitting:
        return trial_overfitting(self.trial_returns)

    @cached_property
    def deflation(self) -> Deflation:
        return deflation(self.walk, self.engine, self.walk.candidate, self.trial_returns)

    @cached_property
    def double_costs(self) -> Stressed:
        return costs_times(self.walk, 2.0)

    @cached_property
    def late(self) -> Stressed:
        return one_bar_late(self.walk)

    @cached_property
    def stress(self) -> tuple[Stressed, ...]:
        """Costs × 1, 2, 3, and one bar late."""
        return costs_times(self.walk, 1.0), self.double_costs, costs_times(self.walk, 3.0), self.late

    @cached_property
    def neighbourhood(self) -> Neighbourhood:
        """Around the candidate."""
        return neighbourhood(self.walk, self.engine, self.walk.candidate, seed=self.seed)

    @cached_property
    def fold_neighbourhoods(self) -> tuple[Neighbourhood, ...]:
        """Around the choice of each fold that has one."""
        chosen = [fold.choice for fold in self.walk.folds if fold.choice.parameters is not None]
        return tuple(neighbourhood(self.walk, self.engine, choice, seed=self.seed) for choice in chosen)

    @cached_property
    def proximity(self) -> Proximity:
        return proximity(self.walk)

    @cached_property
    def regimes(self) -> tuple[pd.DataFrame, dict[str, str]]:
        return regimes(self.walk)

    @cached_property
    def benchmark(self) -> BuyAndHold:
        return buy_and_hold(self.walk)

    def values(self, names: Iterable[str] | None = None) -> tuple[dict[str, float], dict[str, str]]:
        """Figures by name (optimize.evidence.figures.FIGURES; all by default), and for those that are NaN the reason.

        Only what the named figures need is computed. ConfigError for a name that there is not.
        """
        values, missing = {}, {}
        for name in FIGURES if names is None else names:
            if name not in FIGURES:
                raise ConfigError(f"no figure {name!r}{suggestion(name, list(FIGURES))}")
            try:
                values[name] = float(READERS[name](self))
            except NavaleError as error:
                values[name], missing[name] = math.nan, str(error)
            if math.isnan(values[name]):
                missing.setdefault(name, FIGURES[name].meaning)
        return values, missing

    def to_json(self) -> dict[str, Any]:
        """Plain data: figures, why some are missing, and the tables behind them."""
        values, missing = self.values()
        parts: dict[str, Any] = {}
        for name, read in PARTS.items():
            try:
                parts[name] = read(self)
            except NavaleError as error:
                parts[name], missing[name] = None, str(error)
        told = {"draws": self.draws, "seed": self.seed, "values": values, "missing": missing, **parts}
        plain: dict[str, Any] = nulled(told)
        return plain


def judge(walk: WalkForward, *, draws: int = 2000, seed: int = 1, progress: Progress | None = None) -> Judgement:
    """The whole judgement of a walk-forward, computed. progress: called with (parts done, of how many)."""
    found = Judgement(walk, draws, seed)
    names = list(FIGURES)
    for k, name in enumerate(names):
        found.values([name])
        if progress:
            progress(k + 1, len(names))
    return found


def trade_shares(walk: WalkForward) -> NDArray[np.float64]:
    """What each out-of-sample trade earned, as a share of the account's equity at the close before its entry."""
    import pandas as pd

    parts = []
    for fold in walk.folds:
        if fold.run is None or not len(fold.run.trades):
            continue
        trades, equity = fold.run.trades, fold.run.equity
        before = pd.DatetimeIndex(equity.index).searchsorted(pd.DatetimeIndex(trades["entry_time"])) - 1
        cash = fold.run.account.cash
        level = np.where(before >= 0, equity.to_numpy()[before], cash)
        parts.append(trades["pnl"].to_numpy(dtype=np.float64) / level)
    return np.concatenate(parts) if parts else np.zeros(0)


def _share(above: float, below: float) -> float:
    return above / below if below > 0 else math.nan


def _trades_per_fold(judgement: Judgement) -> float:
    return min(fold.trades for fold in judgement.decay.folds)


def _folds_positive(judgement: Judgement) -> float:
    folds = judgement.decay.folds
    return sum(fold.total_return > 0 for fold in folds) / len(folds)


def _folds_median(judgement: Judgement) -> float:
    medians = [one.median for one in judgement.fold_neighbourhoods]
    return math.nan if not medians or any(map(math.isnan, medians)) else min(medians)


READERS: dict[str, Callable[[Judgement], float]] = {
    "sharpe": lambda j: j.walk.figures["sharpe"],
    "total_return": lambda j: j.walk.figures["total_return"],
    "max_drawdown": lambda j: j.walk.figures["max_drawdown"],
    "profit_factor": lambda j: j.walk.figures.get("profit_factor", math.nan),
    "trades": lambda j: j.walk.figures["trades"],
    "trades_per_fold": _trades_per_fold,
    "folds": lambda j: len(j.walk.folds),
    "folds_positive": _folds_positive,
    "oos_is": lambda j: j.decay.ratio,
    "sharpe_probability": lambda j: j.certainty.probability,
    "sharpe_probability_days": lambda j: j.certainty.days,
    "sharpe_probability_weeks": lambda j: j.certainty.weeks,
    "sharpe_bootstrap": lambda j: j.intervals["sharpe"].positive,
    "sharpe_low": lambda j: j.intervals["sharpe"].low,
    "total_return_low": lambda j: j.intervals["total_return"].low,
    "max_drawdown_low": lambda j: j.intervals["max_drawdown"].low,
    "shuffled_drawdown_low": lambda j: j.shuffled.low,
    "deflated_sharpe": lambda j: j.deflation.probability,
    "pbo": lambda j: j.overfitting.probability,
    "pbo_loss": lambda j: j.overfitting.loss,
    "sharpe_costs_2": lambda j: j.double_costs.sharpe,
    "sharpe_costs_3": lambda j: j.stress[2].sharpe,
    "late_share": lambda j: _share(j.late.sharpe, j.walk.figures["sharpe"]),
    "neighbourhood_median": lambda j: j.neighbourhood.median,
    "neighbourhood_positive": lambda j: j.neighbourhood.positive,
    "neighbourhood_worst": lambda j: j.neighbourhood.worst,
    "neighbourhood_folds": _folds_median,
    "candidate_distance": lambda j: j.proximity.ratio,
    "benchmark_sharpe": lambda j: j.benchmark.sharpe,
    "benchmark_return": lambda j: j.benchmark.total_return,
    "excess_return": lambda j: j.benchmark.excess,
    "correlation": lambda j: j.benchmark.correlation,
    "beta": lambda j: j.benchmark.beta,
}


def _decay_json(judgement: Judgement) -> dict[str, Any]:
    found = judgement.decay
    folds = [{**dataclasses.asdict(fold), "ratio": fold.ratio} for fold in found.folds]
    return {"stitched": found.stitched, "in_sample": found.in_sample, "ratio": found.ratio, "folds": folds}


def _neighbourhood_json(found: Neighbourhood) -> dict[str, Any]:
    told = {name: getattr(found, name) for name in ("own", "median", "positive", "worst", "inert", "impossible")}
    return {**told, "table": found.table.to_dict("records")}


def _regimes_json(judgement: Judgement) -> dict[str, Any]:
    table, missing = judgement.regimes
    return {"table": table.to_dict("records"), "missing": missing}


PARTS: dict[str, Callable[[Judgement], Any]] = {
    "decay": _decay_json,
    "certainty": lambda j: dataclasses.asdict(j.certainty),
    "intervals": lambda j: {name: dataclasses.asdict(one) for name, one in j.intervals.items()},
    "shuffled_drawdown": lambda j: dataclasses.asdict(j.shuffled),
    "deflation": lambda j: dataclasses.asdict(j.deflation),
    "overfitting": lambda j: {"probability": j.overfitting.probability, "loss": j.overfitting.loss,
                              "splits": len(j.overfitting.logits)},
    "stress": lambda j: [dataclasses.asdict(one) for one in j.stress],
    "neighbourhood": lambda j: _neighbourhood_json(j.neighbourhood),
    "fold_neighbourhoods": lambda j: [_neighbourhood_json(one) for one in j.fold_neighbourhoods],
    "proximity": lambda j: {**dataclasses.asdict(j.proximity), "within": j.proximity.within},
    "regimes": _regimes_json,
    "benchmark": lambda j: {name: getattr(j.benchmark, name) for name in
                            ("sharpe", "total_return", "max_drawdown", "correlation", "beta", "excess")},
}  # fmt: skip
