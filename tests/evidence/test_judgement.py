"""The judgement as a whole: nothing invented, nothing computed that was not asked for, and plain data."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from feeds.errors import ConfigError
from optimize.evidence.figures import FIGURES
from optimize.evidence.judgement import PARTS, READERS, Judgement, judge, trade_shares
from optimize.gates.gates import check_gates, load_gates
from tests.evidence.walks import values, walk, waves


@pytest.fixture(scope="module")
def judged():
    return judge(walk(), draws=100)


def test_every_figure_has_a_name_and_a_way_to_it():
    assert list(READERS) == list(FIGURES)


def test_figures_are_those_of_the_parts(judged):
    found, missing = judged.values()
    assert list(found) == list(FIGURES) and missing == {}
    assert found["sharpe"] == judged.walk.figures["sharpe"]
    assert found["trades_per_fold"] == min(len(fold.run.trades) for fold in judged.walk.folds)
    returns = [fold.equity[-1] - 1 for fold in judged.walk.folds]
    assert found["folds_positive"] == np.mean(np.array(returns) > 0)
    assert found["late_share"] == pytest.approx(judged.stress[3].sharpe / found["sharpe"])
    assert found["sharpe_costs_2"] == judged.stress[1].sharpe
    assert found["neighbourhood_folds"] == min(one.median for one in judged.fold_neighbourhoods)
    assert found["sharpe_bootstrap"] == pytest.approx(found["sharpe_probability_days"], abs=0.1)


def test_only_what_is_asked_for_is_computed():
    fresh = Judgement(walk())
    fresh.values(["sharpe", "oos_is", "sharpe_probability", "sharpe_costs_2"])
    done = set(vars(fresh)) - {"walk", "draws", "seed"}
    assert done == {"decay", "certainty", "double_costs"}


def test_an_unknown_figure_is_an_error(judged):
    with pytest.raises(ConfigError, match="did you mean 'sharpe'"):
        judged.values(["sharp"])


def test_json_is_strict_and_says_the_same(judged):
    told = json.loads(json.dumps(judged.to_json(), allow_nan=False))
    found, _ = judged.values()
    assert told["values"] == pytest.approx(found)
    assert set(PARTS) <= set(told)
    assert [row["condition"] for row in told["stress"]] == ["costs × 1", "costs × 2", "costs × 3", "one bar late"]
    assert len(told["decay"]["folds"]) == 3 and told["overfitting"]["splits"] == 12_870


def test_the_same_seed_judges_the_same(judged):
    again = Judgement(walk(), 100)
    names = ["sharpe_low", "shuffled_drawdown_low", "neighbourhood_median", "pbo"]
    assert again.values(names)[0] == {name: judged.values()[0][name] for name in names}


def test_a_procedure_that_chose_nothing_passes_nothing():
    """Everything that needs a trade or a choice is missing, with a reason, and fails."""
    empty = Judgement(walk(chosen=(None, None, None), candidate=None), 100)
    found, missing = empty.values()
    assert {name for name, value in found.items() if math.isnan(value)} == set(missing)
    assert {"sharpe", "profit_factor", "oos_is", "sharpe_probability", "late_share", "neighbourhood_median",
            "candidate_distance", "deflated_sharpe", "sharpe_low", "shuffled_drawdown_low"} <= set(missing)  # fmt: skip
    assert found["trades"] == 0 and found["total_return"] == 0.0
    assert "never differ" in missing["sharpe_probability"]
    assert "no choice" in missing["candidate_distance"]
    gates = load_gates()
    report = check_gates(*empty.values(gates.figures), gates)
    assert not report.passed
    assert all(not result.passed for result in report.results if not result.figure.startswith("pbo"))
    told = json.loads(json.dumps(empty.to_json(), allow_nan=False))
    assert told["neighbourhood"] is None and "nothing was chosen" in told["missing"]["neighbourhood"]


def test_a_fold_without_a_choice_is_flat_and_counts():
    found, _ = Judgement(walk(chosen=(values(8), None, values(12)))).values(
        ["folds", "trades_per_fold", "folds_positive"]
    )
    assert found["folds"] == 3 and found["trades_per_fold"] == 0 and found["folds_positive"] <= 2 / 3


@pytest.mark.parametrize("order", [1, -1])
def test_a_fold_without_a_ratio_leaves_no_lowest(order):
    """A choice that loses on its own train window has no neighbourhood median: not passed over, wherever it stands."""
    record = walk(waves(size=0.1), chosen=(values(8), values(10, fade=True))[::order])
    judged = Judgement(record)
    assert [math.isnan(one.median) for one in judged.fold_neighbourhoods] == [False, True][::order]
    found, missing = judged.values(["neighbourhood_folds"])
    assert math.isnan(found["neighbourhood_folds"]) and "undefined" in missing["neighbourhood_folds"]


def test_trades_as_shares_of_the_account_compound_to_the_record():
    """One position at a time, each open from a flat account: their growth is that of the equity."""
    record = walk()
    assert np.prod(1 + trade_shares(record)) - 1 == pytest.approx(record.figures["total_return"], rel=1e-9)
