"""`navale sweep`: the table, the page, going on, and bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from navale import main
from optimize.sweep_page import write_page

WORDS = ["sweep", "AtrTrend", "--data", "sample:spx", "--profile", "reference", "--timeframe", "1d"]


def run(folder: Path, *words: str) -> Any:
    return CliRunner().invoke(main, [*WORDS, "--sweeps", str(folder), *words], catch_exceptions=False)


def test_a_sweep_is_kept_told_and_not_done_twice(tmp_path: Path) -> None:
    words = ("--grid", "stop_atr=1.5:4.5:1.5", "--grid", "fast=10,26", "--json")
    told = json.loads(run(tmp_path, *words).stdout)
    assert (told["rows"], told["complete"], told["by"]) == (6, True, "sharpe")
    rows = pd.concat(map(pd.read_parquet, sorted(Path(told["folder"]).glob("part-*.parquet"))))
    assert [row["sharpe"] for row in told["best"]] == sorted(rows["sharpe"], reverse=True)
    before = {path: path.stat().st_mtime_ns for path in Path(told["folder"]).glob("part-*")}
    again = json.loads(run(tmp_path, *words).stdout)
    assert again["best"] == told["best"]
    assert {path: path.stat().st_mtime_ns for path in Path(told["folder"]).glob("part-*")} == before
    page = Path(told["page"]).read_text()
    assert "looks good by luck alone" in page
    assert "http://" not in page.split("<script>")[0]
    assert '"pairs"' in page


def test_the_page_shows_means_over_the_other_parameters(tmp_path: Path) -> None:
    from feeds.loading import load
    from optimize.sweep import sweep
    from strategies.atr_trend import AtrTrend

    found = sweep(AtrTrend, load("sample:spx"), {"fast": [10, 26], "stop_atr": [1.5, 3.0], "scenario": ["adx", "sma"]})
    text = write_page(found, tmp_path / "p.html").read_text()
    data = json.loads(text.split("const data = ", 1)[1].split(";\n", 1)[0])
    table = found.table
    pair = next(one for one in data["pairs"] if (one["x"], one["y"]) == ("fast", "stop_atr"))
    for i, stop in enumerate((1.5, 3.0)):
        for j, fast in enumerate((10, 26)):
            own = table[(table["fast"] == fast) & (table["stop_atr"] == stop)]["sharpe"]
            assert pair["mean"][i][j] == pytest.approx(own.mean())
            assert pair["best"][i][j] == pytest.approx(own.max())
    assert sum(data["spread"]["counts"]) == len(table)
    assert data["equity"][0]["equity"][0] == 10_000.0


def test_which_rows_come_first(tmp_path: Path) -> None:
    words = ("--grid", "stop_atr=1.5:4.5:1.5", "--grid", "fast=10,26", "--by", "fees", "--json")
    told = {word: json.loads(run(tmp_path, *words, *word.split()).stdout) for word in ("", "--least", "--most")}
    fees = [row["fees"] for row in told[""]["best"]]
    assert len(set(fees)) > 3
    assert fees == sorted(fees)
    assert told["--least"]["best"] == told[""]["best"]
    assert [row["fees"] for row in told["--most"]["best"]] == fees[::-1]
    assert "largest first" in Path(told["--most"]["page"]).read_text()
    sharpe = json.loads(run(tmp_path, *words, "--by", "sharpe", "--least").stdout)["best"]
    assert [row["sharpe"] for row in sharpe] == sorted(row["sharpe"] for row in sharpe)


def test_who_asks_for_a_timeframe_that_does_not_fit(tmp_path: Path) -> None:
    words = ["sweep", "AtrTrend", "--data", "sample:spx", "--grid", "fast=10", "--sweeps", str(tmp_path)]
    found = CliRunner().invoke(main, [*words, "--timeframe", "1h"])
    assert found.exit_code == 2
    assert "profile" not in found.stderr
    asked = CliRunner().invoke(main, [*words, "--profile", "reference"])
    assert "profile 'reference' asks for it" in asked.stderr
    assert "--timeframe 1d keeps the bars" in asked.stderr


@pytest.mark.parametrize(("words", "message"), [
    (("--grid", "fats=1"), "did you mean 'fast'"),
    (("--grid", "fast=5:x"), "must be numbers"),
    (("--grid", "fast=10", "--by", "sharp"), "did you mean 'sharpe'"),
    (("--grid", "fast=10", "--threads", "0"), "threads=0 must be 1 or more"),
    (("--grid", "fast=10", "--end", "1999-01-10"), "load more history"),
    (("--grid", "fast=10,20", "-p", "fast=12"), "--grid fast and -p fast=12: it varies or stays as it is"),
    (("--grid", "fast=10,20", "--workers", "2"), "--workers 2 is for --backend loky, dask or ray; give --threads 2"),
    (("--grid", "fast=10,20", "--top", "-1"), "-1 is not in the range x>=1"),
    (("--grid", "fast=10,20", "--top", "0"), "0 is not in the range x>=1"),
])  # fmt: skip
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    found = run(tmp_path / "kept", *words)
    assert found.exit_code == 2
    assert message in found.stderr
    assert found.stderr.count("\n") == 1
    assert not (tmp_path / "kept").exists()


def test_a_grid_goes_over_the_parameters_of_a_profile(tmp_path: Path) -> None:
    told = json.loads(run(tmp_path, "--grid", "slow=40,45", "-p", "fast=12", "--json").stdout)
    assert sorted(row["slow"] for row in told["best"]) == [40, 45]


def test_timeframes_are_told_as_they_are_written(tmp_path: Path) -> None:
    words = ["sweep", "AtrTrend", "--data", "sample:spx", "--grid", "fast=5,10", "--sweeps", str(tmp_path),
             "--timeframe", "1d,1w"]  # fmt: skip
    shown = CliRunner().invoke(main, words).stdout
    assert "days" not in shown
    assert (shown.split().count("1d"), shown.split().count("1w")) == (2, 2)
    told = json.loads(CliRunner().invoke(main, [*words, "--json"]).stdout)
    assert sorted(row["timeframe"] for row in told["best"]) == ["1d", "1d", "1w", "1w"]
    page = Path(told["page"]).read_text()
    assert "<td>1w</td>" in page
    assert "days 00:00:00" not in page


def test_a_file_where_the_sweeps_should_be(tmp_path: Path) -> None:
    (tmp_path / "afile").touch()
    found = run(tmp_path / "afile", "--grid", "fast=10,20")
    assert found.exit_code == 2
    assert f"{tmp_path / 'afile'}: nothing can be written there (Not a directory)" in found.stderr
    assert "a file is in the way: name another folder" in found.stderr
