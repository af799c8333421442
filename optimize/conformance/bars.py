"""Bars for checks: any columns that a declaration reads, and what may go wrong in them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from feeds.bars import Bars
from feeds.instrument import Instrument

START = pd.Timestamp("2024-01-03 06:00", tz="UTC")  # within a session and within longer bars
PRICES = ("open", "high", "low", "close", "volume")
CLOCKS = ("time", "session")

Table = dict[str, np.ndarray]


def kit_bars(columns: Sequence[str], size: int, seed: int = 1) -> Bars:
    """A random walk of hourly bars, round the clock, in cents, some without volume; other columns are walks too.

    Minute bars when a column of a timeframe of an hour or less is wanted. The same for the same arguments.
    """
    short = any(name.partition(".")[0].endswith(("min", "s")) or name.startswith("1h.") for name in columns)
    step = pd.Timedelta("1min") if short else pd.Timedelta("1h")
    index = pd.date_range(START, periods=size, freq=step, name="time").as_unit("ns")
    table = _prices(np.random.default_rng(seed), size)
    for name in columns:
        if name not in (*PRICES, *CLOCKS) and "." not in name:
            table[name] = _walk(np.random.default_rng([seed, zlib.crc32(name.encode())]), size)
    frame = pd.DataFrame(table, index=index)
    return Bars(frame, Instrument("KIT", tick=0.01), "conformance kit", step, adjusted=False, synthetic=True)


def table_of(bars: Bars, columns: Sequence[str]) -> Table:
    """The columns as arrays that may be changed."""
    return {name: bars.column(name).copy() for name in columns}


def _walk(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.round(100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, size))), 2)


def _prices(rng: np.random.Generator, size: int) -> Table:
    close = _walk(rng, size)
    opened = np.round(np.r_[100.0, close[:-1]] * np.exp(rng.normal(0.0, 0.002, size)), 2)
    high = np.round(np.maximum(opened, close) * (1.0 + np.abs(rng.normal(0.0, 0.004, size))), 2)
    low = np.round(np.minimum(opened, close) * (1.0 - np.abs(rng.normal(0.0, 0.004, size))), 2)
    volume = np.ceil(np.exp(rng.normal(5.0, 1.0, size)))
    volume[rng.random(size) < 0.03] = 0.0
    volume[0] = 7.0
    return {"open": opened, "high": high, "low": low, "close": close, "volume": volume}


def is_clock(name: str) -> bool:
    """True for columns that say when, not what: they stay whole when values go wrong."""
    return name in CLOCKS or name.endswith(".count")


def _set(value: float) -> Callable[[Table, slice], None]:
    def spoil(table: Table, where: slice) -> None:
        for name, values in table.items():
            if not is_clock(name):
                values[where] = value

    return spoil


def _jump(table: Table, where: slice) -> None:
    for name, values in table.items():
        if not is_clock(name):
            values[where] *= 5.0


def _negative(table: Table, where: slice) -> None:
    for name, values in table.items():
        if not is_clock(name) and not name.endswith("volume"):
            values[where] -= 100.0


def _alternating(table: Table, where: slice) -> None:
    for name, values in table.items():
        if not is_clock(name):
            values[where] = np.where(np.arange(len(values))[where] % 2, 1e300, 1e-300)


ODD: dict[str, Callable[[Table, slice], None]] = {
    "constant": _set(100.0),
    "zero": _set(0.0),
    "huge": _set(1e300),
    "tiny and huge": _alternating,
    "below zero": _negative,
    "a jump": _jump,
    "a hole of NaN": _set(np.nan),
    "infinite": _set(np.inf),
}
