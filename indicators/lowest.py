"""Lowest value of the last bars."""

from math import isnan, nan

from indicators.base import Indicator, Int, kernel


class Lowest(Indicator):
    """Lowest low of the last `period` bars, this one included: the bottom of the range, a level for breakouts.

    For the range before this bar read the value of the bar before: lowest[-2]. In price units.
    Output: lowest; NaN for the first period - 1 bars and while a value of the window is missing (NaN).
    The window is searched only when its lowest value leaves it. Source: Donchian's price channel.
    """

    inputs, outputs, state = ("low",), ("lowest",), ("bottom", "age")
    period = Int(20, low=1, high=2000)
    window = period

    @kernel
    def step(low, bottom, age, period):
        if isnan(low[-1]):
            return nan, nan, nan
        if low[-1] <= bottom:
            return low[-1], low[-1], 0.0
        age += 1.0
        if age < period:
            return bottom, bottom, age
        bottom, age = low[-1], 0.0
        for back in range(2, period + 1):
            if isnan(low[-back]):
                return nan, nan, nan
            if low[-back] < bottom:
                bottom, age = low[-back], back - 1.0
        return bottom, bottom, age
