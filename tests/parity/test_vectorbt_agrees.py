"""The third oracle: vectorbt's own simulator, fed with our fills, has the same cash, positions and value.

Each fill becomes a row of its own in `Portfolio.from_orders`, and each stamp one more row at its closes, where cash,
positions and value are read. Ours are what the event broker told an analyzer after every bar, and Run.equity. vectorbt
knows no leverage: it is lent enough money to pay for everything, which is taken off its cash and value again.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest
import vectorbt as vbt
from parity.fuzz import AnyOrder, Dipper, Turner
from parity.markets import FUTURE, Market, five_pairs, martingales, part

from optimize.backtest import as_run, backtest
from optimize.run import Run
from strategies.base import Strategy
from strategies.engines import event
from strategies.engines.window import make_window
from strategies.execution.account import Account, Costs, Sizing

COSTS = Costs(fee=0.0005, slippage_bps=2.0, commission=0.02)
CASH = Account(cash=100_000.0, costs=COSTS, sizing=Sizing.fraction(0.4))
MARGIN = Account(cash=100_000.0, kind="margin", costs=COSTS, sizing=Sizing.fraction(1.5), leverage=5.0)
LENT = 1_000_000.0
pytestmark = pytest.mark.xdist_group("fuzz")


def told_by_the_broker(strategy: Strategy, market: Market, account: Account) -> tuple[Run, pd.DataFrame]:
    """A run, and per stamp the broker's cash, value and positions."""
    told: list[list[float]] = []

    class Tape(bt.Analyzer):
        def next(self) -> None:
            broker, datas = self.strategy.broker, self.datas
            told.append([broker.getcash(), broker.getvalue(), *(broker.getposition(data).size for data in datas)])

        def stop(self) -> None:
            told.pop()  # the window closes after its last bar
            self.next()

    window = make_window(strategy, market)
    run = as_run(strategy, "event", market, account, event.run(strategy, window, account, "runonce", [Tape]), 0.0)
    table = pd.DataFrame(told[-len(run.equity) :], index=run.equity.index, columns=["cash", "value", *market])
    return run, table


def simulated_by_vectorbt(run: Run, lent: float) -> pd.DataFrame:
    """The same table from vectorbt."""
    symbols, fills = list(run.bars), run.fills
    stamps = run.equity.index
    closes = pd.DataFrame({name: bars.frame["close"] for name, bars in run.bars.items()}).ffill()
    closes = closes.fillna(pd.Series({name: bars.frame["open"].iloc[0] for name, bars in run.bars.items()}))
    last = closes.reindex(stamps)
    rows = fills["time"].searchsorted(stamps, side="right") + np.arange(len(stamps))  # where each stamp is marked
    places = np.setdiff1d(np.arange(len(fills) + len(stamps)), rows)
    shape = (len(fills) + len(stamps), len(symbols))
    size, price, fees = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape)
    columns = fills["symbol"].map(symbols.index).to_numpy()
    multiplier = np.array([bars.instrument.multiplier for bars in run.bars.values()])
    sign = np.where(fills["side"] == "buy", 1.0, -1.0)
    size[places, columns] = sign * fills["quantity"] * multiplier[columns]
    price[places, columns], fees[places, columns] = fills["price"], fills["fee"]
    marks = np.empty(shape)
    marks[rows] = last
    marks[places] = last.iloc[stamps.get_indexer(pd.DatetimeIndex(fills["time"]))]
    cash = run.account.cash + lent
    portfolio = vbt.Portfolio.from_orders(
        marks, size, price=price, fixed_fees=fees, size_type="amount", direction="both", init_cash=cash,
        cash_sharing=True, group_by=True, allow_partial=False, raise_reject=True, freq="1h",
    )  # fmt: skip
    found = pd.DataFrame(np.asarray(portfolio.assets())[rows] / multiplier, index=stamps, columns=symbols)
    found.insert(0, "value", np.asarray(portfolio.value())[rows].ravel() - lent)
    found.insert(0, "cash", np.asarray(portfolio.cash())[rows].ravel() - lent)
    return found


CASES: dict[str, tuple[Strategy, Market, Account, float]] = {
    "long only, cash": (Dipper(), martingales(1), CASH, 0.0),
    "long and short": (AnyOrder(), martingales(2), MARGIN, LENT),
    "turned around": (Turner(), martingales(3), MARGIN, LENT),
    "futures": (AnyOrder(seed=5), martingales(4, tool=FUTURE), MARGIN, LENT),
    "three symbols, cash": (Dipper(), martingales(5, symbols=3), replace(CASH, sizing=Sizing.fraction(0.3)), 0.0),
    "four symbols out of step": (AnyOrder(seed=7), martingales(7, symbols=4), MARGIN, LENT),
}


@pytest.mark.parametrize("name", CASES)
def test_same_cash_positions_and_value(name: str) -> None:
    strategy, market, account, lent = CASES[name]
    agrees(strategy, market, account, lent)


def test_same_on_real_prices(market_data: Path) -> None:
    agrees(AnyOrder(seed=9), part(five_pairs(market_data), 2_000), MARGIN, LENT)


def agrees(strategy: Strategy, market: Market, account: Account, lent: float) -> None:
    run, told = told_by_the_broker(strategy, market, account)
    theirs = simulated_by_vectorbt(run, lent)
    assert len(run.fills) > 100
    assert not run.ruined
    pd.testing.assert_frame_equal(told, theirs, check_exact=False, rtol=0.0, atol=1e-6, check_freq=False)
    np.testing.assert_allclose(run.equity, theirs["value"], rtol=0.0, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_a_runs_portfolio_is_what_vectorbt_would_have_simulated(name: str) -> None:
    strategy, market, account, lent = CASES[name]
    run = backtest(strategy, market, account=account)
    theirs: Any = simulated_by_vectorbt(run, lent)
    np.testing.assert_allclose(run.portfolio.value(), theirs["value"], rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(run.portfolio.cash(), theirs["cash"], rtol=0.0, atol=1e-6)
    assert run.portfolio.trades.count() == len(run.trades)
