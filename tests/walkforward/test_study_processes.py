"""Several processes on one study, some of them killed or paused: the asked trials, none lost, none counted twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from walkforward import trial_worker

from optimize.walkforward.places import FINISHED, attempts_by_place
from optimize.walkforward.storage import open_storage
from optimize.walkforward.study import finished, open_study, run_trials

ROOT = Path(__file__).resolve().parents[2]
COUNT = 10
PROCESSES = 3


def worker(storage: str, folder: Path, *rest: str, count: int = COUNT) -> subprocess.Popen[str]:
    command = [sys.executable, trial_worker.__file__, storage, "study", str(count), str(folder), *rest]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def wait_for(fact: Callable[[], Any], *processes: subprocess.Popen[str]) -> Any:
    """The fact once it is true; fails when a process that should bring it about has ended. pytest ends endless ones."""
    while True:
        ended = [process.poll() for process in processes]
        if found := fact():
            return found
        assert not any(ended), f"ended with {ended}"
        time.sleep(0.02)


def held(folder: Path) -> list[Any] | None:
    """Process, trial number and parameters of the evaluation that stays."""
    try:
        return json.loads((folder / "holding").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def study_of(storage: str, sampler: str = "tpe") -> Any:
    return open_study(open_storage(storage), "study", sampler=sampler, seed=7, attributes={})


def check(storage: str, outputs: list[str], sampler: str = "tpe") -> Any:
    """Every process tells the same COUNT trials, and the storage holds them: one finished attempt a place."""
    study = study_of(storage, sampler)
    expected = json.loads(json.dumps(trial_worker.rows(study)))
    assert [row[0] for row in expected] == list(range(COUNT))
    assert all(json.loads(output) == expected for output in outputs)
    for attempts in attempts_by_place(study)[:COUNT]:
        assert sum(trial.state in FINISHED for trial in attempts) == 1
    assert sum(trial.state in FINISHED for trial in study.trials) == COUNT
    return study


@pytest.fixture(params=["journal", "sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty storage of each kind; the server gets a database of its own for each test."""
    if request.param != "postgresql":
        return f"{request.param}:{'///' if request.param == 'sqlite' else ''}{tmp_path / 'trials'}"
    import psycopg

    address = request.getfixturevalue("postgresql")
    name = "".join(letter for letter in request.node.name if letter.isalpha()).lower()[:50]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return address.rpartition("/")[0] + "/" + name


def evaluations(folder: Path) -> int:
    return sum(name.split("-")[0].isdigit() for name in os.listdir(folder))


def test_three_processes_one_killed(storage, tmp_path):
    killed = worker(storage, tmp_path, "hold=4")
    process, number, parameters = wait_for(lambda: held(tmp_path), killed)
    others = [worker(storage, tmp_path) for _ in range(PROCESSES - 1)]
    study = study_of(storage)
    wait_for(lambda: len(finished(study)) == COUNT - 1, killed, *others)
    assert evaluations(tmp_path) == COUNT, "a living process keeps its trial; the others wait for it"
    os.kill(process, signal.SIGKILL)
    outputs = [other.communicate()[0] for other in others]
    assert killed.wait() == -signal.SIGKILL
    study = check(storage, outputs)
    assert study.trials[number].state.name == "FAIL"
    again = [trial.params for trial in attempts_by_place(study)[number] if trial.state in FINISHED]
    assert again == [parameters], "the same parameters are evaluated again"
    assert evaluations(tmp_path) == COUNT + 1, "nothing else was evaluated twice"


@pytest.mark.slow
def test_kills_at_any_moment(storage, tmp_path):
    workers = [worker(storage, tmp_path) for _ in range(PROCESSES)]
    for threshold in (2, 4, 6, 8):
        wait_for(lambda wanted=threshold: evaluations(tmp_path) >= wanted)
        workers[0].kill()
        workers[0].communicate()
        workers = [*workers[1:], worker(storage, tmp_path)]
    outputs = [process.communicate()[0] for process in workers]
    assert [process.returncode for process in workers] == [0] * PROCESSES
    check(storage, outputs)


def test_a_paused_process_loses_its_trial_and_does_no_harm_when_it_wakes(storage, tmp_path):
    # So patient that it never says that it is alive: it cannot be stopped in the middle of that, with the file locked.
    paused = worker(storage, tmp_path, "hold=4", "patience=3600")
    process, number, parameters = wait_for(lambda: held(tmp_path), paused)
    os.kill(process, signal.SIGSTOP)
    other = worker(storage, tmp_path, "patience=1")
    outputs = [other.communicate()[0]]
    before = check(storage, outputs)
    (tmp_path / "release").touch()
    os.kill(process, signal.SIGCONT)
    outputs.append(paused.communicate()[0])
    assert paused.returncode == 0
    after = check(storage, outputs)
    assert trial_worker.rows(after) == trial_worker.rows(before)
    assert after.trials[number].state.name == "FAIL"
    assert finished(after)[number].params == parameters


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "nsga2", "random"])
def test_a_killed_study_goes_on_bit_for_bit(tmp_path, sampler):
    storage, count = f"journal:{tmp_path / 'trials.log'}", 24
    killed = worker(storage, tmp_path, "hold=21", f"sampler={sampler}", count=count)
    process, _, _ = wait_for(lambda: held(tmp_path), killed)
    os.kill(process, signal.SIGKILL)
    killed.communicate()
    output, _ = worker(storage, tmp_path, f"sampler={sampler}", count=count).communicate()
    straight = open_study(open_storage(None), "study", sampler=sampler, seed=7, attributes={})
    run_trials(straight, count, trial_worker.evaluate)
    assert json.loads(output) == json.loads(json.dumps(trial_worker.rows(straight)))
