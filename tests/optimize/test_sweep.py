"""Sweeps: each row is what `backtest` says, whatever the window; interrupted sweeps go on; wrong grids are refused."""

from __future__ import annotations

import dataclasses
import importlib
import itertools
import threading
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from feeds.errors import ConfigError, DataError, NavaleError, ParameterError
from feeds.instrument import Instrument
from feeds.loading import load
from feeds.synthetic import martingale
from indicators.base import Int, kernel
from indicators.ema import Ema
from indicators.macd import Macd
from optimize import backtest, sweep
from optimize.grid import Grid, parse_grid
from optimize.parameter_sets import ParameterSets
from optimize.sweep_figures import FIGURES
from optimize.sweep_store import SweepStore
from strategies.atr_trend import AtrTrend
from strategies.base import Strategy, Switch, enter_long, hold, leave
from strategies.execution.account import Account, Costs, Sizing
from tests.optimize.hand_strategies import Holding

REFERENCE = AtrTrend.profile("reference")
GRID = {
    "fast": [10, 26], "slow": [20, 50, 120], "scenario": ["stochrsi", "sma", "adx", "trix"], "stop_atr": [1.5, 3.0],
    "hv_filter": [True, False], "break_even": [True, False], "time_stop": [0, 30],
}  # fmt: skip


class Crossed(Strategy):
    """Its rule and its component both rule combinations out; its warm-up and what it reads hang on parameters."""

    fast, slow, signal = Int(5, 2, 40), Int(10, 2, 40), Int(9, 2, 40)
    both = Switch(True)
    macd = Macd(fast=fast, slow=slow, signal_period=signal)
    mean = Ema(period=slow)

    def valid(self) -> bool:
        """signal must not be 13"""
        return self.signal != 13

    def unused(self) -> tuple[str, ...]:
        return () if self.both else ("mean",)

    @kernel
    def decide(close, macd_histogram, mean, position, both):
        if position == 0.0 and macd_histogram[-1] > 0.0 and (both == 0 or close[-1] > mean[-1]):
            return enter_long()
        if position != 0.0 and macd_histogram[-1] < 0.0:
            return leave()
        return hold()


def others(grid: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in REFERENCE.parameters.items() if name not in grid}


def same_as_backtest(found: Any, rows: pd.DataFrame, bars: Any, engine: str, **window: Any) -> None:
    for row in rows.to_dict("records"):
        run = backtest(found.strategy(row["set"]), bars, engine, account=found.account, **window)
        for name in FIGURES:
            assert row[name] == pytest.approx(run.metrics[name], rel=1e-9, abs=1e-12, nan_ok=True), (row, name)


@pytest.fixture(scope="module")
def swept() -> Any:
    return sweep(AtrTrend, load("sample:spx"), GRID, fixed=others(GRID), account=REFERENCE.account)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["vector", "event"])
def test_a_hundred_random_rows_are_what_backtest_says(swept: Any, engine: str) -> None:
    rows = swept.table
    assert len(rows) == 2 * 3 * 4 * 2 * 2 * 2 * 2 - 1 * 4 * 16  # fast 26 with slow 20 is ruled out
    assert rows["trades"].sum() > 1_000
    same_as_backtest(swept, rows.sample(100, random_state=5), load("sample:spx"), engine)


def test_a_window_is_that_of_backtest() -> None:
    bars = load("sample:spx")
    window = {"start": "2005-01-03", "end": "2010-06-30"}
    grid = {"fast": [10, 20], "stop_atr": [1.5, 4.0], "scenario": ["stochrsi"]}
    found = sweep(AtrTrend, bars, grid, fixed=others(grid), account=REFERENCE.account, **window)
    same_as_backtest(found, found.table, bars, "event", **window)


@pytest.mark.parametrize("leverage", [1.0, 60.0])
def test_ruin_and_a_position_at_the_end(leverage: float) -> None:
    bars = martingale(bars=1_500, seed=3)
    account = Account(kind="margin", leverage=leverage, cap=1.0, sizing=Sizing.fraction(leverage / 2),
                      costs=Costs(fee=0.0001))  # fmt: skip
    found = sweep(Holding, bars, {"hold_bars": [1, 3, 7, 20, 50]}, account=account)
    assert (found.table["ruined"].sum() > 0) == (leverage > 1)
    same_as_backtest(found, found.table, bars, "event")


