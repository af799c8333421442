"""Distance from the price to the levels of an option chain."""

from math import isnan, nan

from indicators.base import Indicator, kernel


@kernel
def share(level, close):
    return (level - close) / close if close > 0.0 else nan


@kernel
def nearer(one, other):
    if isnan(one) or abs(other) < abs(one):
        return other
    return one


class GexDistance(Indicator):
    """How far the gamma flip, the walls and the nearest pin lie from the price, as a share of the price.

    distance = (level - close) / close: 0.01 is a level one percent above the price, below 0 one under it. `pin` is the
    nearer of the two pins; one of them is enough. Inputs: close and the levels joined as gex_flip, gex_call_wall,
    gex_put_wall, gex_pin_1 and gex_pin_2 [price]; name other columns with `.on`.
    Output: flip, call_wall, put_wall, pin; each NaN where its level is missing (NaN) or the price is not above 0.
    Source: distance_pct of the levels in the feature table, against the price of this bar instead of the snapshot's.
    """

    inputs = ("close", "gex_flip", "gex_call_wall", "gex_put_wall", "gex_pin_1", "gex_pin_2")
    outputs = ("flip", "call_wall", "put_wall", "pin")

    @kernel
    def step(close, gex_flip, gex_call_wall, gex_put_wall, gex_pin_1, gex_pin_2):
        now = close[-1]
        pin = nearer(share(gex_pin_1[-1], now), share(gex_pin_2[-1], now))
        return share(gex_flip[-1], now), share(gex_call_wall[-1], now), share(gex_put_wall[-1], now), pin
