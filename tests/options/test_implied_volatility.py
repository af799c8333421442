"""Implied volatility: the volatility that made the price, to 1e-8, or NaN with a reason; never a bound or a default."""

from __future__ import annotations

import math

import numpy as np
import pytest
import QuantLib as ql
from hypothesis import given
from hypothesis import strategies as st
from vollib.black_scholes_merton import black_scholes_merton
from vollib.black_scholes_merton.implied_volatility import implied_volatility as vollib_iv

from indicators.options.implied_volatility import REASONS, implied_volatility

SPOT, RATE, DIVIDEND = 100.0, 0.04, 0.013
MONEYNESS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.999, 1, 1.001, 1.01, 1.02, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3)
YEARS = (1 / 8760, 3 / 8760, 1 / 365, 2 / 365, 7 / 365, 30 / 365, 0.25, 0.5, 1.0, 2.0)
SIGMAS = (0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0)
GRID = [(SPOT * m, t, v) for m in MONEYNESS for t in YEARS for v in SIGMAS]


def by_quantlib(strike, years, sigma, call):
    forward = SPOT * math.exp((RATE - DIVIDEND) * years)
    kind = ql.Option.Call if call else ql.Option.Put
    return ql.blackFormula(kind, strike, forward, sigma * math.sqrt(years), math.exp(-RATE * years))


def by_vollib(strike, years, sigma, call):
    return black_scholes_merton("c" if call else "p", SPOT, strike, years, RATE, sigma, DIVIDEND)


def is_outside(strike, years, call):
    """Out of the money: the side that an implied volatility should come from."""
    return call == (strike >= SPOT * math.exp((RATE - DIVIDEND) * years))


def solved(price, strike, years, call):
    return implied_volatility(price, SPOT, strike, years, RATE, DIVIDEND, call)


@pytest.mark.parametrize(("oracle", "least"), [(by_vollib, 0.0), (by_quantlib, 1e-6)])
@pytest.mark.parametrize("call", [True, False], ids=["call", "put"])
def test_o09_round_trip_over_the_grid(oracle, least, call):
    """Prices of another library come back as its volatility to 1e-8, or as NaN with a reason.

    QuantLib's normal distribution is exact to 1e-16 absolutely, not relatively, so its prices below 1e-6 are left out.
    """
    strike, years, sigma = np.array(GRID).T
    price = np.array([oracle(*case, call) for case in GRID])
    found = solved(price, strike, years, call)
    fits = found.code == 0
    value = np.array([oracle(*case, is_outside(*case[:2], True)) for case in GRID])  # of the side out of the money
    assert np.abs(found.sigma - sigma)[fits & (value >= least)].max() <= 1e-8
    assert np.isnan(found.sigma[~fits]).all() and (found.reason[~fits] != "").all()
    outside = np.array([is_outside(k, t, call) for k, t, _ in GRID])
    # Nothing worth a billionth of a cent is refused on the side that is quoted for its volatility.
    assert fits[outside & (price > 1e-11)].all()
    assert set(found.reason[outside & ~fits]) <= {"no_time_value"}
    assert set(found.reason[~fits]) <= {"no_time_value", "imprecise", "below_lower_bound"}


@pytest.mark.parametrize("call", [True, False], ids=["call", "put"])
def test_the_same_answer_as_the_other_libraries(call):
    """Where QuantLib and vollib have an answer for an out-of-the-money price that can be quoted, it is ours to 1e-8."""
    compared = 0
    for strike, years, sigma in GRID:
        price = by_quantlib(strike, years, sigma, call)
        if not is_outside(strike, years, call) or price < 1e-6:
            continue
        forward, discount = SPOT * math.exp((RATE - DIVIDEND) * years), math.exp(-RATE * years)
        kind = ql.Option.Call if call else ql.Option.Put
        width = ql.blackFormulaImpliedStdDev(kind, strike, forward, price, discount, 0.0, 0.2, 1e-14, 1000)
        mine = float(solved(price, strike, years, call).sigma)
        flag = "c" if call else "p"
        assert mine == pytest.approx(width / math.sqrt(years), abs=1e-8)
        assert mine == pytest.approx(vollib_iv(price, SPOT, strike, years, RATE, DIVIDEND, flag), abs=1e-8)
        compared += 1
    assert compared > 350


