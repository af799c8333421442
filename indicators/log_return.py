"""Logarithmic return of a bar."""

from math import inf, log, nan

from indicators.base import Indicator, kernel


class LogReturn(Indicator):
    """Logarithmic return of the bar: the relative move of the close, additive over bars.

    log_return = ln(close / close1). Output: log_return [fraction]; NaN on the first bar and where either close is
    missing (NaN) or not above zero. Source: textbook definition.
    """

    outputs = ("log_return",)

    @kernel
    def step(close):
        if not (close[-1] > 0.0 and close[-2] > 0.0):
            return nan
        ratio = close[-1] / close[-2]
        return log(ratio) if 0.0 < ratio < inf else nan
