"""Oracles O1 to O7 of the exposures and the flip: figures that follow from formulas, not from this code."""

from __future__ import annotations

from dataclasses import replace
from math import exp, sqrt

import numpy as np
import pytest
from gex.hand_surfaces import NAIVE, call, chain_of, market, net_at, put, surface

from indicators.gex.analysing import analyse
from indicators.gex.settings import GexSettings
from indicators.gex.sign_models import SIGN_MODELS

DEFAULT = GexSettings()
MIRROR = GexSettings(sign_model="short_calls_long_puts")


def test_o1_one_call_is_200_000_dollars_per_percent():
    result = analyse(surface([call(100, 1000, gamma=0.02)]), DEFAULT)
    assert result.totals.net == result.totals.call == result.totals.gross == pytest.approx(200_000, rel=1e-12)
    assert result.totals.net_gamma_shares_per_pt == pytest.approx(2000, rel=1e-12)
    assert result.totals.put == 0 and result.totals.contracts == 1


def test_o2_the_flip_of_two_contracts_is_99_3353():
    flip = analyse(surface([call(110, 1000), put(90, 1000)]), DEFAULT).flip
    assert flip.level == pytest.approx(99.3353, abs=5e-5)
    assert flip.level == pytest.approx(sqrt(110 * 90) * exp(-0.02 * 30 / 365), abs=1e-6)
    assert flip.status == "ok" and len(flip.crossings) == 1
    assert flip.crossings[0].upward and flip.crossings[0].valid


@pytest.mark.parametrize("rate, dividend", [(0.0, 0.0), (0.05, 0.013), (0.01, 0.04)])
@pytest.mark.parametrize("sigma, days", [(0.2, 30.0), (0.15, 60.0), (0.4, 20.0), (0.3, 10.0)])
@pytest.mark.parametrize("scale", [1.0, 50.0])
def test_o2_holds_for_every_rate_dividend_volatility_and_time(rate, dividend, sigma, days, scale):
    options = [call(108 * scale, 700, sigma=sigma, days=days), put(92 * scale, 700, sigma=sigma, days=days)]
    flip = analyse(surface(options, 100 * scale, rate=rate, dividend=dividend), DEFAULT).flip
    expected = sqrt(108 * 92) * scale * exp(-(rate - dividend + sigma**2 / 2) * days / 365)
    assert flip.level == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("factor", [1e-3, 7.0, 1e6])
def test_o3_more_interest_scales_exposure_and_moves_no_level(factor):
    small, large = (analyse(market(oi=oi), DEFAULT) for oi in (1.0, 1.0))
    scaled = analyse(replace(market(), oi=market().oi * factor), DEFAULT)
    assert small.totals == large.totals
    for name in ("net", "gross", "vanna_usd_per_vol_pt", "charm_usd_per_day", "option_delta_usd"):
        assert getattr(scaled.totals, name) == pytest.approx(factor * getattr(small.totals, name), rel=1e-9)
    assert scaled.flip.level == pytest.approx(small.flip.level, rel=1e-10)
    assert scaled.flip.quality_score == pytest.approx(small.flip.quality_score, rel=1e-6)
    assert scaled.call_wall.strike == small.call_wall.strike and scaled.put_wall.strike == small.put_wall.strike
    assert scaled.max_pain == small.max_pain and scaled.regime == small.regime
    assert [pin.strike for pin in scaled.pins] == [pin.strike for pin in small.pins]


def test_o4_the_mirror_negates_totals_keeps_the_flip_and_inverts_its_direction():
    naive, mirror = analyse(market(), DEFAULT), analyse(market(), MIRROR)
    assert mirror.totals.net == pytest.approx(-naive.totals.net, rel=1e-12)
    assert mirror.totals.vanna_usd_per_vol_pt == pytest.approx(-naive.totals.vanna_usd_per_vol_pt, rel=1e-12)
    assert mirror.totals.gross == pytest.approx(naive.totals.gross, rel=1e-12)
    assert np.allclose(mirror.profile.net, -naive.profile.net, rtol=1e-12)
    assert mirror.flip.level == pytest.approx(naive.flip.level, rel=1e-12)
    assert [crossing.upward for crossing in naive.flip.crossings] == [True]
    assert [crossing.upward for crossing in mirror.flip.crossings] == [False]


