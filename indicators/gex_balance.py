"""Net exposure over gross, averaged."""

from math import isnan, nan

from indicators.base import Indicator, Int, kernel


class GexBalance(Indicator):
    """Mean over `period` bars of net gamma exposure over gross: +1 all of it damps moves, -1 all of it amplifies them.

    With period 1 the ratio of the last snapshot as it is. Input: the ratio joined as gex_net_over_gross [-1 ... 1].
    Output: balance; NaN for the first period - 1 bars and while a value of the window is missing (NaN).
    Source: net over gross of the normalisations of gamma exposure; the positions behind its sign are an assumption.
    """

    inputs, outputs = ("gex_net_over_gross",), ("balance",)
    period = Int(1, 1, 500)
    window = period

    @kernel
    def step(gex_net_over_gross, period):
        total = 0.0
        for back in range(period, 0, -1):
            if isnan(gex_net_over_gross[-back]):
                return nan
            total += gex_net_over_gross[-back]
        return total / period
