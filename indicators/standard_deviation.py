"""Rolling sample standard deviation."""

from math import sqrt

from indicators.base import Indicator, Int, kernel


class StandardDeviation(Indicator):
    """Sample standard deviation of the last `period` values: how far they scatter around their mean. In their units.

    sqrt(sum((x - mean)^2) / (period - 1)), in two passes, so that a high price level costs no digits.
    Output: standard_deviation; NaN for the first period - 1 bars and while a value of the window is missing (NaN).
    Same as pandas `rolling(period).std()`, without the rounding that pandas carries along.
    """

    outputs = ("standard_deviation",)
    period = Int(20, low=2, high=2000)
    window = period

    @kernel
    def step(close, period):
        mean = 0.0
        for back in range(period, 0, -1):
            mean += close[-back]
        mean /= period
        squares = 0.0
        for back in range(period, 0, -1):
            squares += (close[-back] - mean) * (close[-back] - mean)
        return sqrt(squares / (period - 1.0))
