"""Relative strength index."""

from math import isfinite, isnan, nan

from indicators.base import Indicator, Int, kernel


class Rsi(Indicator):
    """Relative strength index: how much of the recent movement was upward, from 0 to 100.

    rsi = 100 up / (up + down); up and down are Wilder averages of the rises and falls of the close: the mean of the
    first `period` changes, then up += (rise - up) / period. A market that has not moved at all reads 50.
    Output: rsi [0 ... 100]; first value on bar `period`, counted from 0. A missing close (NaN) restarts it.
    Source: Wilder, New Concepts in Technical Trading Systems (1978). Same as TA-Lib's RSI save for flat markets (0).
    """

    outputs, state = ("rsi",), ("up", "down", "count")
    period = Int(14, low=1, high=500)
    warmup = period + 1

    @kernel
    def step(close, up, down, count, period):
        change = close[-1] - close[-2]
        if not isfinite(change):
            return nan, nan, nan, nan
        if isnan(count):
            up = down = count = 0.0
        count += 1.0
        rise, fall = max(change, 0.0), max(-change, 0.0)
        if count > period:
            up += (rise - up) / period
            down += (fall - down) / period
        else:
            up += rise
            down += fall
            if count < period:
                return nan, up, down, count
            up /= period
            down /= period
        return 50.0 if up + down == 0.0 else 100.0 * (up / (up + down)), up, down, count
