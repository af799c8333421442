"""`navale gex` and `navale chains` from the words of a command line to files, and every wrong input in one line."""

from __future__ import annotations

import json
import math
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from repository.tree import ROOT

from feeds.chains.files import write_chain
from feeds.chains.synthetic import synthetic_chain
from indicators.gex.export import files, sierra_csv

COLUMNS = (
    "asof_utc", "underlying", "root", "expiry_ts_utc", "strike", "right", "style", "multiplier", "bid", "ask", "mid",
    "last", "volume", "oi", "oi_date", "iv", "iv_source", "delta", "gamma", "vega", "theta", "greek_source", "quote_ts",
    "feed", "spot",
)  # fmt: skip
"""The canonical row and the spot."""
ASOF = datetime(2026, 6, 10, 18, 0, tzinfo=UTC)


def contract(strike: float, right: str, **values: object) -> dict[str, object]:
    given = {
        "asof_utc": ASOF.isoformat(), "underlying": "TEST", "root": "TEST", "strike": strike, "right": right,
        "expiry_ts_utc": (ASOF + timedelta(days=30)).isoformat(), "style": "european", "multiplier": 100, "oi": 1000,
        "iv": 0.2, "iv_source": "given", "feed": "REALTIME", "spot": 100,
    }  # fmt: skip
    return given | values


def table(*rows: dict[str, object]) -> str:
    lines = [",".join("" if row.get(name) is None else str(row[name]) for name in COLUMNS) for row in rows]
    return "\n".join((",".join(COLUMNS), *lines)) + "\n"


MADE_UP = ("--accept-synthetic",)
TWO = (contract(110, "C"), contract(90, "P"))


@pytest.fixture
def two(folder: Path) -> Path:
    """Oracle O2: a call at 110 and a put at 90, 30 days, volatility 0.2, equal open interest."""
    path = folder / "two.csv"
    path.write_text(table(*TWO))
    return path


@pytest.fixture
def spx(folder: Path) -> Path:
    """A made-up chain as a file of canonical rows; the file says that it is made up."""
    path = folder / "spx.csv"
    write_chain(synthetic_chain("SPX", seed=3), path)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_o2_the_flip_of_two_contracts_through_the_command(navale, two, folder):
    """S* = sqrt(K1 K2) exp(-(r - q + sigma^2/2) T): gamma of the call equals that of the put (spec O2), 99.3353…"""
    done = navale("gex", "TEST", "--chain", two, "--out", "out", "-p", "rate=0", "-p", "dividend_yield=0")
    assert (done.exit_code, done.stderr) == (0, "")
    told = json.loads((folder / "out" / "TEST.json").read_text())
    flip = told["analysis"]["levels"]["gamma_flip"]["gamma_flip_strike"]
    assert flip == pytest.approx(math.sqrt(110 * 90) * math.exp(-(0.2**2 / 2) * 30 / 365), abs=1e-6)
    assert flip == pytest.approx(99.3353, abs=1e-4)
    assert told["analysis"]["levels"]["call_wall"]["strike"] == 110
    assert told["analysis"]["levels"]["put_wall"]["strike"] == 90
    assert told["sanity_checks"]["status"] == "NO_GO"  # two strikes are no chain
    assert names(folder / "out") == ["TEST.html", "TEST.json"]


def test_o2_with_rates(navale, two, folder):
    done = navale("gex", "TEST", "--chain", two, "--out", "out", "-p", "rate=0.05", "-p", "dividend_yield=0.01")
    assert done.exit_code == 0
    told = json.loads((folder / "out" / "TEST.json").read_text())
    wanted = math.sqrt(110 * 90) * math.exp(-(0.05 - 0.01 + 0.2**2 / 2) * 30 / 365)
    assert told["analysis"]["levels"]["gamma_flip"]["gamma_flip_strike"] == pytest.approx(wanted, abs=1e-6)


