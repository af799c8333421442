"""The conformance kit finds what it is there to find: each of these indicators breaks one promise."""

from math import isnan, nan
from typing import ClassVar

import numpy as np
import pytest

from indicators.base import Indicator, Int, kernel
from optimize.conformance import Check, check_indicator


def failures(declared):
    return {check.name: check.detail for check in check_indicator(declared) if not check.passed}


class Peeking(Indicator):
    """Reads the next bar through an index that the class check cannot see."""

    outputs = ("peeking",)
    period = Int(5, low=2, high=50)
    window = period

    @kernel
    def step(close, period):
        total = 0.0
        for k in range(1, period + 1):
            total += close[k]
        return total / period


def test_a_look_ahead_is_caught_by_the_future_and_by_bounds_checks():
    found = failures(Peeking)
    assert {"future", "bounds checks", "streaming"} <= set(found)
    assert "outside a window" in found["streaming"]
    assert found["future"] == "the same as 'streaming'"


class Late(Indicator):
    """Declares less warm-up than it takes."""

    outputs, state = ("late",), ("count",)
    period = Int(5, low=2, high=50)

    @kernel
    def step(close, count, period):
        count = 1.0 if isnan(count) else count + 1.0
        return close[-1] if count >= period else nan, count


def test_a_warm_up_that_is_not_declared_is_caught():
    found = failures(Late)
    assert set(found) == {"warm-up", "parameter bounds"}
    assert "promises 'late' on bar 0; its first value is on bar 4" in found["warm-up"]


class Poisoned(Indicator):
    """One missing value and it is NaN for ever."""

    outputs, state = ("poisoned",), ("total", "started")

    @kernel
    def step(close, total, started):
        total = close[-1] if isnan(started) else total + close[-1]
        return total, total, 1.0


def test_poisoning_by_one_nan_is_caught():
    found = failures(Poisoned)
    assert set(found) == {"odd data"}
    assert "a hole of NaN: 'poisoned' is still nan" in found["odd data"]


class Dividing(Indicator):
    """Divides by the bar's range."""

    inputs, outputs = ("high", "low", "close"), ("place",)

    @kernel
    def step(high, low, close):
        return (close[-1] - low[-1]) / (high[-1] - low[-1])


def test_an_exception_on_odd_data_is_caught():
    found = failures(Dividing)
    assert set(found) == {"odd data"}
    assert "divides by zero" in found["odd data"]


class Short(Indicator):
    """Breaks at its lowest bound."""

    outputs = ("slope",)
    period = Int(5, low=1, high=50)
    window = period

    @kernel
    def step(close, period):
        return (close[-1] - close[-period]) / (period - 1)


def test_a_parameter_bound_that_does_not_run_is_caught():
    found = failures(Short)
    assert set(found) == {"parameter bounds"}
    assert "divides by zero" in found["parameter bounds"]


class Excused(Short):
    """Breaks the same promise and says so."""

    verify_exceptions: ClassVar[dict[str, str]] = {"parameter bounds": "period 1 has no slope"}


def test_a_declared_exception_passes_and_is_shown():
    checks = {check.name: check for check in check_indicator(Excused)}
    excused = checks["parameter bounds"]
    assert excused.passed and excused.exception == "period 1 has no slope" and "divides by zero" in excused.detail
    assert all(check.passed and not check.exception for name, check in checks.items() if name != "parameter bounds")


class Misspelt(Short):
    """Excuses a check that does not exist."""

    verify_exceptions: ClassVar[dict[str, str]] = {"parameter bound": "a typing error"}


def test_an_exception_from_no_check_fails():
    assert {"parameter bound", "parameter bounds"} == set(failures(Misspelt))


class Unmakeable(Indicator):
    """Its defaults contradict each other."""

    outputs = ("never",)
    fast, slow = Int(9, 1, 20), Int(5, 1, 20)

    def valid(self):
        """fast must be below slow"""
        return self.fast < self.slow

    @kernel
    def step(close, fast, slow):
        return close[-1] * fast / slow


def test_a_class_that_cannot_be_made_is_a_failed_check():
    (check,) = check_indicator(Unmakeable)
    assert check == Check("construction", "Unmakeable", False, check.detail)
    assert "fast must be below slow" in check.detail


def test_an_instance_can_be_checked_too():
    checks = check_indicator(Late(period=2).on(close="volume"))
    assert {check.subject for check in checks} == {"Late(period=2).on(close='volume')"}


class Joined(Indicator):
    """Reads joined columns that no engine provides by itself."""

    inputs, outputs = ("gex_flip", "close"), ("distance",)

    @kernel
    def step(gex_flip, close):
        return close[-1] - gex_flip[-1]


def test_joined_columns_are_made_up_for_the_checks():
    assert not failures(Joined)


def test_kit_bars_are_the_same_every_time():
    from optimize.conformance.bars import kit_bars

    one, two = kit_bars(["vix"], 300), kit_bars(["vix"], 300)
    assert one == two and one != kit_bars(["vix"], 300, seed=2)
    assert (one.column("volume") == 0).any() and np.isfinite(one.column("vix")).all()


@pytest.mark.parametrize("cls", [Peeking, Late, Poisoned, Dividing])
def test_nothing_is_raised(cls):
    assert all(isinstance(check, Check) for check in check_indicator(cls))
