"""Black-Scholes-Merton on arrays: price and Greeks of European options with a continuous dividend yield.

All functions take numbers or arrays that broadcast: spot and strike in points, years to settlement, sigma decimal per
year, rate and dividend_yield continuous per year, is_call True for calls. NaN in gives NaN out; years, sigma, spot or
strike that are not positive give NaN, because there is nothing to price.

Every Greek is a plain derivative per share: vega, vanna and zomma per 1.00 of volatility (a vol point is 0.01),
theta and charm per year of calendar time that passes (a day is 1/365).
Source: Black & Scholes (1973), Merton (1973); second-order Greeks as in Haug, The Complete Guide to Option Pricing
Formulas (2007), chapter 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ROOT_2PI = math.sqrt(2 * math.pi)


@dataclass(frozen=True, eq=False)
class Greeks:
    """Price and its derivatives, one element per option.

    delta = dV/dS, gamma = d²V/dS², vega = dV/dsigma, theta = -dV/dT, vanna = d²V/dS dsigma, charm = -d²V/dS dT,
    speed = d³V/dS³, zomma = d³V/dS² dsigma.
    """

    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    vanna: Floats
    charm: Floats
    speed: Floats
    zomma: Floats


def greeks(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    sigma: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
) -> Greeks:
    """Price and all Greeks of every option."""
    s, k, t, v = positive(spot), positive(strike), positive(years), positive(sigma)
    r, q = np.asarray(rate, dtype=float), np.asarray(dividend_yield, dtype=float)
    side = np.where(is_call, 1.0, -1.0)
    root = np.sqrt(t)
    width = v * root
    d1 = (np.log(s / k) + (r - q) * t) / width + 0.5 * width
    d2 = d1 - width
    carry, discount = np.exp(-q * t), np.exp(-r * t)
    inside1, inside2 = side * ndtr(side * d1), side * ndtr(side * d2)
    density = carry * np.exp(-0.5 * d1 * d1) / ROOT_2PI
    stock, bond = s * carry * inside1, k * discount * inside2
    delta = carry * inside1
    gamma = density / (s * width)
    vega = s * density * root
    vanna = -density * d2 / v
    return Greeks(
        price=stock - bond,
        delta=delta,
        gamma=gamma,
        vega=vega,
        theta=q * stock - r * bond - 0.5 * vega * v / t,
        vanna=vanna,
        charm=q * delta - density * ((r - q) / width - 0.5 * d2 / t),
        speed=-gamma / s * (d1 / width + 1),
        zomma=gamma * (d1 * d2 - 1) / v,
    )


def price(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    sigma: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
) -> Floats:
    """Price of every option [points]."""
    return greeks(spot, strike, years, sigma, rate, dividend_yield, is_call).price


def gamma(
    spot: ArrayLike, strike: ArrayLike, years: ArrayLike, sigma: ArrayLike, rate: ArrayLike, dividend_yield: ArrayLike
) -> Floats:
    """Gamma of every option, the same for a call and a put: e^(-qT) phi(d1) / (S sigma sqrt(T))."""
    s, k, t, v = positive(spot), positive(strike), positive(years), positive(sigma)
    width = v * np.sqrt(t)
    carry = np.asarray(dividend_yield, dtype=float) * t
    d1 = (np.log(s / k) + np.asarray(rate, dtype=float) * t - carry) / width + 0.5 * width
    return np.asarray(np.exp(-0.5 * d1 * d1 - carry) / (ROOT_2PI * s * width))


def positive(value: ArrayLike) -> Floats:
    """The value as float64, NaN where it is not above zero (or not a number)."""
    given = np.asarray(value, dtype=float)
    usable = given > 0
    return given if usable.all() else np.where(usable, given, np.nan)
