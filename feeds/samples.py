"""Real prices that come with packages of the Python Package Index: `load("sample:spx")` works offline.

What was checked on each file: the stamps (which clock, open or close of the bar), the sessions, the price relations,
and whether prices are as traded (raw) or corrected for splits or dividends (adjusted). The two are never mixed.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from feeds.errors import ConfigError, DataError
from feeds.reading import arrange, read_csv

if TYPE_CHECKING:
    from feeds.bars import Bars
    from feeds.loading import Reading, Terms


@dataclass(frozen=True)
class Sample:
    """One data file of a package: where it lies and what its rows are."""

    package: str  # as installed with pip
    module: str
    file: str
    symbol: str
    calendar: str
    adjusted: bool
    about: str
    label: str = "open"
    tz: str | None = None
    time_format: str | None = None
    tick: float = 0.0
    ticker: str | None = None  # the rows of a file with several symbols
    closes: str | None = None  # the only price column of a file of closing values
    scaled: bool = False  # adjust open, high, low, close by the file's own "Adj Close"
    skip_last: bool = False  # the last row was still trading when the package was made
    rounded: bool = False  # highs and lows differ from open or close by rounding of the adjustment


_ARCH = ("arch", "arch")
_MINTALIB = ("mintalib", "mintalib")
_GYM = ("gym-anytrading", "gym_anytrading")
_BOKEH = ("bokeh_sampledata", "bokeh_sampledata", "_data/stocks.csv.gz")
_US = "%m/%d/%Y"

_SAMPLES: dict[str, Sample] = {
    "spx": Sample(
        *_ARCH,
        "data/sp500/sp500.csv.gz",
        "SPX",
        "XNYS",
        False,
        "S&P 500 index, daily 1999-2018, without dividends; not tradable itself",
        time_format=_US,
        tick=0.01,
    ),
    "nasdaq": Sample(
        *_ARCH,
        "data/nasdaq/nasdaq.csv.gz",
        "IXIC",
        "XNYS",
        False,
        "NASDAQ Composite index, daily 1999-2018, without dividends; not tradable itself",
        time_format=_US,
        tick=0.01,
    ),
    "vix": Sample(
        *_ARCH,
        "data/vix/vix.csv.gz",
        "VIX",
        "XNYS",
        False,
        "VIX index, closing values 2014-2019, final 15 minutes after the XNYS close that stamps them; not tradable",
        time_format=_US,
        tick=0.01,
        closes="vix",
    ),
    "eurusd": Sample(
        *_GYM,
        "datasets/data/FOREX_EURUSD_1H_ASK.csv",
        "EURUSD",
        "FX",
        False,
        "EUR/USD ask prices, hourly 2017, stamped at the open in UTC; the week runs from 17:00 to 17:00 New York",
        tz="UTC",
        time_format="%d.%m.%Y %H:%M:%S.%f",
        tick=0.00001,
    ),
    "googl": Sample(
        *_GYM,
        "datasets/data/STOCKS_GOOGL.csv",
        "GOOGL",
        "XNYS",
        True,
        "Alphabet class A, daily 2009-2018, prices and volumes adjusted for the split of 2014; it paid no dividend",
    ),
    "aapl": Sample(
        *_MINTALIB,
        "samples/daily-prices.csv",
        "AAPL",
        "XNYS",
        True,
        "Apple, daily 1980-2026, prices adjusted for splits and dividends, volumes for splits",
        skip_last=True,
        rounded=True,
    ),
    "aapl-1h": Sample(
        *_MINTALIB,
        "samples/hourly-prices.csv",
        "AAPL",
        "XNYS",
        False,
        "Apple, hourly 2024-2026, as traded (no split in the span, dividends not adjusted: differs from sample:aapl); "
        "8 bars carry volume 0 although they traded",
        skip_last=True,
    ),
    "aapl-1min": Sample(
        *_MINTALIB,
        "samples/minute-prices.csv",
        "AAPL",
        "XNYS",
        False,
        "Apple, 1 minute, 2026-07-31 to 2026-08-06, as traded",
        skip_last=True,
    ),
}
for _ticker, _name in {"AAPL": "Apple", "GOOG": "Google", "IBM": "IBM", "MSFT": "Microsoft"}.items():
    _span = f"{_name}, daily {2004 if _ticker == 'GOOG' else 2000}-2013"
    _SAMPLES[f"{_ticker.lower()}-raw"] = Sample(
        *_BOKEH, _ticker, "XNYS", False, f"{_span}, as traded: prices jump at splits", ticker=_ticker, tick=0.01
    )
    _SAMPLES[f"{_ticker.lower()}-adjusted"] = Sample(
        *_BOKEH,
        _ticker,
        "XNYS",
        True,
        f"{_span}, prices adjusted for splits and dividends; no volume, the source has it as traded only",
        ticker=_ticker,
        scaled=True,
    )
_JOINED = {"spx-vix": "sample:spx from 2014 on, with the last known VIX close as column vix_close (one bar of delay)"}


def sample_names() -> dict[str, str]:
    """Names that `load("sample:<name>")` knows, each with what it is."""
    return {name: item.about for name, item in _SAMPLES.items()} | _JOINED


def sample(name: str, terms: Terms, reading: Reading) -> Bars:
    """Bars of a sample. Raises DataError for an unknown name or a package that is not installed."""
    if name == "spx-vix":
        return _spx_vix(terms, reading)
    if name not in _SAMPLES:
        near = difflib.get_close_matches(name.lower(), sample_names(), n=1)
        hint = f"did you mean 'sample:{near[0]}'? " if near else ""
        raise DataError(f"sample:{name}: no such sample; {hint}there are: {', '.join(sample_names())}")
    return _one(name, _SAMPLES[name], terms, reading)


def _one(name: str, item: Sample, terms: Terms, reading: Reading) -> Bars:
    from feeds.loading import Reading, build

    instrument = terms.complete(item.symbol, item.calendar, tick=item.tick)
    if instrument.calendar != item.calendar:
        raise ConfigError(
            f"sample:{name} trades on calendar {item.calendar!r}, not {instrument.calendar!r}; "
            "give the instrument its calendar"
        )
    notes = [f"{item.about}; from the package {item.package}"]
    table = _prepare(_table(name, item), item, notes)
    raw = arrange(f"sample:{name}", table, None, None)
    raw.notes[:0] = notes
    how = Reading(item.tz, item.label, None, item.time_format, reading.gaps, reading.repair)
    return build(raw, instrument, how, adjusted=item.adjusted)


def _spx_vix(terms: Terms, reading: Reading) -> Bars:
    from feeds.loading import Terms

    vix = _one("vix", _SAMPLES["vix"], Terms(None, None, None), reading)
    spx = _one("spx", _SAMPLES["spx"], terms, reading)
    joined = spx.join(vix.frame[["close"]].rename_axis("available_at"), prefix="vix")
    known = joined.window(joined.times[int(np.isnan(joined.column("vix_close")).sum())])
    return dataclasses.replace(known, source="sample:spx-vix", notes=(*known.notes, _JOINED["spx-vix"]))


def _table(name: str, item: Sample) -> pd.DataFrame:
    spec = importlib.util.find_spec(item.module)  # finds the files without running the package
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"sample:{name}: the package {item.package} is not installed; pip install {item.package}")
    path = Path(next(iter(spec.submodule_search_locations))) / item.file
    if not path.exists():
        raise DataError(f"sample:{name}: {path} is missing; reinstall it: pip install --force-reinstall {item.package}")
    return read_csv(path)


def _prepare(table: pd.DataFrame, item: Sample, notes: list[str]) -> pd.DataFrame:
    """The rows and columns of the sample; everything that is changed is noted."""
    if item.ticker is not None:
        table = table[table["Ticker"] == item.ticker].drop(columns="Ticker").reset_index(drop=True)
    if item.skip_last:
        table = table.iloc[:-1]
        notes.append("the last row left out: that bar was still trading when the package was made")
    if item.closes is not None:
        values = pd.to_numeric(table[item.closes], errors="coerce")  # a point marks a holiday
        known = values.notna()
        holidays = int((~known).sum())
        notes.append(f"closing values only: open, high and low repeat the close; {holidays} holidays left out")
        table = pd.DataFrame({"Date": table["Date"], **dict.fromkeys(("open", "high", "low", "close"), values)})[known]
        table = table.reset_index(drop=True)
    if item.scaled:
        factor = table["Adj Close"] / table["Close"]
        scaled = {part: table[part] * factor for part in ("Open", "High", "Low")}
        table = pd.DataFrame({"Date": table["Date"], **scaled, "Close": table["Adj Close"]})
        notes.append("open, high and low scaled by Adj Close / Close of their day, close is Adj Close")
    return _unround(table, notes) if item.rounded or item.scaled else table


def _unround(table: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Widen highs and lows that rounding put a hair inside open or close; larger faults stay and are refused later."""
    names = {str(name).lower(): name for name in table.columns}
    high, low = names["high"], names["low"]
    ends = table[[names["open"], names["close"]]]
    top, bottom = ends.max(axis=1), ends.min(axis=1)
    above = (top > table[high]) & (top <= table[high] * (1 + 1e-6))
    below = (bottom < table[low]) & (bottom >= table[low] * (1 - 1e-6))
    if count := int((above | below).sum()):
        notes.append(f"{count} bars: high or low moved by less than 1e-6 to hold open and close (rounding)")
    return table.assign(**{high: table[high].mask(above, top), low: table[low].mask(below, bottom)})
