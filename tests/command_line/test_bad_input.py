"""Every bad input has its own one-line error on stderr and exit code 2; nothing is written."""

from __future__ import annotations

import errno
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from repository.tree import ROOT

HOURS = [f"2024-01-01T0{hour}:00Z" for hour in range(8)]
HEADER = "time,open,high,low,close,volume"


def good(time: str) -> str:
    return f"{time},100,101,99,100.5,10"


def with_row(number: int, row: str) -> list[str]:
    rows = [good(time) for time in HOURS]
    rows[number - 1] = row
    return rows


# name of the file: its lines
FILES = {
    "good.csv": [HEADER, *map(good, HOURS)],
    "columns.csv": ["time,open,high,low,last_price", f"{HOURS[0]},1,1,1,1"],
    "unsorted.csv": [HEADER, good(HOURS[0]), good(HOURS[2]), good(HOURS[1]), good(HOURS[3])],
    "duplicate.csv": [HEADER, good(HOURS[0]), good(HOURS[1]), good(HOURS[1]), good(HOURS[2])],
    "naive.csv": [HEADER, *(good(time.rstrip("Z")) for time in HOURS)],
    "nan.csv": [HEADER, *with_row(3, f"{HOURS[2]},100,,99,100.5,10")],
    "crossed.csv": [HEADER, *with_row(2, f"{HOURS[1]},100,98,99,98.5,10")],
    "negative.csv": [HEADER, *with_row(3, f"{HOURS[2]},1,1,-37.63,1,10")],
    "text.csv": [HEADER, *with_row(4, f"{HOURS[3]},100,101,n/k,100.5,10")],
    "empty.csv": [],
    "header.csv": [HEADER],
    "mixed.csv": [HEADER + ",contract", *(good(HOURS[i]) + (",H4" if i < 4 else ",M4") for i in range(8))],
    "holes.csv": [HEADER, *(good(HOURS[i]) for i in (0, 1, 2, 3, 6, 7))],
    "book.xlsx": ["x"],
    "broken.py": ["from strategies import Strategy", "1 / 0"],
    "typo.py": ["from strategies import Strategy", "def decide(:"],
    "missing_library.py": ["import not_installed_here"],
    "kernel.py": [
        "from strategies import Strategy, hold, kernel",
        "class Peek(Strategy):",
        "    @kernel",
        "    def decide(close):",
        "        x = close[0]",
        "        return hold()",
    ],
    "other.py": ["from indicators import Indicator", "class Line(Indicator): outputs = ('x',)", "THING = 3"],
    "plain.py": ["class Robot: pass"],
    "broken.parquet": ["PAR1 this is not one"],
}

