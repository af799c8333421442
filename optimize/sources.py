"""Bars of one or several symbols from what a person writes on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError, DataError
from strategies.settings import instrument, pairs

if TYPE_CHECKING:
    import pandas as pd

    from feeds.bars import Bars

PER_SOURCE = ("symbol", "tz", "time_format", "label", "calendar", "contract", "instrument")


def bars_of(
    sources: Sequence[str],
    options: Mapping[str, Any],
    timeframe: str = "",
    columns: Iterable[str] = (),
    asked_by: str = "",
) -> dict[str, Bars]:
    """Load every source and resample it. Mapping of symbol to Bars, in the given order.

    options: `gaps` and `repair` of `feeds.load`, `join` (texts "gex=SPY.parquet", for one source), and for each of
    PER_SOURCE a tuple of no value, one for all sources, or one per source ("" for none). columns: texts "close=Last" or
    "time=Date+Time". timeframe: "" keeps the bars; asked_by: who chose it, for the message when it does not fit.
    Raises DataError and ConfigError as `feeds.load` does, and for a symbol that comes twice.
    """
    from feeds.loading import load
    from feeds.timeframe import parse_timeframe

    length = parse_timeframe(timeframe) if timeframe else None
    given = {name: _one_each(name, options.get(name, ()), len(sources)) for name in PER_SOURCE}
    mapping = _columns(columns)
    found: dict[str, Bars] = {}
    for number, source in enumerate(sources):
        own: dict[str, Any] = {name: values[number] for name, values in given.items()}
        terms = own.pop("instrument")
        bars = load(source, columns=mapping, gaps=options.get("gaps") or "report", repair=options.get("repair"), **own)
        if terms:
            bars = bars.with_instrument(instrument(bars.instrument, terms))
        if length is not None and length != bars.timeframe:
            bars = _resample(bars, length, asked_by)
        bars = _joined(bars, options.get("join") or (), len(sources))
        if bars.symbol in found:
            raise DataError(f"{source}: symbol {bars.symbol!r} is already read from {found[bars.symbol].source}; "
                            "give each source its own --symbol")  # fmt: skip
        found[bars.symbol] = bars
    return found


def _resample(bars: Bars, length: pd.Timedelta, asked_by: str) -> Bars:
    from feeds.timeframe import timeframe_name

    try:
        return bars.resample(length)
    except ConfigError as error:
        if not asked_by:
            raise
        keep = f"--timeframe {timeframe_name(bars.timeframe)} keeps the bars"
        raise ConfigError(f"{error}; {asked_by} asks for it, {keep}") from error


def _joined(bars: Bars, texts: Sequence[str], sources: int) -> Bars:
    if texts and sources > 1:
        raise ConfigError("--join takes one --data: levels belong to one symbol; join several in Python (Bars.join)")
    from feeds.joining import read_table

    for prefix, path in pairs(texts, "--join", "gex=SPY.parquet").items():
        bars = bars.join(read_table(Path(path)), prefix=prefix)
    return bars


def _one_each(name: str, values: Sequence[str], count: int) -> list[str | None]:
    if len(values) not in (0, 1, count):
        word = name.replace("_", "-")
        raise ConfigError(f"--{word} is given {len(values)} times for {count} --data; give it once, or once for each")
    every = list(values) * count if len(values) == 1 else list(values) or [""] * count
    return [value or None for value in every]


def _columns(texts: Iterable[str]) -> dict[str, str | tuple[str, ...]] | None:
    items = [item for text in texts for item in text.split(",") if item.strip()]
    found = pairs(items, "--columns", "close=Last or time=Date+Time")
    return {ours: tuple(theirs.split("+")) if ours == "time" and "+" in theirs else theirs
            for ours, theirs in found.items()} or None  # fmt: skip
