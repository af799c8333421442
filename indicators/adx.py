"""Average directional index."""

from math import isfinite, isnan, nan

from indicators.atr import true_range
from indicators.base import Indicator, Int, kernel


class Adx(Indicator):
    """Average directional index: how strongly the market trends (adx), and which way (plus_di against minus_di).

    rise = high - high1, fall = low1 - low; +DM = rise if rise > fall and rise > 0 else 0, -DM likewise for fall.
    +DM, -DM and the true range are summed over the first `period` bars, then sum += new - sum / period.
    plus_di = 100 sum(+DM) / sum(TR), minus_di likewise; DX = 100 |plus_di - minus_di| / (plus_di + minus_di);
    adx = mean of the first `period` DX, then adx += (DX - adx) / period. A market that has not moved reads 0.
    Outputs: adx, plus_di, minus_di [0 ... 100]; all NaN before bar 2 period - 1, counted from 0, and again after a
    missing price (NaN), which restarts it. Source: Wilder, New Concepts in Technical Trading Systems (1978).
    TA-Lib seeds its sums with one bar fewer; both agree once the seed has faded (to 1e-6 after some 20 periods).
    """

    inputs, outputs = ("high", "low", "close"), ("adx", "plus_di", "minus_di")
    state = ("up", "down", "span", "average", "count")
    period = Int(14, low=2, high=500)
    warmup = 2 * period

    @kernel
    def step(high, low, close, up, down, span, average, count, period):
        rise, fall = high[-1] - high[-2], low[-2] - low[-1]
        reach = true_range(high[-1], low[-1], close[-2])
        if not isfinite(rise + fall + reach):
            return nan, nan, nan, nan, nan, nan, nan, nan
        if isnan(count):
            up = down = span = average = count = 0.0
        keep = 0.0 if count < period else 1.0 / period
        up += (rise if rise > fall and rise > 0.0 else 0.0) - keep * up
        down += (fall if fall > rise and fall > 0.0 else 0.0) - keep * down
        span += reach - keep * span
        count += 1.0
        if count < period:
            return nan, nan, nan, up, down, span, average, count
        plus = 100.0 * (up / span) if span > 0.0 else 0.0
        minus = 100.0 * (down / span) if span > 0.0 else 0.0
        strength = 100.0 * (abs(plus - minus) / (plus + minus)) if plus + minus > 0.0 else 0.0
        if count >= 2 * period:
            average += (strength - average) / period
            return average, plus, minus, up, down, span, average, count
        average += strength / period
        if count < 2 * period - 1:
            return nan, nan, nan, up, down, span, average, count
        return average, plus, minus, up, down, span, average, count
