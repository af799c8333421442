"""Dealers' bias, term by term, from the table of the specification."""

from __future__ import annotations

from dataclasses import replace
from math import tanh

import pytest
from gex.hand_surfaces import market

from indicators.gex.analysing import analyse
from indicators.gex.analysis import Crossing
from indicators.gex.bias import WEIGHTS, Evidence, bias
from indicators.gex.settings import GexSettings

NOTHING = Evidence(
    spot=100.0, regime="NEG", net=-5.0, median_abs_net=None, flip=None, call_wall=None, put_wall=None, z_pcr=None,
    z_skew=None, max_pain=None, front_share=0.0, vix=None, vix3m=None,
)  # fmt: skip
FULL = replace(
    NOTHING, regime="POS", net=2.0, median_abs_net=4.0, flip=Crossing(99.5, True, True, ""), call_wall=104.0,
    put_wall=96.0, z_pcr=1.0, z_skew=-0.5, max_pain=100.4, front_share=0.25, vix=16.0, vix3m=16.8,
)  # fmt: skip


def test_the_weights_are_those_of_the_specification_and_sum_to_one():
    assert WEIGHTS == {"flip": 0.30, "walls": 0.20, "pcr": 0.15, "skew": 0.15, "max_pain": 0.10, "vix": 0.10}
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


def test_every_term_by_hand():
    found = bias(FULL, oi_score=0.8, freshness=0.5)
    terms = {"flip": 0.5, "walls": 0.0, "pcr": -0.5, "skew": 0.25, "max_pain": 0.4 * 0.5, "vix": 0.5}
    assert found.terms == pytest.approx(terms)
    direction = 0.3 * 0.5 + 0.15 * -0.5 + 0.15 * 0.25 + 0.1 * 0.2 + 0.1 * 0.5
    assert found.direction == pytest.approx(direction)
    assert found.vol_regime == pytest.approx(tanh(0.5))
    assert found.confidence == pytest.approx(0.4)
    assert (found.strength, found.regime) == ("MODERATE", "BULLISH")


def test_without_evidence_nothing_is_said():
    found = bias(NOTHING, oi_score=1.0)
    assert found.direction is None and found.vol_regime is None and found.confidence == 0
    assert (found.strength, found.regime) == ("UNKNOWN", "UNKNOWN")
    assert set(found.terms) == set(WEIGHTS) and not any(found.terms.values())


def test_missing_terms_leave_their_weight_to_the_others():
    found = bias(replace(NOTHING, flip=Crossing(101.0, True, True, ""), z_pcr=-1.0), oi_score=1.0)
    assert found.direction == pytest.approx((0.3 * -1 + 0.15 * 0.5) / 0.45)
    assert found.confidence == pytest.approx(0.45)


@pytest.mark.parametrize(
    "change, term, value",
    [
        ({"flip": Crossing(90.0, True, True, "")}, "flip", 1.0),
        ({"flip": Crossing(110.0, True, True, "")}, "flip", -1.0),
        ({"flip": Crossing(90.0, False, True, "")}, "flip", -1.0),
        ({"spot": 104.0}, "walls", -1.0),
        ({"spot": 96.0}, "walls", 1.0),
        ({"spot": 90.0}, "walls", 1.0),
        ({"call_wall": 96.0}, "walls", None),
        ({"regime": "NEG"}, "walls", None),
        ({"regime": "MIXED"}, "max_pain", None),
        ({"max_pain": 90.0, "front_share": 0.9}, "max_pain", -1.0),
        ({"z_pcr": 5.0}, "pcr", -1.0),
        ({"vix": 20.0, "vix3m": 16.0}, "vix", -1.0),
        ({"vix": 0.0}, "vix", None),
    ],
)
def test_terms_stay_within_one_and_know_when_to_be_silent(change, term, value):
    assert bias(replace(FULL, **change), oi_score=1.0).terms[term] == value


@pytest.mark.parametrize(
    "distance, strength, regime",
    [
        (0.149, "WEAK", "NEUTRAL"),
        (0.151, "MODERATE", "BULLISH"),
        (-0.44, "MODERATE", "BEARISH"),
        (-0.46, "STRONG", "BEARISH"),
    ],
)
def test_strength_by_the_published_thresholds(distance, strength, regime):
    found = bias(replace(NOTHING, flip=Crossing(100.0 - distance, True, True, "")), oi_score=1.0)
    assert found.direction == pytest.approx(distance)
    assert (found.strength, found.regime) == (strength, regime)


def test_analyse_hands_over_what_it_was_given():
    alone, informed = (analyse(market(), GexSettings(), **more) for more in ({}, {"vix": 16.0, "vix3m": 16.8}))
    assert alone.bias.terms["vix"] is None and informed.bias.terms["vix"] == pytest.approx(0.5)
    assert informed.bias.confidence == pytest.approx(alone.bias.confidence + 0.1)
    assert analyse(market(), GexSettings(), freshness=0.5).bias.confidence == pytest.approx(alone.bias.confidence / 2)
    assert alone.net_per_adv is None
    loaded = analyse(market(), GexSettings(), adv_usd=2e11)
    assert loaded.net_per_adv == pytest.approx(loaded.totals.net / 2e11)
