"""Rate of change of a triple-smoothed price."""

from math import isnan, nan

from indicators.base import Indicator, Int, kernel
from indicators.ema import smoothed


class TrixLine(Indicator):
    """Percent change per bar of a close smoothed three times: momentum without the noise of single bars.

    three = Ema(period) applied three times, each seeded on its first value from the first bar on (pandas
    `ewm(span=period, adjust=False)` chained); trix = 100 (three - three1) / three1.
    Output: trix [percent per bar]; NaN before bar 3 period - 2, counted from 0, on a change from a smoothed price of
    exactly zero, and again after a missing close (NaN), which restarts it. Meant for prices above zero.
    Source: Hutson, Technical Analysis of Stocks & Commodities 1:5 (1983).
    """

    outputs, state = ("trix",), ("one", "two", "three", "count")
    period = Int(7, low=1, high=500)
    warmup = 3 * period - 1

    @kernel
    def step(close, one, two, three, count, period):
        count = 1.0 if isnan(three) else count + 1.0
        before = three
        one = smoothed(one, close[-1], period)
        two = smoothed(two, one, period)
        three = smoothed(three, two, period)
        change = three - before
        if count < 3 * period - 1 or (before == 0.0 and change != 0.0):
            return nan, one, two, three, count
        return 0.0 if change == 0.0 else 100.0 * change / before, one, two, three, count
