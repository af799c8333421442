"""Canonical rows of an option chain: completed, checked, sorted. Every rule that fails has its own error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from feeds.chains.chain import COLUMNS
from feeds.chains.contracts import settlements
from feeds.errors import DataError

TIMES = ("asof_utc", "expiry_ts_utc", "quote_ts")
TEXTS = ("underlying", "root", "right", "style", "iv_source", "greek_source", "feed")
KEY = ["expiry_ts_utc", "root", "strike", "right"]
_POSITIVE = ("strike", "multiplier")
_NOT_NEGATIVE = ("bid", "ask", "mid", "last", "volume", "oi", "iv", "gamma", "vega")
_ANY = ("delta", "theta")
NUMBERS = (*_POSITIVE, *_NOT_NEGATIVE, *_ANY)
_RIGHTS = {"C": "C", "P": "P", "CALL": "C", "PUT": "P"}
_STYLES = ("american", "european", "bermudan")
_FEEDS = ("REALTIME", "DELAYED")
_OFFSET = r"(?:Z|[+-]\d\d:?\d\d)$"


class Source:
    """Where rows come from, to name the place in errors. numbers: row of the source, from 1, per row of the table."""

    def __init__(self, name: str, table: pd.DataFrame):
        self.name = name
        whole = pd.api.types.is_integer_dtype(table.index.dtype)
        self.numbers = table.index.to_numpy() + 1 if whole else np.arange(1, len(table) + 1)

    def refuse(self, wrong: Any, column: pd.Series, say: str) -> None:
        """Raise DataError at the first row that is wrong; `say` may name the {value}."""
        places = np.flatnonzero(np.asarray(wrong))
        if len(places):
            value = column.iloc[places[0]]
            shown = repr(value) if isinstance(value, str) else value
            raise DataError(f"{self.name}, row {self.numbers[places[0]]}: {say.format(value=shown)}")


def canonical(table: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Rows with every column of COLUMNS, checked and typed; asof_utc, underlying and feed may still be missing.

    A column that is absent is missing (NaN) throughout, except those that make a contract. The settlement instant
    may be given as `expiry` (date) and root instead. A missing mid is the mean of bid and ask where they do not cross;
    a missing iv_source or greek_source is "vendor" where there is a value. Raises DataError naming row, value and cure.
    """
    if len(table) == 0:
        raise DataError(f"{source.name}: no contracts; check that the download finished")
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise DataError(f"{source.name}: column {twice!r} occurs twice; keep one of them")
    lacking = [name for name in ("strike", "right") if name not in table.columns]
    if "expiry_ts_utc" not in table.columns and not {"expiry", "root"} <= set(table.columns):
        lacking.append("expiry_ts_utc (or expiry and root)")
    if lacking:
        raise DataError(
            f"{source.name}: no column {lacking[0]}; an option chain needs expiry_ts_utc, strike and right, "
            f"this has {', '.join(map(str, table.columns[:8]))}"
        )
    made: dict[str, Any] = {}
    for name in TEXTS:
        made[name] = _text(table, name)
    for name in NUMBERS:
        made[name] = _number(table, name, source)
    made["right"] = _right(made["right"], source)
    for name, known in (("style", _STYLES), ("feed", _FEEDS)):
        unknown = made[name].notna() & ~made[name].isin(known)
        source.refuse(unknown, made[name], f"{name} {{value}} is unknown; write {' or '.join(known)}")
    made["oi_date"] = _dates(table, "oi_date", source)
    for name in TIMES:
        made[name] = times(table, name, source)
    if "expiry_ts_utc" not in table.columns:
        made["expiry_ts_utc"] = _settles(table, made["root"], source)
    source.refuse(made["expiry_ts_utc"].isna(), made["expiry_ts_utc"], "expiry_ts_utc is missing; write the settlement")
    frame = pd.DataFrame(made, index=table.index)[list(COLUMNS)]
    middle = ((frame["bid"] + frame["ask"]) / 2).where(frame["ask"] >= frame["bid"])
    frame["mid"] = frame["mid"].fillna(middle)
    for name, value in (("iv_source", "iv"), ("greek_source", "gamma")):
        frame[name] = frame[name].where(frame[name].notna() | frame[value].isna(), "vendor")
    return frame


