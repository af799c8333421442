"""What samplers and ways of choosing are worth: the true Sharpe ratio of what they choose on planted series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optimize.calibration.cases import PROFILE
from optimize.calibration.planted import long_series, sharpe_of
from optimize.calibration.series import series
from optimize.evidence.trials import values_of
from optimize.walkforward.procedure import walk_forward
from strategies.atr_trend import AtrTrend

if TYPE_CHECKING:
    from optimize.walkforward.result import Choice, WalkForward

RULES = ("plateau", "peak")
KINDS = (("random", 100), ("random", 200), ("tpe", 100), ("tpe", 200), ("cmaes", 200))
YEARS = 15.0


@dataclass(frozen=True)
class Worth:
    """Mean yearly Sharpe ratio, on centuries that no search has seen, of all choices made on short series. rule:
    "plateau" is the procedure's, the best average over near trials; "peak" the best score."""

    sampler: str
    trials: int
    rule: str
    sharpe: float
    choices: int


def worth(
    seeds: Sequence[int],
    kinds: Sequence[tuple[str, int]] = KINDS,
    progress: Callable[[int, int], None] | None = None,
) -> list[Worth]:
    """Walk-forwards with each (sampler, trials) on one planted series of 15 years per seed; both rules on their
    trials."""
    engines, account = long_series(2), AtrTrend.profile(PROFILE).account
    report, done = progress or (lambda finished, total: None), 0
    found = []
    for sampler, trials in kinds:
        truths: dict[str, list[float]] = {rule: [] for rule in RULES}
        for seed in seeds:
            walk = walk_forward(AtrTrend, series("planted", seed, YEARS), account=account, seed=seed, sampler=sampler,
                                trials=trials)  # fmt: skip
            for rule in RULES:
                for values in _chosen(walk, rule):
                    truths[rule].append(sharpe_of(engines, walk.space, values)[0])
            done += 1
            report(done, len(kinds) * len(seeds))
        found += [Worth(sampler, trials, rule, float(np.mean(truths[rule])), len(truths[rule])) for rule in RULES]
    return found


def _chosen(walk: WalkForward, rule: str) -> list[dict[str, Any]]:
    """Searched parameters of what each train window's trials give under a rule."""
    choices: list[Choice] = [*(fold.choice for fold in walk.folds), walk.candidate]
    column = {"plateau": "smoothed", "peak": "score"}[rule]
    found = []
    for choice in choices:
        fit = choice.trials[choice.trials["state"] == "complete"]
        if len(fit):
            row = fit.iloc[int(np.argmax(fit[column].to_numpy()))]
            found.append(values_of(walk.space, {str(name): row[name] for name in fit.columns}))
    return found
