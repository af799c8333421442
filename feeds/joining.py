"""As-of joins: other data beside the bars, each row only after it was known."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds.bars import Bars
from feeds.errors import ConfigError, DataError
from feeds.reading import read_file
from feeds.stamps import has_offset


def read_table(path: Path, on: str = "available_at") -> pd.DataFrame:
    """A table to join from a CSV or Parquet file: its columns by the aware times `on`; a column `symbol` is left out.

    Raises DataError naming file, column and cure.
    """
    rows = read_file(path)
    if on not in rows:
        raise DataError(
            f"{path}: no column {on!r}, which says when each row was known; present: {', '.join(map(str, rows))}"
        )
    if len(rows) == 0:
        raise DataError(f"{path}: no rows below the header; there is nothing to join")
    rows = rows.drop(columns="symbol", errors="ignore")
    known = _aware(rows.pop(on), on, str(path))
    for name in rows:
        _numbers(rows[name], str(path))
    rows.index = _times(known, on, str(path))
    return rows


def _aware(written: pd.Series, on: str, where: str) -> pd.Series:
    """Times of a file, in UTC. Raises DataError at the first that is missing, is none or has no offset."""
    text = written.astype(str).str.strip()
    if isinstance(written.dtype, pd.DatetimeTZDtype):
        return written
    times = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
    faults = [
        ("is missing", written.isna().to_numpy(), "drop rows whose time is not known"),
        ("is no time", times.isna().to_numpy(), "write 2025-05-01T10:30:00Z"),
        ("has no UTC offset", ~has_offset(text), "write 2025-05-01T10:30:00Z"),
    ]
    row = int(np.argmax(np.logical_or.reduce([mask for _, mask, _ in faults])))
    for fault, mask, cure in faults:
        if mask[row]:
            value = "" if fault == "is missing" else f" {text.iloc[row]!r}"
            raise DataError(f"{where}, row {row + 1}: {on}{value} {fault}; {cure}")
    return times


def join(bars: Bars, table: pd.DataFrame | Bars, *, on: str, prefix: str) -> Bars:
    """See `Bars.join`."""
    if not isinstance(prefix, str) or not prefix.isidentifier():
        raise ConfigError(f"join prefix={prefix!r} must be a name such as 'gex'")
    rows = table.frame.rename_axis(on) if isinstance(table, Bars) else table
    if not isinstance(rows, pd.DataFrame):
        raise DataError(f"joined table {prefix}: expected a DataFrame or Bars, got {type(table).__name__}")
    known, values = _split(rows, on, prefix)
    taken = [f"{prefix}_{name}" for name in values if f"{prefix}_{name}" in bars.columns]
    if taken:
        raise ConfigError(f"{bars.source}: columns {', '.join(taken)} exist already; choose another prefix")
    position = known.searchsorted(bars.times, side="left")  # rows known strictly before the close
    frame = bars.frame
    for name, column in values.items():
        frame[f"{prefix}_{name}"] = np.concatenate(([np.nan], column))[position]
    before = int((position == 0).sum())
    note = f"joined {prefix}: {len(known)} rows by {on}, {', '.join(values)}; {before} bars before the first are NaN"
    extra = table.notes if isinstance(table, Bars) else ()
    synthetic = bars.synthetic or (isinstance(table, Bars) and table.synthetic)
    notes = (*bars.notes, *(f"{prefix}: {text}" for text in extra), note)
    return dataclasses.replace(bars, _frame=frame, notes=notes, synthetic=synthetic)


def _split(rows: pd.DataFrame, on: str, prefix: str) -> tuple[pd.DatetimeIndex, dict[str, NDArray[np.float64]]]:
    """The times at which rows became known, checked, and the numeric columns, checked."""
    where = f"joined table {prefix}"
    if on in rows.columns:
        known, rest = rows[on], rows.drop(columns=on)
    elif rows.index.name == on:
        known, rest = rows.index.to_series(), rows
    else:
        raise DataError(f"{where}: no column {on!r}; present: {', '.join(map(str, rows.columns))}; name it with on=")
    if len(rows) == 0 or rest.shape[1] == 0:
        raise DataError(f"{where}: {len(rows)} rows with {rest.shape[1]} value columns; there is nothing to join")
    repeated = rest.columns[rest.columns.duplicated()]
    if len(repeated):
        raise DataError(f"{where}: column {repeated[0]!r} occurs twice; keep one of them")
    return _times(known, on, where), {str(name): _numbers(rest[name], where) for name in rest.columns}


def _times(known: pd.Series, on: str, where: str) -> pd.DatetimeIndex:
    if not isinstance(known.dtype, pd.DatetimeTZDtype):
        raise DataError(
            f"{where}, row 1: {on} {known.iloc[0]!r} is not an aware time; localize it first: "
            f"table[{on!r}].dt.tz_localize('UTC')"
        )
    times = pd.DatetimeIndex(known).tz_convert("UTC").as_unit("ns")
    if times.hasnans:
        row = int(np.flatnonzero(times.isna())[0])
        raise DataError(f"{where}, row {row + 1}: {on} is missing; drop rows whose time is not known")
    backward = np.flatnonzero(np.diff(times.asi8) <= 0)
    if len(backward):
        row = int(backward[0]) + 1
        fault = "repeats" if times[row] == times[row - 1] else "is earlier than"
        raise DataError(
            f"{where}, row {row + 1}: {on} {times[row]} {fault} row {row}'s; sort by {on} and keep one row per time"
        )
    return times


def _numbers(column: pd.Series, where: str) -> NDArray[np.float64]:
    if not (pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)):
        strange = column.notna() & pd.to_numeric(column.astype(str), errors="coerce").isna()
        row = int(np.argmax(strange.to_numpy()))
        raise DataError(
            f"{where}, row {row + 1}: column {column.name!r} holds {str(column.iloc[row])!r} ({column.dtype}), "
            "not numbers; leave it out or encode it"
        )
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        row = int(infinite[0])
        raise DataError(f"{where}, row {row + 1}: {column.name} {values[row]} is infinite; use NaN for what is missing")
    return values
