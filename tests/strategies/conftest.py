"""Bars with hand-chosen indicator values, and one way to act them on every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import strategies.atr_trend
from feeds.bars import Bars
from feeds.instrument import Instrument
from indicators.base import Indicator, kernel
from optimize.backtest import backtest
from optimize.run import Run
from strategies.execution.account import Account, Costs, Sizing

ENGINES = ("vector", "runonce", "next")
FREE = Account(cash=10_000.0, costs=Costs(fee=0.0, slippage_bps=0.0), sizing=Sizing.lots(10))
COLUMNS = {
    "x_fast": 2.0, "x_slow": 1.0, "x_stoch": 0.5, "x_atr": 2.0, "x_sma": 50.0, "x_adx": 40.0, "x_trix": 1.0,
    "x_hv": 0.0, "x_rsi": 50.0, "x_macd": 1.0, "x_mean_volume": 1.0, "x_higher_fast": 2.0, "x_higher_slow": 1.0,
    "volume": 2.0,
}  # fmt: skip
"""A value of every indicator that lets the trend strategy enter."""


class Column(Indicator):
    """A bar column as it is."""

    outputs = ("value",)

    @kernel
    def step(close):
        return close[-1]


class AdxColumn(Indicator):
    """A bar column in the place of the ADX."""

    outputs = ("adx", "plus_di")

    @kernel
    def step(close):
        return close[-1], 0.0


class HistogramColumn(Indicator):
    """A bar column in the place of a histogram."""

    outputs = ("line", "histogram")

    @kernel
    def step(close):
        return 0.0, close[-1]


class AtrTrend(strategies.atr_trend.AtrTrend):
    """The trend strategy with every indicator read from a column. It keeps its name, and so its compiled drivers."""

    ema_fast, ema_slow = Column().on(close="x_fast"), Column().on(close="x_slow")
    stoch_rsi, atr = Column().on(close="x_stoch"), Column().on(close="x_atr")
    sma, adx = Column().on(close="x_sma"), AdxColumn().on(close="x_adx")
    trix, macd = HistogramColumn().on(close="x_trix"), HistogramColumn().on(close="x_macd")
    hv_z, rsi = Column().on(close="x_hv"), Column().on(close="x_rsi")
    mean_volume = Column().on(close="x_mean_volume")
    higher_fast, higher_slow = Column().on(close="x_higher_fast"), Column().on(close="x_higher_slow")


def candles(text: str, **columns: Any) -> Bars:
    """Hourly bars of "open high low close | ..." with COLUMNS; each column may be a number or one value per bar."""
    cells = [cell.split() for cell in text.split("|")]
    times = pd.date_range("2024-01-01 01:00", periods=len(cells), freq="h", tz="UTC", name="time", unit="ns")
    table = pd.DataFrame(np.array(cells, dtype=float), index=times, columns=["open", "high", "low", "close"])
    for name, value in (COLUMNS | columns).items():
        table[name] = np.broadcast_to(np.asarray(value, dtype=float), len(cells)).copy()
    return Bars(table, Instrument("A"), "candles", pd.Timedelta("1h"), synthetic=True)


def told(run: Run) -> list[str]:
    """The ledger as "bar side quantity @ price reason", bars counted from 1."""
    bars = next(iter(run.bars.values()))
    numbers = bars.times.get_indexer(pd.DatetimeIndex(run.ledger["time"])) + 1
    return [
        f"{bar} {row.side} {row.quantity:.10g} @ {row.price:.10g} {row.reason}"
        for bar, row in zip(numbers, run.ledger.itertuples(), strict=True)
    ]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Every simulated engine in turn."""
    return str(request.param)


@pytest.fixture
def simulate(engine: str) -> Callable[..., Run]:
    """simulate(strategy, bars, account, **window): a backtest in one of the engines."""

    def run(strategy: Any, bars: Any, account: Account = FREE, **window: Any) -> Run:
        if engine == "vector":
            return backtest(strategy, bars, account=account, **window)
        return backtest(strategy, bars, engine="event", mode=engine, account=account, **window)

    return run


@pytest.fixture
def act(simulate: Callable[..., Run]) -> Callable[..., list[str]]:
    """act(candles, account, **parameters): what the trend strategy does on hand-made candles; see `told`."""

    def run(bars: Bars, account: Account = FREE, **parameters: Any) -> list[str]:
        return told(simulate(AtrTrend(**parameters), bars, account))

    return run


@pytest.fixture(scope="session")
def tape() -> Callable[..., Bars]:
    """The `candles` function."""
    return candles


@pytest.fixture(scope="session")
def scripted() -> type[AtrTrend]:
    """The trend strategy that reads its indicators from columns."""
    return AtrTrend
