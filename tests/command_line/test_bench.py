"""`navale bench` hands over to benchmarks/run.py and turns what it finds into exit codes."""

from __future__ import annotations

import importlib

import pytest

import navale as command_line


@pytest.fixture
def seen(monkeypatch):
    """Arguments of the benchmarks' main, which is replaced: it would bind this process to one core."""
    calls = []
    module = importlib.import_module("benchmarks.run")
    monkeypatch.setattr(module, "main", lambda *given: calls.append(given) or 0)
    return calls


def test_options_are_passed_on(navale, seen):
    assert navale("bench").exit_code == 0
    assert navale("bench", "ema-cross", "--quick", "--json").exit_code == 0
    assert seen == [(False, (), False), (True, ("ema-cross",), True)]


def test_an_unknown_name_has_a_suggestion(navale, seen):
    failed = navale("bench", "ema-cros")
    assert failed.exit_code == 2
    assert failed.stderr == "error: no benchmark is called 'ema-cros'; did you mean 'ema-cross'?\n"
    assert not seen


def test_a_missed_target_exits_1(navale, monkeypatch):
    monkeypatch.setattr(importlib.import_module("benchmarks.run"), "main", lambda *_: 1)
    assert navale("bench").exit_code == 1


def test_unequal_results_exit_1_in_one_line(navale, monkeypatch):
    def unequal(*_):
        raise AssertionError("trades differ\nin row 3")

    monkeypatch.setattr(importlib.import_module("benchmarks.run"), "main", unequal)
    failed = navale("bench")
    assert failed.exit_code == 1
    assert failed.stderr == "error: results that must be equal are not: trades differ in row 3\n"


def test_an_installed_package_has_none(navale, folder, monkeypatch):
    monkeypatch.setattr(command_line, "__file__", str(folder / "navale.py"))
    failed = navale("bench")
    assert failed.exit_code == 2
    assert "come with a checkout" in failed.stderr
