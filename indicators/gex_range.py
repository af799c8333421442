"""Place of the price between the walls of an option chain."""

from math import nan

from indicators.base import Indicator, kernel


class GexRange(Indicator):
    """Where the price stands between put wall and call wall: 0 on the put wall, 1 on the call wall, beyond outside.

    place = (close - put wall) / (call wall - put wall). Inputs: close and the walls joined as gex_call_wall and
    gex_put_wall [price]. Output: place [share of the range]; NaN where a wall is missing (NaN) or they do not enclose
    a range. Source: the wall position of the dealers' direction, 1 - 2 place there.
    """

    inputs, outputs = ("close", "gex_call_wall", "gex_put_wall"), ("place",)

    @kernel
    def step(close, gex_call_wall, gex_put_wall):
        width = gex_call_wall[-1] - gex_put_wall[-1]
        return (close[-1] - gex_put_wall[-1]) / width if width > 0.0 else nan
