"""Implied volatility of European options on arrays: exact where it is defined, NaN with a reason where it is not.

With forward F = S e^((r-q)T), x = -|ln(F/K)|, total volatility s = sigma sqrt(T), the out-of-the-money price divided by
e^(-rT) sqrt(FK) is b(s) = e^(x/2) N(x/s + s/2) - e^(-x/2) N(x/s - s/2). An in-the-money price is first reduced to its
time value by put-call parity. The first guess inverts the limit of small s, b -> s phi(z) - |x| N(-z) with z = |x|/s,
from a table; two steps of Householder's third-order method on ln b end at the precision of float64 for every usual
option, and the few that need more are bracketed, so that a step that leaves the bracket becomes a bisection.
Sources: Black & Scholes (1973); normalisation as in Jaeckel, Let's be rational (2015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from indicators.options.black_scholes import ROOT_2PI, Bools, Floats, positive

LOWEST, HIGHEST = 1e-3, 5.0
"""Bracket of sigma: an answer outside is no answer."""
PRECISION = 1e-8
"""Largest error of sigma that the rounding of the price itself may cause."""
REASONS = (
    "",
    "missing_input",
    "below_lower_bound",
    "above_upper_bound",
    "no_time_value",
    "imprecise",
    "outside_bracket",
    "not_converged",
)
"""Why there is no volatility, by code; 0: there is one.

