"""The original's bias formulas, from its published numbers."""

from __future__ import annotations

import dataclasses
import math

import pytest

from indicators.gex.legacy_scores import (
    WEIGHTS,
    Inputs,
    gamma_proximity,
    gex_bias,
    legacy_bias,
    normalization_factor,
)

NEUTRAL = Inputs(spot=6500.0)


def test_weights_add_up():
    for weights in WEIGHTS.values():
        assert math.fsum(weights.values()) == pytest.approx(1.0)


def test_the_published_score_is_reproduced():
    """0.4175 (printed as 0.42): pcr above 1.5, skew above .05, a small negative gex; all else neutral."""
    found = legacy_bias(Inputs(6500.0, flip=6475.0, pcr=1.6, skew=0.06, vix=20.0, gex=-1e12))
    assert found.raw == pytest.approx(0.4175)
    assert found.score == pytest.approx(-0.165)
    assert (found.strength, found.regime) == ("MODERATE", "BEARISH")


def test_b07_constants_give_exactly_a_tenth():
    """Ratio 1, skew 0, flip and max pain a tenth of the spot: the score reported as a successful live run."""
    found = legacy_bias(Inputs(6450.0, flip=645.0, max_pain=645.0, pcr=1.0, skew=0.0, gex=0.0), "spy_adapter")
    assert found.score == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("gex", "bias"), [(1.0, 0.55), (0.0, 0.45), (-1.5e12, 0.45), (-1.6e12, 0.30), (-2.3e12, 0.30), (math.nan, 0.5)]
)
def test_b10_the_gex_component_follows_its_own_thresholds(gex, bias):
    """The published example shows .45 for -2.3e12, which its own rule puts at .30."""
    assert gex_bias(gex) == bias


def test_the_other_gex_components():
    assert [gex_bias(gex, "v1") for gex in (1, -1e8, -2e9)] == [0.5, 0.7, 0.3]
    assert [gex_bias(gex, "spy_adapter") for gex in (1, -1e8, -2e12)] == [0.6, 0.5, 0.3]


@pytest.mark.parametrize(("change", "raw"), [({"gex": 1e12}, 0.5075), ({"gex": -1e12}, 0.4925), ({"gex": -2e12}, 0.47)])
def test_b12_the_scores_its_tests_expected_cannot_be_reached(change, raw):
    """With all else neutral the weight .15 gives these, not the .52-.58, .42-.48 and .25-.35 that were asserted."""
    assert legacy_bias(dataclasses.replace(NEUTRAL, **change)).raw == pytest.approx(raw)


def test_b17_variants_contradict_each_other():
    """A flip above the spot is bearish in v2.2 and bullish in the tanh variant; so are skew and a high VIX."""
    above = dataclasses.replace(NEUTRAL, flip=6700.0)
    assert legacy_bias(above).raw < 0.5 < legacy_bias(above, "tanh").raw
    steep = dataclasses.replace(NEUTRAL, skew=0.06)
    assert legacy_bias(steep).raw < 0.5 < legacy_bias(steep, "tanh").raw


def test_the_tanh_variant_by_hand():
    found = legacy_bias(
        Inputs(6500.0, flip=6650.0, pcr=1.0, skew=0.01, vix=30.0, normalized=0.0, pin_strengths=(2.0, 4.0)), "tanh"
    )
    flip = 0.5 + 0.5 * math.tanh(1.0)
    assert found.components == pytest.approx(
        {"pcr": 0.5, "skew": 0.6, "gex": 0.5, "flip": flip, "vix": 0.75, "pins": 0.3}
    )
    raw = 0.35 * 0.5 + 0.30 * 0.6 + 0.20 * 0.5 + 0.10 * flip + 0.03 * 0.75 + 0.02 * 0.3
    assert found.raw == pytest.approx(raw)


@pytest.mark.parametrize("variant", WEIGHTS)
def test_unknown_is_neutral_and_components_stay_within_0_and_1(variant):
    found = legacy_bias(NEUTRAL, variant)
    assert found.raw == pytest.approx(0.5) and found.regime == "NEUTRAL"
    wild = Inputs(6500.0, 1.0, 1e6, 99.0, 9.0, 500.0, 1e18, 1e9, (100.0,))
    assert all(0 <= value <= 1 for value in legacy_bias(wild, variant).components.values())


@pytest.mark.parametrize(
    ("symbol", "gex", "factor"),
    [("SPX", -2.3e12, 1e12), ("NDX", -2.3e12, 2e12), ("NQ", 1e12, 2e12), ("SPX", 1.01e14, 1e13), ("SPX", 9e9, 1e11),
     ("SPX", 1e10, 1e12), ("NDX", 1e10, 2e11)],
)  # fmt: skip
def test_normalisation(symbol, gex, factor):
    assert normalization_factor(symbol, gex) == factor


def test_gamma_proximity_by_hand():
    """At the call wall, 10 points from the trigger: .325 + .10 x .6 + .25 x .5 + .05 x .2 = .52."""
    found = gamma_proximity(6550, call_wall=6550, put_wall=6450, vol_trigger=6560, flip=6570, net_gamma=0.05)
    assert found == pytest.approx(0.325 + 0.06 + 0.125 + 0.01)
    assert gamma_proximity(6500, call_wall=None, put_wall=None, vol_trigger=None, flip=None, net_gamma=0) == 0
