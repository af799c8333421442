"""O10: max pain equals brute force, and the payout is convex."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gex.hand_surfaces import ASOF, call, market, put, surface
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import ConfigError
from indicators.gex.analysing import analyse
from indicators.gex.max_pain import headline, max_pain, payout
from indicators.gex.settings import GexSettings

CONTRACTS = st.lists(
    st.tuples(st.integers(1, 60), st.booleans(), st.integers(0, 1000)),
    min_size=1,
    max_size=30,
    unique_by=lambda t: t[:2],
)


def paid(contracts, level: float) -> float:
    """What the holders get when the underlying settles at `level`."""
    return sum(
        oi * (max(0.0, level - strike) if is_call else max(0.0, strike - level)) for strike, is_call, oi in contracts
    )


@given(CONTRACTS, st.floats(0.5, 70.0))
def test_o10_max_pain_is_the_brute_force_minimum(contracts, spot):
    strike, is_call, oi = (np.array(column) for column in zip(*contracts, strict=True))
    found = max_pain(strike.astype(float), is_call.astype(bool), oi.astype(float) * 100, spot)
    if oi.sum() == 0:
        assert found is None
        return
    levels = sorted({float(level) for level in strike})
    least = min(paid(contracts, level) for level in levels)
    cheapest = [level for level in levels if paid(contracts, level) == least]
    assert found == min(cheapest, key=lambda level: (abs(level - spot), level))


@given(CONTRACTS)
def test_o10_the_payout_is_the_loop_and_convex(contracts):
    levels = np.array(sorted({float(strike) for strike, _, _ in contracts}))
    call_oi, put_oi = (
        np.array([sum(oi for strike, kind, oi in contracts if strike == level and kind is side) for level in levels])
        for side in (True, False)
    )
    curve = payout(levels, call_oi.astype(float), put_oi.astype(float))
    assert curve == pytest.approx([paid(contracts, level) for level in levels])
    if len(levels) > 2:
        slopes = np.diff(curve) / np.diff(levels)
        assert (np.diff(slopes) >= -1e-6).all()


def test_a_textbook_chain_by_hand():
    """Calls 10 at 95 and 20 at 100, puts 30 at 100 and 10 at 105: 95 pays 250, 100 pays 100, 105 pays 200."""
    strike = np.array([95.0, 100.0, 100.0, 105.0])
    is_call = np.array([True, True, False, False])
    assert max_pain(strike, is_call, np.array([10.0, 20.0, 30.0, 10.0]), 102.0) == 100.0


def test_ties_go_to_spot_and_then_down():
    strike, is_call, oi = np.array([90.0, 110.0]), np.array([True, False]), np.array([10.0, 10.0])
    assert max_pain(strike, is_call, oi, 104.0) == 110.0
    assert max_pain(strike, is_call, oi, 96.0) == 90.0
    assert max_pain(strike, is_call, oi, 100.0) == 90.0


def test_an_adjusted_contract_pays_by_its_multiplier():
    small = [call(100, 10, multiplier=10), put(110, 9)]
    assert analyse(surface(small), GexSettings()).max_pain == 110.0
    assert analyse(surface([replace(small[0], multiplier=100), small[1]]), GexSettings()).max_pain == 100.0


def chain(monthly_oi: float):
    """Front 8 days: least pain at 96; monthly 30 days: at 104; later monthly 60 days: at 108."""
    options = [call(96, 1000, days=8), put(96, 1000, days=8)]
    options += [call(104, monthly_oi, days=30), put(104, monthly_oi, days=30)]
    options += [call(108, 500, days=60), put(108, 500, days=60)]
    return surface(options, buckets={8: {"weekly"}, 30: {"monthly"}, 60: {"monthly"}})


def test_the_headline_is_the_nearest_monthly_with_enough_interest():
    assert analyse(chain(500), GexSettings()).max_pain == 104.0
    assert analyse(chain(10), GexSettings()).max_pain == 108.0
    assert analyse(chain(500), GexSettings(max_pain_expiry="front")).max_pain == 96.0
    assert [row.max_pain for row in analyse(chain(500), GexSettings()).by_expiry] == [96.0, 104.0, 108.0]


def test_without_a_monthly_expiry_the_front_one_stands_in():
    options = [call(97, 10, days=8), put(97, 10, days=8), call(103, 900, days=20), put(103, 900, days=20)]
    assert analyse(surface(options), GexSettings()).max_pain == 103.0  # 1 % of the interest is not enough


def test_nothing_held_is_no_pain_and_an_unknown_choice_is_refused():
    assert headline(market().expiries, np.zeros(5), [None] * 5) is None
    with pytest.raises(ConfigError, match="max_pain_expiry 'all' is unknown"):
        headline(market().expiries, np.ones(5), [1.0] * 5, "all")


def test_all_expiries_together_are_for_information():
    result = analyse(chain(500), GexSettings())
    levels = [96.0, 104.0, 108.0]
    rows = [(96, kind, 1000) for kind in (True, False)] + [(k, kind, 500) for k in (104, 108) for kind in (True, False)]
    assert result.max_pain_all == min(levels, key=lambda level: paid(rows, level))
    assert result.surface.asof == ASOF
