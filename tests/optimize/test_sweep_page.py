"""The page of a sweep: small however long the axes, a set of heatmaps per symbol and timeframe, said in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from feeds.errors import ConfigError
from feeds.instrument import Instrument
from feeds.synthetic import martingale
from indicators.base import Float, Int, kernel
from optimize import backtest, sweep
from optimize.sweep_figures import FIGURES
from optimize.sweep_page import write_page
from strategies.base import Strategy, enter_long, hold, leave
from strategies.execution.account import Account

PLOTLY = 5 * 2**20
"""Bytes of a page that are the drawing library's, and a little more."""


class Patient(Strategy):
    """In for some bars, out for some bars."""

    held_bars, idle_bars = Int(5, 1, 5_000), Int(2, 1, 5_000)
    unused_number = Float(1.0, 0.0, 10_000.0)

    @kernel
    def decide(close, position, held, since_exit, held_bars, idle_bars, unused_number):
        if position == 0.0 and since_exit >= idle_bars + 0.0 * unused_number:
            return enter_long()
        if held >= held_bars:
            return leave()
        return hold()


def markets(timeframe: str = "1h", bars: int = 600) -> dict[str, Any]:
    return {symbol: martingale(bars=bars, seed=seed, timeframe=timeframe, instrument=Instrument(symbol))
            for seed, symbol in enumerate(("AAA", "BBB"))}  # fmt: skip


def page_of(found: Any, path: Path, **options: Any) -> tuple[dict[str, Any], str]:
    """Data of the page, and its words."""
    text = write_page(found, path, **options).read_text()
    assert path.stat().st_size < PLOTLY + 4 * 2**20
    data = text.split("const data = ", 1)[1].split(";\n", 1)[0]
    return json.loads(data), text.split("</script>", 1)[1].split("<script>", 1)[0]


def test_one_axis_is_a_strip(tmp_path: Path) -> None:
    found = sweep(Patient, martingale(bars=300, seed=1), {"held_bars": [3, 1, 40]})
    data, words = page_of(found, tmp_path / "p.html")
    (strip,) = data["pairs"]
    assert (strip["x"], strip["y"], strip["xs"]) == ("held_bars", "sharpe", ["3", "1", "40"])
    assert strip["ys"] == [""]
    sharpe = found.table["sharpe"].tolist()
    assert strip["mean"] == strip["best"] == [[pytest.approx(value, rel=1e-7) for value in sharpe]]
    assert "bins" not in words


def test_a_long_axis_is_shown_in_bins(tmp_path: Path) -> None:
    axis = list(range(1, 1001))
    found = sweep(Patient, martingale(bars=300, seed=1), {"held_bars": axis})
    data, words = page_of(found, tmp_path / "p.html")
    (strip,) = data["pairs"]
    assert np.shape(strip["mean"]) == np.shape(strip["best"]) == (1, 200)
    assert [strip["xs"][0], strip["xs"][1], strip["xs"][-1]] == ["1 … 5", "6 … 10", "996 … 1000"]
    five = found.table["sharpe"].to_numpy().reshape(200, 5)
    assert strip["mean"][0] == pytest.approx(five.mean(axis=1), rel=1e-7)
    assert strip["best"][0] == pytest.approx(five.max(axis=1), rel=1e-7)
    assert "held_bars has 1,000 values, shown in 200 bins of neighbours (mean and best of each bin)" in words


def test_two_long_axes_make_a_small_page(tmp_path: Path) -> None:
    grid = {"held_bars": range(1, 301), "unused_number": [float(number) for number in range(450)]}
    found = sweep(Patient, martingale(bars=60, seed=1), grid)
    data, _ = page_of(found, tmp_path / "p.html")
    (pair,) = data["pairs"]
    assert np.shape(pair["mean"]) == (200, 200)
    assert pair["xs"][:5] == ["1 … 2", "3", "4 … 5", "6", "7 … 8"]  # 300 values in 200 bins
    assert pair["ys"][0] == "0.0 … 2.0"
    table = found.table
    low = table[(table["held_bars"] <= 2) & (table["unused_number"] <= 2)]["sharpe"]
    assert pair["mean"][0][0] == pytest.approx(low.mean(), rel=1e-7)
    assert len(pair["xs"]) == len(pair["ys"]) == 200


def test_many_pairs_and_series_share_the_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from optimize import sweep_maps

    monkeypatch.setattr(sweep_maps, "CELLS", 500)
    grid = {"held_bars": range(1, 31), "idle_bars": range(1, 21), "unused_number": [1.0, 2.0]}
    data, words = page_of(sweep(Patient, markets(bars=60), grid), tmp_path / "p.html")
    shapes = [np.shape(pair["mean"]) for pair in data["pairs"]]
    assert shapes == 2 * [(13, 13), (2, 13), (2, 13)]  # 2 x (169 + 26 + 26) = 442; 14 would be 2 x 252 = 504
    assert "held_bars has 30 values, shown in 13 bins" in words
    assert "idle_bars has 20 values, shown in 13 bins" in words


