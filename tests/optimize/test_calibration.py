"""Calibration: rates and their intervals, and finished cases that are kept, found again and never believed blindly."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from feeds.errors import ConfigError, DataError
from navale import main
from optimize.calibration import cases, planted
from optimize.calibration.calibrating import Rate, calibrate, rate
from optimize.calibration.cases import CONSIDERED, Plan
from optimize.calibration.earlier import earlier
from optimize.calibration.planted import BestFixed
from optimize.calibration.series import series
from optimize.evidence.judgement import Judgement
from optimize.gates.gates import load_gates, read_gates
from optimize.walkforward.procedure import walk_forward
from strategies.atr_trend import AtrTrend

SMALL = Plan(years=0.6, trials=4, folds=2)
GATES = read_gates('version = 1\n[[gate]]\nname = "some"\nvalue = "sharpe"\nabove = 0\nwhy = "to count"\n', "here")


@pytest.mark.parametrize(("passed", "seeds", "low", "high"), [
    (5, 10, 0.2366, 0.7634), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0),
    # z² = 3.841459; centre (0.02 + z²/600) / (1 + z²/300) = 0.026069; half 1.959964 / (1 + z²/300)
    # · √(0.02 · 0.98 / 300 + z²/360000) = 0.016871
    (6, 300, 0.009198, 0.042940),
])  # fmt: skip
def test_wilsons_interval(passed: int, seeds: int, low: float, high: float) -> None:
    found = Rate(seeds, passed, {}, {})
    assert found.interval == pytest.approx((low, high), abs=5e-5)
    assert found.pass_rate == passed / seeds


def test_a_missing_figure_is_no_pass() -> None:
    told = [{"values": {"sharpe": value}, "missing": {}} for value in (1.0, 0.5, -1.0, None)]
    found = rate(told, GATES)
    assert (found.seeds, found.passed, found.gates) == (4, 2, {"some": 0.5})
    both = read_gates(
        'version = 1\n[[gate]]\nname = "some"\nvalue = "sharpe"\nabove = 0\nwhy = "a"\n'
        '[[gate]]\nname = "more"\nvalue = "sharpe"\nat_least = 0.8\nwhy = "b"\n',
        "here",
    )
    found = rate(told, both)
    assert (found.passed, found.gates) == (1, {"some": 0.5, "more": 0.25})
    assert found.refused == {"some": 0, "more": 1}  # 0.5 passes the first only; -1 and nothing pass neither


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Cases that were computed, in order; a case's Sharpe ratio is its seed less one, NaN for seed 3."""
    done: list[tuple[str, int]] = []

    def figures(kind: str, seed: int, plan: Plan, names: Any) -> dict[str, Any]:
        done.append((kind, seed))
        sharpe = math.nan if seed == 3 else seed - 1.0
        return {"kind": kind, "seed": seed, "values": {**dict.fromkeys(names, 1.0), "sharpe": sharpe}, "missing": {}}

    monkeypatch.setattr(cases, "figures", figures)
    return done