def test_as_a_program_from_another_folder(two):
    words = [sys.executable, "-m", "navale", "gex", "TEST", "--chain", str(two), "--out", str(two.parent / "there")]
    ran = subprocess.run([*words, "-p", "rate=0", "-p", "dividend_yield=0"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert (two.parent / "there" / "TEST.json").exists()


def test_a_usable_chain_gets_every_file(navale, spx, folder):
    done = navale("gex", "SPX", "--chain", spx, "--out", "deep/er", *MADE_UP, "--now", "chain")
    assert (done.exit_code, done.stderr) == (0, "")
    out = folder / "deep" / "er"
    assert names(out) == sorted(f"SPX{ending}" for ending in (*files.OVERLAYS, ".html", ".json"))
    told = json.loads((out / "SPX.json").read_text())
    overlay = sierra_csv.read((out / "SPX.csv").read_text())
    slots = told["processed_levels"]["slots"]
    for slot, value in zip(("gex0", "gex1", "gex2", "gex3", "gex4", "gex5", "gex6"),
                           (overlay.vol_trigger, overlay.flip, overlay.call_wall, overlay.put_wall, overlay.max_pain,
                            overlay.pin1, overlay.pin2), strict=True):  # fmt: skip
        assert (slots[slot] is None) == (value is None)
        assert value is None or value == pytest.approx(slots[slot], abs=0.005)
    assert overlay.time.isoformat() == told["timestamp"] == told["analysis"]["meta_overlay"]["timestamp"]
    assert "GO" in done.stdout
    assert "wrote deep/er/SPX.html" in done.stdout
    assert not stat.S_IMODE((out / "SPX.csv").stat().st_mode) & 0o022


def test_the_symbol_may_stand_anywhere_and_words_before_it_too(navale, two):
    for words in (["TEST", "--chain", two], ["--chain", two, "TEST"], ["--json", "TEST", "--chain", two]):
        assert navale("gex", *words).exit_code == 0


def test_json_is_the_snapshot_and_nothing_else(navale, two, folder):
    told = json.loads(navale("gex", "TEST", "--chain", two, "--out", "out", "--json").stdout)
    assert told.pop("files") == ["out/TEST.html", "out/TEST.json"]
    assert told | {"asof": None} == json.loads((folder / "out" / "TEST.json").read_text()) | {"asof": None}


def test_strict_makes_a_no_go_exit_with_1(navale, two, spx):
    assert navale("gex", "TEST", "--chain", two, "--strict").exit_code == 1
    assert navale("gex", "SPX", "--chain", spx, "--strict", *MADE_UP, "--now", "chain").exit_code == 0


def test_a_no_go_takes_back_the_overlays_of_before(navale, spx, folder):
    assert navale("gex", "SPX", "--chain", spx, *MADE_UP, "--now", "chain").exit_code == 0
    (folder / "gex" / "mine.csv").write_text("kept")
    old = navale("gex", "SPX", "--chain", spx, *MADE_UP, "--now", "2026-06-20T12:00:00Z")
    assert "fatal: DATA_TOO_OLD" in old.stdout
    assert names(folder / "gex") == ["SPX.html", "SPX.json", "mine.csv"]


def test_levels_on_a_future(navale, spx, folder):
    """Basis 12.25: every level moves by it and is rounded to the tick of 0.25."""
    words = ["gex", "SPX", "--chain", spx, *MADE_UP, "--now", "chain"]
    assert navale(*words, "--out", "plain").exit_code == 0
    moved = navale(*words, "--out", "future", "--future", "ES=6512.25@2026-06-10T18:01:00Z")
    assert (moved.exit_code, moved.stderr) == (0, "")
    plain = json.loads((folder / "plain" / "SPX.json").read_text())["processed_levels"]["slots"]
    overlay = sierra_csv.read((folder / "future" / "SPX_v3.csv").read_text())
    assert (overlay.symbol, overlay.basis_pts, overlay.spot) == ("ES", 12.25, 6512.25)
    assert overlay.flip == pytest.approx(plain["gex1"] + 12.25, abs=0.125)
    assert (4 * overlay.flip) == int(4 * overlay.flip)
    carried = navale(*words, "--out", "carry", "--future", "ES@2026-09-18")
    assert carried.exit_code == 0
    assert " on ES" in carried.stdout


def test_history_keeps_one_row_per_session(navale, spx, folder):
    words = ["gex", "SPX", "--chain", spx, *MADE_UP, "--now", "chain", "--history", "past"]
    assert [navale(*words).exit_code for _ in range(2)] == [0, 0]
    import pandas as pd

    assert len(pd.read_parquet(folder / "past" / "SPX.parquet")) == 1


def test_nobody_else_adds_to_a_history_between_reading_and_writing(navale, spx, monkeypatch):
    from feeds.file_lock import file_lock
    from indicators.gex import history

    seen = []

    def checked(real):
        def call(*given):
            path = next(one for one in given if isinstance(one, Path))
            try:
                with file_lock(path.with_name(".SPX.lock")):
                    seen.append((real.__name__, "free"))
            except BlockingIOError:
                seen.append((real.__name__, "held"))
            return real(*given)

        return call

    monkeypatch.setattr(history, "read", checked(history.read))
    monkeypatch.setattr(history.History, "write", checked(history.History.write))
    assert navale("gex", "SPX", "--chain", spx, *MADE_UP, "--now", "chain", "--history", "past").exit_code == 0
    assert seen == [("read", "free"), ("read", "held"), ("write", "held")]


BAD_ROWS = {
    "negative.csv": (contract(110, "C", oi=-5), TWO[1]),
    "right.csv": (contract(110, "X"), TWO[1]),
    "twice.csv": (TWO[0], TWO[0], TWO[1]),
    "naive.csv": (contract(110, "C", expiry_ts_utc="2026-07-10T18:00:00"), TWO[1]),
    "strike.csv": (contract(0, "C"), TWO[1]),
    "nothing.csv": (contract(110, "C", oi=None), contract(90, "P", oi=None)),
    "spotless.csv": (contract(110, "C", spot=None), contract(90, "P", spot=None)),
    "past.csv": tuple(contract(k, r, expiry_ts_utc="2026-06-01T20:00:00Z") for k, r in ((110, "C"), (90, "P"))),
}


@pytest.mark.parametrize("file", [*BAD_ROWS, "empty.csv", "other.csv", "broken.json", "missing.csv", "book.xlsx"])
def test_a_bad_chain_is_one_line_exit_code_2_and_no_file(navale, folder, file):
    for name, rows in BAD_ROWS.items():
        (folder / name).write_text(table(*rows))
    (folder / "empty.csv").write_text("")
    (folder / "other.csv").write_text("a,b\n1,2\n")
    (folder / "broken.json").write_text('{"data": {"options": [')
    (folder / "book.xlsx").write_text("x")
    before = names(folder)
    failed = navale("gex", "TEST", "--chain", file, "--out", "out")
    assert (failed.exit_code, failed.stdout) == (2, "")
    assert failed.stderr.startswith("error: ")
    assert failed.stderr.count("\n") == 1
    assert "bug" not in failed.stderr
    assert file in failed.stderr
    assert names(folder) == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["TEST"], "Missing option '--chain'"),
        (["--chain", "two.csv"], "Missing argument 'SYMBOL'"),
        (["OTHER", "--chain", "two.csv"], "holds TEST, not OTHER"),
        (["TEST", "--chain", "bloomberg"], "none of massive, cboe"),
        (["TEST", "--chain", "two.csv", "-p", "rate"], "must be written name=value"),
        (["TEST", "--chain", "two.csv", "-p", "rte=0"], "did you mean 'rate'?"),
        (["TEST", "--chain", "two.csv", "-p", "rate=much"], "use a number"),
        (["TEST", "--chain", "two.csv", "-p", "rate=nan"], "use a number"),
        (["TEST", "--chain", "two.csv", "-p", "rate=4"], "decimal per year"),
        (["TEST", "--chain", "two.csv", "-p", "rate=0", "-p", "rate=0"], "given twice"),
        (["TEST", "--chain", "two.csv", "-p", "max_dte=0"], "positive number of days"),
        (["TEST", "--chain", "two.csv", "-p", "max_pins=1.5"], "use a whole number"),
        (["TEST", "--chain", "two.csv", "-p", "sign_model=dealer"], "use one of naive"),
        (["TEST", "--chain", "two.csv", "-p", "wall_mode=big"], "use one of net_gamma_side"),
        (["TEST", "--chain", "two.csv", "-p", "flip_method=guess"], "use one of grid, cumulative"),
        (["TEST", "--chain", "two.csv", "--now", "yesterday"], "is no time"),
        (["TEST", "--chain", "two.csv", "--now", "2026-06-10T18:00:00"], "has no zone"),
        (["TEST", "--chain", "two.csv", "--session", "today"], "is no date"),
        (["TEST", "--chain", "two.csv", "--session", "2026-06-11"], "holds nothing of 2026-06-11"),
        (["TEST", "--chain", "two.csv", "--out", "two.csv"], "is a file"),
        (["TEST", "--chain", "two.csv", "--out", "two.csv/out"], "cannot be a folder"),
        (["TEST", "--chain", "two.csv", "--vix", "-3"], "above 0"),
        (["TEST", "--chain", "two.csv", "--rates", "3m"], "tenor=percent"),
        (["TEST", "--chain", "two.csv", "--rates", "3w=4"], "unknown tenor '3w'"),
        (["TEST", "--chain", "two.csv", "--future", "ES"], "must be written ES="),
        (["TEST", "--chain", "two.csv", "--future", "ES=6500"], "must be written ES="),
        (["TEST", "--chain", "two.csv", "--future", "ZZ=100@2026-06-10T18:00:00Z"], "tick of 'ZZ' is unknown"),
        (["TEST", "--chain", "two.csv", "--future", "ES=x@2026-06-10T18:00:00Z"], "is no price"),
        (["TEST", "--chain", "two.csv", "--future", "ES=6500@2026-06-10T18:00:00Z"], "more than 5 %"),
        (["../TEST,", "--chain", "two.csv"], "cannot stand in a file"),
        (["watch", "TEST", "--chain", "two.csv", "--every", "soon"], "is no duration"),
        (["watch", "TEST", "--chain", "two.csv", "--every", "1s"], "from 10s to 24h"),
    ],
)  # fmt: skip
def test_wrong_words_are_one_line_exit_code_2_and_no_file(navale, two, folder, words, told):
    failed = navale("gex", *words)
    assert failed.exit_code == 2, failed.output
    assert failed.stderr.count("\n") == 1
    assert told.lower() in failed.stderr.lower()
    assert names(folder) == ["two.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(navale, two, folder):
    (folder / "locked").mkdir(mode=0o500)
    failed = navale("gex", "TEST", "--chain", two, "--out", "locked")
    assert failed.exit_code == 2


def test_chains_are_recorded_listed_and_used(navale, spx, folder):
    first = navale("chains", "record", "SPX", "--chain", spx, "--store", "kept")
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout.startswith("recorded SPX, session 2026-06-10:")
    assert navale("chains", "record", "SPX", "--chain", spx, "--store", "kept").stdout.startswith("had already SPX")
    (row,) = json.loads(navale("chains", "list", "--store", "kept", "--json").stdout)
    assert row == {"symbol": "SPX", "sessions": 1, "chains": 1, "first": "2026-06-10", "last": "2026-06-10"}
    assert "2026-06-10" in navale("chains", "list", "SPX", "--store", "kept").stdout
    used = navale("gex", "SPX", "--chain", "kept", "--session", "2026-06-10", *MADE_UP, "--now", "chain")
    assert (used.exit_code, used.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["record", "--chain", "cboe"], "Missing argument 'SYMBOLS"),
        (["record", "SPX"], "Missing option '--chain'"),
        (["record", "SPX", "--chain", "missing.csv"], "SPX: missing.csv"),
        (["record", "SPX", "--chain", "cboe", "--session", "today"], "is no date"),
        (["list"], "record chains into it first"),
        (["list", "SPX", "--store", "."], "has no chain of SPX"),
    ],
)
def test_wrong_words_for_chains(navale, folder, words, told):
    failed = navale("chains", *words)
    assert failed.exit_code == 2
    assert failed.stderr.count("\n") == 1
    assert told in failed.stderr
    assert names(folder) == []


def test_when_one_symbol_fails_the_others_are_kept(navale, spx, folder):
    failed = navale("chains", "record", "SPY", "SPX", "--chain", spx, "--store", "kept")
    assert failed.exit_code == 2
    assert "spx.csv: holds SPX, not SPY" in failed.stderr
    assert "recorded SPX" in failed.stdout


@pytest.mark.parametrize("words", [["gex", "watch"], ["chains", "record"], ["chains", "list"]])
def test_help_of_verbs_shows_an_example(navale, words):
    shown = navale(*words, "--help")
    assert shown.exit_code == 0
    assert f"\n  navale {' '.join(words)} " in shown.stdout


def test_help_of_gex_shows_the_options_of_a_snapshot(navale):
    shown = navale("gex", "--help").stdout
    assert "--chain SOURCE" in shown
    assert "watch" in shown
    assert "SYMBOL" in shown.splitlines()[0]
