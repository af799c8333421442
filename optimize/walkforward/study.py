"""A study: trials of one procedure on one train window, shared by any number of processes.

Same seed, one process: the same parameters bit for bit, with every storage, also when the study was interrupted or
killed and continued on the same machine. That holds for every sampler: `tpe` and `random` follow from seed, place and
finished trials; `cmaes` and `nsga2` keep their state in the storage and draw from the same numbers. With several
processes the order in which trials finish decides what the samplers know, and only `random` gives the same parameters.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from feeds.errors import ConfigError

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

Evaluate = Callable[["optuna.Trial"], "float | tuple[float, ...]"]
# Seconds of silence after which a worker on another machine, or one that hangs, counts as dead.
PATIENCE = 60.0


def open_study(
    storage: BaseStorage,
    name: str,
    *,
    sampler: str,
    seed: int,
    directions: Sequence[Literal["maximize", "minimize"]] = ("maximize",),
    attributes: Mapping[str, Any],
) -> optuna.Study:
    """Make a study, or continue the one of that name.

    sampler: "tpe", "cmaes", "nsga2" or "random". directions: "maximize" or "minimize", one per objective. attributes:
    what the trials mean (class, data, space, settings), as JSON; kept with the study together with sampler and seed.
    Raises ConfigError when the study of that name was made with others: a study never mixes two procedures.
    """
    import optuna

    from optimize.walkforward.sampler import make_pruner, make_sampler

    shared = not isinstance(storage, optuna.storages.InMemoryStorage)
    chosen = make_sampler(sampler, seed, len(directions), shared)
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        sampler=chosen,
        pruner=make_pruner(sampler, len(directions)),
        directions=list(directions),
        load_if_exists=True,
    )
    told = {**attributes, "sampler": sampler, "seed": seed, "directions": list(directions)}
    wanted = {key: json.dumps(value, sort_keys=True) for key, value in told.items()}
    for key, value in wanted.items():
        if key not in study.user_attrs:
            study.set_user_attr(key, json.loads(value))
    kept = {key: json.dumps(value, sort_keys=True) for key, value in study.user_attrs.items()}
    wrong = [f"{key} was {_short(kept.get(key))}, now {_short(wanted.get(key))}"
             for key in sorted(kept.keys() | wanted.keys()) if kept.get(key) != wanted.get(key)]  # fmt: skip
    if wrong:
        raise ConfigError(f"study {name!r} was made with other settings: {'; '.join(wrong)}; give another study name")
    chosen.procedure = hashlib.blake2b(json.dumps(wanted, sort_keys=True).encode(), digest_size=8).hexdigest()
    return study


def run_trials(
    study: optuna.Study,
    count: int,
    evaluate: Evaluate,
    *,
    progress: Callable[[int, int], None] | None = None,
    patience: float = PATIENCE,
) -> None:
    """Work until exactly `count` trials of the study are finished (complete or pruned), with whoever works on it too.

    evaluate: suggests, reports and returns the value (one per objective); raising optuna.TrialPruned ends the trial
    early. Any other exception fails the trial and leaves this function with the trial and its parameters named. A trial
    whose worker was killed is evaluated again with the parameters it had been given. On return every trial of the first
    `count` is finished, in every process. patience: seconds; see optimize.walkforward.liveness. progress(done, count):
    called after each change.
    """
    from optuna.exceptions import StorageInternalError

    from optimize.walkforward.storage import reason
    from optimize.walkforward.work import Work

    try:
        Work(study, count, evaluate, progress, patience).run()
    except StorageInternalError as error:
        raise ConfigError(f"the storage of the trials failed: {reason(error)}; the same command goes on") from error


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """The finished trials, each place once, in order of place.

    The number of each is its place: what it would be if no worker had ever been killed.
    """
    from optimize.walkforward.places import FINISHED, attempts_by_place, current

    found = []
    for place, attempts in enumerate(attempts_by_place(study)):
        trial = current(attempts)
        if trial is not None and trial.state in FINISHED:
            trial = copy.copy(trial)
            trial.number = place
            found.append(trial)
    return found


def hopeless(trial: optuna.Trial, step: int, value: float) -> bool:
    """Whether the trial may stop: after inner block `step`, its mean score `value` over the blocks so far is hopeless.

    Told to the study in any case; see `make_pruner` in optimize.walkforward.sampler for the rule. With several
    objectives always False.
    """
    if len(trial.study.directions) > 1:
        return False
    trial.report(value, step)
    return trial.should_prune()


def _short(text: str | None) -> str:
    if text is None:
        return "absent"
    return text if len(text) <= 80 else text[:77] + "..."