def test_combinations_are_those_that_can_be_made() -> None:
    axes = {"fast": [5, 12, 20], "signal": [5, 13], "slow": [8, 12, 30], "both": [True, False]}
    grid = Grid(Crossed, axes)
    sets = ParameterSets(grid)
    numbers = np.arange(len(grid))
    expected = []
    for number, values in enumerate(itertools.product(*axes.values())):
        given = dict(zip(axes, values, strict=True))
        assert grid.values(number) == given
        try:
            made = Crossed(**given)
            warmup = made.warmup
        except ParameterError:
            continue
        expected.append(number)
        batch = sets.of(np.array([number]))
        assert batch.warmup.tolist() == [warmup]
        assert batch.numbers[0].tolist() == made.numbers()
        assert batch.depths[0].tolist() == [made.depths[name] for name in Crossed.source_names()]
        read = [made.source(name) for name in ("macd_histogram", "mean")]
        assert [sets.sources[row] for row in batch.picks[0]] == read
    assert numbers[sets.possible(numbers)].tolist() == expected
    assert 0 < len(expected) < len(grid)


def test_an_interrupted_sweep_goes_on_where_it_stopped(tmp_path: Any, swept: Any, monkeypatch: Any) -> None:
    reported: list[int] = []
    interrupted = threading.Event()
    write = SweepStore.write

    def interrupt(finished: int, total: int) -> None:
        reported.append(finished)
        if finished:
            interrupted.set()
            raise KeyboardInterrupt

    def write_later(store: SweepStore, *part: Any) -> None:
        """The first part at once, the second when Ctrl-C has come, the others a good while after it."""
        if store.parts():
            assert interrupted.wait(60)
            time.sleep(0.3)
        write(store, *part)

    common = {"fixed": others(GRID), "account": REFERENCE.account, "folder": tmp_path / "s", "threads": 1}
    bars = load("sample:spx")
    with monkeypatch.context() as patch:
        patch.setattr(importlib.import_module("optimize.sweep"), "LARGEST_CHUNK", 32)
        patch.setattr(SweepStore, "write", write_later)
        partial = sweep(AtrTrend, bars, GRID, progress=interrupt, **common)
    assert not partial.complete
    assert "interrupted" in repr(partial)
    assert 0 < len(partial) < len(swept)
    kept = sum(last - first for first, last in partial.store.finished(0))
    assert kept >= reported[-1] > 0
    again: list[tuple[int, int]] = []
    whole = sweep(AtrTrend, bars, GRID, progress=lambda *numbers: again.append(numbers), **common)
    assert whole.complete
    assert again[0][0] == kept  # nothing is done twice
    pd.testing.assert_frame_equal(whole.table.sort_values("set", ignore_index=True), swept.table)
    assert not list((tmp_path / "s").glob("*.tmp"))
    untouched: list[tuple[int, int]] = []
    sweep(AtrTrend, bars, GRID, progress=lambda *numbers: untouched.append(numbers), **common)
    assert len(untouched) == 1


def test_a_folder_holds_one_sweep(tmp_path: Any) -> None:
    bars = martingale(bars=300, seed=1)
    sweep(Holding, bars, {"hold_bars": [1, 2]}, folder=tmp_path)
    with pytest.raises(ConfigError, match=r"holds another sweep \(axes differ\)"):
        sweep(Holding, bars, {"hold_bars": [1, 3]}, folder=tmp_path)
    with pytest.raises(ConfigError, match=r"holds another sweep \(data differ\)"):
        sweep(Holding, martingale(bars=300, seed=2), {"hold_bars": [1, 2]}, folder=tmp_path)


def test_symbols_and_timeframes_are_swept_each_for_itself() -> None:
    markets = {symbol: martingale(bars=2_000, seed=seed, timeframe="1h", instrument=Instrument(symbol))
               for seed, symbol in enumerate(("AAA", "BBB"))}  # fmt: skip
    found = sweep(Holding, markets, {"hold_bars": [3, 9]}, timeframes=("1h", "4h"))
    table = found.table
    assert table.groupby(["symbol", "timeframe"]).size().tolist() == [2, 2, 2, 2]
    for row in table.to_dict("records"):
        bars = markets[row["symbol"]]
        own = backtest(found.strategy(row["set"]), bars if "01:00" in row["timeframe"] else bars.resample("4h"))
        assert row["sharpe"] == pytest.approx(own.metrics["sharpe"], rel=1e-9)
    portfolios = found.portfolio(table.iloc[[1, 6]])
    for row, portfolio in zip(table.iloc[[1, 6]].to_dict("records"), portfolios, strict=True):
        assert portfolio.total_return() == pytest.approx(row["total_return"], rel=1e-9)


