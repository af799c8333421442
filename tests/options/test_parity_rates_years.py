"""Forwards and yields from quotes, parity violations, the rates curve and the time to settlement."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from feeds.errors import ConfigError, DataError
from indicators.options import parity
from indicators.options.parity import Pairs
from indicators.options.rates import Curve
from indicators.options.years import to_settlement


def pairs(rows, expiry=0):
    """Rows of strike, call mid, put mid, spread of both together."""
    strike, call, put, spread = np.array(rows, dtype=float).T
    return Pairs(np.full(len(rows), expiry), strike, call, put, spread)


HALF = np.array([0.5])
FLAT = np.array([0.0])


def test_the_forward_is_the_median_over_the_tightest_pairs():
    """K + (C - P) by hand: 101, 101, 101.4, 100.8, 101 and a wide pair that says 130; r = 0."""
    quotes = pairs(
        [
            (95, 8, 2, 0.2),
            (100, 4.2, 3.2, 0.1),
            (105, 1.9, 5.5, 0.1),
            (102, 3, 4.2, 0.3),
            (103, 2, 4, 0.2),
            (101, 30, 1, 9),
        ]
    )
    forward, used = parity.forwards(quotes, HALF, FLAT)
    assert forward[0] == pytest.approx(101.0, abs=1e-12)
    assert used[0] == 5


def test_the_rate_carries_the_difference_forward():
    """Three pairs: F = 100 + e^0.02 x 2 for r = 4 % and half a year."""
    quotes = pairs([(100, 6, 4, 0.1), (100, 6, 4, 0.2), (100, 6, 4, 0.3)])
    forward, _ = parity.forwards(quotes, HALF, np.array([0.04]))
    assert forward[0] == pytest.approx(100 + 2 * math.exp(0.02), abs=1e-12)


def test_four_pairs_have_the_mean_of_the_middle_two():
    quotes = pairs([(100, 1, 1, 0.1), (100, 3, 1, 0.1), (100, 4, 1, 0.1), (100, 9, 1, 0.1)])
    assert parity.forwards(quotes, HALF, FLAT)[0][0] == pytest.approx(102.5, abs=1e-12)


def test_two_pairs_are_no_evidence():
    forward, used = parity.forwards(pairs([(100, 6, 4, 0.1), (105, 3, 6, 0.1)]), HALF, FLAT)
    assert np.isnan(forward[0]) and used[0] == 2


def test_settlements_do_not_mix_and_far_strikes_do_not_count():
    """Brute force over 40 strikes of two settlements with F = 100 and 103: far pairs are wrong by 5 points each."""
    rng = np.random.default_rng(3)
    strike = np.tile(np.arange(80.0, 120.0), 2)
    expiry = np.repeat([0, 1], 40)
    true = np.array([100.0, 103.0])[expiry]
    gap = true - strike + np.where(np.abs(strike - true) > 8, 5.0, 0.0)
    order = rng.permutation(80)
    mixed = Pairs(
        expiry[order], strike[order], np.maximum(gap, 0)[order] + 1, np.maximum(-gap, 0)[order] + 1, np.full(80, 0.1)
    )
    forward, used = parity.forwards(mixed, np.array([0.1, 0.2, 0.3]), np.zeros(3))
    np.testing.assert_allclose(forward[:2], [100, 103], atol=1e-12)
    assert np.isnan(forward[2]) and used.tolist() == [5, 5, 0]


def test_the_yield_explains_the_forward():
    """S = 100, r = 4 %, half a year, q = 1.3 %: F = 100 e^0.0135."""
    forward = np.array([100 * math.exp(0.0135)])
    assert parity.dividend_yield(100.0, forward, HALF, np.array([0.04]))[0] == pytest.approx(0.013, abs=1e-14)


def violated(quotes, american=False, rate=(0.0, 0.0), forward=100.0, years=0.5):
    low, high = (np.array([value]) for value in rate)
    found = parity.violations(
        quotes, 100.0, np.array([forward]), np.array([years]), (low, high), np.full(len(quotes.strike), american)
    )
    return float(found.mean())


def test_quotes_break_parity_when_their_spreads_cannot_explain_it():
    """F = 100, r = 0, K = 90: call - put must be 10. Spreads of 1 in all explain 9.5 to 10.5, and 0.01 of slack."""
    assert violated(pairs([(90, 11.5, 1, 1)])) == 0
    assert violated(pairs([(90, 11.52, 1, 1)])) == 1
    assert violated(pairs([(90, 11.52, 1, 1), (90, 11, 1, 1), (90, 11, 1, 1), (90, 11, 1, 1)])) == 0.25


def test_an_early_exercise_premium_is_no_violation():
    """American, K = 130, S = F = 100, r = q = 4 %: call - put from 100 e^-0.02 - 130 = -31.98 to 100 - 130 e^-0.02."""
    quotes = pairs([(130, 0.1, 30.1, 0.02)])
    assert violated(quotes, american=True, rate=(0.04, 0.04)) == 0
    assert violated(quotes, american=False, rate=(0.04, 0.04)) == 1
    assert violated(pairs([(130, 0.1, 32.2, 0.02)]), american=True, rate=(0.04, 0.04)) == 1


def test_without_spreads_or_forward_there_is_nothing_to_judge():
    assert math.isnan(violated(pairs([(90, 11, 1, math.nan)])))
    assert math.isnan(violated(pairs([(90, 11, 1, 1)]), forward=math.nan))


CURVE = Curve.from_percent({"1m": 4.0, "3m": 4.2, "1y": None, "2y": 3.6})


def test_treasury_yields_become_continuous_rates():
    """4.2 % compounded twice a year is 2 ln(1.021) = 4.156 53… % continuously."""
    assert float(CURVE.rate(0.25)) == pytest.approx(2 * math.log(1.021), abs=1e-15)


def test_between_maturities_on_a_line_outside_at_the_ends():
    one, three = 2 * math.log(1.02), 2 * math.log(1.021)
    assert float(CURVE.rate(2 / 12)) == pytest.approx((one + three) / 2, abs=1e-15)
    np.testing.assert_allclose(CURVE.rate([0.001, 5.0]), [one, 2 * math.log(1.018)], rtol=1e-14)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Curve.from_percent({"5m": 4.0}), "unknown tenor '5m'"),
        (lambda: Curve.from_percent({"1m": None}), "0 maturities"),
        (lambda: Curve((1.0, 0.5), (0.04, 0.04)), "ascending"),
        (lambda: Curve((1.0,), (math.nan,)), "not finite"),
    ],
)
def test_a_bad_curve_is_refused(build, words):
    with pytest.raises(DataError, match=words):
        build()


def micro(*when):
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1_000_000)


ASOF = micro(2026, 8, 3, 20)  # Monday, 16:00 in New York


def test_act365_counts_seconds():
    """Thirty days; 17.5 hours to the opening of the next day."""
    found = to_settlement(np.array([micro(2026, 9, 2, 20), micro(2026, 8, 4, 13, 30)]), ASOF)
    np.testing.assert_allclose(found, [30 / 365, 17.5 / 24 / 365], rtol=1e-15)


def test_five_minutes_are_the_least_and_the_past_is_nan():
    found = to_settlement(np.array([ASOF + 1_000_000, ASOF, ASOF - 1]), ASOF)
    assert found[0] == pytest.approx(300 / 86400 / 365, rel=1e-15)
    assert np.isnan(found[1:]).all()


def test_business_days_skip_nights_weekends_and_holidays():
    """From Thursday's close over Good Friday and the weekend: Monday's close is one day of 252, its opening none.

    The half-day after Thanksgiving 2026 (27 November, closes at 13:00) is 3.5 hours of 6.5.
    """
    thursday = micro(2026, 4, 2, 20)
    found = to_settlement(np.array([micro(2026, 4, 6, 20), micro(2026, 4, 6, 13, 30)]), thursday, "bus252")
    np.testing.assert_allclose(found, [1 / 252, (5 / 60) / 6.5 / 252], rtol=1e-12)
    half = to_settlement(np.array([micro(2026, 11, 27, 18)]), micro(2026, 11, 25, 21), "bus252")
    assert half[0] == pytest.approx(3.5 / 6.5 / 252, rel=1e-12)


def test_an_unknown_day_count_is_refused():
    with pytest.raises(ConfigError, match="'act360' is unknown; use act365 or bus252"):
        to_settlement(np.array([ASOF]), ASOF, "act360")
