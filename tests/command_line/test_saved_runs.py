"""`navale runs`, `navale compare` and `navale tearsheet` on runs that `navale backtest` saved."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def saved(navale, tiny, hours):
    """Ids of two runs of different parameters."""
    ids = []
    for back in (2, 3):
        ran = navale("backtest", tiny, "--data", hours, "-p", f"back={back}", "--json")
        assert ran.exit_code == 0, ran.stderr
        ids.append(json.loads(ran.stdout)["saved"][0].split("/")[-1])
    return ids


def test_runs_lists_what_was_saved(navale, saved):
    found = json.loads(navale("runs", "--json").stdout)
    assert [item["id"] for item in found] == sorted(saved)
    assert {item["strategy"] for item in found} == {"Tiny(back=2, least=0.0)", "Tiny(back=3, least=0.0)"}
    shown = navale("runs").stdout
    assert all(one in shown for one in saved)


def test_no_runs_yet(navale, folder):
    assert navale("runs").stdout == "no runs in runs\n"
    assert json.loads(navale("runs", "--json").stdout) == []


def test_a_damaged_run_is_listed_with_its_problem(navale, saved, folder):
    (folder / "runs" / saved[0] / "manifest.json").write_text("{")
    found = {item["id"]: item for item in json.loads(navale("runs", "--json").stdout)}
    assert found[saved[0]]["problem"]
    assert found[saved[1]]["problem"] == ""
    assert navale("runs").exit_code == 0


def test_changed_figures_and_settings_are_not_told_as_facts(navale, saved, folder):
    figures, manifest = (folder / "runs" / saved[k] / file for k, file in ((0, "metrics.json"), (1, "manifest.json")))
    figures.write_text(figures.read_text().replace('"trades": ', '"trades": 9'))
    manifest.write_text(manifest.read_text().replace('"fee": 0.001', '"fee": 0.002'))
    found = json.loads(navale("runs", "--json").stdout)
    assert [item["trades"] for item in found] == [None, None]
    assert "metrics.json was changed" in found[0]["problem"]
    assert "manifest.json was changed" in found[1]["problem"]
    assert "manifest.json was changed" in navale("runs").stdout
    failed = navale("compare", saved[1], saved[1])
    assert failed.exit_code == 2
    assert f"{saved[1]} is corrupted: manifest.json was changed" in failed.stderr


def test_compare_shows_settings_and_figures_that_differ(navale, saved):
    found = json.loads(navale("compare", *saved, "--json").stdout)
    assert {"setting": "parameters.back", "a": 2, "b": 3} in found["settings"]
    figures = {item["name"]: item for item in found["metrics"]}
    assert figures["fills"]["difference"] == figures["fills"]["b"] - figures["fills"]["a"]
    assert found["differing_fills"] > 0
    assert "parameters.back" in navale("compare", *saved).stdout


def test_a_run_compared_with_itself_has_no_difference(navale, saved):
    found = json.loads(navale("compare", saved[0], saved[0], "--json").stdout)
    assert found["settings"] == []
    assert found["differing_fills"] == 0


def test_tearsheet_of_a_saved_run(navale, saved, folder):
    made = navale("tearsheet", saved[0])
    assert made.exit_code == 0, made.stderr
    path = folder / "runs" / saved[0] / "tearsheet.html"
    assert made.stdout.strip() == str(path.relative_to(folder))
    assert "Tiny(back=2" in path.read_text()
    assert navale("compare", *saved).exit_code == 0, "the run can still be opened"
    again = path.stat().st_mtime_ns
    assert navale("tearsheet", str(path.parent)).exit_code == 0
    assert path.stat().st_mtime_ns == again, "what was written with a run is not replaced"


def test_tearsheet_elsewhere_and_in_the_browser(navale, saved, folder, monkeypatch):
    shown = []
    monkeypatch.setattr("click.launch", shown.append)
    assert navale("tearsheet", saved[1], "--output", "sheet.html", "--open").exit_code == 0
    assert shown == ["sheet.html"]
    assert (folder / "sheet.html").stat().st_size > 10_000
    failed = navale("tearsheet", saved[1], "--output", "nowhere/sheet.html")
    assert failed.exit_code == 2
    assert "nowhere is not a folder" in failed.stderr


def test_tearsheet_with_the_backtest(navale, tiny, hours, folder):
    ran = navale("backtest", tiny, "--data", hours, "--tearsheet", "--json")
    (path,) = json.loads(ran.stdout)["tearsheet"]
    assert (folder / path).is_file()
    assert json.loads(navale("runs", "--json").stdout)[0]["problem"] == ""
