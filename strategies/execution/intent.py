"""What a strategy wants after a bar: one flat immutable value, built only by the verbs below.

Meaning of every argument: docs/execution.md, section 2. Distances are positive price units from the fill, `_pct`
arguments are shares of the fill price (0.02 = 2 %); 0 means none.
"""

from __future__ import annotations

from math import nan
from typing import NamedTuple

from indicators.kernels import kernel

# fmt: off
HOLD, LONG, SHORT, LEAVE = 0, 1, -1, 2


class Intent(NamedTuple):
    """The complete desired state after a bar."""

    action: float
    at_stop: float
    at_limit: float
    expiry: float
    stop: float
    stop_pct: float
    trail: float
    trail_pct: float
    trail_after: float
    trail_after_pct: float
    even_after: float
    even_after_pct: float
    even_offset: float
    even_offset_pct: float
    target_1: float
    target_2: float
    target_3: float
    target_4: float
    target_1_pct: float
    target_2_pct: float
    target_3_pct: float
    target_4_pct: float
    part_1: float
    part_2: float
    part_3: float
    part_4: float
    time_stop: float
    weight: float
    volatility: float
    on_high: float
    level_stop: float
    level_target: float


@kernel
def entry_intent(action, at_stop, at_limit, expiry, stop, stop_pct, trail, trail_pct, trail_after, trail_after_pct,
                 even_after, even_after_pct, even_offset, even_offset_pct, target_1, target_2, target_3, target_4,
                 target_1_pct, target_2_pct, target_3_pct, target_4_pct, part_1, part_2, part_3, part_4, time_stop,
                 weight, volatility, on_high):
    return Intent(float(action), float(at_stop), float(at_limit), float(expiry), float(stop), float(stop_pct),
                  float(trail), float(trail_pct), float(trail_after), float(trail_after_pct), float(even_after),
                  float(even_after_pct), float(even_offset), float(even_offset_pct), float(target_1), float(target_2),
                  float(target_3), float(target_4), float(target_1_pct), float(target_2_pct), float(target_3_pct),
                  float(target_4_pct), float(part_1), float(part_2), float(part_3), float(part_4), float(time_stop),
                  float(weight), float(volatility), float(on_high), nan, nan)


@kernel
def enter_long(at_stop=0.0, at_limit=0.0, expiry=0.0, stop=0.0, stop_pct=0.0, trail=0.0, trail_pct=0.0,
               trail_after=0.0, trail_after_pct=0.0, even_after=0.0, even_after_pct=0.0, even_offset=0.0,
               even_offset_pct=0.0, target_1=0.0, target_2=0.0, target_3=0.0, target_4=0.0, target_1_pct=0.0,
               target_2_pct=0.0, target_3_pct=0.0, target_4_pct=0.0, part_1=1.0, part_2=1.0, part_3=1.0, part_4=1.0,
               time_stop=0.0, weight=1.0, volatility=0.0, on_high=0.0):
    """Be long: when flat, replace any unfilled entry by this one."""
    return entry_intent(1.0, at_stop, at_limit, expiry, stop, stop_pct, trail, trail_pct, trail_after, trail_after_pct,
                        even_after, even_after_pct, even_offset, even_offset_pct, target_1, target_2, target_3,
                        target_4, target_1_pct, target_2_pct, target_3_pct, target_4_pct, part_1, part_2, part_3,
                        part_4, time_stop, weight, volatility, on_high)


@kernel
def enter_short(at_stop=0.0, at_limit=0.0, expiry=0.0, stop=0.0, stop_pct=0.0, trail=0.0, trail_pct=0.0,
                trail_after=0.0, trail_after_pct=0.0, even_after=0.0, even_after_pct=0.0, even_offset=0.0,
                even_offset_pct=0.0, target_1=0.0, target_2=0.0, target_3=0.0, target_4=0.0, target_1_pct=0.0,
                target_2_pct=0.0, target_3_pct=0.0, target_4_pct=0.0, part_1=1.0, part_2=1.0, part_3=1.0, part_4=1.0,
                time_stop=0.0, weight=1.0, volatility=0.0, on_high=0.0):
    """Be short: the mirror of enter_long."""
    return entry_intent(-1.0, at_stop, at_limit, expiry, stop, stop_pct, trail, trail_pct, trail_after, trail_after_pct,
                        even_after, even_after_pct, even_offset, even_offset_pct, target_1, target_2, target_3,
                        target_4, target_1_pct, target_2_pct, target_3_pct, target_4_pct, part_1, part_2, part_3,
                        part_4, time_stop, weight, volatility, on_high)


@kernel
def hold(stop=nan, target=nan):
    """Keep everything; in a position, tighten the stop to price `stop`, move the nearest target to price `target`."""
    return Intent(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
                  0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, float(stop), float(target))


@kernel
def leave():
    """Leave the position at the next open; flat, cancel the unfilled entry."""
    return Intent(2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
                  0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, nan, nan)