def test_each_symbol_and_timeframe_has_its_own_heatmaps(tmp_path: Path) -> None:
    grid = {"held_bars": [3, 9], "idle_bars": [1, 4]}
    found = sweep(Patient, markets(), grid, timeframes=("1h", "4h"))
    data, words = page_of(found, tmp_path / "p.html")
    names = ["AAA 1h", "AAA 4h", "BBB 1h", "BBB 4h"]
    assert [pair["x"] for pair in data["pairs"]] == [f"{name}: held_bars" for name in names]
    table = found.table
    for pair, (symbol, length) in zip(data["pairs"], [name.split() for name in names], strict=True):
        for i, idle in enumerate((1, 4)):
            for j, held in enumerate((3, 9)):
                own = table[(table["symbol"] == symbol) & (table["held_bars"] == held) & (table["idle_bars"] == idle)
                            & table["timeframe"].str.contains(f"0{length[0]}:00")]["sharpe"]  # fmt: skip
                assert len(own) == 1
                assert pair["mean"][i][j] == pytest.approx(own.iloc[0], rel=1e-7)
    assert "Each symbol and timeframe has its own heatmaps" in words
    best = found.top(5)
    for curve, row in zip(data["equity"], best.to_dict("records"), strict=True):
        length = "1h" if "01:00" in row["timeframe"] else "4h"
        assert curve["name"] == f"set {row['set']}, {row['symbol']} {length}"


def test_a_bare_number_is_refused_where_it_stands_for_several_rows() -> None:
    found = sweep(Patient, markets(), {"held_bars": [3, 9]}, timeframes=("1h", "4h"))
    row = found.table.iloc[5]  # BBB 1h
    for ask in (lambda: found.run(1), lambda: found.portfolio(1), lambda: found.portfolio([0, 1]),
                lambda: found.portfolio(found.table["set"]), lambda: found.run(row[["set", "sharpe"]]),
                lambda: found.portfolio(found.table[["set", "symbol"]])):  # fmt: skip
        with pytest.raises(ConfigError, match=r"stands for [24] rows, one each of AAA 1h, .*: pass rows of the table"):
            ask()  # type: ignore[no-untyped-call]
    own = backtest(found.strategy(row["set"]), markets()["BBB"])
    assert found.run(row).metrics["sharpe"] == own.metrics["sharpe"]
    assert found.run(1, series=2).metrics["sharpe"] == own.metrics["sharpe"]
    assert found.portfolio(row).total_return() == pytest.approx(row["total_return"], rel=1e-9)
    with pytest.raises(ConfigError, match="no series of this sweep is CCC"):
        found.run({"set": 1, "symbol": "CCC"})


def test_series_that_could_not_be_told_apart_are_refused() -> None:
    one = martingale(bars=300, seed=1)
    for bars, timeframes in (({"a": one, "b": one}, ()), (markets(), ("4h", "240min"))):
        with pytest.raises(ConfigError, match=r"(\w+ \w+) comes twice: rows of the two could not be told apart"):
            sweep(Patient, bars, {"held_bars": [3]}, timeframes=timeframes)


@pytest.mark.parametrize("by", FIGURES)
def test_which_rows_are_best(tmp_path: Path, by: str) -> None:
    """A strategy that wins rarely and pays much: the least volatile and the cheapest rows come first."""
    account = Account(kind="margin", leverage=20.0)
    found = sweep(Patient, martingale(bars=500, seed=2), {"held_bars": [1, 2, 5, 30], "idle_bars": [1, 3, 50]},
                  account=account)  # fmt: skip
    values = found.table[by].dropna().tolist()
    small = by in ("volatility", "fees", "ruined")
    assert found.top(12, by)[by].tolist() == sorted(values, reverse=not small)
    assert found.top(12, by, least=True)[by].tolist() == sorted(values)
    assert found.top(12, by, least=False)[by].tolist() == sorted(values, reverse=True)
    data, words = page_of(found, tmp_path / "p.html", by=by)
    assert ("smallest first" if small else "largest first") in words
    extreme = min(values) if small else max(values)
    best = [value for row in data["pairs"][0]["best"] for value in row if value is not None]
    assert (min(best) if small else max(best)) == pytest.approx(extreme, rel=1e-7)
    assert sum(data["spread"]["counts"]) == len(values)
