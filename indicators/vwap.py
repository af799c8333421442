"""Volume-weighted average price of a session."""

from math import isnan, nan, sqrt

from indicators.base import Indicator, kernel


class Vwap(Indicator):
    """Volume-weighted average price since the session's first trade, and how far trades scatter around it.

    p = (high + low + close) / 3; vwap = sum(p v) / sum(v); sigma = sqrt(max(0, sum(v p^2) / sum(v) - vwap^2)), both
    computed on p - p0, p0 = p of the first bar with volume, so that a high price level costs no digits.
    Inputs: high, low, close [price], volume [units], session [a number per session; a new number is a new anchor:
    `.on(session="rth_session")` anchors elsewhere]. Outputs: vwap, sigma [price].
    NaN before the first trade of a session; a bar without volume carries the last values, whatever its prices.
    A missing volume, or a missing price with volume, makes the rest of that session NaN: its average is not known.
    A missing session is NaN and ends the session. Source: Berkowitz, Logue & Noser, Journal of Finance 43 (1988).
    """

    inputs, outputs = ("high", "low", "close", "volume", "session"), ("vwap", "sigma")
    state = ("current", "anchor", "weight", "first", "second")

    @kernel
    def step(high, low, close, volume, session, current, anchor, weight, first, second):
        if isnan(session[-1]):
            return nan, nan, nan, nan, nan, nan, nan
        if session[-1] != current:
            current, anchor = session[-1], nan
            weight = first = second = 0.0
        if volume[-1] != 0.0:
            typical = (high[-1] + low[-1] + close[-1]) / 3.0
            if weight == 0.0:
                anchor = typical
            weight += volume[-1]
            first += volume[-1] * (typical - anchor)
            second += volume[-1] * (typical - anchor) * (typical - anchor)
        if not weight > 0.0:
            return nan, nan, current, anchor, weight, first, second
        mean = first / weight
        sigma = sqrt(max(second / weight - mean * mean, 0.0))
        return anchor + mean, sigma, current, anchor, weight, first, second
