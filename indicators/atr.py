"""Average true range."""

from math import isfinite, isnan, nan

from indicators.base import Indicator, Int, kernel


@kernel
def true_range(high, low, previous_close):
    if isnan(high + low + previous_close):  # max() would drop a missing price and answer with half a range
        return nan
    return max(high - low, max(abs(high - previous_close), abs(low - previous_close)))


class Atr(Indicator):
    """Average true range: how far price moves in a bar, gaps included. In price units.

    TR = max(high - low, |high - close1|, |low - close1|); the seed is the mean of the first `period` true ranges,
    then atr = ((period - 1) atr1 + TR) / period. First value on bar `period`, counted from 0.
    A missing price (NaN) restarts it: NaN until `period` whole true ranges have passed.
    Source: Wilder, New Concepts in Technical Trading Systems (1978).
    """

    inputs, outputs, state = ("high", "low", "close"), ("atr",), ("value", "count")
    period = Int(14, low=1, high=500)
    warmup = period + 1

    @kernel
    def step(high, low, close, value, count, period):
        reach = true_range(high[-1], low[-1], close[-2])
        if not isfinite(reach):
            return nan, nan, nan
        if not isfinite(value):
            value = count = 0.0
        count += 1.0
        if count > period:
            value = ((period - 1) * value + reach) / period
        else:
            value += reach
            if count < period:
                return nan, value, count
            value /= period
        return value, value, count