@given(
    st.floats(0.5, 2.0), st.floats(1 / 8760, 3.0), st.floats(0.002, 4.9), st.floats(-0.02, 0.1), st.floats(-0.1, 0.1)
)
def test_any_out_of_the_money_price_round_trips(moneyness, years, sigma, rate, dividend):
    strike = SPOT * moneyness
    forward = SPOT * math.exp((rate - dividend) * years)
    call = strike >= forward
    price = black_scholes_merton("c" if call else "p", SPOT, strike, years, rate, sigma, dividend)
    found = implied_volatility(price, SPOT, strike, years, rate, dividend, call)
    if price > 1e-9:
        assert str(found.reason) in ("", "imprecise")
    if found.code == 0:
        assert float(found.sigma) == pytest.approx(sigma, abs=1e-8)
    else:
        assert math.isnan(float(found.sigma))


REFUSED = [
    # price, strike, years, call, reason; spot 100, rate 4 %, dividend 1.3 %
    (float("nan"), 100.0, 0.5, True, "missing_input"),
    (float("inf"), 100.0, 0.5, True, "missing_input"),
    (3.0, -5.0, 0.5, True, "missing_input"),
    (3.0, 100.0, 0.0, True, "missing_input"),
    (0.0, 110.0, 0.5, True, "no_time_value"),
    (-0.01, 110.0, 0.5, True, "below_lower_bound"),
    (19.0, 80.0, 0.5, True, "below_lower_bound"),  # lower bound 100 e^-0.0065 - 80 e^-0.02 = 20.94
    (99.9, 80.0, 0.5, True, "above_upper_bound"),  # upper bound 100 e^-0.0065 = 99.35
    (99.0, 100.0, 0.5, False, "above_upper_bound"),  # upper bound 100 e^-0.02 = 98.02
    (1e-60, 102.0, 0.5, True, "outside_bracket"),  # sigma 0.0006
    (99.3, 100.0, 0.5, True, "outside_bracket"),  # sigma above 5
]


@pytest.mark.parametrize(("price", "strike", "years", "call", "reason"), REFUSED)
def test_nan_with_the_reason(price, strike, years, call, reason, recwarn):
    found = solved(price, strike, years, call)
    assert math.isnan(float(found.sigma))
    assert str(found.reason) == reason
    assert not recwarn.list


def test_an_in_the_money_price_without_visible_time_value_is_refused():
    """Strike 70, an hour left, 20 %: the put is worth 1e-300, which 16 digits of a price near 30 cannot hold."""
    price = by_quantlib(70.0, 1 / 8760, 0.2, True)
    assert str(solved(price, 70.0, 1 / 8760, True).reason) in ("no_time_value", "below_lower_bound")


def test_imprecise_is_when_the_last_digit_moves_sigma_by_more_than_a_hundred_millionth():
    """Brute force: the neighbours of the price in float64 give volatilities further apart than 1e-8."""
    strike, years = 88.0, 7 / 365
    price = by_quantlib(strike, years, 0.13, True)
    assert str(solved(price, strike, years, True).reason) == "imprecise"
    vega_of_a_step = price * 2**-52
    low, high = (by_quantlib(strike, years, sigma, True) for sigma in (0.13 - 5e-9, 0.13 + 5e-9))
    assert high - low < 4 * vega_of_a_step


def test_shapes_broadcast_and_reasons_are_named():
    found = implied_volatility(np.array([[2.0], [3.0]]), 100.0, [95.0, 100.0, 105.0], 0.1, 0.0, 0.0, True)
    assert found.sigma.shape == found.code.shape == found.reason.shape == (2, 3)
    assert REASONS[0] == "" and len(set(REASONS)) == len(REASONS)
    assert implied_volatility([], 100.0, [], 0.1, 0.0, 0.0, True).sigma.shape == (0,)


def test_at_the_money_forward_exactly():
    """K = F: b = 2 N(s/2) - 1, so that 7.965567455405804 at S = K = 100, T = 1 without rates is 20 %."""
    assert float(implied_volatility(7.965567455405804, 100, 100, 1, 0, 0, True).sigma) == pytest.approx(0.2, abs=1e-14)
