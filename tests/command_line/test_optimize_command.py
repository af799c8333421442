"""`navale optimize`: what is told and kept, exit codes, wrong words, and going on after Ctrl-C."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import Result

from optimize.walkforward.choosing import TrainWindow

Navale = Callable[..., Result]
DATA = "synthetic:martingale?bars=1000&seed=3"
SMALL = ("--trials", 5, "--min-trades", 3, "--folds", 2)
WORDS = ("optimize", "tiny.py:Tiny", "--data", DATA, *SMALL, "--space", "least=0:0.002", "-p", "back=1")
EASY = 'version = 1\n[[gate]]\nname = "any"\nvalue = "folds"\nat_least = 1\nwhy = "to see it pass"\n'


def strict_json(text: str) -> dict[str, Any]:
    """One document without NaN and infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    found: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return found


@pytest.fixture
def told(navale: Navale, tiny: str) -> dict[str, Any]:
    done = navale(*WORDS, "--json")
    assert done.exit_code == 0, done.stderr
    return strict_json(done.stdout)


def test_everything_is_told_and_kept(told: dict[str, Any], folder: Path, navale: Navale) -> None:
    assert [fold["fold"] for fold in told["folds"]] == [0, 1]
    assert all(sum(fold["trials"].values()) == 5 for fold in told["folds"])
    assert told["gates"]["default"] is True and told["gates"]["passed"] is False  # nothing is to be found on noise
    kept = folder / told["folder"]
    assert {path.name for path in kept.iterdir()} >= {"manifest.json", "trials.parquet", "equity.parquet",
                                                      "gates.json", "judgement.json", "report.html"}  # fmt: skip
    trials = pd.read_parquet(kept / "trials.parquet")
    assert trials["fold"].value_counts().to_dict() == {-1: 5, 0: 5, 1: 5}
    returns = pd.read_parquet(kept / "equity.parquet")["returns"]
    assert np.prod(1.0 + returns) - 1.0 == pytest.approx(told["stitched"]["total_return"])
    assert told["stage"] == "research" and told["candidate_id"] in navale("configs").stdout
    page = (kept / "report.html").read_text()
    assert "Do not trade this" in page and "may be promoted" not in page


def test_in_words_and_strict(navale: Navale, tiny: str) -> None:
    done = navale(*WORDS, "--strict")
    assert done.exit_code == 1
    for words in ("Sharpe of each fold", "out of sample, stitched", "FAIL", "do not trade this", "report.html",
                  "filed at stage research"):  # fmt: skip
        assert words in done.stdout


def test_other_gates_are_named(navale: Navale, tiny: str, folder: Path) -> None:
    (folder / "easy.toml").write_text(EASY)
    done = navale(*WORDS, "--gates", "easy.toml", "--strict")
    assert done.exit_code == 0
    assert "not the default gates but those of easy.toml" in done.stdout
    page = next((folder / "walks").glob("*/report.html")).read_text()
    assert "These are not the default gates but the 1 of easy.toml" in page
    (kept,) = (folder / "walks").glob("*/gates.json")
    assert strict_json(kept.read_text())["default"] is False


def test_without_a_candidate_nothing_is_filed(navale: Navale, tiny: str, folder: Path) -> None:
    (folder / "easy.toml").write_text(EASY)
    idle = ("--min-trades", 5000)
    done = navale(*WORDS, *idle, "--gates", "easy.toml", "--strict")
    assert done.exit_code == 1
    assert "candidate: none" in done.stdout
    assert not (folder / "registry.db").exists()
    found = strict_json(navale(*WORDS, *idle, "--json").stdout)
    assert found["candidate_id"] is None and found["candidate"]["parameters"] is None
    assert found["stitched"]["total_return"] == 0.0 and found["stitched"]["sharpe"] is None
    assert found["gates"]["passed"] is False
    page = (folder / found["report"]).read_text()
    assert "there is no candidate either" in page


@pytest.mark.parametrize(("words", "message"), [
    (("--space", "bakc=1:3"), "did you mean 'back'"),
    (("--space", "back=1:99"), "outside 1 … 5"),
    (("--space", "back=1:x"), "must be a whole number"),
    (("-p", "least=0.1"), "searched and fixed"),
    (("--space", "back="), "values of back must be one or more"),
    (("--space", "least"), "given twice"),
    (("--seed", "-1"), "seed=-1"),
    (("--trials", "1"), "trials=1"),
    (("--embargo", "0.5"), "embargo=0.5"),
    (("--sampler", "gp"), "use one of tpe"),
    (("--objective", "profit"), "objective 'profit' is unknown"),
    (("--processes", "0"), "--processes 0"),
    (("--data", DATA), "takes one --data"),
    (("--end", "2020-01-30"), "bars are too few"),
    (("--storage", "tiny.py"), "is not a file of trials"),
    (("--storage", "absent/trials.log"), "not a file in an existing folder"),
    (("--gates", "none.toml"), "cannot be read"),
    (("--gates", "tiny.py"), "is no TOML"),
    (("--registry", "tiny.py"), "is no registry"),
])  # fmt: skip
def test_wrong_words_are_told(navale: Navale, tiny: str, words: tuple[str, ...], message: str) -> None:
    searched = WORDS[:-2] if words[0] == "--space" else WORDS
    done = navale(*searched, *words)
    assert done.exit_code == 2, done.stdout
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert done.stdout == "" and not list(Path("walks").glob("*/manifest.json"))  # told before the search


def test_after_ctrl_c_the_same_command_goes_on(
    navale: Navale, tiny: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate, evaluated = TrainWindow.evaluate, [0]

    def counted(window: TrainWindow, trial: Any) -> Any:
        evaluated[0] += 1
        if evaluated[0] == 8:
            raise KeyboardInterrupt
        return evaluate(window, trial)

    monkeypatch.setattr(TrainWindow, "evaluate", counted)
    stopped = navale(*WORDS)
    assert stopped.exit_code == 130 and "interrupted" in stopped.stderr
    assert not list((folder / "walks").glob("*/manifest.json")) and not (folder / "registry.db").exists()
    went_on = strict_json(navale(*WORDS, "--json").stdout)
    assert evaluated[0] == 3 * 5 + 1  # the interrupted trial again, and none that was finished
    anew = strict_json(navale(*WORDS, "--storage", "other.log", "--json").stdout)
    again = strict_json(navale(*WORDS, "--json").stdout)
    assert evaluated[0] == 2 * 3 * 5 + 1
    for name in ("folds", "candidate", "stitched", "gates"):
        assert went_on[name] == anew[name] == again[name]
    assert len({one["folder"] for one in (went_on, anew, again)}) == 3