GOOD = ("--data", "good.csv")
# case: (strategy, other words, pieces that the one line must hold)
CASES: dict[str, tuple[str, tuple[str, ...], list[str]]] = {
    # the source
    "missing file": ("tiny.py", ("--data", "goood.csv"), ["goood.csv", "no such file", "did you mean 'good.csv'"]),
    "directory": ("tiny.py", ("--data", "."), ["folder"]),
    "wrong columns": ("tiny.py", ("--data", "columns.csv"), ["columns.csv", "no column for close", "last_price"]),
    "unsorted": ("tiny.py", ("--data", "unsorted.csv"), ["unsorted.csv, row 3", "comes before row 2", "sort"]),
    "duplicate": ("tiny.py", ("--data", "duplicate.csv"), ["duplicate.csv, row 3", "repeats row 2"]),
    "naive time": ("tiny.py", ("--data", "naive.csv"), ["naive.csv, row 1", "2024-01-01", "tz='UTC'"]),
    "NaN": ("tiny.py", ("--data", "nan.csv"), ["nan.csv, row 3", "high", "NaN", "repair='drop'"]),
    "high below low": ("tiny.py", ("--data", "crossed.csv"), ["crossed.csv, row 2", "high 98.0", "below low 99.0"]),
    "non-positive": ("tiny.py", ("--data", "negative.csv"), ["negative.csv, row 3", "low -37.63", "not above 0"]),
    "text for a price": ("tiny.py", ("--data", "text.csv"), ["text.csv, row 4", "'n/k'", "not a number"]),
    "empty": ("tiny.py", ("--data", "empty.csv"), ["empty.csv", "empty"]),
    "only a header": ("tiny.py", ("--data", "header.csv"), ["header.csv", "no rows"]),
    "broken file": ("tiny.py", ("--data", "broken.parquet"), ["broken.parquet", "cannot be read"]),
    "kind of file": ("tiny.py", ("--data", "book.xlsx"), [".xlsx", "CSV or Parquet"]),
    "mixed contracts": ("tiny.py", ("--data", "mixed.csv"), ["mixed.csv", "row 5", "M4 follows H4", "contract="]),
    "unknown contract": ("tiny.py", ("--data", "mixed.csv", "--contract", "U4"), ["'U4'", "H4"]),
    "gaps refused": ("tiny.py", ("--data", "holes.csv", "--gaps", "refuse"), ["holes.csv", "1 gap", "2 bars missing"]),
    "unknown sample": ("tiny.py", ("--data", "sample:spy"), ["sample:spy", "did you mean 'sample:spx'"]),
    "unknown generator": ("tiny.py", ("--data", "synthetic:moon"), ["moon", "martingale"]),
    "bad tz": ("tiny.py", ("--data", "naive.csv", "--tz", "Mars/Base"), ["Mars/Base"]),
    "bad label": ("tiny.py", (*GOOD, "--label", "end"), ["label='end'", "'open', 'close'"]),
    "bad calendar": ("tiny.py", (*GOOD, "--calendar", "XNYSE"), ["'XNYSE'", "'XNYS'"]),
    "bad columns": ("tiny.py", (*GOOD, "--columns", "close"), ["--columns 'close'", "close=Last"]),
    "unknown column": ("tiny.py", (*GOOD, "--columns", "close=Settle"), ["'Settle'", "no such column"]),
    "bad timeframe": ("tiny.py", (*GOOD, "--timeframe", "4x"), ["'4x'", "'4h'"]),
    "timeframe of a profile": (
        "AtrTrend",
        ("--data", "sample:spx", "--profile", "seed"),
        ["4h does not fit", "profile 'seed' asks for it", "--timeframe 1d keeps the bars"],
    ),
    "shorter timeframe": ("tiny.py", (*GOOD, "--timeframe", "1min"), ["1min", "1h"]),
    "option of a sample": ("tiny.py", ("--data", "sample:spx", "--tz", "UTC"), ["sample:spx", "tz cannot be given"]),
    "same symbol twice": ("tiny.py", (*GOOD, *GOOD), ["'good'", "already read", "--symbol"]),
    "options for two of three": (
        "tiny.py",
        (*GOOD, "--data", "nan.csv", "--data", "text.csv", "--symbol", "A", "--symbol", "B"),
        ["--symbol is given 2 times for 3 --data"],
    ),
    "bad instrument": ("tiny.py", (*GOOD, "--instrument", "tik=1"), ["'tik'", "did you mean 'tick'"]),
    "bad tick": ("tiny.py", (*GOOD, "--instrument", "tick=-1"), ["tick=-1.0", "0 or more"]),
    # the window
    "no time": ("tiny.py", (*GOOD, "--start", "soon"), ["'soon'", "2024-01-31"]),
    "after the data": ("tiny.py", (*GOOD, "--start", "2030-01-01"), ["2030-01-01", "after the last bar"]),
    "before the data": ("tiny.py", (*GOOD, "--end", "2020-01-01"), ["2020-01-01", "the data begin"]),
    "too little history": ("AtrTrend", GOOD, ["AtrTrend", "needs 70 bars", "has 8", "load more history"]),
    "too little before start": ("tiny.py", (*GOOD, "--start", "2024-01-01T03:00Z"), ["bars before", "warm up"]),
    # the strategy
    "unknown strategy": ("AtrTrnd", GOOD, ["'AtrTrnd'", "did you mean 'AtrTrend'"]),
    "indicator": ("Ema", GOOD, ["Ema is an indicator, not a strategy"]),
    "file missing": ("tyny.py:Tiny", GOOD, ["tyny.py", "no such file", "did you mean 'tiny.py'"]),
    "class missing": ("tiny.py:Tyni", GOOD, ["tiny.py has no class 'Tyni'", "did you mean 'Tiny'"]),
    "module missing": ("floor.rules:Tiny", GOOD, ["no module 'floor.rules'", "path.py:Class"]),
    "not a strategy": ("other.py:Line", GOOD, ["other.py:Line is not a Strategy"]),
    "no class": ("other.py:THING", GOOD, ["other.py:THING", "int 3", "give the class"]),
    "nothing declared": ("plain.py", GOOD, ["plain.py", "no Strategy"]),
    "plain class": ("plain.py:Robot", GOOD, ["plain.py:Robot is not a Strategy", "class Robot(Strategy)"]),
    "file that raises": ("broken.py:X", GOOD, ["broken.py, line 2", "ZeroDivisionError"]),
    "file with a typing error": ("typo.py:X", GOOD, ["typo.py, line 2", "syntax"]),
    "library missing": ("missing_library.py:X", GOOD, ["missing_library.py, line 1", "not_installed_here"]),
    "kernel that peeks": ("kernel.py:Peek", GOOD, ["kernel.py:5", "close[0]"]),
    "folder for a file": (".:X", GOOD, ["'.'"]),
    # parameters, profile, account
    "unknown parameter": ("tiny.py", (*GOOD, "-p", "bak=3"), ["Tiny has no parameter 'bak'", "did you mean 'back'"]),
    "out of bounds": ("tiny.py", (*GOOD, "-p", "back=99"), ["back=99", "outside 1 … 5"]),
    "wrong type": ("tiny.py", (*GOOD, "-p", "back=2.5"), ["back=2.5", "whole number"]),
    "no value": ("tiny.py", (*GOOD, "-p", "back"), ["-p 'back'", "name=value"]),
    "twice": ("tiny.py", (*GOOD, "-p", "back=1", "-p", "back=2"), ["-p back is given twice"]),
    "invalid together": ("AtrTrend", (*GOOD, "-p", "fast=60", "-p", "slow=20"), ["fast must be below slow"]),
    "unknown profile": ("tiny.py", (*GOOD, "--profile", "slwo"), ["Tiny has no profile 'slwo'", "did you mean 'slow'"]),
    "unknown engine": ("tiny.py", (*GOOD, "--engine", "turbo"), ["'turbo'", "'vector', 'event', 'both'"]),
    "unknown sizing": ("tiny.py", (*GOOD, "--sizing", "kelly=1"), ["'kelly'", "fraction, risk"]),
    "too much risk": ("tiny.py", (*GOOD, "--sizing", "risk=0.5"), ["risk", "0.5", "0.02"]),
    "no money": ("tiny.py", (*GOOD, "--cash", "0"), ["cash=0", "cannot trade"]),
    "negative fee": ("tiny.py", (*GOOD, "--fee", "-0.1"), ["fee=-0.1", "from 0 to 0.1"]),
    "leverage of a cash account": ("tiny.py", (*GOOD, "--leverage", "3"), ["cash account has no leverage"]),
    "no number for a limit": ("tiny.py", (*GOOD, "--max-exposure", "nan"), ["--max-exposure nan is no limit", "inf"]),
    "limit below 0": ("tiny.py", (*GOOD, "--max-correlation", "-1"), ["--max-correlation -1.0 is no limit", "inf"]),
    "timeframe of ages": ("tiny.py", (*GOOD, "--timeframe", "99999999d"), ["'99999999d'", "above ten years"]),
    "tearsheet of nothing": ("tiny.py", (*GOOD, "--no-save", "--tearsheet"), ["--tearsheet", "--no-save"]),
}


