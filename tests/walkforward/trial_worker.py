"""A worker for tests: `python trial_worker.py STORAGE NAME COUNT FOLDER [sampler=..] [hold=PLACE] [patience=S]`.

Each evaluation leaves a file FOLDER/<pid>-<number>. With hold=N the worker says in FOLDER/holding when it evaluates
trial number N, and stays in that trial until it is killed or FOLDER/release exists.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import optuna

from optimize.walkforward.storage import open_storage
from optimize.walkforward.study import finished, hopeless, open_study, run_trials


def parameters(trial: optuna.Trial) -> dict[str, Any]:
    """A mixed space."""
    found: dict[str, Any] = {f"whole{n}": trial.suggest_int(f"whole{n}", 1, 50) for n in range(2)}
    found |= {f"real{n}": trial.suggest_float(f"real{n}", 0.0, 4.0, step=0.25) for n in range(2)}
    found["free"] = trial.suggest_float("free", -1.0, 1.0)
    found["word"] = trial.suggest_categorical("word", ["a", "b", "c"])
    return found


def score(found: dict[str, Any]) -> float:
    """Largest at whole 20, real 2, free 0, word a."""
    value = -sum(abs(found[f"whole{n}"] - 20) / 50 + abs(found[f"real{n}"] - 2) for n in range(2))
    return value - found["free"] ** 2 - 0.3 * "abc".index(found["word"])


def judge(trial: optuna.Trial, found: dict[str, Any]) -> float:
    """The score, told block by block."""
    for step in range(3):
        if hopeless(trial, step, score(found)):
            raise optuna.TrialPruned
    return score(found)


def evaluate(trial: optuna.Trial) -> float:
    """A cheap trial."""
    return judge(trial, parameters(trial))


def rows(study: optuna.Study) -> list[tuple[int, str, Any, dict[str, Any]]]:
    """What a study found, to compare."""
    return [(trial.number, trial.state.name, trial.values, trial.params) for trial in finished(study)]


def main(storage: str, name: str, count: str, folder: str, *rest: str) -> None:
    options = dict(word.split("=") for word in rest)
    place = Path(folder)
    study = open_study(open_storage(storage), name, sampler=options.get("sampler", "tpe"), seed=7, attributes={})

    def evaluate_here(trial: optuna.Trial) -> float:
        found = parameters(trial)
        (place / f"{os.getpid()}-{trial.number}").touch()
        if options.get("hold") == str(trial.number):
            (place / "holding").write_text(json.dumps([os.getpid(), trial.number, found]))
            while not (place / "release").exists():
                time.sleep(0.01)
        return judge(trial, found)

    run_trials(study, int(count), evaluate_here, patience=float(options.get("patience", 60)))
    print(json.dumps(rows(study)))


if __name__ == "__main__":
    main(*sys.argv[1:])
