"""Z-score of historical volatility."""

from math import sqrt

from indicators.base import Indicator, Int, kernel
from indicators.hv import Hv

FLOOR = 1e-6  # keeps a constant volatility from dividing by zero


class HvZscore(Indicator):
    """Whether volatility is high (above 0) or low (below 0) for this market's recent habit, in standard deviations.

    zscore = (hv - mean(hv)) / (stdev(hv) + 1e-6); hv = Hv(period); mean and sample standard deviation (ddof 1) over
    the last `lookback` bars, this one included. With 20 and 50 the first value needs 70 bars.
    Output: zscore [standard deviations]; first value on bar period + lookback - 1, counted from 0; NaN while a close
    of the window is missing (NaN) or not above zero. Source: the standard score, of historical volatility.
    """

    outputs = ("zscore",)
    period = Int(20, low=2, high=1000)
    lookback = Int(50, low=2, high=1000)
    hv = Hv(period=period)
    window = lookback

    @kernel
    def step(hv, lookback):
        mean = 0.0
        for back in range(lookback, 0, -1):
            mean += hv[-back]
        mean /= lookback
        squares = 0.0
        for back in range(lookback, 0, -1):
            squares += (hv[-back] - mean) * (hv[-back] - mean)
        return (hv[-1] - mean) / (sqrt(squares / (lookback - 1.0)) + FLOOR)
