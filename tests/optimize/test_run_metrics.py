"""Figures of merit against quantstats and against numbers worked out by hand."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from feeds.errors import ConfigError
from optimize.metrics import DEFINITIONS, measure, performance, shown, trade_figures
from optimize.periods import periods_per_year, run_periods
from tests.optimize.hand_runs import hand_run, random_run, some_bars


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("rf", "periods"), [(0.0, 252), (0.04, 252), (0.0, 8760), (0.02, 365)])
def test_quantstats_says_the_same(seed, rf, periods):
    import quantstats.stats as oracle

    run = random_run(seed)
    ours = measure(run, rf=rf, periods=periods)
    returns = run.equity.pct_change().iloc[1:]
    expected = {
        "total_return": oracle.comp(returns),
        "cagr": oracle.cagr(returns, periods=periods),
        "sharpe": oracle.sharpe(returns, rf=rf, periods=periods),
        "sortino": oracle.sortino(returns, rf=rf, periods=periods),
        "volatility": oracle.volatility(returns, periods=periods),
        "max_drawdown": oracle.max_drawdown(returns),
        "calmar": oracle.calmar(returns, periods=periods),
    }
    for name, value in expected.items():
        assert ours[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name
    assert ours["total_return"] != 0


def test_figures_per_closed_trade_by_hand():
    run = hand_run(
        """
        1 AAA buy  10 @ 101 1 1 entry
        2 AAA sell 10 @ 103 1 1 target-1
        3 AAA buy  10 @ 102 1 2 entry
        4 AAA sell 10 @  99 1 2 stop
        4 AAA buy  99 @  99 0 3 rejected-cash
        5 AAA buy  10 @  98 1 4 entry
        5 AAA sell 10 @  98 1 4 stop
        """,
        some_bars([100, 101, 103, 102, 99, 98, 104, 104]),
    )
    figures = run.metrics
    assert set(figures) == set(DEFINITIONS)
    assert figures["trades"] == 3
    assert figures["win_rate"] == pytest.approx(1 / 3)
    assert figures["profit_factor"] == pytest.approx(18 / (32 + 2))
    assert figures["expectancy"] == pytest.approx((18 - 32 - 2) / 3)
    assert figures["expectancy_return"] == pytest.approx((18 / 1010 - 32 / 1020 - 2 / 980) / 3)
    assert (figures["best_trade"], figures["worst_trade"], figures["losing_streak"]) == (18, -32, 2)
    assert figures["average_bars_held"] == pytest.approx(2 / 3)
    assert (figures["fees"], figures["fills"], figures["rejections"]) == (6, 6, 1)
    assert figures["exposure"] == pytest.approx(2 / 8)
    assert figures["returns"] == 7
    assert figures["total_return"] == pytest.approx(-16 / 10_000)


def test_never_trading_is_undefined_not_zero():
    figures = hand_run("", some_bars([100, 101, 102])).metrics
    assert figures["total_return"] == 0
    assert figures["trades"] == 0
    for name in ("sharpe", "sortino", "calmar", "win_rate", "profit_factor", "expectancy"):
        assert math.isnan(figures[name]), name
        assert shown(name, figures[name]) == "undefined"


def test_ruin_is_minus_one_hundred_percent():
    equity = np.array([100.0, 120.0, 60.0, 0.0, 0.0, 0.0])
    figures = performance(equity, 252)
    assert (figures["total_return"], figures["cagr"], figures["max_drawdown"]) == (-1, -1, -1)
    assert figures["calmar"] == -1
    assert math.isfinite(figures["sharpe"])
    run = dataclasses.replace(random_run(1), ruined=True)
    assert run.metrics["ruined"] == 1
    assert "RUINED" in run.summary()
    assert "RUINED" in repr(run)


def test_the_profit_factor_without_a_loss_is_undefined():
    table = pd.DataFrame({"pnl": [1.0, 2.0], "return": [0.1, 0.2], "bars_held": [1, 2]})
    assert math.isnan(trade_figures(table)["profit_factor"])


def test_a_single_stamp_has_no_returns():
    figures = performance(np.array([100.0]), 252)
    assert figures["total_return"] == 0
    assert math.isnan(figures["cagr"])
    assert math.isnan(figures["sharpe"])


@pytest.mark.parametrize(("periods", "rf"), [(0, 0), (math.nan, 0), (252, -1), (252, math.nan)])
def test_senseless_settings_are_refused(periods, rf):
    with pytest.raises(ConfigError, match="must be"):
        performance(np.array([1.0, 2.0]), periods, rf)


@pytest.mark.parametrize(
    ("calendar", "step", "expected"),
    [
        ("24/7", "1h", 8760),
        ("24/7", "1D", 365),
        ("24/7", "15min", 35040),
        ("24/7", "7D", 52),
        ("XNYS", "1D", 252),
        ("FX", "1D", 261),
        ("24/7", "2D", 182.5),
    ],
)
def test_periods_of_a_year(calendar, step, expected):
    assert periods_per_year(some_bars([1.0, 2.0], calendar=calendar, step=step, start="2024-01-02")) == expected


def test_intraday_periods_count_real_sessions():
    """A full New York session has 390 minutes or seven hourly bars, an early close 210 minutes or four."""
    hourly = periods_per_year(some_bars([1.0, 2.0], calendar="XNYS", step="1h"))
    minutes = periods_per_year(some_bars([1.0, 2.0], calendar="XNYS", step="1min"))
    sessions = 251.6  # 2,516 from 2010 to 2019
    assert 7 * sessions - 3 * 3 < hourly < 7 * sessions
    assert 390 * sessions - 180 * 3 < minutes < 390 * sessions


def test_symbols_on_different_clocks_are_counted():
    daily, hourly = some_bars(np.arange(1, 101.0), "D"), some_bars(np.arange(1, 2401.0), "H", step="1h")
    assert run_periods(hand_run("", daily, daily.with_instrument(daily.instrument))) == 365
    assert run_periods(hand_run("", daily, hourly)) == pytest.approx(365.2425 * 24, rel=0.01)


def test_run_shows_itself():
    run = random_run(3)
    assert run.strategy_repr in repr(run)
    assert "sharpe" in run.summary()
    evil = dataclasses.replace(run, strategy_repr="<script>alert(1)</script>")
    assert "<script>" not in evil._repr_html_()
    assert "sharpe" in evil._repr_html_()


def test_metrics_do_not_import_the_oracle():
    code = (
        "import sys, optimize, optimize.run, optimize.metrics, optimize.trades, optimize.runs, optimize.compare;"
        "print(*{'quantstats', 'plotly', 'vectorbt', 'backtrader', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    "first", ["", "from optimize.compare import compare;", "import optimize.tearsheet, optimize.backtest;"]
)
def test_public_names_stay_functions_whoever_imports_their_modules(first):
    code = (
        f"{first}import optimize; from optimize import backtest, compare, tearsheet\n"
        "for name in dir(optimize): assert callable(getattr(optimize, name)), name\n"
        "for name in dir(optimize): assert callable(getattr(optimize, name)), name\n"
        "from optimize import backtest, compare, tearsheet; assert callable(tearsheet) and callable(backtest)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
