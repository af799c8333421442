"""Any chain that can be priced gives an analysis that agrees with itself, under every sign model."""

from __future__ import annotations

import numpy as np
import pytest
from gex.hand_surfaces import Option, net_at, surface
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from indicators.gex.analysing import analyse
from indicators.gex.settings import GexSettings
from indicators.gex.sign_models import SIGN_MODELS

OPTIONS = st.lists(
    st.builds(
        Option,
        right=st.sampled_from("CP"),
        strike=st.integers(40, 180).map(float),
        oi=st.one_of(st.integers(0, 5000).map(float), st.just(float("nan"))),
        days=st.sampled_from([5 / 1440, 0.2, 1.0, 7.3, 30.0, 91.0]),
        sigma=st.floats(0.03, 2.0),
        volume=st.one_of(st.integers(0, 100).map(float), st.just(float("nan"))),
        multiplier=st.sampled_from([10.0, 100.0]),
    ),
    min_size=1,
    max_size=25,
    unique_by=lambda option: (option.days, option.strike, option.right),
)
BUCKETS = {5 / 1440: {"0dte"}, 0.2: {"0dte"}, 7.3: {"weekly"}, 30.0: {"monthly"}, 91.0: {"monthly"}}
STATUSES = {
    "ok", "multiple", "one_sided_positive", "one_sided_negative", "edge_only", "weak_only", "too_few_contracts",
}  # fmt: skip


@pytest.mark.parametrize("model", sorted(SIGN_MODELS))
@given(options=OPTIONS, wall_mode=st.sampled_from(["net_gamma_side", "net_gamma", "gamma", "oi_side", "oi"]))
@settings(max_examples=60)
def test_an_analysis_agrees_with_itself(model, options, wall_mode):
    chain = surface(options, buckets=BUCKETS)
    result = analyse(chain, GexSettings(sign_model=model, wall_mode=wall_mode))
    totals, flip = result.totals, result.flip
    size = totals.gross + 1e-12
    assert abs(totals.net) <= totals.gross * (1 + 1e-12) and totals.gross >= 0
    assert abs(totals.net - result.strikes.net.sum()) <= 1e-9 * size
    assert abs(totals.net - sum(row.totals.net for row in result.by_expiry)) <= 1e-9 * size
    assert repr(result.buckets["all"].totals) == repr(totals)
    assert np.isfinite(result.profile.net).all()
    assert flip.status in STATUSES and (flip.level is None) == (flip.status not in ("ok", "multiple"))
    assert flip.quality in ("clear", "moderate", "ambiguous", "edge", "unknown")
    if model in ("short_all", "long_all"):
        assert flip.level is None
    if flip.level is not None:
        assert abs(flip.level / 100 - 1) <= 0.35 * 10 / 15 + 1e-9
        assert flip.band[0] <= flip.level <= flip.band[1]
        assert 0 <= flip.quality_score <= 1
        assert sum(crossing.valid for crossing in flip.crossings) == (1 if flip.status == "ok" else len(valid(flip)))
    if wall_mode.endswith("_side"):
        assert all(wall.strike >= 100 for wall in result.call_walls)
        assert all(wall.strike <= 100 for wall in result.put_walls)
    assert all(pin.strength >= 1.5 and pin.share >= 0.05 for pin in result.pins)
    assert result.regime in ("POS", "NEG", "NEUTRAL", "MIXED")


def valid(flip):
    return [crossing for crossing in flip.crossings if crossing.valid]


@given(options=OPTIONS)
@settings(max_examples=100)
def test_every_valid_crossing_is_a_change_of_sign_of_the_loop(options):
    held = [option for option in options if option.oi > 0 and option.days >= 1]
    assume(len(held) > 1)
    flip = analyse(surface(held), GexSettings()).flip
    for crossing in valid(flip):
        below, above = (net_at(held, crossing.level * (1 + step)) for step in (-1e-6, 1e-6))
        assert (below < 0 < above) if crossing.upward else (below > 0 > above)
