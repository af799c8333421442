"""Overfitting, deflation and independent tries of a choice's trials."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from feeds.errors import DataError
from optimize.backtest import backtest
from optimize.evidence.judgement import Judgement
from optimize.evidence.overfitting import overfitting
from optimize.evidence.sharpe_ratio import deflated_sharpe, sample
from optimize.evidence.trials import independent_tries, trial_overfitting, trial_returns, values_of
from tests.evidence.walks import ACCOUNT, AboveMean, many, values, walk


def equity_of(record, given):
    run = backtest(
        AboveMean(**given), record.bars, start=record.candidate.first, end=record.candidate.last, account=ACCOUNT
    )
    return np.concatenate(([ACCOUNT.cash], run.equity.to_numpy()))


def test_a_row_of_the_table_is_the_set_that_was_tried():
    record = walk()
    rows = record.candidate.trials.to_dict("records")
    assert [values_of(record.space, row) for row in rows] == [*many(), values(11)]
    assert all(type(values_of(record.space, row)["period"]) is int for row in rows)


def test_returns_of_every_complete_trial():
    record = walk()
    record.candidate.trials.loc[2, "state"] = "pruned"
    found = trial_returns(record, Judgement(record).engine, record.candidate)
    sets = [*many(), values(11)]
    del sets[2]
    assert found.shape == (1140, len(sets))
    for column, given in zip(found.T, sets, strict=True):
        equity = equity_of(record, given)
        np.testing.assert_allclose(column, equity[1:] / equity[:-1] - 1, atol=1e-12)


def test_copies_of_a_trial_change_nothing():
    random = np.random.default_rng(8)
    returns = random.normal(0, 0.01, (160, 6))
    copied = np.concatenate([returns, returns[:, :3], returns[:, :3]], axis=1)
    assert trial_overfitting(copied, 8).probability == overfitting(np.unique(returns, axis=1), 8).probability


def test_independent_tries():
    random = np.random.default_rng(4)
    one = random.normal(size=(4000, 1))
    assert independent_tries(np.repeat(one, 10, axis=1)) == pytest.approx(1.0, abs=1e-6)
    assert independent_tries(random.normal(size=(40_000, 10))) == pytest.approx(10.0, abs=0.05)
    pairs = np.repeat(random.normal(size=(40_000, 5)), 2, axis=1)
    assert independent_tries(pairs) == pytest.approx(5.0, abs=0.05)
    assert independent_tries(np.zeros((10, 3))) == 0.0
    equal = np.sqrt(1 + 4 * 0.5) + 4 * np.sqrt(0.5)  # five series, all correlated 0.5: eigenvalues 3 and four of 0.5
    mixed = random.normal(size=(400_000, 1)) + random.normal(size=(400_000, 5))
    assert independent_tries(mixed) == pytest.approx(equal**2 / 5, abs=0.02)


def test_the_other_library_deflates_alike():
    from vectorbt.returns.metrics import deflated_sharpe_ratio

    random = np.random.default_rng(5)
    given = sample(random.standard_t(5, 900) * 0.01 + 0.0008)
    theirs = deflated_sharpe_ratio(
        est_sharpe=given.sharpe, var_sharpe=0.0004, nb_trials=70, backtest_horizon=900, skew=given.skewness,
        kurtosis=given.kurtosis,
    )  # fmt: skip
    assert deflated_sharpe(given, 0.0004, 70) == pytest.approx(theirs, rel=1e-9)


def test_deflation_by_hand():
    """Daily returns of the candidate; the spread of the trials' yearly Sharpe ratios, brought to days."""
    from vectorbt.returns.metrics import deflated_sharpe_ratio

    record = walk()
    record.candidate.trials.loc[0, "state"] = "ruled-out"
    record.candidate.trials.loc[1, "state"] = "pruned"
    found = Judgement(record).deflation
    equity = equity_of(record, values(11))
    days = (record.bars.times[60:1200].asi8 - 1) // 86_400_000_000_000
    ends = np.append(np.flatnonzero(np.diff(days)), len(days) - 1)
    closes = np.concatenate((equity[:1], equity[1:][ends]))
    returns = closes[1:] / closes[:-1] - 1
    yearly = record.candidate.trials["sharpe"].to_numpy(dtype=float)[1:]
    given = sample(returns)
    assert found.tried == len(yearly) == 12
    assert found.own == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert found.spread == pytest.approx(np.nanstd(yearly, ddof=1) / math.sqrt(365))
    assert found.probability == pytest.approx(deflated_sharpe_ratio(
        est_sharpe=given.sharpe, var_sharpe=found.spread**2, nb_trials=12, backtest_horizon=len(returns),
        skew=given.skewness, kurtosis=given.kurtosis,
    ))  # fmt: skip
    assert 1 <= found.independent <= 11 and found.gentler >= found.probability


def test_nothing_to_deflate():
    with pytest.raises(DataError, match="nothing was chosen"):
        Judgement(walk(candidate=None)).deflation  # noqa: B018
    with pytest.raises(DataError, match="1 trials have a Sharpe"):
        Judgement(walk(trials=[])).deflation  # noqa: B018
    record = walk()
    empty = dataclasses.replace(record.candidate, trials=record.candidate.trials.iloc[:0])
    with pytest.raises(DataError, match="no trial was complete"):
        Judgement(dataclasses.replace(record, candidate=empty)).trial_returns  # noqa: B018
