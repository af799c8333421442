"""Strategies that must not pass: each breaks one promise."""

from __future__ import annotations

import numpy as np
import pandas as pd

from feeds.bars import Bars
from indicators.base import Indicator
from indicators.ema import Ema
from strategies.base import Int, Strategy, enter_long, hold, kernel, leave


class ReadsTomorrow(Strategy):
    """Reads one past the end of its window: tomorrow's close, where nothing checks."""

    window = 5

    @kernel
    def decide(close, position):
        n = len(close)
        if position == 0.0 and close[n] > close[n - 1]:
            return enter_long(stop_pct=0.05)
        if position > 0.0 and close[n] < close[n - 1]:
            return leave()
        return hold()


class ReadsTomorrowWhenDear(Strategy):
    """Behaves on the bars of every check and reads tomorrow's close on dear ones."""

    window = 3

    @kernel
    def decide(close, position):
        n = len(close)
        k = n if close[-1] > 100_000.0 else n - 1
        if position == 0.0 and close[k] >= close[n - 1] and close[n - 1] > close[n - 2]:
            return enter_long()
        if position > 0.0 and (close[k] < close[n - 1] or close[n - 1] < close[n - 2]):
            return leave()
        return hold()


class PeeksThroughColumn(Strategy):
    """Honest itself, but its column holds the next bar's close."""

    inputs = ("hint_close",)

    @kernel
    def decide(close, hint_close, position):
        if position == 0.0 and hint_close[-1] > close[-1]:
            return enter_long()
        if position > 0.0 and hint_close[-1] < close[-1]:
            return leave()
        return hold()

    @staticmethod
    def verify_bars(prices):
        return with_column(prices, prices.column("close"), shift=-1, name="hint_close")


class PeeksThroughGivenColumn(PeeksThroughColumn):
    """The same, with bars made in one go, so that the column cannot be rebuilt."""

    @staticmethod
    def verify_bars():
        prices = walk()
        noisy = prices.column("close") * (1.0 + np.random.default_rng(4).normal(0.0, 0.002, len(prices)))
        return with_column(prices, noisy, shift=-1, name="hint_close")


class PeeksBeyondColumn(Strategy):
    """Reads one past the end of a joined column's window."""

    inputs = ("table_level",)
    window = 3

    @kernel
    def decide(table_level, close, position):
        n = len(table_level)
        if position == 0.0 and table_level[n] > table_level[n - 1]:
            return enter_long()
        if position > 0.0:
            return leave()
        return hold()

    @staticmethod
    def verify_bars(prices):
        return with_column(prices, np.sin(np.arange(len(prices)) / 3.0), shift=1, name="table_level")


class NeverTrades(Strategy):
    """Waits for a price that never comes."""

    fast = Int(10, 2, 50)
    ema = Ema(period=fast)

    @kernel
    def decide(ema, position):
        return enter_long() if position == 0.0 and ema[-1] < 0.0 else hold()


class ShortWarmup(Indicator):
    """Promises its first value earlier than it comes."""

    outputs, state = ("value",), ("count",)
    warmup = 3

    @kernel
    def step(close, count):
        count = 1.0 if not count >= 1.0 else count + 1.0
        return (close[-1] if count > 6.0 else nan), count


nan = float("nan")


def with_column(prices: Bars, values: np.ndarray, shift: int, name: str) -> Bars:
    frame = prices.frame
    frame[name] = pd.Series(values, index=frame.index).shift(shift)
    return Bars(frame, prices.instrument, "test", prices.timeframe, synthetic=True)


def walk() -> Bars:
    from optimize.conformance.bars import kit_bars

    return kit_bars((), 1500, seed=9)
