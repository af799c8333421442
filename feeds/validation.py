"""Checks of prices and volumes. Nothing is repaired unless asked for, and then it is counted."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds.errors import DataError
from feeds.reading import RawTable
from feeds.sessions import Ints

PRICES = ("open", "high", "low", "close")
_COMMA = re.compile(r"[-+]?[\d.]*,[\d.,]*")
_CURE = "fix the source or load with repair='drop'"


def numbers(raw: RawTable) -> pd.DataFrame:
    """Every column but the time as float64. Raises DataError at the first text that is no number."""
    columns = {name: _number(raw, str(name)) for name in raw.frame.columns if name != "time"}
    return pd.DataFrame(columns)


def _number(raw: RawTable, name: str) -> NDArray[np.float64]:
    column = raw.frame[name]
    if getattr(column.dtype, "kind", "O") in "bcmM":
        raise DataError(
            f"{raw.name}, row {raw.rows[0]}: {name} {column.iloc[0]} is {column.dtype}, not a number; fix the source"
        )
    values = pd.to_numeric(column, errors="coerce")
    wrong = np.flatnonzero((values.isna() & column.notna()).to_numpy())
    if len(wrong):
        row, cure = int(wrong[0]), "fix the source"
        if _COMMA.fullmatch(str(column.iloc[row]).strip()):
            cure = "write decimal points and no thousands marks, or load(pandas.read_csv(path, sep=';', decimal=','))"
        raise DataError(f"{raw.name}, row {raw.rows[row]}: {name} {column.iloc[row]!r} is not a number; {cure}")
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def check_values(raw: RawTable, table: pd.DataFrame, repair: str | None) -> NDArray[np.bool_]:
    """Rows to keep. Without repair all of them, or DataError at the first bad row; with repair="drop" only the good."""
    faults = _faults(table)
    empty, flat = _without_trade(table)
    bad = np.logical_or.reduce([mask for _, mask in faults])
    if repair is None:
        if bad.any():
            raise DataError(_describe(raw, table, int(np.flatnonzero(bad)[0]), faults))
        if flat.any():
            raw.notes.append(f"{int(flat.sum())} rows without a trade (zero volume, one price) kept")
        return np.ones(len(table), dtype=bool)
    untraded = empty | flat
    for what, mask in [("without a trade", untraded), *[(name, mask & ~untraded) for name, mask in faults]]:
        if mask.any():
            first = raw.rows[np.flatnonzero(mask)[0]]
            raw.notes.append(f"dropped {int(mask.sum())} rows: {what} (first: row {first})")
            untraded = untraded | mask
    keep: NDArray[np.bool_] = ~(bad | flat)
    return keep


def _faults(table: pd.DataFrame) -> list[tuple[str, NDArray[np.bool_]]]:
    """Everything that can be wrong with a row, in the order in which it is reported."""
    prices = table[list(PRICES)].to_numpy()
    extra = [name for name in table.columns if name not in PRICES]
    volume = table["volume"].to_numpy() if "volume" in table else np.zeros(len(table))
    opened, high, low, closed = prices.T
    return [
        ("NaN", np.isnan(prices).any(axis=1) | np.isnan(volume)),
        ("infinite", np.isinf(prices).any(axis=1) | np.isinf(table[extra].to_numpy()).any(axis=1)),
        ("price not above 0", (prices <= 0).any(axis=1)),
        ("high below low", high < low),
        ("high below open or close", (high < opened) | (high < closed)),
        ("low above open or close", (low > opened) | (low > closed)),
        ("negative volume", volume < 0),
    ]


def _without_trade(table: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows with no prices at all, and rows with one price and zero volume in a source that does report volume."""
    prices = table[list(PRICES)].to_numpy()
    empty = np.isnan(prices).all(axis=1)
    volume = table["volume"].to_numpy() if "volume" in table else np.full(len(table), np.nan)
    flat = (prices == prices[:, :1]).all(axis=1) & (volume == 0)
    return empty, flat if (volume > 0).any() else np.zeros(len(table), dtype=bool)


def _describe(raw: RawTable, table: pd.DataFrame, row: int, faults: list[tuple[str, NDArray[np.bool_]]]) -> str:
    kind = next(name for name, mask in faults if mask[row])
    value = table.iloc[row]
    place = f"{raw.name}, row {raw.rows[row]} ({raw.frame['time'].iloc[row]})"
    if kind == "NaN":
        names = [name for name in (*PRICES, "volume") if name in table and np.isnan(value[name])]
        return f"{place}: {', '.join(names)} missing (NaN); {_CURE}"
    if kind == "infinite":
        name = next(name for name in table.columns if np.isinf(value[name]))
        return f"{place}: {name} {value[name]} is infinite; {_CURE}"
    if kind == "price not above 0":
        name = next(name for name in PRICES if value[name] <= 0)
        return f"{place}: {name} {value[name]} is not above 0; {_CURE}"
    if kind == "negative volume":
        return f"{place}: volume {value['volume']} is negative; {_CURE}"
    if kind == "high below low":
        return f"{place}: high {value['high']} is below low {value['low']}; {_CURE}"
    side, word = ("high", "below") if kind.startswith("high") else ("low", "above")
    other = max if side == "high" else min
    name = other(("open", "close"), key=lambda part: float(value[part]))
    return f"{place}: {side} {value[side]} is {word} {name} {value[name]}; {_CURE}"


def drop_repeats(raw: RawTable, times: Ints) -> NDArray[np.bool_]:
    """Rows to keep so that no row repeats the one before in time and in every value."""
    same_time = np.r_[False, np.diff(times) == 0]
    keep: NDArray[np.bool_] = ~same_time
    if keep.all():
        return keep
    values = raw.frame.drop(columns="time")
    before = values.shift()
    same = ((values == before) | (values.isna() & before.isna())).all(axis=1).to_numpy() & same_time
    if same.any():
        first = raw.rows[np.flatnonzero(same)[0]]
        raw.notes.append(f"dropped {int(same.sum())} rows: exact repeats (first: row {first})")
    keep = ~same
    return keep
