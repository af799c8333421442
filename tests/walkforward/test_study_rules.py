"""The moments at which a worker may be killed, made by hand; and who counts as dead."""

from __future__ import annotations

import os
import subprocess
import sys

import optuna
import pytest
from walkforward.trial_worker import evaluate, parameters, rows

from optimize.walkforward.liveness import Heart, Watch, machine, started
from optimize.walkforward.places import BEAT, WORKER, attempts_by_place, current, fail, make_attempt, storage_of
from optimize.walkforward.storage import open_storage
from optimize.walkforward.study import finished, open_study, run_trials
from optimize.walkforward.work import Work

COUNT = 25


def study_in(place: str | None) -> optuna.Study:
    return open_study(open_storage(place), "study", sampler="tpe", seed=7, attributes={})


@pytest.fixture
def study(tmp_path) -> optuna.Study:
    return study_in(str(tmp_path / "trials.log"))


@pytest.fixture
def dead(study) -> dict[str, object]:
    """A worker of this machine whose process has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        start = started(process.pid)
        process.wait()
    return {"id": "d", "machine": machine(), "process": process.pid, "started": start,
            "procedure": study.sampler.procedure}  # fmt: skip


@pytest.fixture(scope="module")
def straight() -> list[tuple[object, ...]]:
    """What an uninterrupted study finds."""
    study = study_in(None)
    run_trials(study, COUNT, evaluate)
    return rows(study)


def test_killed_right_after_it_made_its_attempt(study, dead, straight):
    run_trials(study, 21, evaluate)
    make_attempt(study, dead, None, None)
    run_trials(study, COUNT, evaluate)
    assert rows(study) == straight


def test_killed_with_some_parameters(study, dead, straight):
    run_trials(study, 21, evaluate)
    study.sampler.place = 21
    trial = optuna.Trial(study, make_attempt(study, dead, None, None))
    trial.suggest_categorical("word", ["a", "b", "c"])
    run_trials(study, COUNT, evaluate)
    assert rows(study) == straight


def test_killed_between_failing_a_dead_attempt_and_repeating_it(study, dead, straight):
    run_trials(study, 21, evaluate)
    study.sampler.place = 21
    made = make_attempt(study, dead, None, None)
    given = parameters(optuna.Trial(study, made))
    fail(study, made)
    run_trials(study, COUNT, evaluate)
    assert rows(study) == straight
    assert finished(study)[21].params == given


def test_killed_after_a_second_attempt_was_made_at_a_finished_place(study, dead, straight):
    run_trials(study, 21, evaluate)
    make_attempt(study, dead, 3, None)
    run_trials(study, COUNT, evaluate)
    assert rows(study) == straight


def test_two_that_repeat_the_same_dead_trial_notice_it(study, dead):
    fail(study, make_attempt(study, dead, None, None))
    evaluated = []
    one, two = (Work(study, 1, evaluated.append, None, 60.0) for _ in range(2))
    claims = [work._attempt(0, 0) for work in (one, two)]
    assert claims[0] is not None
    assert claims[1] is None
    states = [trial.state.name for trial in attempts_by_place(study)[0]]
    assert states == ["FAIL", "RUNNING", "FAIL"]


def test_too_many_that_start_at_once_give_up_and_their_place_serves_later(study, dead):
    work = Work(study, 1, evaluate, None, 60.0)
    make_attempt(study, dead, None, None)  # another process was faster by a moment
    assert work._attempt(None, None) is None
    run_trials(study, 1, evaluate)
    assert len(finished(study)) == 1
    run_trials(study, 4, evaluate)
    assert [row[0] for row in rows(study)] == [0, 1, 2, 3]


def test_a_trial_taken_away_cannot_be_written_to(study):
    """What keeps a worker that wakes up from harm: neither values nor parameters nor the end of its trial count."""

    def lose(trial):
        if trial.number == 2:
            trial.suggest_int("whole0", 1, 50)
            fail(study, trial._trial_id)
        return evaluate(trial)

    run_trials(study, 5, lose)
    first, again = attempts_by_place(study)[2]
    assert first.state.name == "FAIL"
    assert set(first.params) == {"whole0"}
    assert again.params["whole0"] == first.params["whole0"]
    assert len(finished(study)) == 5


def test_silence_is_measured_with_ones_own_clock(study):
    """No date is compared, so a clock that jumps in either process changes nothing."""
    elsewhere = {"id": "x", "machine": "another", "process": os.getpid(), "started": "1"}
    made = make_attempt(study, elsewhere, None, None)
    clock = [1000.0]
    watch = Watch(60.0, now=lambda: clock[0])

    def dead() -> bool:
        return watch.dead(current(attempts_by_place(study)[0]))

    assert not dead()
    clock[0] += 59
    assert not dead()
    storage_of(study).set_trial_system_attr(made, BEAT, 1)
    clock[0] += 59
    assert not dead()
    clock[0] += 60
    assert not dead()
    clock[0] += 1
    assert dead()


def test_an_ended_process_is_dead_at_once(study, dead):
    made = make_attempt(study, dead, None, None)
    trial = storage_of(study).get_trial(made)
    assert Watch(1e9).dead(trial)
    trial.system_attrs[WORKER] = {**dead, "process": os.getpid()}  # its number was given to another process
    assert Watch(1e9).dead(trial)


def test_a_worker_at_work_is_alive_and_beats(study):
    with Heart(storage_of(study), 0.01) as heart:
        made = make_attempt(study, heart.worker, None, None)
        heart.trial = made
        while BEAT not in storage_of(study).get_trial_system_attrs(made):
            pass
        assert not Watch(0.0).dead(storage_of(study).get_trial(made))
    assert Watch(1e9).dead(storage_of(study).get_trial(made)), "it has left without finishing"
