"""How probable it is that the true out-of-sample Sharpe ratio is above zero.

Source of the test: `sharpe_ratio.probabilistic_sharpe` (Bailey & López de Prado 2012), which takes returns as
independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optimize.evidence.sharpe_ratio import probabilistic_sharpe, sample
from optimize.evidence.windows import compounded, days_of, weeks_of

if TYPE_CHECKING:
    import pandas as pd

    from feeds.bars import Bars


@dataclass(frozen=True)
class Certainty:
    """days, weeks: probability that the true Sharpe ratio is above zero, from daily and from weekly returns.

    Flat days and weeks count: they belong to the record. Bars are not used as they are: within a session they depend
    on each other, and most are flat, so that their moments say little. When prices have no memory, the returns of any
    rule that trades on them are uncorrelated (a martingale difference), however long it holds, and days and weeks
    agree. Where prices have some, it shows as weekly returns that vary more than their days: then the weekly
    probability is the honest one. `probability` is therefore the lower of the two.
    """

    days: float
    weeks: float
    sessions: int

    @property
    def probability(self) -> float:
        return min(self.days, self.weeks)


def certainty(bars: Bars, returns: pd.Series) -> Certainty:
    """returns: per bar, on close times of `bars`, in order. DataError for too few and for returns that never differ."""
    import pandas as pd

    days = days_of(bars, pd.DatetimeIndex(returns.index))
    values = returns.to_numpy(dtype=np.float64)
    daily, weekly = compounded(values, days), compounded(values, weeks_of(days))
    return Certainty(probabilistic_sharpe(sample(daily)), probabilistic_sharpe(sample(weekly)), len(daily))
