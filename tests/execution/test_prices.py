"""Rounding to the grid: kernels in float64 and the venue's edge in Decimal agree on a million random prices."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np
import pytest

from strategies.execution.prices import decimal_price, fill_price, fraction, round_down, round_up

TICKS = (0.01, 0.25, 0.05, 0.1, 0.5, 1.0, 5.0, 0.03125, 0.0001, 0.00000001, 0.0025, 0.015)


@pytest.mark.parametrize("tick", TICKS)
def test_floats_equal_decimals(tick: float) -> None:
    rng = np.random.default_rng(int(tick * 1e8))
    num, den = fraction(tick)
    prices = np.concatenate([
        np.exp(rng.uniform(np.log(10 * tick), np.log(1e5 * max(tick, 1e-3)), 60_000)),
        rng.integers(1, 10**6, 20_000) * tick,
        rng.integers(1, 10**6, 3_400) * num / den,
    ])  # fmt: skip
    for price in prices.tolist():
        assert round_up(price, num, den) == float(decimal_price(price, tick, up=True))
        assert round_down(price, num, den) == float(decimal_price(price, tick, up=False))


def test_there_are_a_million_of_them() -> None:
    assert len(TICKS) * 83_400 >= 1_000_000


@pytest.mark.parametrize(("price", "tick", "down", "up"), [
    ("100.004", "0.01", "100.00", "100.01"), ("100.01", "0.01", "100.01", "100.01"),
    ("4101.10", "0.25", "4101.00", "4101.25"),
    ("0.57", "0.01", "0.57", "0.57"), ("121.85", "0.03125", "121.84375", "121.875"), ("7", "5", "5", "10"),
])  # fmt: skip
def test_worked_by_hand(price: str, tick: str, down: str, up: str) -> None:
    num, den = fraction(float(tick))
    assert round_down(float(price), num, den) == float(down)
    assert round_up(float(price), num, den) == float(up)
    grid = Decimal(tick)
    assert (Decimal(price) / grid).to_integral_value(ROUND_FLOOR) * grid == Decimal(down)
    assert (Decimal(price) / grid).to_integral_value(ROUND_CEILING) * grid == Decimal(up)


def test_costs_only_where_they_belong() -> None:
    num, den = fraction(0.01)
    assert fill_price(100.0, True, True, 0.0005, 0.0, num, den) == 100.05
    assert fill_price(100.0, False, True, 0.0005, 0.0, num, den) == 99.95
    assert fill_price(100.0, True, False, 0.0005, 0.02, num, den) == 100.0
    assert fill_price(100.0, True, True, 0.0, 0.02, num, den) == 100.02
    assert fill_price(100.003, True, False, 0.0, 0.0, num, den) == 100.01
    assert fill_price(100.003, False, False, 0.0, 0.0, num, den) == 100.0
