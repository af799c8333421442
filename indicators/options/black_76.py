"""Black-76 on arrays: European options on a future. Same units and rules as black_scholes, derivatives by the future.

Source: Black (1976), The pricing of commodity contracts. It is Black-Scholes-Merton with the future as spot and the
rate as dividend yield, because a future costs nothing to hold.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from indicators.options import black_scholes
from indicators.options import implied_volatility as solver
from indicators.options.black_scholes import Floats, Greeks


def greeks(
    future: ArrayLike, strike: ArrayLike, years: ArrayLike, sigma: ArrayLike, rate: ArrayLike, is_call: ArrayLike
) -> Greeks:
    """Price and all Greeks of every option; delta, gamma, speed … by the price of the future."""
    return black_scholes.greeks(future, strike, years, sigma, rate, rate, is_call)


def price(
    future: ArrayLike, strike: ArrayLike, years: ArrayLike, sigma: ArrayLike, rate: ArrayLike, is_call: ArrayLike
) -> Floats:
    """Price of every option [points]."""
    return greeks(future, strike, years, sigma, rate, is_call).price


def gamma(future: ArrayLike, strike: ArrayLike, years: ArrayLike, sigma: ArrayLike, rate: ArrayLike) -> Floats:
    """Gamma of every option by the price of the future."""
    return black_scholes.gamma(future, strike, years, sigma, rate, rate)


def implied_volatility(
    price: ArrayLike, future: ArrayLike, strike: ArrayLike, years: ArrayLike, rate: ArrayLike, is_call: ArrayLike
) -> solver.Solved:
    """Volatility at which Black-76 gives each price [points]; NaN with a reason where there is none."""
    return solver.implied_volatility(price, future, strike, years, rate, rate, is_call)
