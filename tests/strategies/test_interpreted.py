"""NAVALE_INTERPRET=1: strategies run as plain Python, with the same fills."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import sys
from feeds import Instrument, load
from optimize.backtest import backtest
from strategies import AtrTrend
one = load("synthetic:planted_edge?seed=7&bars=600&edge=0.003&persistence=0.98")
other = load("synthetic:planted_edge?seed=8&bars=500&edge=0.003&persistence=0.98").with_instrument(Instrument("B"))
bars = {"one": one, "two": {"A": one.with_instrument(Instrument("A")), "B": other}}[sys.argv[1]]
run = backtest(AtrTrend(), bars, engine=sys.argv[2], account=AtrTrend.profile("reference").account)
print(run.ledger.drop(columns="symbol").to_json(double_precision=15))
"""
ROOT = Path(__file__).resolve().parents[2]


def ledger(symbols: str, engine: str, interpreted: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE, symbols, engine], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "NAVALE_INTERPRET": interpreted},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("symbols", ["one", "two"])
def test_plain_python_gives_the_same_ledger(symbols):
    compiled = ledger(symbols, "vector", "0")
    assert compiled.count("entry") >= 5
    assert ledger(symbols, "vector", "1") == compiled
    assert ledger(symbols, "event", "1") == compiled
