"""Regime, term structure, put-call ratios, skew, moves and confidence in the open interest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from math import exp, sqrt

import numpy as np
import pytest
from gex.hand_surfaces import MARKET_BUCKETS, Option, call, cumulative, market, net_at, put, surface

from feeds.errors import DataError
from indicators.gex.analysing import analyse
from indicators.gex.analysis import Crossing
from indicators.gex.ancillary import constant_maturity, oi_confidence, sessions_since, skew_and_moves
from indicators.gex.regime import held_regime, raw_regime
from indicators.gex.settings import GexSettings

DEFAULT = GexSettings()
UP, DOWN = Crossing(100.0, True, True, ""), Crossing(100.0, False, True, "")


@pytest.mark.parametrize(
    "ratio, spot, flip, expected",
    [
        (0.2, 101.0, UP, "POS"),
        (-0.2, 99.0, UP, "NEG"),
        (0.2, 99.0, UP, "MIXED"),
        (-0.2, 101.0, UP, "MIXED"),
        (0.2, 99.0, DOWN, "POS"),
        (0.2, 101.0, DOWN, "MIXED"),
        (0.2, 100.0, UP, "POS"),
        (0.06, 101.0, None, "POS"),
        (-0.06, 101.0, None, "NEG"),
        (0.049, 101.0, UP, "NEUTRAL"),
        (-0.049, 99.0, None, "NEUTRAL"),
        (0.05, 101.0, UP, "POS"),
        (float("nan"), 101.0, None, "NEUTRAL"),
    ],
)
def test_the_regime_needs_both_signs_to_agree(ratio, spot, flip, expected):
    assert raw_regime(ratio, spot, flip) == expected


def run(snapshots):
    """Regimes of a row of (raw, net over gross)."""
    held, raws, out = None, None, []
    for raw, ratio in snapshots:
        held = held_regime(raw, ratio, held, raws)
        raws = raw
        out.append(held)
    return out


def test_the_regime_changes_after_two_snapshots_or_at_once_beyond_8_percent():
    assert run([("POS", 0.06), ("NEG", -0.06), ("POS", 0.06)]) == ["POS", "POS", "POS"]
    assert run([("POS", 0.06), ("NEG", -0.06), ("NEG", -0.06)]) == ["POS", "POS", "NEG"]
    assert run([("POS", 0.06), ("NEG", -0.09)]) == ["POS", "NEG"]
    assert run([("POS", 0.20), ("NEUTRAL", 0.01), ("NEUTRAL", 0.01)]) == ["POS", "POS", "NEUTRAL"]
    assert run([("NEG", -0.06), ("POS", 0.06), ("NEUTRAL", 0.0)]) == ["NEG", "NEG", "NEG"]


def test_analyse_keeps_the_regime_of_the_snapshot_before():
    strong = analyse(surface([call(105, 1000), put(95, 500)]), DEFAULT)
    assert strong.regime == "POS" and strong.regime_num == 1
    gamma = strong.surface.gamma
    held = 1000 * gamma[1] / gamma[0] * (1.06 / 0.94)
    weak = analyse(surface([call(105, 1000), put(95, held)]), DEFAULT, previous=strong)
    assert weak.totals.net_over_gross == pytest.approx(-0.06) and weak.regime_raw in ("NEG", "MIXED")
    assert weak.regime == "POS"
    again = analyse(weak.surface, DEFAULT, previous=weak)
    assert again.regime == weak.regime_raw and again.regime_num == {"NEG": -1, "MIXED": 0}[again.regime]


def test_a_later_previous_analysis_is_refused():
    later = analyse(market(), DEFAULT)
    earlier = replace(market(), asof=datetime(2026, 3, 1, tzinfo=UTC))
    with pytest.raises(DataError, match="later"):
        analyse(earlier, DEFAULT, previous=later)


def test_the_buckets_hold_their_expiries():
    result = analyse(market(), DEFAULT)
    rows = {name: row.totals for name, row in result.buckets.items()}
    assert list(rows) == ["all", "0dte", "weekly", "monthly", "ex_next_expiry", "ex_next_opex"]
    net = dict(zip(MARKET_BUCKETS, (row.totals.net for row in result.by_expiry), strict=True))
    expected = {
        "all": list(net),
        "0dte": [0.25],
        "weekly": [0.25, 4.25, 88.25],
        "monthly": [18.25, 46.25],
        "ex_next_expiry": [4.25, 18.25, 46.25, 88.25],
        "ex_next_opex": [0.25, 4.25, 46.25, 88.25],
    }
    for name, days in expected.items():
        assert rows[name].net == pytest.approx(sum(net[day] for day in days))
    assert result.share_0dte == pytest.approx(rows["0dte"].gross / rows["all"].gross)
    assert sum(row.share for row in result.by_expiry) == pytest.approx(1.0)
    assert result.buckets["all"].flip == result.flip.level


def test_the_flip_of_a_bucket_is_that_of_its_contracts_alone():
    options = [call(104, 800, days=5), put(97, 900, days=5), call(110, 1000, days=40), put(92, 1500, days=40)]
    buckets = {5.0: {"weekly"}, 40.0: {"monthly"}}
    result = analyse(surface(options, buckets=buckets), DEFAULT)
    for name, part in (("weekly", options[:2]), ("monthly", options[2:])):
        level = result.buckets[name].flip
        assert net_at(part, level - 1e-6) < 0 < net_at(part, level + 1e-6)
    assert [row.flip for row in result.by_expiry] == [result.buckets["weekly"].flip, result.buckets["monthly"].flip]
    assert (result.buckets["weekly"].call_wall, result.buckets["weekly"].put_wall) == (104.0, 97.0)
    assert (result.buckets["monthly"].call_wall, result.buckets["monthly"].put_wall) == (110.0, 92.0)
    assert result.buckets["0dte"].call_wall is None and result.buckets["0dte"].put_wall is None
    assert result.buckets["all"].call_wall == result.call_wall.strike
    assert result.buckets["0dte"].flip is None and result.buckets["0dte"].flip_status == "too_few_contracts"


def test_both_roots_of_a_day_leave_together():
    """SPX settles in the morning and SPXW in the afternoon of one day: the next OPEX is both."""
    options = [Option("C", 100, 10, 18.0, root="SPX"), Option("C", 100, 10, 18.25, root="SPXW"), call(100, 10, days=30)]
    result = analyse(surface(options, buckets={18.0: {"monthly"}, 18.25: {"monthly"}}), DEFAULT)
    assert result.buckets["ex_next_expiry"].totals.contracts == 1
    assert result.buckets["ex_next_opex"].totals.contracts == 1
    assert [row.root for row in result.by_expiry] == ["SPX", "SPXW", "TEST"]


def test_put_call_ratios():
    chain = surface([call(100, 200, volume=10), call(105, 300, volume=30), put(95, 250, volume=50)])
    result = analyse(chain, DEFAULT)
    assert result.pcr_oi == pytest.approx(0.5) and result.pcr_volume == pytest.approx(1.25)
    assert np.isnan(analyse(surface([put(95, 250, volume=float("nan"))]), DEFAULT).pcr_volume)


def smile_of(days: float, level: float, slope: float) -> list[Option]:
    """Volatility that is linear in the delta of the out-of-the-money option."""
    return [
        Option(right, float(strike), 10.0, days, level + slope * (strike / 100 - 1))
        for strike in np.arange(70, 131, 0.5)
        for right in "CP"
    ]


def volatility_at_delta(right: str, delta: float, days: float, level: float, slope: float) -> float:
    """Bisection over strikes of the same smile."""
    low, high = (100.0, 130.0) if right == "C" else (70.0, 100.0)
    for _ in range(80):
        strike = 0.5 * (low + high)
        sigma, years = level + slope * (strike / 100 - 1), days / 365
        d1 = (np.log(100 / strike) + sigma**2 / 2 * years) / (sigma * sqrt(years))
        size = cumulative(d1) if right == "C" else 1 - cumulative(d1)
        far = size < delta
        if right == "C":
            low, high = (low, strike) if far else (strike, high)
        else:
            low, high = (strike, high) if far else (low, strike)
    return level + slope * (strike / 100 - 1)


def test_skew_at_25_delta_and_30_days():
    chain = surface(smile_of(20.0, 0.20, -0.4) + smile_of(44.0, 0.22, -0.3))
    found = skew_and_moves(chain)

    def at_30(values):
        near, far = values
        variance = near**2 * 20 / 365 * (1 - 10 / 24) + far**2 * 44 / 365 * (10 / 24)
        return sqrt(variance / (30 / 365))

    put25, call25 = (
        at_30([volatility_at_delta(right, 0.25, days, level, slope) for days, level, slope in PAIRS]) for right in "PC"
    )
    middle = at_30([0.20, 0.22])
    assert found.risk_reversal_25d == pytest.approx(call25 - put25, abs=2e-4)
    assert found.skew_25d_put_atm == pytest.approx(put25 - middle, abs=2e-4)
    assert found.expected_move_pts == pytest.approx(100 * 0.20 * sqrt(1 / 252))
    assert found.straddle_move_pts == pytest.approx(2 * 100 * (2 * cumulative(0.20 * sqrt(20 / 365) / 2) - 1))


PAIRS = ((20.0, 0.20, -0.4), (44.0, 0.22, -0.3))


def test_the_straddle_is_nearly_80_percent_of_the_deviation():
    """Brenner and Subrahmanyam (1988): straddle ~ 0.8 S sigma sqrt(T)."""
    found = skew_and_moves(surface(smile_of(30.0, 0.2, 0.0)))
    assert found.straddle_move_pts == pytest.approx(0.798 * 100 * 0.2 * sqrt(30 / 365), rel=2e-3)


def test_constant_maturity_never_extrapolates_far():
    assert constant_maturity([25 / 365], [0.2]) == 0.2
    assert constant_maturity([60 / 365, 90 / 365], [0.2, 0.3]) is None
    assert constant_maturity([10 / 365, 60 / 365], [0.2, None]) is None
    assert constant_maturity([30 / 365, 60 / 365], [0.2, 0.4]) == pytest.approx(0.2)
    assert constant_maturity([], []) is None


def test_strikes_that_do_not_reach_25_delta_give_no_skew():
    found = skew_and_moves(surface([call(100, 10), call(101, 10), put(99, 10), put(100, 10)]))
    assert found.risk_reversal_25d is None and found.skew_25d_put_atm is None
    assert found.expected_move_pts == pytest.approx(100 * 0.2 * sqrt(1 / 252))


@pytest.mark.parametrize("sessions_old, label, factor", [(None, "direct", 1), (0, "direct", 1), (1, "direct", 1)])
def test_interest_of_the_last_session_is_direct(sessions_old, label, factor):
    assert oi_confidence(surface([call(100, 10), put(100, 0)]), sessions_old) == (label, factor)


def test_old_proxied_and_missing_interest():
    chain = surface([call(95, 10), put(105, float("nan"))])
    assert oi_confidence(chain, 3) == ("stale", pytest.approx(0.5 * exp(-1.0)))
    nothing = surface([call(100, float("nan"), volume=5.0)])
    assert oi_confidence(nothing, 1) == ("proxy_volume", 0.0)
    assert oi_confidence(surface([call(100, float("nan"))]), 1) == ("missing", 0.0)
    assert oi_confidence(surface([call(150, 10)]), 1) == ("missing", 0.0)


def test_sessions_of_the_exchange_are_counted_not_days():
    """Presidents' Day, Monday 16 February 2026, is a holiday."""
    tuesday = datetime(2026, 2, 17, 15, 0, tzinfo=UTC)
    assert sessions_since(date(2026, 2, 13), tuesday) == 1
    assert sessions_since(date(2026, 2, 12), tuesday) == 2
    assert sessions_since(date(2026, 2, 17), tuesday) == 0
    assert sessions_since(None, tuesday) is None
    late = datetime(2026, 2, 18, 2, 0, tzinfo=UTC)  # still Tuesday evening in New York
    assert sessions_since(date(2026, 2, 13), late) == 1
    chain = replace(surface([call(100, 10)], asof=tuesday), oi_date=date(2026, 2, 11))
    assert analyse(chain, DEFAULT).oi_confidence == "stale"
