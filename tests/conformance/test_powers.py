"""A power is rounded otherwise by compiled code than by Python: `navale verify` says what to write instead."""

from __future__ import annotations

from math import sqrt

from indicators import Indicator, kernel
from optimize.conformance import verify


class Cube(Indicator):
    """x ** 3: compiled code multiplies twice, Python asks the C library."""

    inputs, outputs = ("close",), ("cube",)

    @kernel
    def step(close):
        return (close[-1] / 3.0) ** 3


class RootAndProducts(Indicator):
    """sqrt(x) and x * x * x, which both round alike."""

    inputs, outputs = ("close",), ("cube",)

    @kernel
    def step(close):
        x = sqrt(close[-1] / 3.0)
        return x * x * x


def test_a_power_is_named_with_its_line_and_the_cure():
    (failed,) = verify([Cube]).failed
    assert "as plain Python" in failed.detail
    assert "test_powers.py:18 raises to a power: write sqrt(x) for x ** 0.5 and x * x for x ** 2" in failed.detail


def test_products_and_roots_pass():
    assert not verify([RootAndProducts]).failed
