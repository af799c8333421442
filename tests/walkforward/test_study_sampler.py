"""TPE's densities against Optuna's own, and against probabilities that can be counted."""

from __future__ import annotations

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from scipy.stats import ks_2samp

from optimize.walkforward.densities import FastParzenEstimator

SPACE = {
    "whole": IntDistribution(1, 200),
    "stepped": FloatDistribution(0.5, 5.0, step=0.25),
    "word": CategoricalDistribution(["x", "y", "z"]),
    "logarithmic": FloatDistribution(1e-4, 1.0, log=True),
    "whole logarithmic": IntDistribution(1, 500, log=True),
    "free": FloatDistribution(-1.0, 1.0),
}


def observed(count: int) -> dict[str, np.ndarray]:
    random = np.random.RandomState(0)
    return {
        "whole": random.randint(1, 201, count).astype(float),
        "stepped": 0.5 + 0.25 * random.randint(0, 19, count),
        "word": random.randint(0, 3, count).astype(float),
        "logarithmic": np.exp(random.uniform(-9.2, 0.0, count)),
        "whole logarithmic": random.randint(1, 501, count).astype(float),
        "free": random.uniform(-1.0, 1.0, count),
    }


def both(count: int, space=SPACE):
    parameters = TPESampler()._parzen_estimator_parameters
    data = {name: values for name, values in observed(count).items() if name in space}
    return _ParzenEstimator(data, space, parameters), FastParzenEstimator(data, space, parameters)


@pytest.mark.parametrize("count", [0, 1, 7, 150])
def test_densities_are_those_of_optuna(count):
    theirs, ours = both(count)
    samples = theirs.sample(np.random.RandomState(1), 500)
    np.testing.assert_allclose(ours.log_pdf(samples), theirs.log_pdf(samples), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", SPACE)
def test_draws_have_the_distribution_of_optunas(name):
    theirs, ours = both(60, {name: SPACE[name]})
    one = theirs.sample(np.random.RandomState(1), 20_000)[name]
    two = ours.sample(np.random.RandomState(2), 20_000)[name]
    assert ks_2samp(one, two).pvalue > 1e-4
    assert all(SPACE[name]._contains(value) for value in two)


def test_probabilities_of_all_values_sum_to_one():
    _, ours = both(60, {name: SPACE[name] for name in ("stepped", "word")})
    grid = [(step, word) for step in np.arange(0.5, 5.01, 0.25) for word in range(3)]
    steps, words = (np.array(values, float) for values in zip(*grid, strict=True))
    assert np.exp(ours.log_pdf({"stepped": steps, "word": words})).sum() == pytest.approx(1.0, abs=1e-12)