def arranged(frame: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Rows by expiry, root, strike and right. Raises DataError for a contract that occurs twice."""
    again = frame.duplicated(KEY).to_numpy()
    if again.any():
        place = int(np.flatnonzero(again)[0])
        row = frame.iloc[place]
        same = (frame[KEY] == row[KEY]).all(axis=1).to_numpy()
        raise DataError(
            f"{source.name}, row {source.numbers[place]}: {row['root']} {row['expiry_ts_utc']:%Y-%m-%d} "
            f"{row['strike']:g} {row['right']} occurs already in row {source.numbers[np.flatnonzero(same)[0]]}; "
            "keep one row per contract"
        )
    return frame.sort_values(KEY, kind="stable", ignore_index=True)


def times(table: pd.DataFrame, name: str, source: Source) -> pd.Series:
    """A column of instants as UTC nanoseconds; NaT for missing. Raises DataError for a time without offset."""
    if name not in table.columns or table[name].isna().all():
        return pd.Series(pd.NaT, index=table.index, dtype="datetime64[ns, UTC]")
    column = table[name]
    say = name + " {value} has no UTC offset; write it like 2026-07-24T20:00:00Z"
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.tz_convert("UTC").dt.as_unit("ns")
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        source.refuse(column.notna(), column, say)
    text = column.astype(str).str.strip().where(column.notna())
    text = text.where(text.notna() & (text != ""))
    source.refuse(text.notna() & ~text.fillna("").str.contains(_OFFSET, regex=True), column, say)
    parsed = pd.to_datetime(text, utc=True, errors="coerce", format="ISO8601")
    source.refuse(
        text.notna() & (parsed.isna() | (parsed.dt.year < 1970) | (parsed.dt.year > 2200)),
        column,
        name + " {value} is no time; write it like 2026-07-24T20:00:00Z",
    )
    return parsed.dt.as_unit("ns")


def one_of(column: pd.Series, what: str, source: Source, cure: str) -> Any:
    """The only value of a column, None when all are missing. Raises DataError when there are several."""
    values: Sequence[Any] = column.dropna().unique().tolist()
    if len(values) > 1:
        shown = ", ".join(map(str, values[:5]))
        raise DataError(f"{source.name}: holds {len(values)} {what}: {shown}; {cure}")
    return values[0] if values else None


def number(table: pd.DataFrame, name: str, source: Source) -> pd.Series:
    """A column as float64, NaN where blank. Raises DataError for text that is no number, and for infinity."""
    if name not in table.columns:
        return pd.Series(np.full(len(table), np.nan), index=table.index)
    column = table[name]
    if _plain(column):
        values = column.to_numpy(dtype=np.float64)
    else:
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        blank = (column.isna() | (column.astype(str).str.strip() == "")).to_numpy()
        source.refuse(np.isnan(values) & ~blank, column, name + " {value} is no number; correct it or leave it blank")
    source.refuse(np.isinf(values), column, name + " {value} is not finite; leave it blank when unknown")
    return pd.Series(values, index=table.index)


def _number(table: pd.DataFrame, name: str, source: Source) -> pd.Series:
    column = number(table, name, source)
    values = column.to_numpy()
    if name == "strike":
        source.refuse(np.isnan(values), column, "strike is missing; write it or delete the row")
    if name in _POSITIVE:
        source.refuse(values <= 0, column, name + " {value} must be above 0; correct it or delete the row")
    elif name in _NOT_NEGATIVE:
        source.refuse(values < 0, column, name + " {value} is negative; correct it or leave it blank")
    return column


def _plain(column: pd.Series) -> bool:
    """Whether a column holds numbers of NumPy, not text, objects or nullable ones."""
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiu"


def _text(table: pd.DataFrame, name: str) -> pd.Series:
    if name not in table.columns:
        return pd.Series(np.nan, index=table.index, dtype="str")
    column = table[name].astype("str").str.strip()
    return column.where(column != "")


def _right(column: pd.Series, source: Source) -> pd.Series:
    source.refuse(column.isna(), column, "right is missing; write C or P")
    mapped = column.str.upper().map(_RIGHTS)
    source.refuse(mapped.isna(), column, "right {value} is unknown; write C or P")
    return mapped.astype("str")


def _dates(table: pd.DataFrame, name: str, source: Source) -> pd.Series:
    """A column of calendar dates (datetime64[ns] at midnight, no zone)."""
    if name not in table.columns or table[name].isna().all():
        return pd.Series(pd.NaT, index=table.index, dtype="datetime64[ns]")
    column = table[name]
    if pd.api.types.is_datetime64_any_dtype(column.dtype) and not isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.normalize().dt.as_unit("ns")
    text = column.astype(str).str.strip().where(column.notna())
    text = text.where(text.notna() & (text != ""))
    parsed = pd.to_datetime(text.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    wrong = text.notna() & (parsed.isna() | (parsed.dt.year < 1970) | (parsed.dt.year > 2200))
    source.refuse(wrong, column, name + " {value} is no date; write it like 2026-07-24")
    return parsed.dt.as_unit("ns")


def _settles(table: pd.DataFrame, roots: pd.Series, source: Source) -> pd.Series:
    expiries = _dates(table, "expiry", source)
    source.refuse(expiries.isna(), table["expiry"], "expiry is missing; write the date or delete the row")
    source.refuse(roots.isna(), roots, "root is missing; it tells morning from afternoon settlement")
    far = (expiries.dt.year < 1990) | (expiries.dt.year > 2100)
    source.refuse(far, table["expiry"], "expiry {value} is not between 1990 and 2100; correct it")
    return pd.Series(settlements(roots, expiries), index=table.index)
