"""Cerebro scripts around a declared strategy, and what their analyzers are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import backtrader as bt
import pandas as pd
from parity.markets import Market

from feeds.synthetic import martingale
from optimize.run import Run
from strategies.atr_trend import AtrTrend
from strategies.base import Strategy
from strategies.engines.broker import ExactBroker
from strategies.engines.feed import bars_feed
from strategies.execution.account import Account, Costs, Sizing
from strategies.execution.ledger import to_frame

BARS = martingale(1_000, seed=6)  # without ticks, so that a feed that knows no instrument has the same terms
PARAMETERS = {"scenario": "stochrsi", "fast": 5, "slow": 10, "hv_filter": False, "rsi_filter": False, "cooldown": 0}
TREND = AtrTrend(**PARAMETERS)
STOCK = Account(cash=50_000.0, costs=Costs(fee=0.002, slippage_bps=3.0))
MARGIN = Account(cash=50_000.0, kind="margin", leverage=5.0, sizing=Sizing.fraction(0.6))
REJECTING = Account(cash=50_000.0, sizing=Sizing.fraction(0.6), max_positions=1)


class Diary(bt.Analyzer):
    """Everything that backtrader tells a strategy's analyzers."""

    def start(self) -> None:
        self.orders: list[Any] = []
        self.trades: list[Any] = []
        self.values: list[float] = []

    def notify_order(self, order: Any) -> None:
        self.orders.append(order)

    def notify_trade(self, trade: Any) -> None:
        self.trades.append(trade)

    def next(self) -> None:
        self.values.append(self.strategy.broker.getvalue())


def cerebro_run(
    strategy: Strategy,
    market: Market,
    account: Account,
    analyzers: Sequence[type[bt.Analyzer]] = (Diary,),
    **options: Any,
) -> Any:
    """A script that uses our broker; returns backtrader's strategy."""
    cerebro = bt.Cerebro(**{"stdstats": False, **options})
    cerebro.broker = ExactBroker(account)
    for symbol, one in market.items():
        cerebro.adddata(bars_feed(one, tuple(strategy.columns())), name=symbol)
    cerebro.addstrategy(type(strategy).bt, **strategy.parameters)
    for analyzer in analyzers:
        cerebro.addanalyzer(analyzer)
    return cerebro.run()[0]


def stock_cerebro(feed: Any, **parameters: Any) -> bt.Cerebro:
    """A script that knows nothing of us but the strategy."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(feed)
    cerebro.addstrategy(AtrTrend.bt, **(PARAMETERS | parameters))
    cerebro.broker.setcash(50_000.0)
    cerebro.broker.setcommission(commission=0.002)
    cerebro.broker.set_slippage_perc(0.0003)
    return cerebro


def ledger_of(host: Any, market: Market) -> pd.DataFrame:
    broker = host.broker
    stamps = sorted(set().union(*(one.times for one in market.values())))
    return to_frame(broker.ledger[: int(broker.record[0]["rows"])], pd.DatetimeIndex(stamps), tuple(market))


def same_ledger(host: Any, run: Run) -> None:
    assert len(run.fills) > 50
    pd.testing.assert_frame_equal(ledger_of(host, run.bars), run.ledger, check_exact=True)
