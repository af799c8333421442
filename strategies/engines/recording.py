"""What an indicator shows inside backtrader, bar by bar, for checks."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np

from feeds.bars import Bars
from indicators.base import Indicator
from strategies.engines.feed import bars_feed


class _Recorder(bt.Strategy):
    params = (("make", None), ("rows", None))

    def __init__(self) -> None:
        self.made = self.p.make(self.data)

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        self.p.rows.append([line[0] for line in self.made.lines])


def record_indicator(indicator: Indicator, bars: Bars, mode: str) -> list[np.ndarray]:
    """Outputs of `type(indicator).bt` on each bar. mode: "runonce", "next" or "exactbars", as in event.run."""
    host = type(indicator).bt  # type: ignore[attr-defined]
    plain = not hasattr(indicator, "compute") and indicator == type(indicator)(**indicator.parameters)

    def make(data: Any) -> Any:
        return host(data, **indicator.parameters) if plain else host(data, navale=indicator)

    rows: list[list[float]] = []
    cerebro = bt.Cerebro(
        stdstats=False, runonce=mode == "runonce", preload=mode != "exactbars", exactbars=mode == "exactbars"
    )
    cerebro.adddata(bars_feed(bars, tuple(indicator.columns())), name=bars.symbol)
    cerebro.addstrategy(_Recorder, make=make, rows=rows)
    cerebro.run()
    return [np.array(values) for values in zip(*rows, strict=True)]
