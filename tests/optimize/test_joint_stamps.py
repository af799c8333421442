"""Several symbols of one account whose bars do not share stamps: figures per year, daily returns, the page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from feeds.bars import Bars
from feeds.instrument import Instrument
from optimize.backtest import backtest
from optimize.metrics import performance
from optimize.periods import run_periods
from optimize.tearsheet_quantstats import daily, daily_periods
from strategies import Strategy, enter_long, hold, kernel
from strategies.execution.account import Account, Costs, Sizing


class Held(Strategy):
    """Buys every symbol once."""

    @kernel
    def decide(close, position, since_exit):
        if position == 0.0 and close[-1] > 0.0:
            return enter_long()
        return hold()


FREE = Account(cash=10_000.0, costs=Costs(fee=0, slippage_bps=0), sizing=Sizing.fraction(0.3), cap=0.45)


def walk(symbol: str, first: str, count: int, step: str, seed: int, calendar: str = "24/7") -> Bars:
    """Bars of a random walk, the first one closing at `first`."""
    return of(symbol, pd.date_range(first, periods=count, freq=step, tz="UTC"), step, seed, calendar)


def of(symbol: str, times: pd.DatetimeIndex, step: str, seed: int, calendar: str) -> Bars:
    close = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.004, len(times))))
    opened = np.concatenate([[100.0], close[:-1]])
    frame = pd.DataFrame({
        "open": opened, "high": np.maximum(opened, close), "low": np.minimum(opened, close), "close": close,
    }, index=times.as_unit("ns").rename("time"))  # fmt: skip
    return Bars(frame, Instrument(symbol, calendar=calendar), f"{symbol}.csv", pd.Timedelta(step))


def test_stamps_between_stamps_are_counted():
    one, whole = walk("A", "2022-01-01 01:00", 8760, "1h", 1), walk("B", "2022-01-01 01:00", 8760, "1h", 2)
    half = walk("B", "2022-01-01 01:30", 8760, "1h", 2)
    aligned, apart = (backtest(Held(), {"A": one, "B": other}, account=FREE) for other in (whole, half))
    assert run_periods(aligned) == 8760
    assert "stamps were counted" in apart.summary()
    assert "stamps were counted" not in aligned.summary()
    assert len(apart.equity) == 2 * 8760
    assert run_periods(apart) == pytest.approx(2 * 8766, rel=1e-3)  # two stamps an hour, 365.25 days
    growth = apart.equity.iloc[-1] / apart.equity.iloc[0]  # over a year but for an hour
    assert performance(apart.equity.to_numpy(), run_periods(apart))["cagr"] == pytest.approx(growth - 1, rel=2e-3)


def test_holes_do_not_make_stamps_between_stamps():
    one, other = walk("A", "2022-01-01 01:00", 2000, "1h", 1), walk("B", "2022-01-01 01:00", 2000, "1h", 2)
    rng = np.random.default_rng(3)
    holed = [Bars(b.frame[rng.random(2000) < 0.5], b.instrument, b.source, b.timeframe) for b in (one, other)]
    assert run_periods(backtest(Held(), {"A": holed[0], "B": holed[1]}, account=FREE)) == 8760


@pytest.mark.parametrize("first", ["A", "B"])
def test_days_after_the_first_symbol_has_ended(first):
    bars = {"A": walk("A", "2022-01-01 01:00", 24 * 90, "1h", 1), "B": walk("B", "2022-01-01 01:00", 24 * 800, "1h", 2)}
    run = backtest(Held(), {symbol: bars[symbol] for symbol in sorted(bars, key=lambda name: name != first)},
                   account=FREE)  # fmt: skip
    last = run.equity.groupby((run.equity.index - pd.Timedelta(1, unit="ns")).date).last().to_numpy()
    assert len(last) == 800
    before = np.concatenate([[run.equity.iloc[0]], last[:-1]])
    np.testing.assert_allclose(daily(run, run.equity).to_numpy(), last / before - 1, rtol=1e-12, atol=1e-15)
    assert daily_periods(run) == 365


def test_daily_bars_after_the_first_symbol_has_ended():
    """2010 to 2011 and 2010 to 2019: once an error about duplicate days, when the page was written."""
    from feeds.sessions import sessions

    span = (pd.Timestamp(day).value for day in ("2010-01-01", "2019-12-31"))
    table = sessions("XNYS", *span)
    closes = pd.DatetimeIndex(table.closes[(table.days >= 14610) & (table.days < 18262)], tz="UTC")  # 2010 ... 2019
    old = of("A", closes[:500], "1D", 1, "XNYS")
    run = backtest(Held(), {"A": old, "B": of("B", closes, "1D", 2, "XNYS")}, account=FREE)
    returns = daily(run, run.equity)
    assert returns.index.is_unique
    assert len(returns) == len(closes) - 1
    np.testing.assert_allclose(returns.to_numpy(), run.equity.pct_change().iloc[1:].to_numpy(), rtol=1e-12, atol=1e-15)
    assert daily_periods(run) == run_periods(run) == 252


def test_daily_bars_that_close_at_two_hours_of_one_day():
    noon = walk("A", "2022-01-01 12:00", 300, "1D", 1)
    evening = walk("B", "2022-01-01 18:00", 300, "1D", 2)
    run = backtest(Held(), {"A": noon, "B": evening}, account=FREE)
    assert len(run.equity) == 600
    returns = daily(run, run.equity)
    assert len(returns) == 300
    last = run.equity.to_numpy()[1::2]
    np.testing.assert_allclose(returns.to_numpy()[1:], last[1:] / last[:-1] - 1, rtol=1e-12, atol=1e-15)
    assert daily_periods(run) == 365
    assert run_periods(run) == pytest.approx(2 * 365.2425, rel=2e-3)
