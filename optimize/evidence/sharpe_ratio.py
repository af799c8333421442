"""How sure a Sharpe ratio is: against zero, and against the best of many tries.

Sources: Lo (2002) for the error under independence; Mertens (2002) and Bailey & López de Prado (2012, "The Sharpe ratio
efficient frontier") for skewed, fat-tailed returns; Bailey & López de Prado (2014, "The deflated Sharpe ratio",
Journal of Portfolio Management 40(5)) for the best of many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from feeds.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

EULER = 0.5772156649015329
LEAST = 3


@dataclass(frozen=True)
class Sample:
    """What the tests need to know of a series of returns; nothing here is annualised.

    sharpe: mean over standard deviation (n - 1) of the returns; kurtosis of a normal distribution: 3.
    """

    sharpe: float
    count: int
    skewness: float
    kurtosis: float


def sample(returns: Sequence[float] | NDArray[np.float64]) -> Sample:
    """Moments of returns per period. DataError for fewer than three, for a gap, and for returns that never differ."""
    values = np.asarray(returns, dtype=np.float64)
    if values.ndim != 1 or len(values) < LEAST:
        raise DataError(f"{values.size} returns say nothing of a Sharpe ratio; give {LEAST} or more in one row")
    if not np.isfinite(values).all():
        place = int(np.argmin(np.isfinite(values)))
        raise DataError(f"return {place} is {values[place]}; take it out or find out what happened")
    spread = float(np.std(values, ddof=1))
    if not spread > 1e-15 * float(np.abs(values).max()):
        raise DataError("the returns never differ, so their Sharpe ratio is undefined")
    return Sample(float(np.mean(values)) / spread, len(values), float(stats.skew(values)),
                  float(stats.kurtosis(values, fisher=False)))  # fmt: skip


def probabilistic_sharpe(given: Sample, above: float = 0.0) -> float:
    """Probability that the true Sharpe ratio per period is larger than `above`.

    Φ((SR - above) √(n - 1) / √(1 - skewness SR + (kurtosis - 1) / 4 SR²)). Returns are taken as independent.
    """
    spread = 1.0 - given.skewness * given.sharpe + (given.kurtosis - 1.0) / 4.0 * given.sharpe**2
    if given.count < LEAST or not spread > 0:
        raise DataError(f"{given}: no distribution has these moments, or there are too few returns")
    return float(stats.norm.cdf((given.sharpe - above) * math.sqrt(given.count - 1) / math.sqrt(spread)))


def expected_best(variance: float, trials: float) -> float:
    """Sharpe ratio that the best of `trials` independent tries reaches by luck, when none of them has any.

    variance: of the tries' Sharpe ratios, per period. √V ((1 - γ) Φ⁻¹(1 - 1/N) + γ Φ⁻¹(1 - 1/(N e))).
    """
    if not (variance >= 0 and math.isfinite(variance)):
        raise ConfigError(f"variance={variance} of the tries' Sharpe ratios must be 0 or more")
    if not (trials >= 1 and math.isfinite(trials)):
        raise ConfigError(f"trials={trials} must be 1 or more")
    if trials == 1:
        return 0.0
    normal = stats.norm.ppf
    return math.sqrt(variance) * float((1 - EULER) * normal(1 - 1 / trials) + EULER * normal(1 - 1 / (trials * math.e)))


def deflated_sharpe(given: Sample, variance: float, trials: float) -> float:
    """Probability that the true Sharpe ratio is above what the best of `trials` tries reaches by luck."""
    return probabilistic_sharpe(given, expected_best(variance, trials))
