"""The report of a walk-forward, read as a page and used in a browser."""

from __future__ import annotations

import dataclasses
import math
import re

import pytest

from feeds.errors import ConfigError
from optimize.evidence.judgement import judge
from optimize.gates.gates import check_gates, load_gates
from optimize.walkforward.report import write_report
from tests.evidence.walks import values, walk, waves


def written(record, path, quantstats=False):
    judged, gates = judge(record, draws=100), load_gates()
    report = check_gates(*judged.values(gates.figures), gates)
    return judged, report, write_report(record, judged, report, path, quantstats=quantstats)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return written(walk(waves(noise=0.012, size=0.05)), tmp_path_factory.mktemp("report") / "report.html", True)


def body(path):
    """The page without its scripts and styles."""
    return re.sub(r"<script>.*?</script>|<style>.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_verdict_comes_first_and_every_gate_has_its_row(made):
    judged, gates, path = made
    text = body(path)
    assert text.index("verdict") < text.index("<h2>Gates") < text.index("<h2>What was done")
    rows = re.findall(r'<tr data-figure="(\w+)" data-value="([^"]*)">', text)
    found, _ = judged.values(gates_figures := [one.figure for one in gates.results])
    assert [name for name, _ in rows] == gates_figures
    assert [float(value or "nan") for _, value in rows] == pytest.approx(list(found.values()), nan_ok=True)
    for one in gates.results:
        assert one.why.split("'")[0] in text
    assert text.count("<b>FAIL</b>") == len(gates.failed)
    assert ("Do not trade this" in text) is not gates.passed
    assert "<iframe id='quantstats'" in text and "Cumulative Returns" in text
    assert judged.walk.bars.fingerprint in text and gates.hash in text
    assert "SYNTHETIC" not in text


def test_made_up_data_say_so(tmp_path):
    record = walk(waves(synthetic=True))
    _, _, path = written(record, tmp_path / "report.html")
    assert "SYNTHETIC DATA: WAVE is no market" in body(path)


def test_a_procedure_without_a_choice_is_told(tmp_path):
    _, gates, path = written(walk(chosen=(None, None), candidate=None), tmp_path / "report.html")
    text = body(path)
    assert not gates.passed
    assert "there is no candidate either" in text and "no choice" in text
    assert "Missing: nothing was chosen, so there is nothing around it" in text


def test_a_folder_is_no_file(made, tmp_path):
    judged, gates, _ = made
    with pytest.raises(ConfigError, match="is a folder"):
        write_report(judged.walk, judged, gates, tmp_path)


def test_words_of_others_are_escaped(tmp_path):
    bars = waves()
    record = walk(bars.with_instrument(dataclasses.replace(bars.instrument, symbol="</script><b>X")))
    _, _, path = written(record, tmp_path / "report.html")
    assert "</script><b>X" not in path.read_text(encoding="utf-8")


@pytest.mark.browser
def test_the_page_in_a_browser(made, page):
    judged, gates, path = made
    page.errors.clear()
    page.requests.clear()
    page.open(path)
    page.settle()
    assert not page.errors
    assert [url for url in page.requests if not url.startswith(("file:", "data:", "about:"))] == []
    assert page.run("document.querySelectorAll('#gates tbody tr').length") == len(gates.results)
    shown = page.run("navale.judgement.values")
    expected = judged.values()[0]
    assert set(shown) == set(expected)
    for name, value in expected.items():
        assert shown[name] is None if math.isnan(value) else shown[name] == value, name
    values_shown = page.run("[...document.querySelectorAll('#gates tbody tr')].map(row => row.dataset.value)")
    assert [float(one) for one in values_shown] == [shown[one.figure] for one in gates.results]
    for plot in ("equity", "logits", "splits", "decay", "stability", "scatter"):
        assert page.run(f"document.querySelectorAll('#{plot} .main-svg').length") > 0, plot
    assert page.run("document.querySelector('#stability').data[0].x.length") == len(judged.neighbourhood.table)
    assert page.run("document.querySelector('#equity').layout.shapes.length") == len(judged.walk.folds)


@pytest.mark.browser
def test_trials_are_filtered_and_sorted(made, page):
    judged, _, path = made
    page.errors.clear()
    page.open(path)
    table = judged.walk.candidate.trials

    def typed(text):
        page.run(f"(filter => {{ filter.value = {text!r}; filter.oninput(); }})(document.getElementById('filter'))")
        return page.run("document.querySelectorAll('#trials tbody tr').length")

    assert typed("") == len(table)
    assert page.run("document.querySelectorAll('#trials tr.chosen').length") == 1
    assert typed("sharpe > 0, period <= 20") == ((table["sharpe"] > 0) & (table["period"] <= 20)).sum() > 0
    assert typed("state = pruned") == 0
    assert typed("fade = true") == table["fade"].sum()
    assert typed("nonsense") == len(table)
    assert "is no filter" in page.run("document.getElementById('wrong').textContent")
    typed("")
    place = page.run("data.trials[0].columns.indexOf('period')")
    page.run(f"document.querySelectorAll('#trials th')[{place}].onclick()")
    column = page.run(
        f"[...document.querySelectorAll('#trials tbody tr')].map(row => Number(row.cells[{place}].textContent))"
    )
    assert column == sorted(column, reverse=True) and len(set(column)) > 3
    page.run("(pick => { pick.value = 0; pick.onchange(); })(document.getElementById('window'))")
    assert page.run("navale.trials()") == len(judged.walk.folds[0].choice.trials)
    assert not page.errors
    assert values(8)["period"] == 8
