"""The benchmark's own equality checks hold on a small chain, and it says what it measured."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks import options
from benchmarks.run import NAMES


def test_equal_first_then_timed():
    report = options.run(contracts=600, expiries=6, rounds=1)
    assert report["equal"]["contracts"] == 600 and report["equal"]["strikes solved"] == 300
    assert report["equal"]["largest difference from QuantLib, sigma"] <= 1e-8
    assert all(row["median"] > 0 for row in report["rows"].values())
    assert [target for target, _, _ in report["targets"]] == [
        "volatilities, Greeks, metrics and flip in under 150 ms",
        "Greeks at least 20 times faster than vollib",
        "volatilities at least 3 times faster than QuantLib",
    ]
    assert NAMES["options"][0] == "options"


def test_a_wrong_answer_is_noticed():
    """Volatilities half a point too high: the Greeks no longer are those of vollib."""
    _, given = options.options(600, 6)
    vollib, quantlib = options.Vollib(given), options.QuantLib(given)
    with pytest.raises(AssertionError, match="differs from vollib"):
        options.check(dataclasses.replace(given, sigma=given.sigma + 0.005), vollib, quantlib)
    with pytest.raises(AssertionError, match="differ from QuantLib"):
        options.check(dataclasses.replace(given, price=given.price * 1.001), vollib, quantlib)
