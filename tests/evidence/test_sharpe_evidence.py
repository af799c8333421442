"""Probabilistic and deflated Sharpe ratio: the authors' example, a simulation, and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from feeds.errors import ConfigError, DataError
from optimize.evidence.sharpe_ratio import (
    Sample,
    deflated_sharpe,
    expected_best,
    probabilistic_sharpe,
    sample,
)


def test_the_example_of_bailey_and_lopez_de_prado():
    # 2014, "The deflated Sharpe ratio": annual 2.5 over 1,250 days, best of 100 with variance 1/2 a year
    given = Sample(sharpe=2.5 / math.sqrt(250), count=1250, skewness=-3.0, kurtosis=10.0)
    assert expected_best(0.5 / 250, 100) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(given, 0.5 / 250, 100) == pytest.approx(0.9004, abs=5e-5)


def test_normal_returns_give_the_error_of_lo():
    # Lo (2002): the estimate's variance is (1 + SR² / 2) / n for normal returns; one standard error is Φ(1)
    sharpe, count = 0.1, 400
    error = math.sqrt((1 + sharpe**2 / 2) / (count - 1))
    found = probabilistic_sharpe(Sample(sharpe, count, 0.0, 3.0), sharpe - error)
    assert found == pytest.approx(stats.norm.cdf(1.0), rel=1e-12)


def test_the_best_of_many_by_simulation():
    random = np.random.default_rng(7)
    best = random.normal(0.0, 0.05, (20_000, 50)).max(axis=1).mean()
    assert expected_best(0.05**2, 50) == pytest.approx(best, rel=0.02)
    assert expected_best(0.05**2, 1) == 0.0


def test_under_no_skill_the_probability_is_uniform():
    random = np.random.default_rng(11)
    found = [probabilistic_sharpe(sample(random.normal(0.0, 1.0, 250))) for _ in range(2_000)]
    assert stats.kstest(found, "uniform").pvalue > 0.01
    assert np.mean(np.array(found) > 0.99) == pytest.approx(0.01, abs=0.007)


def test_moments_by_hand():
    found = sample([1.0, 2.0, 3.0, 6.0])
    assert found.sharpe == pytest.approx(3.0 / math.sqrt(14 / 3))
    assert found.skewness == pytest.approx((18 / 4) / (14 / 4) ** 1.5)  # cubes: -8 - 1 + 0 + 27
    assert found.kurtosis == pytest.approx((98 / 4) / (14 / 4) ** 2)  # fourth powers: 16 + 1 + 0 + 81


@pytest.mark.parametrize("returns", [[], [0.1, 0.2], [0.1] * 9, [0.1, math.nan, 0.2], [[0.1, 0.2, 0.3]]])
def test_returns_that_say_nothing(returns):
    with pytest.raises(DataError):
        sample(returns)


@pytest.mark.parametrize(("variance", "trials"), [(-1.0, 10), (math.nan, 10), (0.1, 0), (0.1, math.inf)])
def test_senseless_trials(variance, trials):
    with pytest.raises(ConfigError):
        expected_best(variance, trials)