@pytest.mark.parametrize("model, status", [("short_all", "one_sided_negative"), ("long_all", "one_sided_positive")])
def test_o5_one_sign_for_all_has_no_flip(model, status):
    result = analyse(market(), GexSettings(sign_model=model))
    assert result.flip.level is None and result.flip.status == status and result.flip.crossings == ()
    assert result.flip.quality == "unknown" and np.isnan(result.flip.distance_pts)
    sign = 1 if model == "long_all" else -1
    assert (sign * result.profile.net >= 0).all() and sign * result.totals.net == result.totals.gross


def test_o5_calls_alone_have_no_flip():
    result = analyse(surface([call(strike, 100) for strike in (90, 100, 110)]), DEFAULT)
    assert result.flip.level is None and result.flip.status == "one_sided_positive"


def test_o6_a_call_and_a_put_of_one_strike_cancel():
    result = analyse(surface([call(100, 500), put(100, 500), call(105, 300), put(105, 300)]), DEFAULT)
    assert result.totals.net == pytest.approx(0, abs=1e-9 * result.totals.gross)
    assert result.totals.call == pytest.approx(result.totals.put, rel=1e-12)
    assert result.regime == "NEUTRAL"


@pytest.mark.parametrize("model", sorted(SIGN_MODELS))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_o7_the_profile_at_spot_is_the_total(model, seed):
    result = analyse(market(seed), GexSettings(sign_model=model))
    middle = len(result.profile.grid) // 2
    assert result.profile.grid[middle] == result.surface.spot
    assert result.profile.net[middle] == pytest.approx(result.totals.net, abs=1e-9 * result.totals.gross)
    assert result.profile_error < 1e-9


def test_o7_a_vendor_gamma_that_differs_shows_in_the_profile_error():
    options = [call(105, 1000), put(95, 1000, gamma=1.1 * 0.05)]
    result = analyse(surface(options), DEFAULT)
    expected = abs(net_at(options, 100.0) - result.totals.net) / result.totals.gross
    assert expected > 0.01 and result.profile_error == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_profile_is_a_loop_over_the_contracts(seed):
    options = chain_of(seed)
    result = analyse(surface(options, rate=0.03, dividend=0.01), DEFAULT)
    assert result.profile.grid[[0, -1]] == pytest.approx([85.0, 115.0]) and len(result.profile.grid) == 121
    for place in range(0, 121, 10):
        expected = net_at(options, float(result.profile.grid[place]), rate=0.03, dividend=0.01)
        assert result.profile.net[place] == pytest.approx(expected, abs=1e-9 * result.totals.gross)


@pytest.mark.parametrize("seed", range(8))
def test_the_flip_is_a_root_of_the_loop(seed):
    options = chain_of(seed)
    result = analyse(surface(options), DEFAULT)
    for crossing in result.flip.crossings:
        below, above = (net_at(options, crossing.level * part, NAIVE) for part in (1 - 1e-7, 1 + 1e-7))
        assert (below < 0 < above) if crossing.upward else (below > 0 > above)
    if result.flip.level is not None:
        assert abs(result.flip.profile_at_flip) < 1e-6 * result.totals.gross
        step = 1e-4
        slope = (net_at(options, result.flip.level + step) - net_at(options, result.flip.level - step)) / (2 * step)
        assert result.flip.slope_usd_per_1pct_per_1pct == pytest.approx(slope * 1.0, rel=1e-5)
        assert result.flip.distance_pts == pytest.approx(result.flip.level - 100)
        assert result.flip.distance_pct == pytest.approx(result.flip.level - 100)
