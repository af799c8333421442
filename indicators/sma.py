"""Simple moving average."""

from math import isfinite, isnan, nan

from indicators.base import Indicator, Int, kernel


@kernel
def rounding_loss(total, value):
    """What `total + value` loses to rounding (Knuth's two-sum)."""
    rounded = total + value
    part = rounded - total
    return (total - (rounded - part)) + (value - part)


class Sma(Indicator):
    """Simple moving average: the mean close of the last `period` bars, all counting the same. In price units.

    sma = (close + close1 + ... ) / period. A bar costs the same whatever the period: the sum is carried on, with its
    rounding errors beside it, and added up anew every `period` bars, so that no error grows with the history.
    Output: sma; NaN for the first period - 1 bars and while a close of the last `period` bars is missing (NaN).
    Same as pandas `rolling(period).mean()`. Source: the arithmetic mean; rounding: Knuth, TAOCP vol. 2, 4.2.2.
    """

    outputs, state = ("sma",), ("total", "error", "age")
    period = Int(20, low=1, high=2000)
    window = period

    @kernel
    def step(close, total, error, age, period):
        if isnan(close[-1]):
            return nan, nan, nan, nan
        if age < period and isfinite(total + error):
            error += rounding_loss(total, close[-1])
            total += close[-1]
            age += 1.0
        else:
            total = error = age = 0.0
            for back in range(period, 0, -1):
                error += rounding_loss(total, close[-back])
                total += close[-back]
        average = (total + error) / period
        error += rounding_loss(total, -close[-period])
        total -= close[-period]
        return average, total, error, age
