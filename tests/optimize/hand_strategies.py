"""A strategy that tests of sweeps share."""

from __future__ import annotations

from indicators.base import Int, kernel
from strategies.base import Strategy, enter_long, hold, leave


class Holding(Strategy):
    """In for some bars, out for one; with all the money on a leveraged account it meets ruin and liquidation."""

    hold_bars = Int(5, 1, 200)

    @kernel
    def decide(close, position, held, hold_bars):
        if position == 0.0:
            return enter_long()
        if held >= hold_bars:
            return leave()
        return hold()
