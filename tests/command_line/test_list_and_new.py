"""`navale list` tells what classes declare; `navale new` writes one that runs."""

from __future__ import annotations

import json
import shlex

import pytest

from strategies import AtrTrend


def listed(navale, *names):
    return json.loads(navale("list", *names, "--json").stdout)


def test_the_list_holds_every_public_class(navale):
    import indicators
    import strategies

    names = {item["name"] for item in listed(navale)}
    public = {name for package in (indicators, strategies) for name in package.__all__}
    authoring = {"Choice", "Float", "Int", "Switch", "kernel", "Indicator", "Strategy", "Profile", "Account", "Costs"}
    authoring |= {"Sizing", "enter_long", "enter_short", "hold", "leave"}
    assert public - authoring <= names


def test_an_entry_says_what_the_class_declares(navale):
    (item,) = listed(navale, "AtrTrend")
    assert item["kind"] == "strategy"
    by_name = {one["name"]: one for one in item["parameters"]}
    assert list(by_name) == list(AtrTrend.declared)
    assert by_name["fast"] == {"name": "fast", "kind": "int", "default": 26, "low": 5, "high": 60, "unit": "bars"}
    assert by_name["scenario"]["options"] == ["stochrsi", "sma", "adx", "trix"]
    assert set(item["inputs"]) >= {"high", "low", "close"}
    assert set(item["profiles"]) == {"reference", "seed"}
    assert item["profiles"]["reference"]["timeframe"] == "4h"
    assert item["profiles"]["reference"]["account"]["sizing"] == {"mode": "risk", "value": 0.01}


def test_an_indicators_entry(navale):
    (item,) = listed(navale, "Macd")
    assert item["kind"] == "indicator"
    assert item["inputs"] == ["close"]
    assert item["outputs"] == ["line", "signal", "histogram"]
    assert item["profiles"] == {}


def test_ones_own_class_can_be_listed(navale, tiny):
    (item,) = listed(navale, tiny)
    assert item["name"] == "Tiny"
    assert [one["name"] for one in item["parameters"]] == ["back", "least"]
    shown = navale("list", tiny).stdout
    assert "1 … 5" in shown
    assert "profile slow: 2h" in shown


@pytest.mark.parametrize("kind", ["strategy", "indicator"])
def test_the_list_in_words_names_every_class(navale, kind):
    shown = navale("list").stdout
    for item in listed(navale):
        assert item["name"] in shown


def test_a_new_strategy_runs_in_both_engines(navale, folder):
    made = navale("new", "strategy", "RangeBreak2")
    assert made.exit_code == 0
    assert "navale verify range_break2.py:RangeBreak2" in made.stdout
    ran = navale("backtest", "range_break2.py:RangeBreak2", "--data", "sample:spx", "--engine", "both", "--json")
    assert ran.exit_code == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["parity"]["same"] is True
    assert told["fills"] > 10


def test_a_new_indicator_runs_and_means_what_it_says(navale, folder):
    assert navale("new", "indicator", "MidRange").exit_code == 0
    from strategies.discovery import find

    found = find("mid_range.py:MidRange")(period=3).run(
        {"high": [3.0, 5.0, 4.0, 4.0, 9.0], "low": [1.0, 2.0, 3.0, 2.0, 4.0]}
    )
    assert list(found[2:]) == [3.0, 3.5, 5.5]  # middle of (1, 5), (2, 5), (2, 9)
    assert all(value != value for value in found[:2])


def test_a_new_start_is_short_and_commented(navale, folder):
    for kind, name in (("strategy", "Start"), ("indicator", "Line")):
        navale("new", kind, name)
        text = (folder / f"{name.lower()}.py").read_text()
        written = [line for line in text.splitlines() if line.strip()]
        assert len(written) <= 17
        assert text.count("#") >= 3


@pytest.mark.parametrize("kind", ["strategy", "indicator"])
def test_the_commands_told_can_be_pasted(navale, folder, kind):
    (folder / "sp ace ünï").mkdir()
    made = navale("new", kind, "Own", "--folder", "sp ace ünï")
    told = [shlex.split(line) for line in made.stdout.splitlines() if line.startswith("  navale")]
    assert [words[:3] for words in told] == [
        ["navale", verb, "sp ace ünï/own.py:Own"] for verb in ("verify", "backtest")[: 2 if kind == "strategy" else 1]
    ]
    assert navale("list", told[0][2]).exit_code == 0


def test_nothing_is_ever_overwritten(navale, folder):
    (folder / "mine.py").write_text("precious")
    failed = navale("new", "strategy", "Mine")
    assert failed.exit_code == 2
    assert "mine.py exists already" in failed.stderr
    assert (folder / "mine.py").read_text() == "precious"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["strategy", "trend"], "capital first"),
        (["strategy", "My-Trend"], "letters and digits"),
        (["strategy", "None"], "no class name"),
        (["strategy", "AtrTrend"], "one of ours"),
        (["indicator", "Rsi"], "one of ours"),
        (["strategy", "Mine", "--folder", "nowhere"], "nowhere is not a folder"),
        (["strategy", "Json"], "json.py would hide the module 'json'; choose another name, like MyJson"),
        (["indicator", "Numpy"], "numpy.py would hide the module 'numpy'"),
        (["strategy", "Feeds"], "feeds.py would hide the module 'feeds'"),
        (["strategy", "Navale"], "navale.py would hide the module 'navale'"),
        (["strategy", "Abc"], "abc.py would hide the module 'abc'"),
    ],
)
def test_names_that_cannot_be(navale, folder, words, told):
    failed = navale("new", *words)
    assert failed.exit_code == 2
    assert told in failed.stderr
    assert not list(folder.iterdir())
