"""A study: trials of one procedure on one train window, shared by any number of processes.

Same seed, one process: the same parameters bit for bit, with every storage, also when the study was interrupted or
killed and continued on the same machine. That holds for every sampler: `tpe` and `random` follow from seed, place and
finished trials; `cmaes` and `nsga2` keep their state in the storage and draw from the same numbers. With several
processes the order in which trials finish decides what the samplers know, and only `random` gives the same parameters.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError, NavaleError

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
    directions: Sequence[str] = ("maximize",),
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
    return study