missing_input: a number is missing or not positive. below_lower_bound, above_upper_bound: the price allows arbitrage.
no_time_value: the price is its lower bound. imprecise: the last digit of the price moves sigma by more than 1e-8.
outside_bracket: sigma is below 0.001 or above 5. not_converged: the search did not end (never seen).
"""
_MISSING, _BELOW, _ABOVE, _NO_VALUE, _IMPRECISE, _OUTSIDE, _OPEN = range(1, 8)
_EPS = float(np.finfo(float).eps)
_CONVERGED = 1e-4  # last relative step of a fourth-order method
_STEPS = 100


@dataclass(frozen=True, eq=False)
class Solved:
    """sigma: decimal per year, NaN where there is none; code: index into REASONS, why."""

    sigma: Floats
    code: NDArray[np.int8]

    @property
    def reason(self) -> NDArray[np.str_]:
        """Why there is no volatility, "" where there is one."""
        return np.array(REASONS)[self.code]


def _limit() -> tuple[Floats, Floats]:
    z = np.exp(np.linspace(np.log(1e-3), np.log(37.0), 2048))
    return -np.log(np.exp(-0.5 * z * z) / (ROOT_2PI * z) - ndtr(-z)), np.log(z)


_LIMIT, _LOG_Z = _limit()


def implied_volatility(
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
) -> Solved:
    """Volatility at which Black-Scholes-Merton gives each price [points].

    Inputs broadcast; units as in black_scholes. Never a bound or a default: what cannot be solved is NaN with a reason.
    Give the out-of-the-money side of a strike where it is quoted: an in-the-money price hides its time value.
    """
    given = np.broadcast_arrays(price, positive(spot), positive(strike), positive(years), rate, dividend_yield, is_call)
    shape = given[0].shape
    p, s0, k, t, r, q = (np.ravel(np.asarray(value, dtype=float)) for value in given[:6])
    call = np.ravel(np.asarray(given[6], dtype=bool))
    with np.errstate(all="ignore"):
        sigma, code = _solve(p, s0, k, t, r, q, call)
    return Solved(sigma.reshape(shape), code.reshape(shape))


def _solve(
    p: Floats, s0: Floats, k: Floats, t: Floats, r: Floats, q: Floats, call: Bools
) -> tuple[Floats, NDArray[np.int8]]:
    growth = np.log(s0 / k) + (r - q) * t
    stock, bond = s0 * np.exp(-q * t), k * np.exp(-r * t)
    inner = np.where(call, stock - bond, bond - stock)
    inside = inner > 0
    value = np.where(inside, p - inner, p)
    rounding = _EPS * np.where(inside, 2 * np.maximum(stock, bond), p)
    scale = np.sqrt(stock * bond)
    x = -np.abs(growth)
    b = value / scale
    a = -x
    highest = np.exp(0.5 * x)

    code = np.zeros(p.shape, dtype=np.int8)
    depth = np.log(a / b)
    code[depth > _LIMIT[-1]] = _NO_VALUE
    code[np.abs(value) <= 2 * rounding] = _NO_VALUE
    code[value < -2 * rounding] = _BELOW
    code[b >= highest] = _ABOVE
    code[~(np.isfinite(b) & np.isfinite(x) & np.isfinite(t))] = _MISSING

    root = np.sqrt(t)
    log_b = np.log(b)
    guess = np.where(depth < _LIMIT[0], (b + 0.5 * a) * ROOT_2PI, a * np.exp(-np.interp(depth, _LIMIT, _LOG_Z)))
    s = guess + _step(guess, x, highest, log_b)[0]
    step, vega = _step(s, x, highest, log_b)
    s = s + step
    left = np.flatnonzero((code == 0) & ~(np.abs(step) < _CONVERGED * s))
    if len(left):
        s[left], code[left] = _bracketed(x[left], highest[left], log_b[left], root[left])
        vega[left] = _vega(s[left], x[left])
    sigma = s / root
    code[(code == 0) & ~((sigma >= LOWEST) & (sigma <= HIGHEST))] = _OUTSIDE
    code[(code == 0) & (rounding > PRECISION * scale * vega * root)] = _IMPRECISE
    return np.where(code == 0, sigma, np.nan), code


def _vega(s: Floats, x: Floats) -> Floats:
    z = x / s
    return np.asarray(np.exp(-0.5 * z * z - 0.125 * s * s) / ROOT_2PI)


def _step(s: Floats, x: Floats, highest: Floats, log_b: Floats) -> tuple[Floats, Floats]:
    """Householder's third-order step towards ln b(s) = log_b, and the derivative of b."""
    z, half = x / s, 0.5 * s
    b = highest * ndtr(z + half) - ndtr(z - half) / highest
    vega = _vega(s, x)
    slope = vega / b
    square = z * z
    bend = square / s - 0.25 * s
    newton = (log_b - np.log(b)) / slope
    second = bend - slope
    third = bend * bend - 3 * square / (s * s) - 0.25 - slope * (3 * bend - 2 * slope)
    return newton * (1 + 0.5 * second * newton) / (1 + newton * (second + third * newton / 6)), vega


def _bracketed(x: Floats, highest: Floats, log_b: Floats, root: Floats) -> tuple[Floats, NDArray[np.int8]]:
    """The same search between the ends of the bracket, for the options that two steps did not settle."""
    low, high = LOWEST * root, HIGHEST * root
    code = np.full(x.shape, _OPEN, dtype=np.int8)
    code[~((_log_price(low, x, highest) <= log_b) & (log_b <= _log_price(high, x, highest)))] = _OUTSIDE
    s = np.sqrt(low * high)
    for _ in range(_STEPS):
        todo = code == _OPEN
        if not todo.any():
            break
        above = _log_price(s, x, highest) > log_b
        high, low = np.where(above, s, high), np.where(above, low, s)
        moved = s + _step(s, x, highest, log_b)[0]
        moved = np.where((moved > low) & (moved < high), moved, np.sqrt(low * high))
        settled = todo & ((np.abs(moved - s) <= 4 * _EPS * s) | (high - low <= 4 * _EPS * high))
        s = np.where(todo, moved, s)
        code[settled] = 0
    return s, code


def _log_price(s: Floats, x: Floats, highest: Floats) -> Floats:
    z, half = x / s, 0.5 * s
    return np.asarray(np.log(highest * ndtr(z + half) - ndtr(z - half) / highest))
