"""Two runs side by side."""

from __future__ import annotations

import dataclasses

import pytest

from optimize.compare import compare
from strategies.execution.account import Account
from tests.optimize.hand_runs import hand_run, random_run, some_bars

ROWS = """
1 AAA buy  10 @ 101 1 1 entry
2 AAA sell 10 @ 103 1 1 signal
3 AAA buy  10 @ 102 1 2 entry
4 AAA sell 10 @  99 1 2 stop
"""
BARS = some_bars([100, 101, 103, 102, 99, 98])


def test_a_run_equals_itself():
    run = random_run(4)
    found = compare(run, dataclasses.replace(run, seconds=9.0))
    assert found.settings.empty
    assert found.differing_fills == 0
    assert found.first.empty
    assert (found.metrics["difference"].dropna() == 0).all()
    assert "same settings" in repr(found)


def test_settings_that_differ_are_named():
    run = hand_run(ROWS, BARS)
    other = dataclasses.replace(run, account=Account(20_000), engine="event", parameters={"x": 2})
    table = compare(run, other).settings.set_index("setting")
    assert table.loc["engine"].tolist() == ["vector", "event"]
    assert table.loc["account.cash"].tolist() == [10_000, 20_000]
    assert table.loc["parameters.x"].tolist() == [1, 2]
    assert table.loc["parameters.best"].tolist() == ["close", None]
    assert "strategy" not in table.index


def test_the_first_fill_that_differs_has_its_context():
    later = ROWS.replace("4 AAA sell 10 @  99", "4 AAA sell 10 @  98.5")
    found = compare(hand_run(ROWS, BARS), hand_run(later, BARS))
    assert found.differing_fills == 1
    assert found.first["run"].tolist() == ["a", "b"] * 4
    assert found.first["price"].tolist()[-2:] == [99, 98.5]
    assert found.metrics.loc["expectancy", "difference"] == pytest.approx(-2.5)
    assert "differing fills: 1" in repr(found)


def test_an_extra_fill_does_not_shift_the_others():
    extra = "1 AAA buy 1 @ 101 0 9 entry\n1 AAA sell 1 @ 101 0 9 stop\n" + ROWS
    found = compare(hand_run(ROWS, BARS), hand_run(extra, BARS))
    assert found.differing_fills == 3  # bar 1 has another first buy, a second buy and a sale; nothing later differs
    assert found.first["time"].iloc[-1] < BARS.times[5]


def test_equal_within_tolerance():
    near = ROWS.replace("@ 103", "@ 103.00000000001")
    assert compare(hand_run(ROWS, BARS), hand_run(near, BARS)).differing_fills == 0


def test_against_a_run_without_fills():
    found = compare(hand_run(ROWS, BARS), hand_run("", BARS))
    assert found.differing_fills == 4
    assert set(found.first["run"]) == {"a"}