def test_finished_cases_are_not_computed_again(computed: list[tuple[str, int]], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    first = calibrate(
        range(4), GATES, SMALL, tmp_path, workers=1, progress=lambda done, all_: told.append((done, all_))
    )
    assert computed == [(kind, seed) for kind in ("noise", "planted") for seed in range(4)]
    assert told[0] == (0, 8) and told[-1] == (8, 8)
    assert (first["noise"].passed, first["noise"].seeds) == (1, 4)  # 1; 0, -1 and nothing do not pass
    assert calibrate(range(4), GATES, SMALL, tmp_path, workers=1) == first
    assert len(computed) == 8
    lower = read_gates('version = 1\n[[gate]]\nname = "some"\nvalue = "sharpe"\nat_least = 0\nwhy = "a"\n', "here")
    assert calibrate(range(4), lower, SMALL, tmp_path, workers=1)["noise"].passed == 2  # other thresholds cost nothing
    assert len(computed) == 8
    more = read_gates('version = 1\n[[gate]]\nname = "one"\nvalue = "folds"\nat_least = 1\nwhy = "a"\n', "here")
    assert "folds" not in CONSIDERED
    calibrate(range(4), more, SMALL, tmp_path, workers=1)  # a figure that was not kept
    assert len(computed) == 16
    calibrate(range(4), GATES, Plan(years=0.7, trials=4, folds=2), tmp_path, workers=1)  # another plan
    assert len(computed) == 24


def test_an_interrupted_calibration_goes_on(
    computed: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cases.figures

    def stopped(kind: str, seed: int, *rest: Any) -> dict[str, Any]:
        if (kind, seed) == ("planted", 0):
            raise KeyboardInterrupt
        return whole(kind, seed, *rest)

    monkeypatch.setattr(cases, "figures", stopped)
    with pytest.raises(KeyboardInterrupt):
        calibrate(range(2), GATES, SMALL, tmp_path, workers=1)
    monkeypatch.setattr(cases, "figures", whole)
    found = calibrate(range(2), GATES, SMALL, tmp_path, workers=1)
    assert computed == [("noise", 0), ("noise", 1), ("planted", 0), ("planted", 1)]
    assert found["planted"].seeds == 2


@pytest.mark.parametrize(("text", "message"), [
    ('{"kind": "noise",', "not readable as strict JSON"),
    ('{"kind": "noise", "seed": 0}', "is damaged"),
    ('{"kind": "noise", "seed": 1, "values": {}, "missing": {}}', "holds another case"),
    ('{"kind": "planted", "seed": 0, "values": {}, "missing": {}}', "holds another case"),
    ('{"kind": "noise", "seed": 0, "values": {"sharpe": NaN}, "missing": {}}', "NaN is not strict"),
    ("[]", "holds another case"),
])  # fmt: skip
def test_a_damaged_case_is_refused(computed: list[tuple[str, int]], tmp_path: Path, text: str, message: str) -> None:
    calibrate(range(1), GATES, SMALL, tmp_path, workers=1)
    path = next(tmp_path.glob("*/noise-0.json"))
    path.write_text(text)
    with pytest.raises(DataError, match=message) as error:
        calibrate(range(1), GATES, SMALL, tmp_path, workers=1)
    assert str(path) in str(error.value) and "remove" in str(error.value)


def test_a_case_is_a_walk_forward_on_its_series() -> None:
    names = ["sharpe", "trades", "total_return"]
    found = cases.figures("planted", 1, Plan(years=6.0, trials=10, folds=2), names)
    account = AtrTrend.profile("reference").account
    walk = walk_forward(AtrTrend, series("planted", 1, 6.0), account=account, trials=10, folds=2, seed=1)
    assert found["values"] == Judgement(walk).values(names)[0]
    assert found["values"]["trades"] > 0 and len(walk.bars) == 6 * 2190


@pytest.fixture
def command(computed: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    edge = BestFixed(1.5, 1.6, 12.0, 600.0, {"fast": 20})
    monkeypatch.setattr(planted, "best_fixed", lambda progress=None: edge)
    words = ["calibrate", "--folder", str(tmp_path), "--workers", "1"]
    return lambda *more: CliRunner().invoke(main, [*words, *more])


def test_the_command_tells_all(command: Callable[..., Any], computed: list[tuple[str, int]]) -> None:
    done = command("--seeds", "0:3", "--years", "6", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert (
        set(told["noise"]) == {"seeds", "passed", "pass_rate", "interval", "gates", "refused"} == set(told["planted"])
    )
    assert told["noise"]["seeds"] == told["planted_5_years"]["seeds"] == 4
    assert told["gates"] == load_gates().hash and told["seed_range"] == [0, 3]
    assert told["procedure"] == Plan(6.0).digest()
    assert told["planted_edge"]["sharpe"] == 1.5 and isinstance(told["earlier"], list)
    assert len(computed) == 12
    words = command("--seeds", "0:3", "--years", "6").stdout
    assert "95 % interval (Wilson)" in words and "planted, 5 years" in words and "Sharpe 1.500" in words
    assert len(computed) == 12


def test_every_outcome_is_noted_once_and_listed(command: Callable[..., Any], tmp_path: Path) -> None:
    """Also one by other gates, which says that its seeds were looked at before."""
    words = ("--seeds", "400:403", "--years", "6")
    first = json.loads(command(*words, "--json").stdout)
    assert first["earlier"] == earlier() and first["seen"] == ""
    again = json.loads(command(*words, "--json").stdout)
    (noted,) = again["earlier"][len(first["earlier"]) :]
    assert noted["seed_range"] == [400, 403] and noted["gates"] == load_gates().hash and noted["years"] == 6.0
    assert noted["noise"] == {"seeds": 4, "passed": first["noise"]["passed"]} and again["seen"] == ""
    assert len((tmp_path / "outcomes.jsonl").read_text().splitlines()) == 1  # the same is not noted twice
    other = tmp_path / "other.toml"
    other.write_text('version = 1\n[[gate]]\nname = "some"\nvalue = "sharpe"\nabove = 0\nwhy = "to count"\n')
    told = command("--seeds", "402:405", "--years", "6", "--gates", str(other)).stdout
    assert "note: seeds 402 to 405 were judged before by other gates" in told
    assert len((tmp_path / "outcomes.jsonl").read_text().splitlines()) == 2
    (tmp_path / "outcomes.jsonl").write_text("{}\nnothing\n")
    broken = command(*words)
    assert broken.exit_code == 2 and "outcomes.jsonl, line 2" in broken.stderr


@pytest.mark.parametrize(("words", "message"), [
    (("--seeds", "3:1"), "write FIRST:LAST"),
    (("--seeds", "x"), "write FIRST:LAST"),
    (("--years", "nan"), "must be above 0"),
    (("--years", "-1"), "must be above 0"),
    (("--workers", "0"), "give 1 or more"),
    (("--gates", "none.toml"), "cannot be read"),
])  # fmt: skip
def test_wrong_words(command: Callable[..., Any], computed: list[Any], words: tuple[str, ...], message: str) -> None:
    done = command(*words)
    assert done.exit_code == 2 and message in done.stderr
    assert not computed


def test_years_must_be_a_length() -> None:
    with pytest.raises(ConfigError, match="years=inf"):
        Plan(years=math.inf)
