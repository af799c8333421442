"""The event engine: the strategy's backtrader class in a Cerebro, with the exact broker."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from feeds.errors import ConfigError
from strategies.base import Strategy
from strategies.engines.broker import ExactBroker
from strategies.engines.feed import bars_feed, distinct_days
from strategies.engines.result import Result
from strategies.engines.window import Window
from strategies.execution.account import Account

MODES = ("runonce", "next", "exactbars")


def run(strategy: Strategy, window: Window, account: Account, mode: str = "runonce", analyzers: Any = ()) -> Result:
    """Run a window through backtrader. mode: "runonce" (arrays first), "next" (bar by bar), "exactbars" (least memory).

    Raises ConfigError for exactbars with symbols whose stamps differ: backtrader cannot do that.
    """
    if mode not in MODES:
        raise ConfigError(f"mode {mode!r} is unknown; use one of {', '.join(MODES)}")
    if mode == "exactbars" and (window.rows < 0).any():
        raise ConfigError("backtrader's exactbars mode fails on symbols whose stamps differ; use mode='next'")
    cerebro = bt.Cerebro(
        stdstats=False,
        runonce=mode == "runonce",
        preload=mode != "exactbars",
        exactbars=1 if mode == "exactbars" else False,
    )
    broker = ExactBroker(account, type(strategy).reverse)
    cerebro.broker = broker
    columns = tuple(strategy.columns())
    days = distinct_days(window.stamps)
    for s, bars in enumerate(window.bars):
        feed = bars_feed(bars, columns, int(window.sizes[s]), days[window.rows[:, s] >= 0])
        cerebro.adddata(feed, name=window.symbols[s])
    host: Any = type(strategy).bt  # type: ignore[attr-defined]
    cerebro.addstrategy(host, navale_begin=[int(bar) for bar in window.begin], **strategy.parameters)
    for analyzer in analyzers:
        cerebro.addanalyzer(analyzer)
    ran = cerebro.run()[0]
    count = int(broker.record[0]["rows"])
    return Result(window, broker.ledger[:count], broker.record, broker.book, None, ran._memory)
