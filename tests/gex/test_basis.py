"""Levels on the future's chart: index plus basis, rounded to the tick, with both times."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from gex.chains_by_hand import good_run

from feeds.errors import ConfigError, DataError
from indicators.gex.basis import carried, synchronous, tick_of
from indicators.gex.levels import process

NOON = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)


def test_a_measured_basis_is_the_difference_of_two_prices_of_one_moment():
    basis = synchronous("ES", 6541.3, NOON, 6500.1, NOON - timedelta(seconds=30))
    assert basis.points == pytest.approx(41.2)
    assert (basis.source, basis.tick, basis.scale) == ("synchronous", 0.25, 1.0)
    assert basis.place(6475.0) == 6516.25  # 6516.2 to the nearest quarter
    assert (basis.future_ts, basis.underlying_ts) == (NOON, NOON - timedelta(seconds=30))


def test_a_fund_is_scaled():
    """SPY 650.00 against ES 6541.25: a level of 645 belongs at 645 / 650 x 6541.25 = 6490.93."""
    basis = synchronous("ES", 6541.25, NOON, 650.0, NOON, fund=True)
    assert basis.shift(645.0) == pytest.approx(6490.9327, abs=1e-4)
    assert basis.place(645.0) == 6491.0
    assert basis.source == "ratio"


def test_a_carried_basis_is_the_cost_of_carry():
    """6500 (e^((0.04 - 0.013) 0.25) - 1) = 44.023 by hand."""
    basis = carried("ES", 6500.0, NOON, 0.25, 0.04, 0.013)
    assert basis.points == pytest.approx(44.0234, abs=1e-3)
    assert basis.source == "carry" and basis.future_ts is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"future_price": math.nan}, "positive"),
        ({"underlying_price": 0.0}, "positive"),
        ({"future_ts": NOON.replace(tzinfo=None)}, "zone"),
        ({"underlying_ts": NOON - timedelta(minutes=6)}, "6 minutes apart"),
        ({"underlying_price": 650.0}, "5 %"),
    ],
)
def test_two_prices_that_do_not_belong_together_are_refused(change, message):
    given = {"future_price": 6541.3, "future_ts": NOON, "underlying_price": 6500.1, "underlying_ts": NOON} | change
    with pytest.raises(DataError, match=message):
        synchronous("ES", **given)


def test_a_fund_needs_to_be_called_one_the_unit_guard_holds():
    with pytest.raises(DataError, match="fund"):
        synchronous("ES", 6541.25, NOON, 650.0, NOON)


def test_ticks():
    assert (tick_of("ES"), tick_of("RTY"), tick_of("FESX", 1.0)) == (0.25, 0.10, 1.0)
    with pytest.raises(ConfigError, match="FESX"):
        tick_of("FESX")
    with pytest.raises(ConfigError, match="positive"):
        tick_of("ES", -1)


def test_an_expired_future_has_no_carry():
    with pytest.raises(DataError, match="expires"):
        carried("ES", 6500.0, NOON, -0.1, 0.04, 0.013)


def test_levels_move_to_the_future_and_keep_their_own_price():
    _, analysis, plain = good_run()
    basis = synchronous("ES", 6541.3, NOON, 6500.1, NOON)
    moved = process(analysis, basis=basis)
    assert moved.chart == "ES" and moved.min_gap_pts == 20
    assert moved.spot == pytest.approx(analysis.surface.spot + 41.2)
    for one in moved.levels:
        if one.price is not None:
            assert one.place == round((one.price + basis.points) * 4) / 4
    assert [one.price for one in moved.drawn] == [one.price for one in plain.drawn]
