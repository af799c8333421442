"""Prices and quantities of fills: rounding to the grid, slippage, fees. Rules: docs/execution.md, section 5.

A grid step is the fraction num/den (tick 0.01 = 1/100), so that a price on the grid is the float nearest to its
decimal value; num = 0 means no grid.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from math import ceil, floor

from indicators.kernels import kernel


@kernel
def round_down(value, num, den):
    """The largest grid point not above `value`; a value within 1e-9 relative of a grid point is on it."""
    if num == 0.0:
        return value
    steps = value * den / num
    nearest = floor(steps + 0.5)
    if abs(steps - nearest) > 1e-9 * max(1.0, abs(steps)):
        nearest = floor(steps)
    return nearest * num / den


@kernel
def round_up(value, num, den):
    """The smallest grid point not below `value`; a value within 1e-9 relative of a grid point is on it."""
    if num == 0.0:
        return value
    steps = value * den / num
    nearest = floor(steps + 0.5)
    if abs(steps - nearest) > 1e-9 * max(1.0, abs(steps)):
        nearest = ceil(steps)
    return nearest * num / den


@kernel
def fill_price(price, buys, costly, slip, slip_money, num, den):
    """The price paid: slippage (when `costly`: market and stop fills), then the tick, buys up and sells down, to 0."""
    if buys:
        return round_up(price * (1.0 + slip) + slip_money if costly else price, num, den)
    sold = round_down(price * (1.0 - slip) - slip_money if costly else price, num, den)
    return 0.0 if sold < 0.0 else sold


def fraction(step: float) -> tuple[float, float]:
    """A decimal step as numerator and denominator (0.25 -> 1, 4), from its shortest decimal form."""
    if step == 0:
        return 0.0, 1.0
    exact = Fraction(Decimal(repr(float(step))))
    return float(exact.numerator), float(exact.denominator)


def decimal_price(value: float, step: float, up: bool) -> Decimal:
    """The same rounding in Decimal, for a venue's edge: `round_up`/`round_down` are equal to it to the last bit."""
    if step == 0:
        return Decimal(repr(value))
    grid = Decimal(repr(float(step)))
    steps = Decimal(repr(value)) / grid
    nearest = (steps + Decimal("0.5")).to_integral_value(rounding=ROUND_FLOOR)
    if abs(steps - nearest) > Decimal("1e-9") * max(Decimal(1), abs(steps)):
        nearest = steps.to_integral_value(rounding=ROUND_CEILING if up else ROUND_FLOOR)
    return nearest * grid
