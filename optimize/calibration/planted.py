"""How much there is to find in a planted series: the best fixed parameter set over a century and more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from feeds.errors import ParameterError
from optimize.calibration.cases import PROFILE
from optimize.calibration.series import BARS_PER_YEAR, series
from optimize.walkforward.space import SearchSpace
from optimize.walkforward.trial_engine import TrialEngine
from strategies.atr_trend import AtrTrend

FIRST = 20_000  # seeds of the long series, apart from those of any calibration
SEARCHED, MEASURED = 2, 6  # series that the search sees, and fresh ones that its best is measured on


@dataclass(frozen=True)
class BestFixed:
    """The best fixed set that a long search finds. sharpe: yearly, net of costs, on `years` years that the search has
    not seen. searched: on those it has. round_trips: a year."""

    sharpe: float
    searched: float
    round_trips: float
    years: float
    parameters: Mapping[str, Any]


def best_fixed(
    sets: int = 400, steps: int = 600, years: float = 100.0, progress: Callable[[int, int], None] | None = None
) -> BestFixed:
    """Random sets, then random steps from the best of them, each kept when it is better on all searched years.

    The Sharpe ratio is the mean of those of the series, each of `years` years.
    """
    space, random = SearchSpace(AtrTrend), np.random.default_rng(FIRST)
    seen = [_engine(FIRST + k, years) for k in range(SEARCHED)]
    report = progress or (lambda done, total: None)
    best: tuple[float, dict[str, Any]] = (-np.inf, {})
    for k in range(sets + steps):
        values = space.draw(random) if k < sets else _step(space, best[1], random)
        score = sharpe_of(seen, space, values)[0]
        if score > best[0]:
            best = score, values
        report(k + 1, sets + steps)
    fresh = long_series(MEASURED, years)
    sharpe, trades = sharpe_of(fresh, space, best[1])
    parameters = dict(space.strategy(best[1]).parameters)
    return BestFixed(sharpe, best[0], trades / years, years * MEASURED, parameters)


def long_series(count: int, years: float = 100.0) -> list[TrialEngine]:
    """Planted series that no search and no calibration uses."""
    return [_engine(FIRST + SEARCHED + k, years) for k in range(count)]


def _engine(seed: int, years: float) -> TrialEngine:
    bars = series("planted", seed, years)
    return TrialEngine(AtrTrend, bars, AtrTrend.profile(PROFILE).account, float(BARS_PER_YEAR))


def sharpe_of(engines: list[TrialEngine], space: SearchSpace, values: Mapping[str, Any]) -> tuple[float, float]:
    """Mean Sharpe ratio and round trips of a parameter set; minus infinity when the class's rule forbids it."""
    try:
        strategy = space.strategy(values)
    except ParameterError:
        return -np.inf, 0.0
    found = [one.figures(strategy, [(strategy.warmup - 1, len(one.bars))]) for one in engines]
    return float(np.mean([one["sharpe"][0] for one in found])), float(np.mean([one["trades"][0] for one in found]))


def _step(space: SearchSpace, values: Mapping[str, Any], random: np.random.Generator) -> dict[str, Any]:
    """One to three parameters changed: numbers by a tenth of their range or so, the others to any value."""
    drawn, found = space.draw(random), dict(values)
    for name in random.choice(list(space.axes), size=int(random.integers(1, 4)), replace=False):
        axis = space.axes[str(name)]
        if axis.kind == "choice" or random.random() < 0.2:
            found[axis.name] = drawn[axis.name]
        else:
            moved = float(
                np.clip(found[axis.name] + random.normal() * 0.1 * (axis.high - axis.low), axis.low, axis.high)
            )
            found[axis.name] = round(moved) if axis.kind == "int" else moved
    return found
