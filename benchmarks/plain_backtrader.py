"""A rule set written twice for backtrader's loop: by hand as its users write it, and declared.

The rules. EMA(fast) crosses above EMA(slow) on the close: buy at the next open with `FRACTION` of the money. From the
bar after the fill's on, a stop trails `trail` under the best close since the fill (the fill itself counts too); it
fills at the stop, or at the open when the bar opens beyond it. Every fill pays `FEE` of its value.
"""

# mypy: disable-error-code="no-untyped-def, index"

from __future__ import annotations

from typing import Any

import backtrader as bt

from benchmarks.ema_cross import CASH, FEE, FRACTION
from indicators.ema import Ema
from strategies.base import Float, Int, Strategy, enter_long, hold, kernel

SETTLED = 1500
"""Bars before the first decision: backtrader seeds an EMA otherwise than we do, and that has died out by then."""


class EmaTrail(Strategy):
    """Buys when a fast EMA crosses above a slow one; leaves by a stop that trails the close by `trail`."""

    fast, slow = Int(10, 2, 100), Int(30, 5, 300)
    trail = Float(0.03, 0.001, 0.5)
    ema_fast, ema_slow = Ema(period=fast), Ema(period=slow)

    @kernel
    def decide(ema_fast, ema_slow, position, trail):
        if position == 0.0 and ema_fast[-1] > ema_slow[-1] and ema_fast[-2] <= ema_slow[-2]:
            return enter_long(trail_pct=trail)
        return hold()


class PlainTrail(bt.Strategy):
    """The same by hand, in few operations per bar: no crossing indicator, no logging, one order at a time."""

    params = (("fast", 10), ("slow", 30), ("trail", 0.03), ("settled", SETTLED))

    def __init__(self) -> None:
        self.fast = bt.ind.EMA(self.data.close, period=self.p.fast)
        self.slow = bt.ind.EMA(self.data.close, period=self.p.slow)
        self.fills: list[tuple[float, float, float]] = []

    def next(self) -> None:
        if self.position or len(self.data) < self.p.settled:
            return
        if self.fast[0] > self.slow[0] and self.fast[-1] <= self.slow[-1]:
            self.buy(size=FRACTION * self.broker.getcash() / self.data.close[0])

    def notify_order(self, order: Any) -> None:
        if order.status != order.Completed:
            return
        self.fills.append((self.data.datetime[0], order.executed.size, order.executed.price))
        if order.isbuy():
            start = max(order.executed.price, self.data.close[0])
            self.sell(size=order.executed.size, exectype=bt.Order.StopTrail, price=start, trailpercent=self.p.trail)


class DeclaredTrail(EmaTrail.bt):  # type: ignore[name-defined]
    """The declared strategy in backtrader, with a list of its fills."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.fills: list[tuple[float, float, float]] = []

    def notify_order(self, order: Any) -> None:
        if order.status == order.Completed:
            self.fills.append((self.data.datetime[0], order.executed.size, order.executed.exbits[-1].price))


def cerebro(data: bt.feed.DataBase, stdstats: bool = False) -> bt.Cerebro:
    """A plain script's Cerebro: the stock broker with cash and a commission."""
    found = bt.Cerebro(stdstats=stdstats)
    found.adddata(data)
    found.broker.setcash(CASH)
    found.broker.setcommission(commission=FEE)
    return found


def run_plain(data: bt.feed.DataBase, settled: int = SETTLED) -> list[tuple[float, float, float]]:
    """Fills (time, size, price) of the strategy written by hand."""
    found = cerebro(data)
    found.addstrategy(PlainTrail, settled=settled)
    return list(found.run()[0].fills)


def run_declared(data: bt.feed.DataBase, settled: int = SETTLED) -> list[tuple[float, float, float]]:
    """Fills (time, size, price) of the declared strategy in the same script."""
    found = cerebro(data)
    found.addstrategy(DeclaredTrail, navale_begin=[settled - 1])
    return list(found.run()[0].fills)
