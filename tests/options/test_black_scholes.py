"""Prices and Greeks against 60-digit differences of the price formula, QuantLib and vollib."""

from __future__ import annotations

import math

import numpy as np
import pytest
import QuantLib as ql
from options.decimal_prices import ORDERS, greeks
from vollib.black_scholes_merton import black_scholes_merton
from vollib.black_scholes_merton.greeks import analytical

from indicators.options import black_76, black_scholes

SPOT = 100.0
HOUR, DAY = 1 / 8760, 1 / 365
CASES = [
    # strike, years, sigma, rate, dividend yield
    (100.0, 30 / 365, 0.20, 0.04, 0.013),
    (97.0, 7 / 365, 0.35, 0.05, 0.0),
    (104.0, DAY, 0.12, 0.0, 0.0),
    (99.5, HOUR, 0.25, 0.04, 0.02),
    (130.0, 2.0, 0.15, -0.005, 0.03),
    (70.0, 0.5, 0.60, 0.04, 0.013),
    (85.0, 1.0, 1.20, 0.10, 0.0),
    (120.0, 60 / 365, 0.22, 0.045, 0.06),
]
BOTH = pytest.mark.parametrize("call", [True, False], ids=["call", "put"])


def ours(case, call):
    strike, years, sigma, rate, dividend = case
    return black_scholes.greeks(SPOT, strike, years, sigma, rate, dividend, call)


@BOTH
@pytest.mark.parametrize("case", CASES)
def test_every_greek_is_the_derivative_of_the_price(case, call):
    """Relative 1e-10 in the price formula evaluated with 60 digits, for all Greeks including speed and zomma."""
    found, exact = ours(case, call), greeks(SPOT, *case, call)
    for name in ORDERS:
        assert float(getattr(found, name)) == pytest.approx(exact[name], rel=1e-10, abs=0), name


def grid():
    """Moneyness 0.7 to 1.3, an hour to two years; corners where a gamma is below 1e-87 are left out."""
    for moneyness in (0.7, 0.8, 0.9, 0.95, 0.99, 1.0, 1.01, 1.05, 1.1, 1.2, 1.3):
        for years in (HOUR, 5 * HOUR, DAY, 7 / 365, 30 / 365, 0.5, 1.0, 2.0):
            for sigma in (0.08, 0.2, 0.5, 1.5):
                if abs(math.log(moneyness)) < 20 * sigma * math.sqrt(years):
                    yield SPOT * moneyness, years, sigma, 0.04, 0.013


@BOTH
def test_the_grid_agrees_with_quantlib(call):
    """Relative 1e-10; delta of the far side and theta, vanna near their zeros relative to their parts."""
    for strike, years, sigma, rate, dividend in grid():
        forward, discount = SPOT * math.exp((rate - dividend) * years), math.exp(-rate * years)
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if call else ql.Option.Put, strike)
        oracle = ql.BlackCalculator(payoff, forward, sigma * math.sqrt(years), discount)
        found = black_scholes.greeks(SPOT, strike, years, sigma, rate, dividend, call)
        d1 = math.log(forward / strike) / (sigma * math.sqrt(years)) + 0.5 * sigma * math.sqrt(years)
        density = math.exp(-dividend * years - 0.5 * d1 * d1) / math.sqrt(2 * math.pi)
        where = (strike, years, sigma)
        assert float(found.gamma) == pytest.approx(oracle.gamma(SPOT), rel=1e-10, abs=1e-300), where
        assert float(found.vega) == pytest.approx(oracle.vega(years), rel=1e-10, abs=1e-300), where
        assert float(found.delta) == pytest.approx(oracle.delta(SPOT), rel=1e-10, abs=1e-15), where
        assert float(found.price) == pytest.approx(oracle.value(), rel=1e-10, abs=1e-13), where
        assert float(found.theta) == pytest.approx(oracle.theta(SPOT, years), rel=1e-10, abs=1e-11), where
        assert float(found.vanna) == pytest.approx(oracle.vanna(SPOT, years), rel=1e-10, abs=1e-12 * density / sigma), (
            where
        )


@BOTH
def test_the_grid_agrees_with_vollib(call):
    """vollib's theta is per day of 365, its vega per vol point."""
    flag = "c" if call else "p"
    for strike, years, sigma, rate, dividend in grid():
        found = black_scholes.greeks(SPOT, strike, years, sigma, rate, dividend, call)
        given = (flag, SPOT, strike, years, rate, sigma, dividend)
        assert float(found.gamma) == pytest.approx(analytical.gamma(*given), rel=1e-10, abs=1e-300)
        assert float(found.vega) / 100 == pytest.approx(analytical.vega(*given), rel=1e-10, abs=1e-300)
        assert float(found.delta) == pytest.approx(analytical.delta(*given), rel=1e-10, abs=1e-15)
        assert float(found.theta) / 365 == pytest.approx(analytical.theta(*given), rel=1e-10, abs=1e-13)
        assert float(found.price) == pytest.approx(black_scholes_merton(*given), rel=1e-10, abs=1e-13)