@pytest.fixture
def files(folder: Path, tiny: str) -> Path:
    """The working directory with every bad file."""
    for name, lines in FILES.items():
        (folder / name).write_text("\n".join(lines) + ("\n" if lines else ""))
    return folder


def left_behind(folder: Path) -> list[str]:
    """What a failed command wrote."""
    known = {*FILES, "tiny.py", "__pycache__"}
    return [str(path) for path in folder.iterdir() if path.name not in known]


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_line_and_exit_code_2(case, navale, files):
    strategy, words, pieces = CASES[case]
    failed = navale("backtest", strategy, *words, "--json")
    assert failed.exit_code == 2, failed.output
    assert failed.stdout == ""
    assert failed.stderr.startswith("error: ")
    assert failed.stderr.count("\n") == 1
    missing = [piece for piece in pieces if piece not in failed.stderr]
    assert not missing, failed.stderr
    assert "Traceback" not in failed.stderr
    assert not left_behind(files)


def test_every_error_is_its_own(navale, files):
    told = [navale("backtest", strategy, *words).stderr for strategy, words, _ in CASES.values()]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("case", ["crossed file", "unknown strategy", "missing file", "file that raises"])
def test_the_installed_command_says_the_same(case, files):
    strategy, words, pieces = CASES[case if case in CASES else "high below low"]
    command = [sys.executable, "-m", "navale", "backtest", strategy, *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    failed = subprocess.run(command, cwd=files, env=environment, capture_output=True, text=True)
    assert failed.returncode == 2
    assert failed.stdout == ""
    assert failed.stderr.count("\n") == 1
    assert all(piece in failed.stderr for piece in pieces)
    assert not left_behind(files)


def test_a_tearsheet_that_fails_leaves_no_run(navale, tiny, hours, folder, monkeypatch):
    from feeds.errors import DataError

    def broken(*_: object, **__: object) -> None:
        raise DataError("no tearsheet today")

    monkeypatch.setattr(importlib.import_module("optimize.tearsheet"), "tearsheet", broken)
    failed = navale("backtest", tiny, "--data", hours, "--tearsheet")
    assert failed.exit_code == 2
    assert "no tearsheet today" in failed.stderr
    assert not list((folder / "runs").iterdir())


def test_a_folder_that_cannot_be_written(navale, tiny, hours, folder):
    (folder / "runs").write_text("a file in the way")
    for root, what in (("runs", "File exists"), ("runs/below", "Not a directory")):
        failed = navale("backtest", tiny, "--data", hours, "--runs", root)
        assert failed.exit_code == 2
        told = f"{root}: nothing can be written there ({what}); a file is in the way: name another folder"
        assert failed.stderr == f"error: {told}\n"
    listed = navale("runs")
    assert listed.exit_code == 2
    assert listed.stderr == "error: runs is a file, and runs are kept in a folder; name another one\n"


def test_a_full_disk_names_the_folder(navale, tiny, hours, folder, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("optimize.runs.write_text", full)
    failed = navale("backtest", tiny, "--data", hours)
    assert failed.exit_code == 2
    told = "runs: nothing can be written there (No space left on device); free some space there or name another folder"
    assert failed.stderr == f"error: {told}\n"
    assert not list((folder / "runs").iterdir())


@pytest.mark.parametrize("words", [["tearsheet", "2024"], ["compare", "2024", "2025"]])
def test_runs_that_do_not_exist(navale, folder, words):
    failed = navale(*words)
    assert failed.exit_code == 2
    assert failed.stderr == "error: no run '2024' in runs; it holds 0 runs\n"


def test_verify_of_what_is_no_class(navale, files):
    failed = navale("verify", "plain.py:Robot")
    assert failed.exit_code == 2
    assert "plain.py:Robot is not a Strategy" in failed.stderr
