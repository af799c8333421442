"""docs/gex.md says what the program does."""

from __future__ import annotations

import re

from repository.tree import ROOT

from indicators.gex.export import files, sierra_template

TEXT = (ROOT / "docs" / "gex.md").read_text(encoding="utf-8")


def test_the_table_for_sierra_chart_is_the_mapping():
    rows = re.findall(r"^\| (SG\d) \| (\w) \| `([^`]+)` \| ([^|]+) \| (#\w+) \| (\w+), (\d) \| ([^|]+) \|$", TEXT, re.M)
    assert [tuple(map(str.strip, row)) for row in rows] == [
        (one.subgraph, one.column, one.formula, one.name, one.colour, one.style, str(one.width), one.drawn)
        for one in sierra_template.subgraphs()
    ]


def test_every_file_is_told():
    assert all(f"SPX{ending}" in TEXT or ending == "_tradingview.txt" for ending in (*files.OVERLAYS, ".json", ".html"))


def test_the_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (script,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.M | re.S)
    exec(compile(script, "docs/gex.md", "exec"), {})
