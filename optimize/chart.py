"""The data of the price chart: candles, fills, levels, trades, equity; plain JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimize.trades import exit_legs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from feeds.bars import Bars
    from optimize.run import Run

MOST_CANDLES = 100_000
LINES = ("stop", "target_1", "target_2", "target_3", "target_4")


def chart_data(run: Run, benchmark: pd.Series | None = None, most: int = MOST_CANDLES) -> dict[str, Any]:
    """Everything the chart of a run shows, of the window only. Times are epoch seconds, bars in columns.

    Per symbol: time, open, high, low, close, volume (or null), digits of its prices, fills (bar: number of its candle),
    levels (bar, stop, target_1 …), trades. Then the equity with the benchmark and the drawdown. Longer series are
    drawn with several bars to a candle (`step`), so that a page never holds more than `most` candles of a symbol.
    """
    return {
        "symbols": {symbol: _symbol(run, symbol, bars, most) for symbol, bars in run.bars.items()},
        "equity": _equity(run, benchmark, most),
        "benchmark": None if benchmark is None else str(benchmark.name),
        "intraday": any(bars.timeframe < pd.Timedelta(days=1) for bars in run.bars.values()),
    }


def _symbol(run: Run, symbol: str, bars: Bars, most: int) -> dict[str, Any]:
    first = bars.times.searchsorted(run.equity.index[0], side="left")
    last = bars.times.searchsorted(run.equity.index[-1], side="right")
    frame, times = bars.frame.iloc[first:last], bars.times[first:last]
    step = max(1, math.ceil(len(frame) / most))
    starts = np.arange(0, len(frame), step)
    ends = np.minimum(starts + step, len(frame)) - 1

    def column(name: str, join: np.ufunc) -> list[float | None]:
        return _plain(join.reduceat(frame[name].to_numpy(), starts)) if len(starts) else []

    fills = run.fills[run.fills["symbol"] == symbol]
    trades = run.trades[run.trades["symbol"] == symbol]
    return {
        "step": step,
        "digits": _digits(bars),
        "time": _seconds(times[ends]),
        "open": _plain(frame["open"].to_numpy()[starts]),
        "high": column("high", np.maximum),
        "low": column("low", np.minimum),
        "close": _plain(frame["close"].to_numpy()[ends]),
        "volume": column("volume", np.add) if "volume" in frame.columns else None,
        "fills": _records(fills, {"bar": _candle(times, fills["time"], step)}) | _earned(fills, symbol, bars),
        "trades": _records(
            trades,
            {f"{end}_bar": _candle(times, trades[f"{end}_time"], step) for end in ("entry", "exit")},
        ),
        "levels": _levels(run, symbol, times, step),
    }


def _candle(times: pd.DatetimeIndex, when: pd.Series, step: int) -> NDArray[np.int64]:
    """Number of the candle that shows each time: that of the last bar closed by then."""
    return np.maximum(times.searchsorted(pd.DatetimeIndex(when), side="right") - 1, 0) // step


def _records(table: pd.DataFrame, more: dict[str, NDArray[np.int64]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {name: values.tolist() for name, values in more.items()}
    for name in table.columns:
        column = table[name]
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            found[name] = _seconds(pd.DatetimeIndex(column))
        else:
            found[name] = _plain(column.to_numpy()) if column.dtype == np.float64 else column.tolist()
    return found


def _earned(fills: pd.DataFrame, symbol: str, bars: Bars) -> dict[str, list[Any]]:
    """By fill of one symbol: the number of its trade, and what it earned when it closed something of a closed trade."""
    exits = (fills["reason"] != "entry").to_numpy()
    flat = (fills["position_after"] == 0).to_numpy()
    trade = np.concatenate(([0], np.cumsum(flat)))[: len(fills)]
    pnl = exit_legs(fills, {symbol: bars})["pnl"].tolist()
    closed = exits & (trade < flat.sum())
    earned = iter(pnl)
    return {"trade": trade.tolist(), "pnl": [float(f"{next(earned):.10g}") if one else None for one in closed]}


def _levels(run: Run, symbol: str, times: pd.DatetimeIndex, step: int) -> dict[str, list[Any]] | None:
    if run.levels is None:
        return None
    own = run.levels[run.levels["symbol"] == symbol]
    candle = _candle(times, own["time"], step)
    own = own[~pd.Series(candle).duplicated(keep="last").to_numpy()]
    found: dict[str, list[Any]] = {"bar": np.unique(candle).tolist()}
    for name in LINES:
        values = own[name].to_numpy()
        if not np.isnan(values).all():
            found[name] = _plain(values)
    return found


def _equity(run: Run, benchmark: pd.Series | None, most: int) -> dict[str, list[Any]]:
    values = run.equity.to_numpy()
    step = max(1, math.ceil(len(values) / most))
    starts = np.arange(0, len(values), step)
    ends = np.minimum(starts + step, len(values)) - 1
    drawdown = values / np.maximum.accumulate(values) - 1.0
    found: dict[str, list[Any]] = {
        "time": _seconds(pd.DatetimeIndex(run.equity.index[ends])),
        "equity": _plain(values[ends]),
        "drawdown": _plain(100.0 * np.minimum.reduceat(drawdown, starts)),
    }
    if benchmark is not None:
        found["benchmark"] = _plain(benchmark.to_numpy()[ends])
    return found


def _digits(bars: Bars) -> int:
    """Decimals to show: those of the tick, else about six significant ones."""
    tick = bars.instrument.tick
    if tick > 0:
        return next((n for n in range(10) if abs(round(tick, n) - tick) < 1e-12), 10)
    usual = float(np.nanmedian(np.abs(bars.column("close"))))
    return int(np.clip(5 - math.floor(math.log10(usual)), 2, 8)) if usual > 0 else 2


def _seconds(times: pd.DatetimeIndex) -> list[int]:
    return [int(value) for value in times.as_unit("ns").asi8 // 1_000_000_000]


def _plain(values: NDArray[np.float64]) -> list[float | None]:
    return [float(f"{value:.10g}") if math.isfinite(value) else None for value in values]
