"""`navale promote`, `demote`, `configs`, `reoptimize` as words of a command line."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from navale import main
from optimize.registry import promotion
from optimize.registry.loading import load_config
from optimize.registry.store import Registry
from tests.registry.hand_records import CLEAN, NOW, RED, TWO, copy_registry, filed, write_bars

ROOT = Path(__file__).resolve().parents[2]
SIGN = ("--by", "Ada", "--why", "read the report")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("made")
    with Registry(home / "registry.db") as registry:
        ids = {"good": filed(registry).id, "red": filed(registry, gates=RED).id}
        ids["two"] = filed(registry, gates=TWO).id
        ids["synthetic"] = filed(registry, synthetic=True).id
    return home, ids


@pytest.fixture
def folder(made, tmp_path, monkeypatch):
    """A working folder with the registry and the strategy."""
    sys.modules.pop("middle", None)
    home = copy_registry(made[0] / "registry.db", tmp_path / "copy").parent
    monkeypatch.chdir(home)
    monkeypatch.setattr(promotion, "code_state", lambda: CLEAN)
    yield home
    sys.modules.pop("middle", None)


@pytest.fixture
def ids(made):
    return made[1]


def navale(*words: object):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_from_candidate_to_an_exported_file_and_back_down(folder, ids):
    name = ids["good"]
    for stage in ("approved", "paper"):
        ran = navale("promote", name[:6], *SIGN)
        assert ran.exit_code == 0, ran.stderr
        assert f"-> {stage}" in ran.stdout
        assert "parity" in ran.stdout
    ran = navale("configs", "export", name, "--output", "trend.toml", "--json")
    assert json.loads(ran.stdout)["file"] == "trend.toml"
    assert tomllib.loads((folder / "trend.toml").read_text())["record"] == name
    assert load_config("trend.toml", "registry.db", now=NOW).record == name
    ran = navale("configs", "export", name)
    assert (ran.exit_code, ran.stdout) == (0, f"{name}.toml\n")
    ran = navale("demote", name, *SIGN, "--to", "research", "--json")
    assert {"record": name, "from": "paper", "to": "research"}.items() <= json.loads(ran.stdout).items()
    assert navale("configs", "export", name, "--output", "late.toml").exit_code == 2


def test_a_refusal_shows_every_check_with_its_cure_and_exits_with_1(folder, ids):
    ran = navale("promote", ids["red"], *SIGN)
    assert ran.exit_code == 1
    assert ran.stdout == ""
    assert "FAIL  gates: failed: trades; evidence is never edited: run `navale optimize` again" in ran.stderr
    assert ran.stderr.splitlines()[-1] == f"error: {ids['red']} is not promoted to candidate"
    told = json.loads(navale("promote", ids["red"], *SIGN, "--json").stdout)
    assert (told["promoted"], told["to"], told["checks"][0]["passed"]) == (False, "candidate", False)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("promote", "ID", "--by", "Ada"), "Missing option '--why'"),
        (("promote", "ID", "--why", "x"), "Missing option '--by'"),
        (("promote", "ID", "--by", " ", "--why", "x"), "--by is blank"),
        (("demote", "ID", "--by", "Ada", "--why", " "), "--why is blank"),
        (("demote", "ID", *SIGN, "--to", "live"), "'live' is not one of"),
        (("demote", "ID", *SIGN, "--to", "paper"), "'paper' is not below"),
        (("promote", "zz", *SIGN), "names no record"),
        (("promote", "ID", *SIGN, "--registry", "absent.db"), "there is no registry absent.db"),
        (("configs", "show", "zz"), "names no record"),
        (("configs", "shwo"), "No such command 'shwo'"),
        (("configs", "--json", "show", "ID"), "write --json and --registry after 'show'"),
        (("reoptimize", "zz", *SIGN), "names no record"),
    ],
)
def test_wrong_words_are_one_line_and_exit_code_2(folder, ids, words, told):
    ran = navale(*[ids["good"] if word == "ID" else word for word in words])
    assert ran.exit_code == 2
    assert ran.stderr.startswith("error: ")
    assert ran.stderr.count("\n") == 1
    assert told in ran.stderr


def test_configs_lists_what_there_is(folder, ids):
    found = json.loads(navale("configs", "--json").stdout)
    assert [(row["id"], row["stage"], row["gates"], row["synthetic"]) for row in found] == [
        (ids["good"], "candidate", "green", False), (ids["red"], "research", "not green", False),
        (ids["two"], "candidate", "green", False), (ids["synthetic"], "candidate", "green", True),
    ]  # fmt: skip
    shown = navale("configs").stdout
    assert all(name in shown for name in ids.values())
    assert "2024-01-28" in shown
    assert navale("configs", "--registry", "absent.db").stdout == "no registry absent.db\n"
    assert json.loads(navale("configs", "--registry", "absent.db", "--json").stdout) == []


def test_show_tells_all_of_a_record(folder, ids):
    told = json.loads(navale("configs", "show", ids["good"][:7], "--json").stdout)
    assert (told["id"], told["stage"], told["parameters"]) == (ids["good"], "candidate", {"back": 2})
    assert told["history"][0]["kind"] == "filed"
    shown = navale("configs", "show", ids["red"]).stdout
    for word in ("Steps(back=2)", "kernel_hash", "FAIL", "procedure.space.axes.back.low", "filed", "because"):
        assert word in shown


def test_diff_tells_only_what_differs(folder, ids):
    told = json.loads(navale("configs", "diff", ids["good"], ids["red"], "--json").stdout)
    assert told["differences"]["evidence.gates.passed"] == [True, False]
    assert told["differences"]["evidence.gates.gates.trades.value"] == [30.1, 0.1]
    assert not {"strategy", "parameters.back", "kernel_hash"} & set(told["differences"])
    assert "evidence.gates.passed" in navale("configs", "diff", ids["good"], ids["red"]).stdout


def test_a_damaged_registry_is_told(folder, ids):
    from tests.registry.hand_records import tampered

    tampered(folder / "registry.db", "UPDATE events SET by = 'Eve'")
    ran = navale("configs")
    assert ran.exit_code == 2
    assert "hash does not follow" in ran.stderr


@pytest.mark.parametrize("command", ["show", "diff", "export"])
def test_help_of_each_command_shows_an_example(command):
    shown = navale("configs", command, "--help")
    assert shown.exit_code == 0
    assert f"\n  navale configs {command} " in shown.stdout


def test_reoptimize_repeats_the_procedure_and_never_promotes(folder, ids, tmp_path):
    path = write_bars(tmp_path, 1300)
    ran = navale("reoptimize", ids["two"], "--data", path, *SIGN, "--json")
    told = json.loads(ran.stdout)
    # Bought at 103 and sold at 105 every 16 hours, 48 times in 780 hours of test windows: both gates pass.
    assert (ran.exit_code, told["stage"]) == (0, "candidate"), ran.stderr
    assert [gate["name"] for gate in told["gates"]["gates"]] == ["trades", "Sharpe"]
    assert Path(told["report"]).is_file()
    with Registry("registry.db") as registry:
        old, new = registry.record(ids["two"]), registry.record(told["candidate_id"])
        assert registry.stage(old) == "candidate"
        assert [event.kind for event in registry.history(new)] == ["filed"]
        assert new.content["procedure"] == old.content["procedure"]
        assert new.content["reading"]["sources"] == [str(path)]
        assert new.content["data"]["zigzag"]["bars"] == 1300
        assert new.content["why"] == "read the report"


def test_importing_the_commands_is_cheap():
    code = "import optimize.registry.command_line, sys; print(*{'pandas', 'numba', 'sqlite3'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


def test_the_documentation_names_the_commands_that_exist():
    text = (ROOT / "docs" / "registry.md").read_text()
    written = [shlex.split(line, comments=True) for line in text.splitlines() if line.startswith("navale ")]
    assert {words[1] for words in written} >= {"promote", "demote", "configs", "reoptimize"}
    for words in written:
        command, rest = main, words[1:]
        while rest and rest[0] in getattr(command, "commands", {}):
            command, rest = command.commands[rest[0]], rest[1:]
        options = {name for option in command.params for name in option.opts}
        assert {word for word in rest if word.startswith("--")} <= options, words


def test_two_command_lines_at_once(folder, ids):
    """Both may promote, one after the other or one refused; no stage is taken twice."""
    code = ("import sys; from optimize.registry import promotion; from tests.registry.hand_records import CLEAN; "
            "promotion.code_state = lambda: CLEAN; from navale import main; main(sys.argv[1:])")  # fmt: skip
    words = [sys.executable, "-c", code, "promote", ids["good"], *SIGN]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    both = [subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate()[1] for process in both]
    assert 0 in [process.returncode for process in both], told
    with Registry(folder / "registry.db") as registry:
        stages = [event.to_stage for event in registry.history(registry.record(ids["good"]))]
    assert stages in (["candidate", "approved"], ["candidate", "approved", "paper"])
    assert len(stages) - 1 == [process.returncode for process in both].count(0)


def test_a_machine_that_knows_no_user_name(monkeypatch):
    """As in a container with a number for a user: it is noted, after hours of search too, and is no crash."""
    import getpass

    from optimize.command_line import user_name

    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert user_name() == "unknown"