def test_portfolios_and_the_best_rows(swept: Any) -> None:
    import vectorbt

    best = swept.top(3, trades=20)
    all_rows = swept.table
    kept = all_rows[(all_rows["trades"] >= 20) & all_rows["sharpe"].notna()]
    assert best["sharpe"].tolist() == sorted(kept["sharpe"], reverse=True)[:3]
    portfolio = swept.portfolio(int(best["set"][0]))
    assert isinstance(portfolio, vectorbt.Portfolio)
    assert portfolio.total_return() == pytest.approx(best["total_return"][0], rel=1e-9)
    assert [type(one) for one in swept.portfolio(best["set"].tolist())] == [vectorbt.Portfolio] * 3
    with pytest.raises(ConfigError, match="did you mean 'sharpe'"):
        swept.top(by="sharp")


@pytest.mark.parametrize(("grid", "message"), [
    ({"fats": [1]}, "no parameter 'fats'; did you mean 'fast'"),
    ({"fast": [3, 10]}, "fast=3 is outside 5"),
    ({"fast": []}, "axis fast of the grid is empty"),
    ({"fast": [10, 10]}, "holds 10 twice"),
    ({"fast": [60], "slow": [20, 30]}, "allows none of the grid's 2 combinations"),
])  # fmt: skip
def test_wrong_grids(grid: dict[str, Any], message: str) -> None:
    with pytest.raises(NavaleError, match=message):
        sweep(AtrTrend, martingale(bars=500, seed=1), grid)


def test_too_little_history_is_told_as_by_backtest() -> None:
    with pytest.raises(DataError, match="bars before its first decision"):
        sweep(AtrTrend, martingale(bars=100, seed=1), {"scenario": ["sma"]})


def test_axes_in_words() -> None:
    found = parse_grid(AtrTrend, ["stop_atr=1.5:4.5:0.5", "fast=10,20", "scenario=adx,sma", "hv_filter=yes,no"])
    assert found == {
        "stop_atr": [1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5], "fast": [10, 20], "scenario": ["adx", "sma"],
        "hv_filter": [True, False],
    }  # fmt: skip
    assert parse_grid(AtrTrend, ["partial_1=0.02:0.05:0.01"])["partial_1"] == [0.02, 0.03, 0.04, 0.05]
    for text, message in [("fast", "write stop_atr"), ("fast=5:x", "must be numbers"), ("fast=9:5", "first <= last"),
                          ("fast=5:9:0", "a step above 0"), ("fast=5:9:0.5", "fast=5.5"), ("fsat=1", "did you mean"),
                          ("stop_atr=1.5:4.5:1e-9", "at most 1,000,000")]:  # fmt: skip
        with pytest.raises(NavaleError, match=message):
            parse_grid(AtrTrend, [text])
    with pytest.raises(ConfigError, match="given twice"):
        parse_grid(AtrTrend, ["fast=5", "fast=6"])


class Overlooks(Strategy):
    """Reads a column that it calls unused, and needs it for one of its ways."""

    most, by_volume = Int(3, 1, 10), Switch(False)

    def unused(self) -> tuple[str, ...]:
        """volume, unless it decides by volume"""
        return () if self.by_volume else ("volume",)

    @kernel
    def decide(close, volume, position, most, by_volume):
        if position == 0.0 and volume[-1] > 0.0:
            return enter_long(time_stop=most)
        return hold()


def test_a_column_that_is_not_read_is_not_given():
    bars = martingale(bars=300, seed=5)
    with_volume = dataclasses.replace(bars, _frame=bars.frame.assign(volume=1.0))
    found = sweep(Overlooks, with_volume, {"most": [2, 3, 4], "by_volume": [False, True]})
    assert [bool(trades) for trades in found.table["trades"]] == [bool(one) for one in found.table["by_volume"]]
    same_as_backtest(found, found.table, with_volume, "vector")


def test_a_column_that_no_combination_reads_may_be_missing():
    bars = martingale(bars=1500, seed=5)
    bare = dataclasses.replace(bars, _frame=bars.frame.drop(columns="volume", errors="ignore"))
    found = sweep(AtrTrend, bare, {"fast": [10, 26], "stop_atr": [1.5, 3.0]}, fixed={"slow": 50})
    same_as_backtest(found, found.table, bare, "vector")
    with pytest.raises(DataError, match="volume"):
        sweep(AtrTrend, bare, {"volume_filter": [False, True]})
