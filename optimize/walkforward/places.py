"""Places of a study: who works on which, and which are done.

A study of `count` trials has places 0 to count-1. An attempt is one Optuna trial that works on a place; it names its
worker when it is made, in the same write. The first attempt at a place names no place: it takes the next free one, and
the storage puts trials in one order for everybody. A later attempt, made after the one before it failed, names its
place. The rule that keeps everything right:

    an attempt may be evaluated only when every earlier attempt at its place has failed.

Failing and finishing are final and the storage lets one process do it, once. So no place is finished twice, a worker
that wakes up after its attempt was failed can no longer finish it, and two attempts made at once by two processes
settle it by their order: the later one fails itself without evaluating anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial

WORKER, PLACE, BEAT = "navale:worker", "navale:place", "navale:beat"
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


def storage_of(study: Study) -> BaseStorage:
    """The storage behind a study."""
    return study._storage


def attempts_by_place(study: Study) -> list[list[FrozenTrial]]:
    """Attempts at each place, in the order they were made. Trials that others put into the study have no place."""
    places: list[list[FrozenTrial]] = []
    for trial in storage_of(study).get_all_trials(study._study_id, deepcopy=False):
        marks = trial.system_attrs
        if WORKER in marks:
            place = marks.get(PLACE)
            if place is None:
                places.append([trial])
            else:
                places[place].append(trial)
    return places


def current(attempts: Sequence[FrozenTrial]) -> FrozenTrial | None:
    """The attempt that counts: the first that has not failed."""
    for trial in attempts:
        if trial.state is not TrialState.FAIL:
            return trial
    return None


def make_attempt(study: Study, worker: dict[str, Any], place: int | None, last: FrozenTrial | None) -> int:
    """Id of a new running attempt, at the next free place or again at `place`, with what `last` had been given."""
    marks: dict[str, Any] = {WORKER: worker} if place is None else {WORKER: worker, PLACE: place}
    if last is not None:  # what the sampler noted when it gave the parameters
        marks |= {key: value for key, value in last.system_attrs.items() if key not in (WORKER, PLACE, BEAT)}
    template = create_trial(
        state=TrialState.RUNNING,
        system_attrs=marks,
        params=last.params if last else None,
        distributions=last.distributions if last else None,
    )
    return storage_of(study).create_new_trial(study._study_id, template)


def fail(study: Study, trial_id: int) -> None:
    """Make an attempt failed, unless it is finished or failed already."""
    try:
        storage_of(study).set_trial_state_values(trial_id, TrialState.FAIL)
    except UpdateFinishedTrialError:
        return
