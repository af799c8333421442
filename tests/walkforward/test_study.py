"""One process on a study: the same parameters always, nothing lost, nothing mixed."""

from __future__ import annotations

import itertools

import optuna
import pytest
from walkforward.trial_worker import evaluate, parameters, rows, score

from feeds.errors import ConfigError, DataError
from optimize.walkforward.places import FINISHED
from optimize.walkforward.storage import open_storage
from optimize.walkforward.study import finished, hopeless, open_study, run_trials

TRIALS = 45


def study_in(place: str | None, sampler: str = "tpe", **changes: object) -> optuna.Study:
    settings = {"sampler": sampler, "seed": 7, "attributes": {"class": "AtrTrend", "fees": 1.5}} | changes
    return open_study(open_storage(place), "fold-1", **settings)


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "nsga2", "random"])
def test_same_seed_same_parameters(sampler):
    one, two, other = study_in(None, sampler), study_in(None, sampler), study_in(None, sampler, seed=8)
    for study in (one, two, other):
        run_trials(study, TRIALS, evaluate)
    assert rows(one) == rows(two) != rows(other)
    assert [row[0] for row in rows(one)] == list(range(TRIALS))
    assert len({str(row[3]) for row in rows(one)}) > TRIALS / 2


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "nsga2", "random"])
@pytest.mark.parametrize("ending", ["log", "db"])
def test_every_storage_and_every_interruption_gives_the_same(tmp_path, sampler, ending):
    straight = study_in(None, sampler)
    run_trials(straight, TRIALS, evaluate)
    calls = itertools.count()

    def interrupted(trial):
        call = next(calls)
        if call in (0, 9, 22, 31):
            trial.suggest_float("free", -1.0, 1.0)  # asked for some of its parameters, in another order
            raise KeyboardInterrupt
        value = evaluate(trial)
        if call in (4, 24, 41):
            raise KeyboardInterrupt
        return value

    breaks = 0
    while True:
        study = study_in(str(tmp_path / f"trials.{ending}"), sampler)
        try:
            run_trials(study, TRIALS, interrupted)
            break
        except KeyboardInterrupt:
            breaks += 1
    assert breaks == 7
    assert rows(study) == rows(straight)


def test_tpe_learns():
    learned, blind = study_in(None, "tpe"), study_in(None, "random")
    for study in (learned, blind):
        run_trials(study, 100, evaluate)
    assert max(t.value for t in finished(learned)) > max(t.value for t in finished(blind))


def test_more_trials_continue_the_same_study(tmp_path):
    straight = study_in(None)
    run_trials(straight, 40, evaluate)
    for count in (15, 15, 40):
        study = study_in(str(tmp_path / "trials.log"))
        run_trials(study, count, evaluate)
        assert len(finished(study)) == count
    assert rows(study) == rows(straight)
    run_trials(study, 10, lambda trial: pytest.fail("there is nothing left to do"))


def test_several_objectives():
    study = study_in(None, "nsga2", directions=("maximize", "minimize"))

    def evaluate(trial):
        found = parameters(trial)
        assert not hopeless(trial, 0, 1.0)
        return score(found), found["whole0"]

    run_trials(study, 45, evaluate)
    assert all(len(trial.values) == 2 for trial in finished(study))
    assert study.best_trials


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"attributes": {"class": "Other", "fees": 1.5}}, 'class was "AtrTrend", now "Other"'),
        ({"attributes": {"class": "AtrTrend"}}, "fees was 1.5, now absent"),
        ({"seed": 8}, "seed was 7, now 8"),
        ({"sampler": "random"}, 'sampler was "tpe", now "random"'),
        ({"directions": ("minimize",)}, "directions was"),
    ],
)
def test_a_study_never_mixes_two_procedures(tmp_path, changes, named):
    place = str(tmp_path / "trials.log")
    run_trials(study_in(place), 3, evaluate)
    with pytest.raises(ConfigError, match="other settings") as error:
        study_in(place, **changes)
    assert named in str(error.value)


def test_two_procedures_that_start_at_the_same_moment_do_not_mix(tmp_path):
    place = str(tmp_path / "trials.log")
    one = study_in(place)
    other = study_in(place)
    other.sampler.procedure = "another"  # as if both had found the study without settings
    run_trials(one, 2, evaluate)
    with pytest.raises(ConfigError, match="other settings"):
        run_trials(other, 4, evaluate)
    assert len(finished(one)) == 2


@pytest.mark.parametrize("error", [DataError("no bars"), ZeroDivisionError("by hand")])
def test_an_error_names_the_trial_and_is_not_hidden(error):
    study = study_in(None)

    def broken(trial):
        found = parameters(trial)
        if trial.number == 3:
            raise error
        return score(found)

    with pytest.raises(type(error)) as raised:
        run_trials(study, 10, broken)
    text = str(raised.value) + "".join(getattr(raised.value, "__notes__", []))
    assert "trial 3 (whole0=" in text
    assert str(error) in text
    assert len(finished(study)) == 3


@pytest.mark.parametrize("value", [float("nan"), None, (1.0, 2.0)])
def test_a_value_that_is_none_is_an_error(value):
    with pytest.raises(ValueError, match=r".") as raised:
        run_trials(study_in(None), 2, lambda trial: value)
    assert "in trial 0" in "".join(raised.value.__notes__)


def test_hopeless_trials_stop_only_when_enough_is_known():
    study = study_in(None, "random")
    run_trials(study, 200, evaluate)
    states = [trial.state.name for trial in finished(study)]
    assert states[:20] == ["COMPLETE"] * 20
    assert 20 < states.count("PRUNED") < 100
    pruned = [t for t in finished(study) if t.state.name == "PRUNED"]
    assert all(max(t.intermediate_values) == 1 for t in pruned), "never after the first block"
    best = max(score(t.params) for t in finished(study))
    assert max(t.value for t in finished(study) if t.state.name == "COMPLETE") == best


def test_progress_tells_each_finished_trial():
    told = []
    run_trials(study_in(None), 5, evaluate, progress=lambda done, total: told.append((done, total)))
    assert told == [(number, 5) for number in range(6)]


def test_trials_put_in_by_others_are_not_counted(tmp_path):
    study = study_in(str(tmp_path / "trials.log"))
    study.enqueue_trial({"whole0": 1})
    run_trials(study, 4, evaluate)
    assert len(finished(study)) == 4
    assert sum(trial.state in FINISHED for trial in study.trials) == 4


def test_unknown_names():
    with pytest.raises(ConfigError, match="did you mean 'tpe'"):
        study_in(None, "tpee")
    with pytest.raises(ConfigError, match="one objective"):
        study_in(None, "cmaes", directions=("maximize", "maximize"))
    with pytest.raises(ConfigError, match="open_study"):
        run_trials(optuna.create_study(), 1, evaluate)
