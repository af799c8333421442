"""One process at work on a study. The rules are in optimize.walkforward.places."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from feeds.errors import ConfigError, NavaleError
from optimize.walkforward.liveness import Heart, Watch
from optimize.walkforward.places import (
    FINISHED,
    WORKER,
    attempts_by_place,
    current,
    fail,
    make_attempt,
    storage_of,
)
from optimize.walkforward.sampler import PlacedSampler

if TYPE_CHECKING:
    from optimize.walkforward.study import Evaluate

# Beats within the time after which silence means death, and the longest pause between two looks at others' trials.
BEATS = 6
LOOK = 0.5


class Work:
    """Take places, evaluate them, and wait for those of others. Arguments as of `run_trials`."""

    def __init__(
        self,
        study: optuna.Study,
        count: int,
        evaluate: Evaluate,
        progress: Callable[[int, int], None] | None,
        patience: float,
    ) -> None:
        if not isinstance(study.sampler, PlacedSampler):
            raise ConfigError("run_trials needs a study of open_study")
        self._study = study
        self._sampler = study.sampler
        self._count = count
        self._evaluate = evaluate
        self._progress = progress
        self._watch = Watch(patience)
        self._heart = Heart(storage_of(study), patience / BEATS)
        self._heart.worker["procedure"] = self._sampler.procedure
        self._told = -1

    def run(self) -> None:
        """Until every place is finished."""
        pause = 0.02
        with ExitStack() as open_things:
            open_things.enter_context(self._heart)
            while True:
                places = self._places()
                if self._done(places) == self._count:
                    return
                claimed = self._claim(places)
                if claimed is not None:
                    self._work(*claimed)
                    pause = 0.02
                else:
                    time.sleep(pause)
                    pause = min(2 * pause, LOOK)

    def _places(self) -> list[list[FrozenTrial]]:
        places = attempts_by_place(self._study)[: self._count]
        for attempts in places:
            for trial in attempts:
                if trial.system_attrs[WORKER]["procedure"] != self._sampler.procedure:
                    raise ConfigError(f"study {self._study.study_name!r}: trial {trial.number} was made by a worker "
                                      "with other settings; give another study name")  # fmt: skip
        return places

    def _done(self, places: list[list[FrozenTrial]]) -> int:
        counting = (current(attempts) for attempts in places)
        done = sum(trial is not None and trial.state in FINISHED for trial in counting)
        if self._progress is not None and done != self._told:
            self._told = done
            self._progress(done, self._count)
        return done

    def _claim(self, places: list[list[FrozenTrial]]) -> tuple[int, int] | None:
        """A place for this worker and the id of its attempt there: first what was given up, then the next free one."""
        for place, attempts in enumerate(places):
            trial = current(attempts)
            if trial is not None and trial.state is TrialState.RUNNING and self._watch.dead(trial):
                fail(self._study, trial._trial_id)
                return self._attempt(place, attempts[-1].number)
            if trial is None:
                return self._attempt(place, attempts[-1].number)
        return self._attempt(None, None) if len(places) < self._count else None

    def _attempt(self, place: int | None, last: int | None) -> tuple[int, int] | None:
        """Make an attempt and look whether it is the one that may be evaluated; if not, fail it."""
        trials = storage_of(self._study).get_all_trials(self._study._study_id, deepcopy=False)
        made = make_attempt(self._study, self._heart.worker, place, None if last is None else trials[last])
        for number, attempts in enumerate(attempts_by_place(self._study)):
            earlier = [trial for trial in attempts if trial._trial_id < made]
            if any(trial._trial_id == made for trial in attempts):
                if number < self._count and current(earlier) is None:
                    return number, made
                break
        fail(self._study, made)
        return None

    def _work(self, place: int, trial_id: int) -> None:
        self._sampler.place = place
        self._heart.trial = trial_id
        trial = optuna.Trial(self._study, trial_id)
        try:
            state, values = TrialState.COMPLETE, None
            try:
                values = self._evaluate(trial)
            except optuna.TrialPruned:
                state = TrialState.PRUNED
            # When others failed it meanwhile, because this process slept too long, nothing is told.
            self._study.tell(trial, values, state, skip_if_finished=True)
        except UpdateFinishedTrialError:
            return
        except BaseException as error:
            fail(self._study, trial_id)
            text = ", ".join(f"{name}={value!r}" for name, value in trial.params.items())
            where = f"trial {trial.number} ({text})"
            if isinstance(error, NavaleError):
                raise type(error)(f"{where}: {error}") from error
            error.add_note(f"in {where} of study {self._study.study_name!r}")
            raise
        finally:
            self._heart.trial = None
