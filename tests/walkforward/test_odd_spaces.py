"""Search spaces and classes at the edge: one value, one dimension, only words, sets that refuse the data."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from feeds.bars import Bars
from feeds.synthetic import martingale
from indicators.base import Int, Switch, kernel
from optimize.evidence.judgement import Judgement
from optimize.gates.gates import check_gates, load_gates
from optimize.walkforward.procedure import walk_forward
from optimize.walkforward.result import WalkForward
from optimize.walkforward.saving import save
from strategies.base import Choice, Strategy, enter_long, hold, leave

PLAN = {"trials": 12, "min_trades": 3, "folds": 2}


class Rises(Strategy):
    """Long after a rise, for a while that depends on a word."""

    bars, side, twice = Int(4, 1, 20), Choice("a", ("a", "b", "c")), Switch(True)

    @kernel
    def decide(close, held, bars, side, twice):
        if held < 0.0 and close[-1] > close[-2] and (twice == 0 or close[-2] > close[-3]):
            return enter_long()
        if held >= bars + 3 * side:
            return leave()
        return hold()


class Picky(Rises):
    """The same, but fewer than 700 bars are too little for it, and odd numbers always refuse."""

    def refusal(self, bars: Bars) -> str:
        return "too little history" if len(bars) < 700 or self.bars % 2 else ""


@pytest.fixture(scope="module")
def bars() -> Bars:
    return martingale(bars=1100, seed=3)


def verdict(walk: WalkForward) -> dict[str, Any]:
    values, missing = Judgement(walk, draws=50).values(load_gates().figures)
    return {one.name: one for one in check_gates(values, missing, load_gates()).results}


def test_an_axis_of_one_value_changes_nothing(bars: Bars) -> None:
    """Else axes that cannot move would bring a far candidate near, and smooth less."""
    plain = walk_forward(Rises, bars, space={"bars": (1, 20)}, fixed={"side": "b", "twice": False}, **PLAN)
    listed = walk_forward(Rises, bars, space={"bars": (1, 20), "side": ["b"], "twice": [False]}, **PLAN)
    assert plain.candidate.trials["smoothed"].tolist() == listed.candidate.trials["smoothed"].tolist()
    assert [one.choice.parameters for one in plain.folds] == [one.choice.parameters for one in listed.folds]
    near, same = (Judgement(walk).proximity for walk in (plain, listed))
    assert (near.nearest, near.allowed) == (same.nearest, same.allowed)


def test_one_set_has_no_neighbourhood_and_no_overfitting_to_show(bars: Bars) -> None:
    walk = walk_forward(Rises, bars, space={"bars": [4]}, **PLAN)
    assert walk.candidate.parameters == {"bars": 4, "side": "a", "twice": True}
    assert walk.candidate.trials["sharpe"].nunique() == 1
    found = verdict(walk)
    assert not found["neighbourhood"].passed and "missing" in found["neighbourhood"].said
    assert not found["overfitting"].passed and "two configurations" in found["overfitting"].said


def test_only_words(bars: Bars) -> None:
    walk = walk_forward(Rises, bars, space={"side": None, "twice": None}, **PLAN)
    assert set(walk.candidate.trials["side"]) <= {"a", "b", "c"}
    assert walk.candidate.parameters is not None and walk.candidate.parameters["bars"] == 4


def test_sets_that_refuse_the_train_window_are_not_chosen(bars: Bars) -> None:
    """`backtest` refuses the first 500 and 800 bars for odd sets; a choice must be one that it runs."""
    walk = walk_forward(Picky, bars, **PLAN)
    first, second = walk.folds
    assert first.choice.parameters is None and first.run is None
    assert set(first.choice.trials["state"]) == {"too-few-trades"}
    assert second.choice.parameters is not None and second.run is not None
    rows = walk.candidate.trials
    assert set(rows[rows["bars"] % 2 == 1]["state"]) == {"too-few-trades"}
    assert "complete" in set(rows[rows["bars"] % 2 == 0]["state"])
    assert walk.candidate.parameters is not None and walk.candidate.parameters["bars"] % 2 == 0
    assert not verdict(walk)["trades per fold"].passed


def test_the_same_found_twice_in_a_second_is_kept_twice(bars: Bars, tmp_path: Path) -> None:
    walk = walk_forward(Rises, bars, **PLAN)
    now = pd.Timestamp("2026-01-02 03:04:05", tz="UTC")
    folders = [save(walk, tmp_path, {"more.json": {"a": math.nan}}, now) for _ in range(3)]
    assert [one.name[len(folders[0].name) :] for one in folders] == ["", "-2", "-3"]
    assert [json.loads((one / "manifest.json").read_text())["id"] for one in folders] == [one.name for one in folders]
    assert sorted(tmp_path.iterdir()) == sorted(folders)
