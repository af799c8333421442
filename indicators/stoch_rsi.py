"""Stochastic RSI."""

from math import isnan, nan

from indicators.base import Indicator, Int, kernel
from indicators.rsi import Rsi

SAME = 1e-9  # RSI points: a range below this is the rounding of a flat RSI


class StochRsi(Indicator):
    """Stochastic RSI: where the RSI stands within its own recent range, from 0 (lowest) to 1 (highest).

    stoch_rsi = (rsi - lowest) / (highest - lowest) over the last `lookback` values of Rsi(period), this bar included;
    0.5 when that range is zero. Neither %K nor %D smoothing.
    Output: stoch_rsi [0 ... 1]; first value on bar period + lookback - 1, counted from 0. NaN while an RSI of the
    window is missing, so that a warm-up never looks like a signal.
    Source: Chande & Kroll, The New Technical Trader (1994). TA-Lib's STOCHRSI with fastd_period=1, divided by 100.
    """

    outputs = ("stoch_rsi",)
    period = Int(14, low=1, high=500)
    lookback = Int(14, low=2, high=500)
    rsi = Rsi(period=period)
    window = lookback

    @kernel
    def step(rsi, lookback):
        lowest = highest = rsi[-1]
        for back in range(2, lookback + 1):
            value = rsi[-back]
            if isnan(value):
                return nan
            lowest, highest = min(lowest, value), max(highest, value)
        if isnan(rsi[-1]):
            return nan
        return (rsi[-1] - lowest) / (highest - lowest) if highest - lowest > SAME else 0.5
