"""`load`: from a source to validated Bars."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from feeds import labels, stamps, validation
from feeds.bars import Bars
from feeds.errors import ConfigError, DataError
from feeds.history.market import names_market
from feeds.instrument import Instrument
from feeds.reading import Columns, RawTable, read
from feeds.sessions import ALWAYS, check_calendar
from feeds.timeframe import parse_timeframe


@dataclass(frozen=True)
class Reading:
    """How to read a raw table; the options of `load` that act on its rows."""

    tz: str | None = None
    label: str | None = None
    timeframe: str | pd.Timedelta | None = None
    time_format: str | None = None
    gaps: str = "report"
    repair: str | None = None

    def __post_init__(self) -> None:
        _one_of("label", self.label, (None, "open", "close"))
        _one_of("gaps", self.gaps, ("report", "refuse"))
        _one_of("repair", self.repair, (None, "drop"))
        stamps.check_zone(self.tz)


def load(
    source: str | os.PathLike[str] | pd.DataFrame,
    *,
    symbol: str | None = None,
    tz: str | None = None,
    label: str | None = None,
    calendar: str | None = None,
    columns: Columns | None = None,
    contract: str | int | None = None,
    gaps: str = "report",
    repair: str | None = None,
    instrument: Instrument | None = None,
    timeframe: str | None = None,
    time_format: str | None = None,
) -> Bars:
    """Bars of one instrument from a file, a DataFrame, a sample or a generator, validated.

    source: path of a CSV (header line), Parquet or Feather file; a DataFrame; "sample:spx" (see `feeds.sample_names`);
    "synthetic:martingale?seed=1&bars=5000"; "binance:BTC/USDT:1h" as `navale fetch` has kept it.
    symbol: name of the instrument (default: the file's name). tz: zone of times written without one. label: what the
    times mark, "open" or "close" of a bar; without it they are read as the open and moved to the close, with a note.
    Dates without a clock name days: with label="close" a bar closes when the day, or the calendar's session, ends.
    calendar: "24/7" (default; figures per year count 365 days), "FX", or a name of exchange_calendars.
    columns: our name to the source's, e.g. {"time": ("Date", "Time"), "close": "Last"}; other names add columns.
    contract: which value of a `contract` column to take. gaps: "report" notes holes against the calendar, "refuse"
    raises; nothing is ever filled. repair: "drop" leaves out rows without a trade, exact repeats and rows whose prices
    are impossible, each counted in the notes. instrument: contract terms (then symbol and calendar come from it).
    timeframe: length of a bar (default: the most common step). time_format: strptime format of unusual times.
    Rows in messages count from 1, the first row of data. Raises DataError for what is wrong with the source,
    ConfigError for what is wrong with the arguments; each message is one line with place, value and cure.
    """
    reading = Reading(tz, label, timeframe, time_format, gaps, repair)
    given = {"tz": tz, "label": label, "calendar": calendar, "columns": columns, "contract": contract}
    given |= {"timeframe": timeframe, "time_format": time_format}
    terms = _terms(symbol, calendar, instrument)
    if isinstance(source, str) and source.startswith("sample:"):
        from feeds.samples import sample

        _refuse_options(source, given)
        return sample(source.removeprefix("sample:"), terms, reading)
    if isinstance(source, str) and source.startswith("synthetic:"):
        from feeds.synthetic import from_query

        _refuse_options(source, given)
        return from_query(source.removeprefix("synthetic:"), terms)
    if isinstance(source, str) and names_market(source):
        from feeds.history.reading import from_history

        _refuse_options(source, given)
        return from_history(source, terms, reading)
    raw = read(source, columns, contract, symbol)
    return build(raw, terms.complete(_default_symbol(source), ALWAYS), reading)


@dataclass(frozen=True)
class Terms:
    """The instrument as far as the caller named it."""

    symbol: str | None
    calendar: str | None
    instrument: Instrument | None

    def complete(self, symbol: str, calendar: str, **more: Any) -> Instrument:
        """The instrument, with these values where the caller gave none."""
        if self.instrument is not None:
            return self.instrument
        return Instrument(self.symbol or symbol, calendar=self.calendar or calendar, **more)


def _terms(symbol: str | None, calendar: str | None, instrument: Instrument | None) -> Terms:
    if symbol is not None and not (isinstance(symbol, str) and symbol):
        raise ConfigError(f"symbol={symbol!r} must be a name such as 'ES'")
    if instrument is not None:
        if not isinstance(instrument, Instrument):
            raise ConfigError(f"instrument={instrument!r} must be a feeds.Instrument, e.g. Instrument('ES', tick=0.25)")
        for name, value, own in (("symbol", symbol, instrument.symbol), ("calendar", calendar, instrument.calendar)):
            if value is not None and value != own:
                raise ConfigError(f"{name}={value!r} contradicts the instrument's {name} {own!r}; give one of the two")
    named = calendar if instrument is None else instrument.calendar
    if named is not None:
        check_calendar(named)
    return Terms(symbol, calendar, instrument)


def build(raw: RawTable, instrument: Instrument, reading: Reading, **facts: Any) -> Bars:
    """Validated Bars of a raw table. facts: further fields of Bars (adjusted, synthetic)."""
    calendar = instrument.calendar
    written = stamps.parse(raw, reading.time_format)
    utc = stamps.to_utc(raw, written, reading.tz, calendar)
    if reading.repair == "drop":
        keep = validation.drop_repeats(raw, utc)
        raw.keep(keep)
        utc, written = utc[keep], written.keep(keep)
    stamps.check_order(raw, utc)
    if reading.timeframe:
        step = parse_timeframe(reading.timeframe).value
    else:
        step = labels.usual_step(raw, written)
        labels.check_one_timeframe(raw, written, step)
    closes = labels.close_times(raw, written, utc, reading.label, reading.tz, calendar, step)
    labels.check_closes(raw, closes)
    labels.note_idle_weekdays(raw, written, reading.label, calendar, step)
    table = validation.numbers(raw)
    keep = validation.check_values(raw, table, reading.repair)
    if not keep.any():
        raise DataError(f"{raw.name}: no row is left after repair='drop'; the source holds no usable bar")
    volume = ("volume",) if "volume" in table else ()
    names = [*validation.PRICES, *volume, *(name for name in table if name not in (*validation.PRICES, "volume"))]
    index = pd.DatetimeIndex(closes[keep], tz="UTC", name="time").as_unit("ns")
    frame = pd.DataFrame({name: table[name].to_numpy()[keep] for name in names}, index=index)
    facts.setdefault("adjusted", raw.adjusted)
    bars = Bars(frame, instrument, raw.name, pd.Timedelta(step, unit="ns"), notes=tuple(raw.notes), **facts)
    return finish(bars, reading)


def finish(bars: Bars, reading: Reading) -> Bars:
    """Report or refuse gaps, and note bars outside the sessions."""
    notes = []
    if bars.gaps.count:
        if reading.gaps == "refuse":
            before, after = bars.gaps.holes[0]
            raise DataError(
                f"{bars.source}: {bars.gaps} (first: nothing from {before} to {after}) against calendar "
                f"{bars.calendar}; complete the source or load with gaps='report'"
            )
        notes.append(f"{bars.gaps} against calendar {bars.calendar}; not filled")
    outside = int(np.sum(~bars.sessions.locate(bars.times.asi8)[1]))
    if outside:
        notes.append(f"{outside} of {len(bars)} bars close outside the sessions of {bars.calendar}")
    object.__setattr__(bars, "notes", (*bars.notes, *notes))
    return bars


def _default_symbol(source: Any) -> str:
    if isinstance(source, pd.DataFrame):
        return "UNNAMED"
    return Path(source).name.split(".")[0] or "UNNAMED"


def _one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"{name}={value!r} is not one of {', '.join(map(repr, allowed))}")


def _refuse_options(source: str, given: dict[str, Any]) -> None:
    named = [name for name, value in given.items() if value is not None]
    if named:
        raise ConfigError(f"{source}: {', '.join(named)} cannot be given: the source sets it; leave it out")
