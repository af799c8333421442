"""The sets around a choice: which they are, by hand; and what they earn, by `backtest`."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from feeds.errors import DataError
from optimize.backtest import backtest
from optimize.evidence.neighbourhood import Neighbourhood, neighbourhood, neighbours
from optimize.evidence.proximity import proximity
from optimize.walkforward.space import SearchSpace
from optimize.walkforward.trial_engine import TrialEngine
from tests.evidence.walks import ACCOUNT, SPACE, AboveMean, values, walk, waves


def around(**given):
    space = SearchSpace(AboveMean, {**SPACE, **given.pop("space", {})})
    return neighbours(space, values(**given), joint=0)


def test_one_at_a_time_by_5_and_10_percent_of_the_axis():
    found = {}
    for axis, move, near in around(period=20, band=0.02, unread=0.5):
        found.setdefault(axis, []).append((move, near[axis]))
        changed = [name for name, value in values(20, 0.02, 0.5).items() if near[name] != value]
        assert changed == [axis]
    assert found["period"] == [(-0.10, 16), (-0.05, 18), (0.05, 22), (0.10, 24)]  # 2 … 42
    assert [value for _, value in found["band"]] == pytest.approx([0.016, 0.018, 0.022, 0.024])
    assert [value for _, value in found["unread"]] == pytest.approx([0.4, 0.45, 0.55, 0.6])
    assert [value for _, value in found["fade"]] == [True]


def test_ranges_end_and_whole_numbers_move_by_one_at_least():
    found = [(axis, near[axis]) for axis, _, near in around(period=3, band=0.0, space={"period": (2, 12)})]
    assert [value for axis, value in found if axis == "period"] == [2, 4]
    assert [value for axis, value in found if axis == "band"] == pytest.approx([0.002, 0.004])


def test_numbers_from_a_list_move_to_the_next():
    found = [
        near["period"] for axis, _, near in around(period=10, space={"period": [5, 10, 20, 40]}) if axis == "period"
    ]
    assert found == [5, 20]


def test_joint_moves_stay_within_10_percent_and_are_the_same_every_time():
    space = SearchSpace(AboveMean, SPACE)
    one, again, other = (neighbours(space, values(20, 0.02), 40, seed) for seed in (1, 1, 2))
    moved = [near for axis, _, near in one if axis == "joint"]
    assert len(moved) == 40
    assert moved == [near for axis, _, near in again if axis == "joint"]
    assert moved != [near for axis, _, near in other if axis == "joint"]
    for near in moved:
        assert abs(near["period"] - 20) <= 4 and abs(near["band"] - 0.02) <= 0.004 + 1e-12 and near["fade"] is False


def test_equals_backtest_of_every_neighbour():
    record = walk(waves(size=0.1), chosen=(values(8), values(10)), candidate=values(11, 0.034))
    engine = TrialEngine(AboveMean, record.bars, ACCOUNT, record.periods)
    found = neighbourhood(record, engine, record.candidate, joint=6)
    start, end = record.candidate.first, record.candidate.last

    def sharpe(given):
        return backtest(AboveMean(**given), record.bars, start=start, end=end, account=ACCOUNT).metrics["sharpe"]

    expected, ruled_out = [], 0
    for axis, _, near in neighbours(record.space, values(11, 0.034), 6):
        if near["band"] > 0.035:  # the strategy's own rule
            ruled_out += 1
        elif axis != "unread":  # no move of it changes anything
            expected.append(sharpe(near))
    assert ruled_out >= 2 and found.impossible == ruled_out
    assert found.inert == ("unread",)
    np.testing.assert_allclose(found.table["sharpe"], expected, rtol=1e-9)
    own = sharpe(values(11, 0.034))
    assert found.own == pytest.approx(own, rel=1e-9)
    assert found.median == pytest.approx(np.median(expected) / own)
    assert found.positive == np.mean(np.array(expected) > 0)
    assert found.worst == pytest.approx(min(expected))


def of(own, *sharpes):
    return Neighbourhood(own, pd.DataFrame({"sharpe": list(sharpes)}), (), 0)


def test_figures_by_hand():
    found = of(2.0, 1.0, 1.5, math.nan, -1.0)  # one that never trades counts with 0: -1, 0, 1, 1.5
    assert found.median == 0.25
    assert found.positive == 0.5
    assert found.worst == -1.0


@pytest.mark.parametrize("own", [0.0, -1.0, math.nan])
def test_no_ratio_to_a_choice_that_earned_nothing(own):
    assert math.isnan(of(own, 1.0, 1.0).median)


def test_no_neighbours_no_figures():
    assert math.isnan(of(1.0).median) and math.isnan(of(1.0).worst) and math.isnan(of(1.0).positive)


def test_no_choice_no_neighbourhood():
    record = walk(candidate=None)
    engine = TrialEngine(AboveMean, record.bars, ACCOUNT, record.periods)
    with pytest.raises(DataError, match="nothing was chosen"):
        neighbourhood(record, engine, record.candidate)
    with pytest.raises(DataError, match="no candidate"):
        proximity(record)


def test_distance_of_the_candidate_by_hand():
    """Axes: period over 40, band over 0.04, unread over 1, fade 0 or 1; distances are means over the four."""
    record = walk(chosen=(values(10, 0.01), values(14, 0.01), values(10, 0.03)), candidate=values(12, 0.01, 0.8))
    found = proximity(record)
    assert found.nearest == pytest.approx((2 / 40 + 0.3) / 4)
    assert found.allowed == pytest.approx((4 / 40 + 0.02 / 0.04) / 4)
    assert found.ratio == pytest.approx(0.35 / 0.6) and found.within
    assert found.beyond == ("unread",)


def test_another_word_is_a_whole_axis_away():
    record = walk(chosen=(values(10), values(10), values(10)), candidate=values(10, fade=True))
    found = proximity(record)
    assert found.nearest == 0.25 and found.allowed == 0.10 and not found.within and found.beyond == ()


def test_one_choice_is_no_neighbourhood():
    with pytest.raises(DataError, match="1 folds chose something"):
        proximity(walk(chosen=(None, values(10), None)))
