"""Help, versions, wrong usage: what a person meets first."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from repository.tree import ROOT

from navale import main

VERBS = sorted(main.commands)


def test_every_verb_is_there():
    wanted = {"list", "new", "backtest", "tearsheet", "runs", "compare", "verify", "demo", "bench"}
    assert wanted <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_an_example(navale, verb):
    for option in ("--help", "-h"):
        shown = navale(verb, option)
        assert shown.exit_code == 0
        assert shown.stdout.startswith(f"Usage: navale {verb}")
        assert re.search(rf"^  navale {verb}\b", shown.stdout, re.MULTILINE), "an example on a line of its own"


def test_the_groups_help_says_the_exit_codes(navale):
    shown = navale("--help").stdout
    assert "0 done, 1 a check failed, 2 wrong usage or bad input" in shown
    assert "navale demo" in shown


def test_version(navale):
    assert re.fullmatch(r"navale (\d+\.\d+\.\d+|, not installed)\n", navale("--version").stdout)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["bactest"], "No such command 'bactest'"),
        (["backtest"], "Missing argument 'STRATEGY'"),
        (["backtest", "AtrTrend"], "Missing option '--data'"),
        (["backtest", "AtrTrend", "--data", "sample:spx", "--engine", "turbo"], "'turbo' is not one of 'vector'"),
        (["backtest", "AtrTrend", "--data", "sample:spx", "--cash", "much"], "'much' is not a valid float"),
        (["backtest", "AtrTrend", "--dta", "sample:spx"], "No such option '--dta'"),
        (["new", "robot", "X"], "'robot' is not one of 'strategy', 'indicator'"),
        (["compare", "a"], "Missing argument 'B'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(navale, words, told):
    failed = navale(*words)
    assert failed.exit_code == 2
    assert failed.stdout == ""
    assert failed.stderr.startswith("error: ")
    assert failed.stderr.count("\n") == 1
    assert told.lower() in failed.stderr.lower()


def test_without_a_verb_the_help_is_shown_and_nothing_is_done(navale):
    shown = navale()
    assert shown.exit_code == 2
    assert "Usage: navale" in shown.stderr


@pytest.mark.parametrize("words", [["--debug", "list", "Nothing"], ["list", "Nothing", "--debug"]])
def test_debug_shows_the_trace_and_still_ends_with_the_one_line(navale, words):
    failed = navale(*words)
    assert failed.exit_code == 2
    assert "Traceback" in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith("error: no strategy or indicator")


def test_a_bug_is_told_in_one_line_with_an_exit_code_of_its_own(navale, monkeypatch):
    def broken(*_: object) -> None:
        raise ZeroDivisionError("nothing\nto share")

    monkeypatch.setattr("strategies.discovery.built_in", broken)
    failed = navale("list")
    assert failed.exit_code == 70
    assert failed.stderr == "error: ZeroDivisionError: nothing to share (a bug; --debug shows where)\n"


def test_a_folder_called_strategies_in_the_working_directory_does_not_hide_ours(tmp_path):
    for name in ("strategies", "optimize", "feeds"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('the wrong package')\n")
    command = [sys.executable, "-m", "navale", "list", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "AtrTrend" in {item["name"] for item in json.loads(ran.stdout)}


def test_a_reader_that_leaves_is_no_error():
    command = f"{shlex.quote(sys.executable)} -m navale list | head -n 1"
    ran = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert ran.stderr == ""
