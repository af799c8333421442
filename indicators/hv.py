"""Historical volatility."""

from math import sqrt

from indicators.base import Indicator, Int, kernel
from indicators.log_return import LogReturn
from indicators.standard_deviation import StandardDeviation

DAYS = 252.0  # trading days a year


class Hv(Indicator):
    """Historical volatility: how much the close has moved per bar, as a yearly fraction if the bars are daily.

    hv = sample standard deviation (ddof 1) of the last `period` log returns, times sqrt(252). The factor is that of
    daily bars whatever the timeframe: compare values of one timeframe only, or use HvZscore.
    Output: hv [fraction]; first value on bar `period`, counted from 0; NaN while a return of the window is missing.
    Source: Hull, Options, Futures, and Other Derivatives, chapter on volatility from historical data.
    """

    outputs = ("hv",)
    period = Int(20, low=2, high=1000)
    deviation = StandardDeviation(period=period).on(close=LogReturn())

    @kernel
    def step(deviation):
        return deviation[-1] * sqrt(DAYS)
