"""Moving average convergence divergence."""

from math import isnan, nan

from indicators.base import Indicator, Int, kernel
from indicators.ema import smoothed


class Macd(Indicator):
    """Moving average convergence divergence: how far the fast average leads the slow one, and whether that grows.

    line = Ema(fast) - Ema(slow); signal = Ema(signal_period) of the line; histogram = line - signal. Every average is
    seeded on its first value from the first bar on, as pandas `ewm(span, adjust=False)` chained (TA-Lib seeds with
    simple means; the difference fades).
    Outputs: line, signal, histogram [price units]; NaN before bar slow + signal_period - 2, counted from 0, and again
    after a missing close (NaN), which restarts it. Source: Appel, The Moving Average Convergence Divergence (1979).
    """

    outputs, state = ("line", "signal", "histogram"), ("quick", "slack", "average", "count")
    fast = Int(12, low=1, high=500)
    slow = Int(26, low=2, high=1000)
    signal_period = Int(9, low=1, high=500)
    warmup = slow + signal_period - 1

    def valid(self):
        """fast must be below slow"""
        return self.fast < self.slow

    @kernel
    def step(close, quick, slack, average, count, fast, slow, signal_period):
        count = 1.0 if isnan(average) else count + 1.0
        quick = smoothed(quick, close[-1], fast)
        slack = smoothed(slack, close[-1], slow)
        line = quick - slack
        average = smoothed(average, line, signal_period)
        if count < slow + signal_period - 1:
            return nan, nan, nan, quick, slack, average, count
        return line, average, line - average, quick, slack, average, count
