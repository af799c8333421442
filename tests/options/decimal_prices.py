"""Black-Scholes-Merton in 60-digit arithmetic, from the price formula alone: the oracle for every derivative."""

from __future__ import annotations

from decimal import Decimal, getcontext
from itertools import product

getcontext().prec = 60
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
H = Decimal("1e-14")  # central differences err by h² = 1e-28 of the third derivative


def normal(x: Decimal) -> Decimal:
    """N(x) = 1/2 + phi(x) (x + x³/3 + x⁵/(3·5) + …)."""
    term = total = x
    n = 1
    while abs(term) > Decimal("1e-58") * max(abs(total), Decimal(1)):
        n += 2
        term = term * x * x / n
        total += term
    return Decimal("0.5") + total * (-x * x / 2).exp() / (2 * PI).sqrt()


def price(s, k, t, v, r, q, call) -> Decimal:
    width = v * t.sqrt()
    d1 = ((s / k).ln() + (r - q + v * v / 2) * t) / width
    side = 1 if call else -1
    return side * (s * (-q * t).exp() * normal(side * d1) - k * (-r * t).exp() * normal(side * (d1 - width)))


def difference(function, orders, point):
    """Mixed central difference: orders = how often by each of the six inputs; steps are relative to the input."""
    stencils = {0: {0: 1}, 1: {1: Decimal("0.5"), -1: Decimal("-0.5")}, 2: {1: 1, 0: -2, -1: 1}}
    stencils[3] = {2: Decimal("0.5"), 1: -1, -1: 1, -2: Decimal("-0.5")}
    steps = [abs(value) * H for value in point]
    total = Decimal(0)
    for moves in product(*(stencils[order].items() for order in orders)):
        weight = Decimal(1)
        for _, part in moves:
            weight *= part
        moved = (value + move * step for value, (move, _), step in zip(point, moves, steps, strict=True))
        total += weight * function(*moved)
    for order, step in zip(orders, steps, strict=True):
        if order:
            total /= step**order
    return total


ORDERS = {  # by spot, strike, years, sigma, rate, dividend yield; and the sign
    "price": ((0, 0, 0, 0, 0, 0), 1),
    "delta": ((1, 0, 0, 0, 0, 0), 1),
    "gamma": ((2, 0, 0, 0, 0, 0), 1),
    "vega": ((0, 0, 0, 1, 0, 0), 1),
    "theta": ((0, 0, 1, 0, 0, 0), -1),
    "vanna": ((1, 0, 0, 1, 0, 0), 1),
    "charm": ((1, 0, 1, 0, 0, 0), -1),
    "speed": ((3, 0, 0, 0, 0, 0), 1),
    "zomma": ((2, 0, 0, 1, 0, 0), 1),
}


def greeks(s: float, k: float, t: float, v: float, r: float, q: float, call: bool) -> dict[str, float]:
    """Every Greek by name, from exact values of the floats."""
    point = tuple(Decimal(value) for value in (s, k, t, v, r, q))
    return {
        name: float(sign * difference(lambda *at: price(*at, call), orders, point))
        for name, (orders, sign) in ORDERS.items()
    }