def test_o06_a_call_and_a_put_share_gamma_vega_vanna():
    strike = np.linspace(70, 130, 25)
    call = black_scholes.greeks(SPOT, strike, 0.25, 0.2, 0.04, 0.013, True)
    put = black_scholes.greeks(SPOT, strike, 0.25, 0.2, 0.04, 0.013, False)
    for name in ("gamma", "vega", "vanna", "speed", "zomma"):
        np.testing.assert_array_equal(getattr(call, name), getattr(put, name))
    parity = SPOT * math.exp(-0.013 * 0.25) - strike * math.exp(-0.04 * 0.25)
    np.testing.assert_allclose(call.price - put.price, parity, atol=1e-12)
    np.testing.assert_allclose(call.charm - put.charm, 0.013 * math.exp(-0.013 * 0.25), atol=1e-12)


@BOTH
def test_o08_finite_differences_of_the_price(call):
    """delta, gamma, vanna, charm to 1e-5 from bumped prices in plain float64."""

    def price(spot, years, sigma):
        return black_scholes.price(spot, strike, years, sigma, 0.04, 0.013, call)

    strike, years, sigma, h = np.linspace(85, 115, 13), 0.2, 0.25, 1e-3
    found = black_scholes.greeks(SPOT, strike, years, sigma, 0.04, 0.013, call)

    def delta(years, sigma):
        return (price(SPOT + h, years, sigma) - price(SPOT - h, years, sigma)) / (2 * h)

    gamma = (price(SPOT + h, years, sigma) - 2 * price(SPOT, years, sigma) + price(SPOT - h, years, sigma)) / h**2
    np.testing.assert_allclose(found.delta, delta(years, sigma), atol=1e-5)
    np.testing.assert_allclose(found.gamma, gamma, atol=1e-5)
    np.testing.assert_allclose(found.vanna, (delta(years, sigma + h) - delta(years, sigma - h)) / (2 * h), atol=1e-5)
    np.testing.assert_allclose(found.charm, (delta(years - h, sigma) - delta(years + h, sigma)) / (2 * h), atol=1e-4)


def test_a_far_put_keeps_its_small_delta():
    """N(d1) - 1 would be 0 here: the tail is computed as a tail. -N(-d1) with d1 = ln(2)/(0.1) + 0.05 = 6.981…"""
    d1 = math.log(2) / 0.1 + 0.05
    assert float(black_scholes.greeks(200, 100, 1, 0.1, 0, 0, False).delta) == pytest.approx(
        -0.5 * math.erfc(d1 / math.sqrt(2)), rel=1e-12
    )


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_nothing_to_price_is_nan(place, value, recwarn):
    given = [SPOT, 100.0, 0.5, 0.2]
    given[place] = value
    found = black_scholes.greeks(*given, 0.04, 0.0, True)
    assert all(math.isnan(float(getattr(found, name))) for name in ORDERS)
    assert math.isnan(float(black_scholes.gamma(*given, 0.04, 0.0)))
    assert not recwarn.list


def test_gamma_alone_is_the_gamma_of_all():
    strike, years = np.meshgrid(np.linspace(70, 130, 13), [HOUR, DAY, 0.1, 2.0])
    every = black_scholes.greeks(SPOT, strike, years, 0.2, 0.04, 0.013, True).gamma
    np.testing.assert_allclose(black_scholes.gamma(SPOT, strike, years, 0.2, 0.04, 0.013), every, rtol=1e-12)


@BOTH
def test_black_76_agrees_with_quantlib_on_a_future(call):
    """Discounted; delta and gamma by the future, as its hedger trades it."""
    for strike in (80.0, 100.0, 125.0):
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if call else ql.Option.Put, strike)
        oracle = ql.BlackCalculator(payoff, SPOT, 0.3 * math.sqrt(0.75), math.exp(-0.04 * 0.75))
        found = black_76.greeks(SPOT, strike, 0.75, 0.3, 0.04, call)
        assert float(found.price) == pytest.approx(oracle.value(), rel=1e-12)
        assert float(found.delta) == pytest.approx(oracle.deltaForward(), rel=1e-12)
        assert float(found.gamma) == pytest.approx(oracle.gammaForward(), rel=1e-12)
        assert float(found.vega) == pytest.approx(oracle.vega(0.75), rel=1e-12)
        assert float(black_76.price(SPOT, strike, 0.75, 0.3, 0.04, call)) == pytest.approx(oracle.value(), rel=1e-12)
        assert float(black_76.gamma(SPOT, strike, 0.75, 0.3, 0.04)) == pytest.approx(oracle.gammaForward(), rel=1e-12)
        solved = black_76.implied_volatility(oracle.value(), SPOT, strike, 0.75, 0.04, call)
        assert float(solved.sigma) == pytest.approx(0.3, abs=1e-8)
