"""The densities that TPE compares, all parameters and trials at once.

Optuna computes the probability of each step of an integer or stepped parameter value by value, in Python: most of the
time of a cheap trial. The formulas are those of a mixture of truncated normal kernels (Bergstra et al. 2011, as
documented for optuna.samplers.TPESampler); a test compares the figures.
"""

from __future__ import annotations

import numpy as np
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from optuna.samplers._tpe.probability_distributions import _BatchedCategoricalDistributions
from scipy.special import logsumexp, ndtr, ndtri

TINY = np.finfo(float).tiny


class FastParzenEstimator(_ParzenEstimator):
    """Optuna's kernel density estimate of good or bad trials, drawn from and computed with arrays."""

    def sample(self, rng: np.random.RandomState, size: int) -> dict[str, np.ndarray]:
        """Draws, one array per parameter: a kernel, then each parameter from it by its inverse distribution."""
        mixture = self._mixture_distribution
        chosen = rng.choice(len(mixture.weights), p=mixture.weights, size=size)
        drawn = {}
        for name, kernels in zip(self._search_space, mixture.distributions, strict=True):
            level = rng.rand(size)
            if isinstance(kernels, _BatchedCategoricalDistributions):
                reached = np.cumsum(kernels.weights[chosen], axis=1)[:, :-1] < level[:, None]
                drawn[name] = reached.sum(axis=1).astype(float)
                continue
            mean, sigma = kernels.mu[chosen], kernels.sigma[chosen]
            left, right = (ndtr((edge - mean) / sigma) for edge in (kernels.adapted_low, kernels.adapted_high))
            values = mean + sigma * ndtri(left + level * (right - left))
            if kernels.is_log:
                values = np.exp(values)
            if kernels.step:
                values = kernels.low + np.round((values - kernels.low) / kernels.step) * kernels.step
            drawn[name] = np.clip(values, kernels.low, kernels.high)
        return drawn

    def log_pdf(self, samples_dict: dict[str, np.ndarray]) -> np.ndarray:
        """Log density of each sample; the samples have one array per parameter."""
        mixture = self._mixture_distribution
        total = np.zeros((len(next(iter(samples_dict.values()))), len(mixture.weights)))
        numeric, values = [], []
        for name, kernels in zip(self._search_space, mixture.distributions, strict=True):
            if isinstance(kernels, _BatchedCategoricalDistributions):
                total += np.log(kernels.weights[:, samples_dict[name].astype(int)].T)
            else:
                numeric.append(kernels)
                values.append(samples_dict[name])
        if numeric:
            total += _numeric(numeric, np.array(values))
        result: np.ndarray = logsumexp(total + np.log(mixture.weights), axis=1)
        return result


def _numeric(kernels: list, values: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """Sum over the parameters of the log density of each value [parameter, sample] under each kernel."""
    step = np.array([k.step for k in kernels])[:, None]
    logs = np.array([k.is_log for k in kernels])[:, None]
    low = np.array([k.adapted_low for k in kernels])[:, None]
    high = np.array([k.adapted_high for k in kernels])[:, None]
    mean = np.array([k.mu for k in kernels])
    sigma = np.array([k.sigma for k in kernels])
    left, right = values - step / 2, values + step / 2
    if logs.any():
        left, right = (np.where(logs, np.log(np.where(logs, edge, 1.0)), edge) for edge in (left, right))
    stepped = step[:, 0] > 0
    found = np.empty((len(kernels), values.shape[1], mean.shape[1]))
    if stepped.any():
        m, s = mean[stepped, None], sigma[stepped, None]
        found[stepped] = np.log(_mass((left[stepped, :, None] - m) / s, (right[stepped, :, None] - m) / s))
    if not stepped.all():
        m, s = mean[~stepped, None], sigma[~stepped, None]
        found[~stepped] = -0.5 * ((left[~stepped, :, None] - m) / s) ** 2 - np.log(s * np.sqrt(2 * np.pi))
    found -= np.log(_mass((low - mean) / sigma, (high - mean) / sigma))[:, None, :]
    summed: np.ndarray = found.sum(axis=0)
    return summed


def _mass(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Probability that a standard normal lies between; from the tail's side, where small numbers are exact."""
    swap = left > 0
    mass: np.ndarray = ndtr(np.where(swap, -left, right)) - ndtr(np.where(swap, -right, left))
    return np.maximum(mass, TINY)
