"""Strategies that do everything a strategy may do, for no reason but a row of numbers drawn from `seed`.

The row is a state of the kernel (Lehmer's generator, exact in float64), so that every engine and every rerun sees the
same one; each symbol starts it elsewhere, by its first close. Each class uses other arguments of the verbs, because a
compiled driver carries only what its strategy uses. Distances are multiples of the ATR.
"""

from __future__ import annotations

from math import floor

from indicators.atr import Atr
from strategies.base import Float, Int, Strategy, Switch, enter_long, enter_short, hold, kernel, leave

# fmt: off


@kernel
def first(seed, close):
    return 1.0 + (seed * 7919.0 + floor(close * 1000.0)) % 2147483646.0


@kernel
def after(dice):
    return (dice * 16807.0) % 2147483647.0


@kernel
def share(dice):
    return dice / 2147483647.0


class AnyOrder(Strategy):
    """Market, stop, limit and stop-limit entries on both sides with every kind of exit; all arguments of all verbs."""

    seed = Int(1, 1, 100_000)
    often = Float(0.3, 0.0, 1.0)
    wide = Float(1.0, 0.1, 5.0)
    faults = Float(0.0, 0.0, 1.0)
    state = ("dice",)
    atr = Atr(period=10)

    @kernel
    def decide(close, atr, position, held, since_exit, dice, seed, often, wide, faults):
        if dice != dice:
            dice = first(seed, close[-1])
        dice = after(dice)
        dice = after(dice)
        what = share(dice)
        dice = after(dice)
        kind = share(dice)
        dice = after(dice)
        x = share(dice)
        dice = after(dice)
        y = share(dice)
        dice = after(dice)
        z = share(dice)
        unit = wide * atr[-1]
        if position != 0.0:
            side = 1.0 if position > 0.0 else -1.0
            if what < 0.02:
                return leave(), dice
            if what < 0.05:
                return hold(stop=close[-1] - side * (0.2 + 2.0 * x) * unit), dice
            if what < 0.08:
                return hold(target=close[-1] + side * (0.2 + 2.0 * x) * unit), dice
            if what > faults or x > 0.1:
                return hold(), dice
        if what > often or since_exit < 2.0:
            return hold(), dice
        at_stop, at_limit = 0.0, 0.0
        up = 1.0 if y < 0.5 else -1.0
        if 0.25 < kind < 0.5:
            at_stop = close[-1] + up * x * atr[-1]
        elif 0.5 < kind < 0.75:
            at_limit = close[-1] - up * x * atr[-1]
        elif kind > 0.75:
            at_stop = close[-1] + up * 0.5 * x * atr[-1]
            at_limit = at_stop + up * (x - 0.6) * atr[-1]
        expiry = floor(x * 8.0)
        trails = 1.0 if z < 0.4 else 0.0
        evens = 1.0 if 0.3 < z < 0.8 else 0.0
        targets = 1.0 if z > 0.5 else 0.0
        trail = trails * (0.5 + 2.0 * y) * unit
        even = evens * (0.4 + x) * unit
        target = targets * 0.5 * unit
        stop = (0.5 + 2.0 * z) * unit
        time_stop = floor(3.0 + 20.0 * x) if 0.2 < x < 0.5 else 0.0
        on_high = 1.0 if kind < 0.4 else 0.0
        if what < often * faults * 0.1:
            stop = -1.0
        if y < 0.5:
            return enter_long(
                at_stop=at_stop, at_limit=at_limit, expiry=expiry, stop=stop, stop_pct=0.001 * x, trail=trail,
                trail_pct=0.01 * trails * z, trail_after=x * unit, trail_after_pct=0.001 * y, even_after=even,
                even_after_pct=0.0001 * evens, even_offset=0.1 * x * unit, even_offset_pct=0.0001, target_1=target,
                target_2=2.0 * target, target_3=3.0 * target, target_4=4.0 * target, target_1_pct=0.001 * targets * x,
                target_2_pct=0.001 * targets, target_3_pct=0.001 * targets, target_4_pct=0.001 * targets, part_1=0.3,
                part_2=0.25 + 0.2 * x, part_3=0.2, part_4=1.0, time_stop=time_stop, weight=0.5 + 0.5 * x,
                volatility=atr[-1], on_high=on_high), dice
        return enter_short(
            at_stop=at_stop, at_limit=at_limit, expiry=expiry, stop=stop, stop_pct=0.001 * x, trail=trail,
            trail_pct=0.01 * trails * z, trail_after=x * unit, trail_after_pct=0.001 * y, even_after=even,
            even_after_pct=0.0001 * evens, even_offset=0.1 * x * unit, even_offset_pct=0.0001, target_1=target,
            target_2=2.0 * target, target_3=3.0 * target, target_4=4.0 * target, target_1_pct=0.001 * targets * x,
            target_2_pct=0.001 * targets, target_3_pct=0.001 * targets, target_4_pct=0.001 * targets, part_1=0.3,
            part_2=0.25 + 0.2 * x, part_3=0.2, part_4=1.0, time_stop=time_stop, weight=0.5 + 0.5 * x,
            volatility=atr[-1], on_high=on_high), dice


class Turner(Strategy):
    """Market entries only, turned around at one open; a trailing stop in per cent and stops raised by hold."""

    reverse = True
    seed = Int(1, 1, 100_000)
    often = Float(0.1, 0.0, 1.0)
    trails = Switch(True)
    state = ("dice",)

    @kernel
    def decide(close, position, dice, seed, often, trails):
        if dice != dice:
            dice = first(seed, close[-1])
        dice = after(dice)
        dice = after(dice)
        what = share(dice)
        dice = after(dice)
        x = share(dice)
        if what < 0.5 * often:
            return enter_long(trail_pct=trails * (0.01 + 0.04 * x), weight=0.5 + 0.5 * x), dice
        if what < often:
            return enter_short(trail_pct=trails * (0.01 + 0.04 * x), weight=0.5 + 0.5 * x), dice
        if trails and position != 0.0 and x < 0.02:
            away = 0.995 if position > 0.0 else 1.005
            return hold(stop=close[-1] * away), dice
        return hold(), dice


class Dipper(Strategy):
    """Long only: limit entries that expire, break-even, two targets and a time stop."""

    seed = Int(1, 1, 100_000)
    often = Float(0.3, 0.0, 1.0)
    state = ("dice",)
    atr = Atr(period=10)

    @kernel
    def decide(close, atr, position, dice, seed, often):
        if dice != dice:
            dice = first(seed, close[-1])
        dice = after(dice)
        dice = after(dice)
        what = share(dice)
        dice = after(dice)
        x = share(dice)
        if position == 0.0 and what < often:
            return enter_long(
                at_limit=close[-1] - x * atr[-1], expiry=1.0 + floor(4.0 * x), stop=(1.0 + x) * atr[-1],
                even_after=0.5 * atr[-1], even_offset_pct=0.001, target_1=atr[-1], part_1=0.5, target_2_pct=0.02,
                time_stop=5.0 + floor(20.0 * x), volatility=atr[-1]), dice
        return hold(), dice
