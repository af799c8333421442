"""Highest value of the last bars."""

from math import isnan, nan

from indicators.base import Indicator, Int, kernel


class Highest(Indicator):
    """Highest high of the last `period` bars, this one included: the top of the range, a level for breakouts.

    For the range before this bar read the value of the bar before: highest[-2]. In price units.
    Output: highest; NaN for the first period - 1 bars and while a value of the window is missing (NaN).
    The window is searched only when its highest value leaves it. Source: Donchian's price channel.
    """

    inputs, outputs, state = ("high",), ("highest",), ("top", "age")
    period = Int(20, low=1, high=2000)
    window = period

    @kernel
    def step(high, top, age, period):
        if isnan(high[-1]):
            return nan, nan, nan
        if high[-1] >= top:
            return high[-1], high[-1], 0.0
        age += 1.0
        if age < period:
            return top, top, age
        top, age = high[-1], 0.0
        for back in range(2, period + 1):
            if isnan(high[-back]):
                return nan, nan, nan
            if high[-back] > top:
                top, age = high[-back], back - 1.0
        return top, top, age
