"""Crossing of two lines."""

from math import isnan, nan

from indicators.base import Indicator, kernel


class CrossOver(Indicator):
    """Whether one line crosses another on this bar: 1 upward, -1 downward, 0 not.

    CrossOver().on(fast=Ema(period=12), slow=Ema(period=26)). Equality is neither side: `cross` is 1 when fast is above
    slow now and the last bar on which they differed had fast below it, -1 the other way round. A line that touches
    the other one and turns back has not crossed; one that passes through a bar of equality crosses when it leaves it.
    Inputs: fast, slow [the same unit]. Output: cross; NaN on the first bar, and where an input of this bar or the one
    before is missing (NaN); what happened before a missing value is forgotten. Same rule as backtrader's CrossOver.
    """

    inputs, outputs, state = ("fast", "slow"), ("cross",), ("side",)

    @kernel
    def step(fast, slow, side):
        if isnan(fast[-1]) or isnan(slow[-1]) or isnan(fast[-2]) or isnan(slow[-2]):
            return nan, nan
        if isnan(side):
            side = 1.0 if fast[-2] > slow[-2] else -1.0 if fast[-2] < slow[-2] else 0.0
        now = 1.0 if fast[-1] > slow[-1] else -1.0 if fast[-1] < slow[-1] else side
        return now if now * side < 0.0 else 0.0, now
