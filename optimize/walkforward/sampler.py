"""Which parameters a trial gets: Optuna's samplers, with chance that depends on the seed and the trial alone."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner, NopPruner, PercentilePruner
from optuna.samplers import BaseSampler, CmaEsSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from feeds.errors import ConfigError
from indicators.declaration import suggestion
from optimize.walkforward.densities import FastParzenEstimator
from optimize.walkforward.settings import SAMPLERS

# Random trials before TPE models anything, and before any trial may be called hopeless.
STARTUP = 20


class PlacedSampler(BaseSampler):
    """A sampler whose chance is drawn anew for each place of the study, and in it for each parameter.

    One stream of random numbers would give other parameters after an interruption, and other parameters to a trial
    that is repeated. Here they follow from (seed, place, name) and from the finished trials. place: number of the trial
    in a study that nothing ever interrupted; `run_trials` sets it.
    """

    def __init__(self, inner: BaseSampler, seed: int) -> None:
        self._inner = inner
        self._seed = seed
        self.place = 0
        self.procedure = ""  # what the study's trials mean, as a short hash
        owners = [inner, *(getattr(inner, name, None) for name in ("_random_sampler", "_independent_sampler"))]
        streams = [getattr(owner, name, None) for owner in owners for name in ("_rng", "_cma_rng")]
        self._streams = [stream for stream in streams if stream is not None]

    def _draw(self, name: str) -> None:
        text = f"{self._seed} {self.place} {name}".encode()
        number = int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "little")
        for stream in self._streams:
            stream.rng.seed(number)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        self._draw("")
        if isinstance(self._inner, NSGAIISampler):
            # Parents come in another order from the storage than when they are first selected: always read them.
            self._inner.get_parent_population(study, self._inner.get_trial_generation(study, trial))
        if isinstance(self._inner, CmaEsSampler):
            trial = copy.copy(trial)  # its number goes into the seed
            trial.number = self.place
        return self._inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        self._draw(param_name)
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._inner.before_trial(study, trial)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        self._inner.after_trial(study, trial, state, values)


def make_sampler(name: str, seed: int, objectives: int, shared: bool) -> PlacedSampler:
    """A sampler by its name.

    shared: other processes may work on the study; TPE then keeps away from the parameters they are trying. With one
    process it changes nothing.
    """
    inner: BaseSampler
    if name == "tpe":
        inner = TPESampler(n_startup_trials=STARTUP, multivariate=objectives == 1, constant_liar=shared, seed=seed)
        inner._parzen_estimator_cls = FastParzenEstimator
    elif name == "cmaes":
        if objectives > 1:
            raise ConfigError("sampler cmaes knows one objective; use nsga2 or tpe for several")
        inner = CmaEsSampler(warn_independent_sampling=False, seed=seed)
    elif name == "nsga2":
        inner = NSGAIISampler(population_size=STARTUP, seed=seed)
    elif name == "random":
        inner = RandomSampler(seed=seed)
    else:
        raise ConfigError(f"no sampler is called {name!r}{suggestion(name, list(SAMPLERS))}; known: "
                          f"{', '.join(SAMPLERS)}")  # fmt: skip
    return PlacedSampler(inner, seed)


def make_pruner(name: str, objectives: int) -> BasePruner:
    """Who says that a trial is hopeless: below three quarters of the finished trials at the same step.

    The best of its running means so far counts, never the first one alone, and only from 20 finished trials on. CMA-ES
    and NSGA-II learn nothing from trials that stop early, and several objectives have no one value: nothing is stopped
    there.
    """
    if objectives > 1 or name not in ("tpe", "random"):
        return NopPruner()
    return PercentilePruner(75.0, n_startup_trials=STARTUP, n_warmup_steps=1, n_min_trials=STARTUP // 2)
