"""Triple-smoothed momentum with its signal line."""

from math import isnan, nan

from indicators.base import Indicator, Int, kernel
from indicators.sma import Sma
from indicators.trix_line import TrixLine


class Trix(Indicator):
    """Triple-smoothed momentum, its average and the distance between them: above zero, momentum is growing.

    trix = TrixLine(period); signal = Sma(signal_period) of it; histogram = trix - signal.
    Outputs: trix, signal, histogram [percent per bar]; all NaN before bar 3 period + signal_period - 3, counted from
    0, and again after a missing close (NaN). Source: Hutson (1983), see TrixLine.
    """

    outputs = ("trix", "signal", "histogram")
    period = Int(7, low=1, high=500)
    signal_period = Int(15, low=1, high=500)
    line = TrixLine(period=period)
    average = Sma(period=signal_period).on(close=TrixLine(period=period))

    @kernel
    def step(line, average):
        if isnan(average[-1]):
            return nan, nan, nan
        return line[-1], average[-1], line[-1] - average[-1]
