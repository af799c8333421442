"""Walls in five modes and pins, on tables small enough to check by eye."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from feeds.errors import ConfigError
from indicators.gex.analysis import StrikeTable
from indicators.gex.pins import pins
from indicators.gex.walls import largest, walls


def table(rows: dict[float, tuple[float, float, float, float]]) -> StrikeTable:
    """Per strike: call GEX, put GEX, call open interest, put open interest; dealers long calls and short puts."""
    strike = np.array(sorted(rows), dtype=np.float64)
    columns = [np.array([rows[level][place] for level in strike]) for place in range(4)]
    return StrikeTable(strike, columns[0], columns[1], columns[0] - columns[1], columns[2], columns[3])


BOOK = table(
    {
        90.0: (1.0, 9.0, 10.0, 300.0),
        95.0: (2.0, 12.0, 20.0, 200.0),
        100.0: (20.0, 21.0, 500.0, 100.0),
        105.0: (14.0, 2.0, 250.0, 600.0),
        110.0: (9.0, 1.0, 400.0, 5.0),
    }
)


def best(mode: str, spot: float = 101.0) -> tuple[float | None, float | None]:
    calls, puts = walls(BOOK, spot, mode)
    return calls[0].strike if calls else None, puts[0].strike if puts else None


@pytest.mark.parametrize(
    "mode, expected",
    [
        ("net_gamma_side", (105.0, 95.0)),
        ("net_gamma", (105.0, 95.0)),
        ("gamma", (100.0, 100.0)),
        ("oi", (100.0, 105.0)),
        ("oi_side", (110.0, 90.0)),
    ],
)
def test_each_mode_by_eye(mode, expected):
    assert best(mode) == expected


def test_the_side_holds_where_the_plain_mode_does_not():
    assert best("net_gamma", spot=107.0) == (105.0, 95.0)
    assert best("net_gamma_side", spot=107.0) == (110.0, 95.0)
    assert best("net_gamma_side", spot=92.0) == (105.0, 90.0)
    assert best("net_gamma_side", spot=105.0) == (105.0, 95.0)  # a strike at spot is on both sides
    assert best("net_gamma_side", spot=95.0) == (105.0, 95.0)
    assert best("net_gamma_side", spot=111.0) == (None, 95.0)
    assert best("net_gamma_side", spot=89.0) == (105.0, None)


def test_top_three_with_share_and_distance():
    calls, puts = walls(BOOK, 101.0, "net_gamma")
    assert [wall.strike for wall in calls] == [105.0, 110.0] and [wall.strike for wall in puts] == [95.0, 90.0, 100.0]
    first = calls[0]
    assert first.gex_usd_per_1pct == 12.0 and first.oi == 250.0
    assert first.share == pytest.approx(14 / 46)
    assert first.distance_pts == 4.0 and first.distance_pct == pytest.approx(400 / 101)
    assert puts[0].share == pytest.approx(12 / 45) and puts[0].oi == 200.0 and puts[0].gex_usd_per_1pct == -10.0


def test_equal_walls_of_open_interest_leave_the_put_its_second_best():
    book = table({95.0: (1, 1, 10, 80), 100.0: (1, 1, 90, 90), 105.0: (1, 1, 20, 5)})
    calls, puts = walls(book, 101.0, "oi")
    assert (calls[0].strike, puts[0].strike) == (100.0, 95.0)


def test_a_tie_goes_to_the_nearer_strike():
    book = table({100.0: (0, 0, 0, 0), 104.0: (5, 0, 1, 0), 110.0: (5, 0, 1, 0)})
    assert [wall.strike for wall in walls(book, 101.0)[0]] == [104.0, 110.0]
    assert walls(book, 101.0)[1] == ()


def test_the_largest_strikes_by_absolute_net():
    assert largest(BOOK, 3) == (105.0, 95.0, 90.0)  # 12, -10, -8, 8, -1: the first of equals stays first
    assert largest(table({100.0: (5, 5, 1, 1)})) == ()


def test_an_unknown_mode_is_refused():
    with pytest.raises(ConfigError, match="wall_mode 'volume' is unknown; choose one of net_gamma_side"):
        walls(BOOK, 100.0, "volume")


# Within ±3 % of 100: gross 10 + 10 + 60 + 10 + 10 = 100.
PINNED = table(
    {
        90.0: (999.0, 0, 1, 0),
        98.0: (10.0, 0, 1, 0),
        99.0: (10.0, 0, 1, 0),
        100.0: (40.0, 20.0, 1, 0),
        101.0: (10.0, 0, 1, 0),
        102.0: (4.0, 6.0, 1, 0),
    }
)


def test_a_pin_stands_out_from_its_neighbours():
    (pin,) = pins(PINNED, 100.0, "POS", 1.0)
    assert pin.strike == 100.0 and pin.strength == pytest.approx(60 / 10)
    assert pin.share == pytest.approx(0.60) and pin.category == "Very Strong"
    assert pin.role == "pin" and pin.gex_usd_per_1pct == 20.0
    assert pin.rank == pytest.approx(0.60) and pin.distance_pts == 0.0


@pytest.mark.parametrize("regime, role", [("POS", "pin"), ("NEG", "accelerator"), ("MIXED", "undecided")])
def test_the_role_follows_the_regime(regime, role):
    assert pins(PINNED, 100.0, regime, 1.0)[0].role == role


def test_the_rank_falls_with_the_distance():
    (pin,) = pins(PINNED, 101.5, "POS", 2.0)
    window = 60 + 10 + 10 + 10  # 98 is more than 3 % below 101.5
    assert pin.rank == pytest.approx(60 / window * exp(-1.5 / 2.0))
    assert pins(PINNED, 101.5, "POS", None)[0].rank == pytest.approx(60 / window)


def test_category_by_share_and_the_least_that_counts():
    rows = {100.0 + step / 2: (1.0, 0.0, 1.0, 0.0) for step in range(-6, 7)}
    for share, category in ((0.25, "Very Strong"), (0.15, "Strong"), (0.07, "Medium")):
        size = share * 12 / (1 - share)
        found = pins(table({**rows, 100.0: (size, 0, 1, 0)}), 100.0, "POS", 1.0)
        if size >= 1.5:
            assert [(pin.strike, pin.category) for pin in found] == [(100.0, category)]
        else:
            assert found == ()
    assert pins(table(rows), 100.0, "POS", 1.0) == ()


def test_neighbours_are_the_strikes_within_one_percent():
    rows = {98.4: (60.0, 0, 1, 0), 99.0: (10.0, 0, 1, 0), 100.0: (40.0, 0, 1, 0), 101.0: (10.0, 0, 1, 0)}
    found = {pin.strike: pin.strength for pin in pins(table(rows), 100.0, "POS", 1.0)}
    assert found == {98.4: pytest.approx(60 / 10), 100.0: pytest.approx(40 / 10)}


def test_a_strike_alone_cannot_be_compared_and_empty_neighbours_do_not_divide_by_zero():
    assert pins(table({100.0: (5.0, 0, 1, 0)}), 100.0, "POS", 1.0) == ()
    (pin,) = pins(table({99.5: (0, 0, 0, 0), 100.0: (5.0, 0, 1, 0)}), 100.0, "POS", 1.0)
    assert pin.strength == 100.0
    assert pins(table({99.5: (0, 0, 0, 0), 100.0: (0, 0, 0, 0)}), 100.0, "POS", 1.0) == ()
