"""Exponential moving average."""

from math import isnan, nan

from indicators.base import Indicator, Int, kernel


@kernel
def smoothed(average, price, period):
    return price if isnan(average) else average + 2.0 / (period + 1.0) * (price - average)


class Ema(Indicator):
    """Exponential moving average: where price has been, recent bars counting most. In price units.

    ema = ema1 + alpha (close - ema1), alpha = 2 / (period + 1), seeded on the first close ever fed.
    Output: ema; NaN for the first period - 1 bars. Same as pandas `ewm(span=period, adjust=False).mean()`.
    A missing close (NaN) restarts it: seeded on the next close, NaN until `period` closes have passed again.
    """

    outputs, state = ("ema",), ("value", "count")
    period = Int(20, low=1, high=2000)
    warmup = period

    @kernel
    def step(close, value, count, period):
        count = 1.0 if isnan(value) else count + 1.0
        value = smoothed(value, close[-1], period)
        return value if count >= period else nan, value, count
