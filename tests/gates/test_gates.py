"""Gates: what passes, what is said, and that nothing passes by being absent, empty or misspelt."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path

import pytest

from feeds.errors import ConfigError
from optimize.calibration.calibrating import REPORTED
from optimize.calibration.earlier import earlier
from optimize.evidence.figures import FIGURES
from optimize.gates.gates import Gates, apart, check_gates, laxer, load_gates, read_gates

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "calibration.md"
ONE = """version = 1
[[gate]]
name = "Sharpe"
value = "sharpe"
at_least = 0.5
why = "reasons"
"""
TWO = (
    ONE
    + """
[[gate]]
name = "overfitting"
value = "pbo"
at_most = 0.3
why = "other reasons"
"""
)


def gate(bound, threshold, value="sharpe"):
    text = ONE.replace("at_least = 0.5", f"{bound} = {threshold}").replace('value = "sharpe"', f'value = "{value}"')
    return read_gates(text, "here.toml")


@pytest.mark.parametrize(("bound", "threshold", "value", "passed", "said"), [
    ("at_least", 0.99, 0.87, False, "P(Sharpe > 0) 0.87 is below 0.99"),
    ("at_least", 0.99, 0.9896, False, "P(Sharpe > 0) 0.9896 is below 0.9900"),
    ("at_least", 0.99, 0.99, True, "P(Sharpe > 0) 0.99 is just 0.99"),
    ("at_least", 0.99, 0.991, True, "P(Sharpe > 0) 0.991 is above 0.990"),
    ("above", 0, 0.0, False, "P(Sharpe > 0) 0 is not above 0"),
    ("above", 0, 0.004, True, "P(Sharpe > 0) 0.004 is above 0.000"),
    ("above", 1.1, 1.1, False, "P(Sharpe > 0) 1.10 is not above 1.10"),
    ("at_most", 0.3, 0.3, True, "P(Sharpe > 0) 0.30 is just 0.30"),
    ("at_most", 0.3, 0.31, False, "P(Sharpe > 0) 0.31 is above 0.30"),
    ("at_most", 0.3, -2.0, True, "P(Sharpe > 0) -2.00 is below 0.30"),
    ("at_most", 0.3, math.inf, False, "P(Sharpe > 0) is not finite: inf"),
    ("at_least", 0.3, math.inf, False, "P(Sharpe > 0) is not finite: inf"),
    ("at_most", 0.3, -math.inf, False, "P(Sharpe > 0) is not finite: -inf"),
    ("at_least", 30, 1029, True, "P(Sharpe > 0) 1,029 is above 30"),
])  # fmt: skip
def test_one_gate(bound, threshold, value, passed, said):
    report = check_gates({"sharpe_probability": value}, {}, gate(bound, threshold, "sharpe_probability"))
    (result,) = report.results
    assert (result.passed, result.said, report.passed) == (passed, said, passed)
    assert (result.value, result.bound, result.threshold, result.why) == (value, bound, threshold, "reasons")


@pytest.mark.parametrize("bound", ["at_least", "at_most", "above"])
@pytest.mark.parametrize(("values", "missing", "said"), [
    ({}, {}, "it was not computed"),
    ({"sharpe": math.nan}, {"sharpe": "the record never moves"}, "the record never moves"),
])  # fmt: skip
def test_what_is_missing_fails(bound, values, missing, said):
    report = check_gates(values, missing, gate(bound, 0.5))
    assert not report.passed
    assert report.results[0].said == f"out-of-sample Sharpe is missing: {said}"
    assert math.isnan(report.results[0].value)
    assert report.to_json()["gates"][0]["value"] is None


def test_all_gates_must_pass():
    both = read_gates(TWO, "here.toml")
    assert check_gates({"sharpe": 1.0, "pbo": 0.1}, {}, both).passed
    report = check_gates({"sharpe": 1.0, "pbo": 0.5}, {}, both)
    assert not report.passed
    assert [result.name for result in report.failed] == ["overfitting"]
    assert report.to_json()["hash"] == both.hash and report.to_json()["passed"] is False
    assert both.figures == ("sharpe", "pbo")


def test_without_gates_nothing_passes():
    with pytest.raises(ConfigError, match="nothing can pass"):
        check_gates({"sharpe": 9.0}, {}, Gates(1, (), "here"))
    for text in ("", "version = 1", "version = 1\ngate = []"):
        with pytest.raises(ConfigError):
            read_gates(text, "here.toml")


@pytest.mark.parametrize(("old", "new", "says"), [
    ("version = 1", "version = 2", "version=2; this release reads version = 1"),
    ("version = 1", "", "version=None"),
    ("version = 1", "version = true", "version=True"),
    ("version = 1", "version = 1\nskip = true", "unknown key 'skip'"),
    ('why = "reasons"', 'why = "reasons"\noptional = true', "here.toml, gate 1: unknown key 'optional'"),
    ('value = "sharpe"', 'value = "sharp"', "no figure 'sharp'; did you mean 'sharpe'"),
    ('value = "sharpe"', "", "value=None must be a text"),
    ('why = "reasons"', 'why = " "', "why=' ' must be a text"),
    ("at_least = 0.5", 'at_least = "0.5"', "at_least='0.5' must be a number"),
    ("at_least = 0.5", "at_least = true", "at_least=True must be a number"),
    ("at_least = 0.5", "at_least = nan", "at_least=nan must be a number"),
    ("at_least = 0.5", "at_least = -inf", "at_least=-inf must be a number"),
    ("at_least = 0.5", "at_least = 0.5\nabove = 1", "give one of at_least, at_most, above; it has at_least, above"),
    ("at_least = 0.5", "", "it has none"),
    ("[[gate]]", "[[gate", "is no TOML"),
])  # fmt: skip
def test_a_file_that_says_something_else_is_refused(old, new, says):
    with pytest.raises(ConfigError) as error:
        read_gates(ONE.replace(old, new), "here.toml")
    assert says in str(error.value) and str(error.value).startswith("here.toml")
    assert "\n" not in str(error.value)


def test_a_gate_given_twice_is_refused():
    with pytest.raises(ConfigError, match="gate 'Sharpe' is given twice"):
        read_gates(ONE + ONE.replace("version = 1", ""), "here.toml")
    again = ONE.replace("version = 1", "").replace('"Sharpe"', '"other"').replace("0.5", "0.1")
    with pytest.raises(ConfigError, match="'Sharpe' and 'other' both say at_least of sharpe"):
        read_gates(ONE + again, "here.toml")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_gates(tmp_path / "none.toml")
    (tmp_path / "own.toml").write_text(TWO)
    assert load_gates(tmp_path / "own.toml").hash == read_gates(TWO, "elsewhere").hash


def test_the_hash_is_that_of_the_meaning():
    def parts(text):
        head, one, two = text.split("[[gate]]")
        return head, "[[gate]]" + one, "[[gate]]" + two

    head, one, two = parts(TWO)
    same = [TWO.replace("reasons", "words"), "# a remark\n" + TWO, head + two + "\n" + one, TWO.replace("0.5", "0.50")]
    assert {read_gates(text, "x").hash for text in same} == {read_gates(TWO, "y").hash}
    changes = [("0.5", "0.51"), ("at_least", "above"), ('"pbo"', '"pbo_loss"'), ('"Sharpe"', '"sharpe"')]
    other = [head + one, *(TWO.replace(*change) for change in changes)]
    hashes = {read_gates(text, "x").hash for text in other}
    assert len(hashes) == len(other) and read_gates(TWO, "x").hash not in hashes


def test_the_default_gates_are_those_of_the_document():
    """The table of docs/calibration.md, so that neither is changed alone."""
    words = {"≥": "at_least", "≤": "at_most", ">": "above"}
    rows = re.findall(r"^\| (.+?) \| `(\w+)` ([≥≤>]) ([\d.]+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    told = [(name, value, words[sign], float(threshold)) for name, value, sign, threshold in rows]
    assert told == [(gate.name, gate.value, gate.bound, gate.threshold) for gate in load_gates().gates]
    assert set(load_gates().figures) <= set(FIGURES)
    assert all(gate.why for gate in load_gates().gates)


def test_the_default_gates_are_calibrated():
    """Other gates, or other figures, need a new calibration and its record in optimize/assets/calibrations.json."""
    reported = [one for one in earlier() if one["seed_range"] == [REPORTED[0], REPORTED[-1]]]
    assert reported[-1]["gates"] == load_gates().hash


def test_other_gates_are_told_from_the_default_ones(tmp_path):
    """By what they mean: a file cannot pass for the default gates by its name, nor must it for other words."""
    easy = tmp_path / "default gates"
    easy.write_text(ONE)
    gates = load_gates()
    assert check_gates({}, {}, gates).to_json()["default"] is True
    assert check_gates({"sharpe": 1.0}, {}, load_gates(easy)).to_json()["default"] is False
    reworded = Gates(gates.version, tuple(dataclasses.replace(one, why="so") for one in gates.gates), "mine.toml")
    assert check_gates({}, {}, reworded).default


@pytest.mark.parametrize(
    ("bound", "threshold", "covered"),
    [("at_least", 0.5, True), ("at_least", 0.49, False), ("above", 0.5, True), ("above", 1.0, True),
     ("above", 0.49, False), ("at_most", 0.5, False)],
)  # fmt: skip
def test_what_covers_a_gate_that_asks_at_least(bound, threshold, covered):
    rows = [{"figure": gate.value, "bound": gate.bound, "threshold": gate.threshold} for gate in load_gates().gates
            if gate.value != "sharpe"]  # fmt: skip
    found = laxer([*rows, {"figure": "sharpe", "bound": bound, "threshold": threshold}])
    assert found == (() if covered else ("Sharpe",))


def test_what_covers_the_other_bounds():
    """Above 1.1 is less than at least 1.1, and more than at least 1.2 is not needed; at most 0.1 needs at most 0.1."""
    others = {"profit_factor": [("at_least", 1.1, False), ("at_least", 1.2, True), ("above", 1.1, True)],
              "pbo_loss": [("at_most", 0.1, True), ("at_most", 0.11, False), ("at_least", 0.0, False)]}  # fmt: skip
    for figure, cases in others.items():
        (name,) = [gate.name for gate in load_gates().gates if gate.value == figure]
        rest = [{"figure": gate.value, "bound": gate.bound, "threshold": gate.threshold}
                for gate in load_gates().gates if gate.value != figure]  # fmt: skip
        for bound, threshold, covered in cases:
            asked = [*rest, {"figure": figure, "bound": bound, "threshold": threshold}]
            assert laxer(asked) == (() if covered else (name,)), (figure, bound, threshold)


def test_numbers_are_told_apart():
    assert apart(0.5, 0.25) == ("0.50", "0.25")
    assert apart(0.98999, 0.99) == ("0.98999", "0.99000")
    assert apart(12.0, 30.0) == ("12", "30")
    assert apart(0.1 + 0.2, 0.3) == (repr(0.1 + 0.2), "0.3")
