"""The verdict on two engines: what counts as a difference, and which one is named first."""

from __future__ import annotations

import dataclasses

import pytest

from feeds import martingale
from feeds.errors import ParityError
from optimize.backtest import backtest
from optimize.parity import parity
from strategies.discovery import find


@pytest.fixture
def run(tiny):
    found = backtest(find(tiny)(), martingale(seed=3, bars=400))
    assert len(found.ledger) > 20
    return found


def other(run, column=None, row=0, change=None, **fields):
    """The same run from "another engine", with one cell of the ledger changed."""
    ledger = run.ledger.copy()
    if column:
        ledger.loc[row, column] = change(ledger.loc[row, column])
    return dataclasses.replace(run, engine="event", **({"ledger": ledger} | fields))


def test_equal_runs_agree(run):
    verdict = parity(run, other(run))
    assert verdict.same
    assert str(verdict) == f"vector and event agree: {len(run.ledger)} ledger rows, {len(run.equity):,} equity values"
    verdict.require()


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("quantity", lambda value: value * (1 + 2e-9)),
        ("price", lambda value: value * (1 - 2e-9)),
        ("position_after", lambda value: value + 1e-6),
        ("fee", lambda value: value + 2e-6),
        ("order_id", lambda value: value + 1),
        ("reason", lambda value: "limit"),
        ("side", lambda value: "sell" if value == "buy" else "buy"),
        ("symbol", lambda value: "X"),
    ],
)
def test_every_column_counts(run, column, change):
    verdict = parity(run, other(run, column, 4, change))
    assert not verdict.same
    assert verdict.difference.startswith(f"ledger row 5, {column}: ")
    with pytest.raises(ParityError, match="vector and event differ: ledger row 5"):
        verdict.require()


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("quantity", lambda value: value * (1 + 5e-10)),
        ("price", lambda value: value * (1 - 5e-10)),
        ("fee", lambda value: value + 5e-7),
    ],
)
def test_what_is_below_the_tolerance_does_not(run, column, change):
    assert parity(run, other(run, column, 4, change)).same


def test_a_time_counts(run):
    verdict = parity(run, other(run, "time", 2, lambda value: value + run.bars[run.ledger.symbol[0]].timeframe))
    assert verdict.difference.startswith("ledger row 3, time: ")


def test_a_row_too_few_is_shown(run):
    verdict = parity(run, other(run, ledger=run.ledger.iloc[:-1]))
    count = len(run.ledger)
    assert verdict.difference.startswith(f"ledger of {count} rows (vector) and {count - 1} (event)")
    assert "window-end" in verdict.difference or run.ledger["reason"].iloc[-1] in verdict.difference


def test_equity_counts_to_a_millionth(run):
    equity = run.equity.copy()
    equity.iloc[7] += 5e-7
    assert parity(run, other(run, equity=equity)).same
    equity.iloc[7] += 1e-5
    assert parity(run, other(run, equity=equity)).difference.startswith(f"equity at {equity.index[7]}: ")
    assert "stamps" in parity(run, other(run, equity=equity.iloc[1:])).difference


def test_ruin_counts(run):
    assert parity(run, other(run, ruined=True)).difference == "ruined is False (vector) and True (event)"
