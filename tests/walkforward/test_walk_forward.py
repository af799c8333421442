"""Nested walk-forward: windows, what a choice may know, the stitched record, and choices that are not made."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from feeds.bars import Bars
from feeds.errors import ConfigError, DataError, ParameterError
from feeds.synthetic import martingale, planted_edge
from indicators.base import Int, kernel
from indicators.ema import Ema
from optimize import backtest
from optimize.periods import periods_per_year
from optimize.sweep_figures import FIGURES
from optimize.walkforward.choosing import TrainWindow
from optimize.walkforward.folds import blocks, windows
from optimize.walkforward.procedure import walk_forward
from optimize.walkforward.settings import Settings
from optimize.walkforward.space import SearchSpace, parse_space
from optimize.walkforward.trial_engine import TrialEngine
from strategies.atr_trend import AtrTrend
from strategies.base import Choice, Float, Strategy, enter_long, hold, leave

SMALL = {"trials": 12, "min_trades": 5, "account": AtrTrend.profile("reference").account}


class Crossing(Strategy):
    """Long while a fast mean is above a slow one; `side` never is left, `stop` is a share of the price."""

    fast, slow = Int(5, 2, 20), Int(20, 5, 60)
    stop = Float(0.05, 0.01, 0.2)
    mode = Choice("both", ("both", "late"))
    quick, calm = Ema(period=fast), Ema(period=slow)

    def valid(self) -> bool:
        """fast must be below slow"""
        return self.fast < self.slow

    @kernel
    def decide(quick, calm, position, stop, mode):
        if position != 0.0:
            if quick[-1] < calm[-1]:
                return leave()
            return hold()
        if quick[-1] > calm[-1] * (1.0 + 0.01 * mode):
            return enter_long(stop_pct=stop)
        return hold()


class Idle(Strategy):
    """Never trades."""

    level = Int(1, 1, 9)

    @kernel
    def decide(close, level):
        return hold()


@pytest.fixture(scope="module")
def bars() -> Bars:
    return planted_edge(bars=3000, seed=5, timeframe="4h", edge=0.002)


def replaced(bars: Bars, first: int) -> Bars:
    """The same bars, but noise of another seed from bar `first` on, at ten times the prices."""
    other = martingale(bars=len(bars), seed=999, timeframe="4h").frame * 10.0
    frame = bars.frame.copy()
    frame.iloc[first:] = other.iloc[first:].to_numpy()
    return Bars(frame, bars.instrument, "replaced", bars.timeframe)


def test_windows_are_those_of_the_specification() -> None:
    found, last = windows(10_000, Settings())
    assert [one.train for one in found] == [(0, 4000), (0, 5500), (0, 7000), (0, 8500)]
    assert [one.test for one in found] == [(4000, 5500), (5500, 7000), (7000, 8500), (8500, 10_000)]
    assert last == (0, 10_000)
    found, last = windows(10_003, Settings(scheme="rolling"))
    begin = int(0.4 * 10_003)
    assert [one.train[1] - one.train[0] for one in found] == [begin] * 4
    assert found[-1].test[1] == 10_003 and last == (10_003 - begin, 10_003)
    for left, right in itertools.pairwise(found):
        assert left.test[1] == right.test[0] == right.train[1]
    assert len(windows(1_000, Settings())[0]) == 2  # 500 to train on, tests of 200 at least
    with pytest.raises(DataError, match=r"800 bars are too few: 500 to train on .* are 900"):
        windows(800, Settings())


def test_blocks_leave_the_longest_holding_time_between_them() -> None:
    assert blocks(100, 1100, 4, 30) == [(100, 320), (350, 570), (600, 820), (850, 1070)]
    with pytest.raises(DataError, match="cannot be cut into 4 blocks"):
        blocks(100, 140, 4, 9)


@pytest.mark.parametrize("scheme", ["anchored", "rolling"])
def test_a_choice_knows_nothing_of_its_test_window(bars: Bars, scheme: str) -> None:
    walk = walk_forward(AtrTrend, bars, scheme=scheme, **SMALL)
    assert len(walk.folds) == 4
    for fold in walk.folds:
        first = int(bars.times.get_loc(fold.times[0]))
        again = walk_forward(AtrTrend, replaced(bars, first), scheme=scheme, **SMALL)
        same = again.folds[fold.number].choice
        assert same.parameters == fold.choice.parameters is not None
        assert (same.purge, same.embargo, same.score) == (fold.choice.purge, fold.choice.embargo, fold.choice.score)
        pd.testing.assert_frame_equal(same.trials, fold.choice.trials)
        assert again.folds[fold.number].run.metrics != fold.run.metrics  # the noise did reach the test window
    assert len({repr(fold.choice.parameters) for fold in walk.folds}) > 1


def test_train_and_test_keep_their_distance(bars: Bars) -> None:
    walk = walk_forward(AtrTrend, bars, embargo=0.02, **SMALL)
    for fold in walk.folds:
        last, test = bars.times.get_loc(fold.choice.last), bars.times.get_loc(fold.times[0])
        assert test - last - 1 == fold.choice.purge + fold.choice.embargo
        assert 0 < fold.choice.purge <= 0.1 * test
        assert fold.choice.embargo == math.ceil(0.02 * (test - bars.times.get_loc(fold.choice.first)))
    assert walk.candidate.last == bars.times[-1]


def test_purge_is_the_longest_holding_time() -> None:
    bars = martingale(bars=2000, seed=3)
    space = SearchSpace(Crossing)
    window = TrainWindow(space, bars, 0, Settings(min_trades=1), 8760.0, True, seed=4)
    random, longest = np.random.default_rng([4, 32]), 0
    for _ in range(32):
        values = space.draw(random)
        if values["fast"] < values["slow"]:
            run = backtest(Crossing(**values), bars, start=bars.times[window.first])
            longest = max([longest, *run.trades["bars_held"].astype(int)])
    assert window.purge == min(longest, (2000 - window.first) // 10)


def test_the_stitched_record_is_the_test_windows_one_after_another(bars: Bars) -> None:
    walk = walk_forward(AtrTrend, bars, **SMALL)
    level, expected, trades = walk.settings.account.cash, [], 0
    for fold in walk.folds:
        run = backtest(AtrTrend(**fold.choice.parameters), bars, "event", fold.times[0], fold.times[-1],
                       walk.settings.account)  # fmt: skip
        expected += (run.equity.to_numpy() / walk.settings.account.cash * level).tolist()
        level, trades = expected[-1], trades + len(run.trades)
    assert walk.equity.tolist() == pytest.approx(expected, rel=1e-12)
    assert list(walk.equity.index) == list(bars.times[-len(expected) :])
    assert walk.figures["trades"] == len(walk.trades) == trades > 20
    assert np.prod(1.0 + walk.returns) == pytest.approx(expected[-1] / walk.settings.account.cash)
    assert walk.figures["total_return"] == pytest.approx(np.prod(1.0 + walk.returns) - 1.0)


def test_the_same_seed_gives_the_same_result(bars: Bars) -> None:
    one, two = (walk_forward(AtrTrend, bars, seed=7, **SMALL) for _ in range(2))
    other = walk_forward(AtrTrend, bars, seed=8, **SMALL)
    pd.testing.assert_frame_equal(one.candidate.trials, two.candidate.trials)
    assert one.equity.equals(two.equity)
    assert not one.candidate.trials.equals(other.candidate.trials)


def test_a_strategy_that_never_trades_is_not_chosen(bars: Bars) -> None:
    walk = walk_forward(Idle, bars, trials=4)
    assert [fold.choice.parameters for fold in walk.folds] == [None] * 4
    assert walk.candidate.parameters is None
    assert set(walk.candidate.trials["state"]) == {"too-few-trades"}
    assert (walk.equity == walk.settings.account.cash).all()
    assert walk.figures["trades"] == 0


def test_figures_of_trials_are_those_of_backtest(bars: Bars) -> None:
    account = AtrTrend.profile("reference").account
    engine = TrialEngine(AtrTrend, bars, account, periods_per_year(bars))
    space, random = SearchSpace(AtrTrend), np.random.default_rng(1)
    for number in range(12):
        values = space.draw(random)
        if values["fast"] >= values["slow"]:
            continue
        first, last = 300 + 40 * number, 2900 - 50 * number
        strategy = space.strategy(values)
        run = backtest(strategy, bars, start=bars.times[first], end=bars.times[last - 1], account=account)
        found = engine.figures(strategy, [(first, last)])
        for name in FIGURES:
            assert found[name][0] == pytest.approx(run.metrics[name], rel=1e-9, abs=1e-12, nan_ok=True), name
        assert engine.returns(strategy, (first, last))[1:] == pytest.approx(run.equity.pct_change().to_numpy()[1:])
    with pytest.raises(ConfigError, match="bars before a window"):
        engine.figures(strategy, [(10, 500)])


def test_the_choice_goes_by_the_trials_around() -> None:
    """By brute force: Gaussian weights of the distance, width a quarter of √(number of parameters)."""
    bars = martingale(bars=2500, seed=11)
    walk = walk_forward(Crossing, bars, trials=30, min_trades=10, space={"fast": None, "stop": (0.02, 0.1)})
    rows = walk.candidate.trials
    judged = rows[rows["state"].isin(["complete", "pruned"])]
    assert len(judged) > 10
    for _, row in judged.iterrows():
        weights = [
            math.exp(-(((row["fast"] - one["fast"]) / 18) ** 2 + ((row["stop"] - one["stop"]) / 0.08) ** 2)
                     / (2 * 0.25**2 * 2))
            for _, one in judged.iterrows()
        ]  # fmt: skip
        blocks = judged[[f"score_{k}" for k in range(5)]].to_numpy()
        expected = float(np.dot(weights, np.nanmean(blocks, axis=1)) / sum(weights))
        assert row["smoothed"] == pytest.approx(expected)
    complete = judged[judged["state"] == "complete"]
    best = complete.loc[complete["smoothed"].idxmax()]
    assert walk.candidate.number == best["number"]
    assert walk.candidate.parameters["fast"] == best["fast"]


def test_what_the_rule_forbids_is_ruled_out() -> None:
    walk = walk_forward(Crossing, martingale(bars=2500, seed=2), trials=40, min_trades=1, sampler="random")
    rows = walk.candidate.trials
    ruled = rows[rows["state"] == "ruled-out"]
    assert len(rows) == 40 and 0 < len(ruled) < 40
    assert (ruled["fast"] >= ruled["slow"]).all()
    assert (rows[rows["state"] != "ruled-out"]["fast"] < rows[rows["state"] != "ruled-out"]["slow"]).all()


def test_several_objectives_choose_on_their_front() -> None:
    walk = walk_forward(Crossing, martingale(bars=2500, seed=2), trials=30, min_trades=1, sampler="nsga2",
                        objectives=("sharpe", "max_drawdown"))  # fmt: skip
    assert walk.candidate.parameters is not None
    assert walk.settings.objectives == ("sharpe", "max_drawdown")


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"trails": 3}, ConfigError, "did you mean 'trials'"),
        ({"scheme": "anchord"}, ConfigError, "did you mean 'anchored'"),
        ({"sampler": "gp"}, ConfigError, "tpe, cmaes, nsga2, random"),
        ({"space": {"fats": (5, 9)}}, ParameterError, "did you mean 'fast'"),
        ({"space": {"fast": (5, 99)}}, ParameterError, "outside 2 … 20"),
        ({"space": {"fast": (9, 5)}}, ConfigError, "must be below"),
        ({"space": {"fast": (5, 9)}, "fixed": {"fast": 7}}, ConfigError, "searched and fixed"),
        ({"objectives": ("sharpe", "sharpe")}, ConfigError, "each once"),
        ({"embargo": 0.5}, ConfigError, "from 0 to 0.1"),
        ({"embargo": math.nan}, ConfigError, "from 0 to 0.1"),
        ({"first_train": "0.5"}, ConfigError, "from 0.2 to 0.9"),
        ({"seed": -1}, ConfigError, "seed=-1 must be a whole number, 0 or more"),
        ({"objectives": "sharpe"}, ConfigError, "must be a tuple"),
        ({"account": 10_000}, ConfigError, "must be an Account"),
        ({"space": ["fast"]}, ConfigError, "must be a mapping"),
        ({"folds": 1}, ConfigError, "folds=1"),
    ],
)
def test_wrong_settings_are_refused(given: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        walk_forward(Crossing, martingale(bars=2500, seed=2), **given)


def test_settings_and_words_are_read_back() -> None:
    settings = Settings(trials=7, objectives=("sharpe", "sortino"), account=SMALL["account"])
    assert Settings.from_json(settings.to_json()) == settings
    found = parse_space(AtrTrend, ("fast=5:50", "scenario=adx,sma", "stop_atr"))
    assert found == {"fast": (5, 50), "scenario": ["adx", "sma"], "stop_atr": None}
    space = SearchSpace(AtrTrend, found)
    assert space.unit({"fast": 50, "scenario": "adx", "stop_atr": 3.0}).tolist() == [1.0, 0.0, 0.5]
    assert space.warmup() == 200  # the mean of 200 bars of scenario sma
    with pytest.raises(ConfigError, match="write fast=low:high"):
        parse_space(AtrTrend, ("fast=5:50:5",))
