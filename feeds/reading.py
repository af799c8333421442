"""Reading a table of bars from a file or a DataFrame, before anything in it is trusted."""

from __future__ import annotations

import csv
import difflib
import lzma
import os
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from feeds.errors import ConfigError, DataError
from feeds.sessions import Ints

ALIASES = {
    "time": ("time", "date", "datetime", "timestamp"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c", "last"),
    "volume": ("volume", "vol", "v"),
}
ADJUSTED = ("adj close", "adj_close", "adjclose", "adjusted close", "adjusted_close")
_TEXT = (".csv", ".txt", ".tsv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zip")
_COLUMNAR = (".parquet", ".pq", ".feather")

_UNREADABLE = (OSError, EOFError, ValueError, csv.Error, zlib.error, zipfile.BadZipFile, lzma.LZMAError)

Columns = Mapping[str, str | Sequence[str]]


@dataclass
class RawTable:
    """What a source holds, under our column names, unchecked. rows: number of each row in the source, from 1."""

    name: str
    frame: pd.DataFrame
    rows: Ints
    adjusted: bool | None = None
    notes: list[str] = field(default_factory=list)

    def keep(self, mask: Any) -> None:
        """Drop the rows where mask is False; the others keep their numbers."""
        self.frame, self.rows = self.frame[mask], self.rows[mask]


def read(source: Any, columns: Columns | None, contract: Any, symbol: str | None = None) -> RawTable:
    """Table of a file (CSV, Parquet, Feather) or DataFrame, one contract, with its columns recognised."""
    if isinstance(source, pd.DataFrame):
        name, table = "DataFrame", source
    elif isinstance(source, str | os.PathLike):
        name, table = str(source), read_file(source)
    else:
        raise ConfigError(f"cannot load {type(source).__name__}: give a path, a DataFrame, 'sample:…' or 'synthetic:…'")
    return arrange(name, table, columns, contract, symbol)


def arrange(
    name: str, table: pd.DataFrame, columns: Columns | None = None, contract: Any = None, symbol: str | None = None
) -> RawTable:
    """Recognise the columns of a table and choose one contract or symbol."""
    if columns is not None and not (isinstance(columns, Mapping) and all(isinstance(part, str) for part in columns)):
        raise ConfigError(f"columns={columns!r} must map our names to the source's, e.g. {{'close': 'Last'}}")
    if isinstance(table.columns, pd.MultiIndex):
        levels = table.columns.nlevels
        raise DataError(f"{name}: columns have {levels} levels; select one symbol: table.xs(symbol, level=1, axis=1)")
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise DataError(f"{name}: column {repeated[0]!r} occurs twice; keep one of them")
    if not isinstance(table.index, pd.RangeIndex) and _holds_time(table.index):
        index_name = table.index.name if table.index.name is not None else "time"
        if index_name not in table.columns:
            table = table.rename_axis(str(index_name)).reset_index()
    if len(table) == 0:
        raise DataError(f"{name}: no rows; check that the download finished")
    raw = RawTable(name, table, np.arange(1, len(table) + 1, dtype=np.int64))
    _choose_contract(raw, contract)
    _choose_symbol(raw, symbol)
    _note_adjustment(raw, columns)
    _select(raw, columns)
    return raw


def _holds_time(index: pd.Index) -> bool:
    return isinstance(index, pd.DatetimeIndex) or str(index.name).lower() in ALIASES["time"]


def read_file(source: str | os.PathLike[str]) -> pd.DataFrame:
    """Table of a CSV, Parquet or Feather file as it is. Raises DataError that names the file and the cure."""
    if "://" in str(source):
        raise DataError(f"{source}: is an address, not a file; download it first")
    path = Path(source).expanduser()
    if path.is_symlink() and not path.exists():
        raise DataError(f"{path}: is a link to {os.readlink(path)}, which is not there; mend the link or name the file")
    if not path.exists():
        siblings = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, siblings, n=1)
        raise DataError(f"{path}: no such file; " + (f"did you mean {near[0]!r}?" if near else "check the path"))
    if path.is_dir():
        files = sorted(item.name for item in path.iterdir() if item.name.lower().endswith((*_TEXT, *_COLUMNAR)))
        raise DataError(f"{path}: is a folder; name one file in it: {', '.join(files[:5]) or 'none is CSV or Parquet'}")
    lowered = path.name.lower()
    if not lowered.endswith((*_TEXT, *_COLUMNAR)):
        raise DataError(f"{path}: cannot read {path.suffix or 'a file without suffix'}; convert it to CSV or Parquet")
    try:
        if lowered.endswith(_TEXT):
            return read_csv(path)
        return pd.read_feather(path) if lowered.endswith(".feather") else _read_parquet(path)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path}: the file is empty; check that the download finished") from None
    except UnicodeDecodeError as problem:
        place = f"{problem.reason} at byte {problem.start}"
        raise DataError(f"{path}: is not UTF-8 text ({place}); save it as UTF-8") from None
    except pd.errors.ParserWarning:
        raise DataError(f"{path}, row 1: more fields than the header; check separator and decimal commas") from None
    except _UNREADABLE as problem:
        detail = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
        raise DataError(f"{path}: cannot be read: {detail}; write or download it again") from problem


def read_csv(path: Any) -> pd.DataFrame:
    """A CSV file with a header line; the separator is the most frequent of , ; tab in the header."""
    line = pd.read_csv(
        path, sep="\x01", header=None, nrows=1, dtype=str, engine="python", quoting=csv.QUOTE_NONE,
        skip_blank_lines=False, keep_default_na=False,
    )  # fmt: skip
    header = str(line.iloc[0, 0]) if line.size else ""
    if "\x00" in header:
        raise DataError(f"{path}: is not text (zero bytes in the first line); write or download it again")
    if not header.strip():
        raise DataError(f"{path}: the first line is blank; delete it: the header comes first")
    separator = max(",;\t", key=header.count)
    names = [name.strip() for name in next(csv.reader([header], delimiter=separator, skipinitialspace=True))]
    _refuse_repeats(path, names)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the header would lose values
        table = pd.read_csv(
            path, sep=separator, skip_blank_lines=False, low_memory=False, float_precision="round_trip",
            index_col=False, skipinitialspace=True,
        )  # fmt: skip
    filled = np.flatnonzero(table.notna().any(axis=1).to_numpy())
    return table.iloc[: filled[-1] + 1] if len(filled) else table.iloc[:0]  # blank lines at the end


def _read_parquet(path: Path) -> pd.DataFrame:
    from pyarrow.parquet import read_schema

    _refuse_repeats(path, read_schema(path).names)
    return pd.read_parquet(path)


def _refuse_repeats(path: Any, names: Sequence[str]) -> None:
    repeated = [name for number, name in enumerate(names) if name and name in names[:number]]
    if repeated:
        raise DataError(f"{path}: column {repeated[0]!r} occurs twice; keep one of them")


def _choose_contract(raw: RawTable, contract: Any) -> None:
    column = next((name for name in raw.frame.columns if str(name).lower() == "contract"), None)
    if column is None:
        if contract is not None:
            raise ConfigError(f"{raw.name}: contract={contract!r} was asked for but there is no column 'contract'")
        return
    values = raw.frame[column].astype(str)
    held = values.value_counts(sort=False)
    listing = ", ".join(f"{name} ({count:,} rows)" for name, count in held.sort_index().items())
    if contract is None:
        if len(held) > 1:
            row = int(np.flatnonzero((values != values.iloc[0]).to_numpy())[0])
            raise DataError(
                f"{raw.name}, row {raw.rows[row]}: contract {values.iloc[row]} follows {values.iloc[0]}; "
                f"bars of several contracts do not form a series: choose one with contract=: {listing}"
            )
        return
    chosen = (values == str(contract)).to_numpy()
    if not chosen.any():
        raise ConfigError(f"{raw.name}: contract {contract!r} is not in the file; it holds {listing}")
    raw.keep(chosen)
    raw.notes.append(f"contract {contract}: {len(raw.rows):,} of {len(values):,} rows")


def _choose_symbol(raw: RawTable, symbol: str | None) -> None:
    """Rows of one symbol, where a source holds several."""
    column = next((name for name in raw.frame.columns if str(name).lower() in ("symbol", "ticker")), None)
    if column is None:
        return
    values = raw.frame[column].astype(str)
    if values.nunique() == 1:
        if symbol is not None and symbol != values.iloc[0]:
            raw.notes.append(f"column {column} holds {values.iloc[0]}, loaded as {symbol}")
        return
    chosen = (values == symbol).to_numpy()
    if not chosen.any():
        row = int(np.flatnonzero((values != values.iloc[0]).to_numpy())[0])
        raise DataError(
            f"{raw.name}, row {raw.rows[row]}: {column} {values.iloc[row]} follows {values.iloc[0]}; "
            f"choose one with symbol=: {', '.join(sorted(values.unique())[:10])}"
        )
    raw.keep(chosen)
    raw.notes.append(f"{column} {symbol}: {len(raw.rows):,} of {len(values):,} rows")


def _note_adjustment(raw: RawTable, columns: Columns | None) -> None:
    """Tell raw from adjusted prices where the source has both; they are never mixed."""
    name = next((item for item in raw.frame.columns if str(item).lower() in ADJUSTED), None)
    close = next((item for item in raw.frame.columns if str(item).lower() == "close"), None)
    mapped = [part for part, item in (columns or {}).items() if str(item).lower() in ADJUSTED]
    if mapped:
        raise DataError(
            f"{raw.name}: {mapped[0]} from {columns[mapped[0]]!r} would mix adjusted with raw prices; "  # type: ignore[index]
            "adjust open, high, low and close together before loading"
        )
    if name is None or close is None or "close" in (columns or {}):
        return
    pair = raw.frame[[name, close]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    differ = int((~np.isclose(pair[:, 0], pair[:, 1], rtol=1e-9, atol=0.0, equal_nan=True)).sum())
    if not differ:
        raw.notes.append(f"{name!r} equals {close!r} in every row: the file does not tell raw from adjusted prices")
        return
    raw.adjusted = False
    raw.notes.append(
        f"prices are raw: open, high, low, close as quoted; "
        f"{name!r} left out, it differs from {close!r} in {differ:,} rows"
    )


def _select(raw: RawTable, columns: Columns | None) -> None:
    """Reduce the table to time, prices, volume and the extra columns asked for."""
    chosen: dict[str, Any] = {}
    for part, wanted in (columns or {}).items():
        near = difflib.get_close_matches(part, ALIASES, n=1, cutoff=0.75)
        if part == "session" or (near and part not in ALIASES):
            meant = near[0] if near else part
            raise ConfigError(f"columns={{{part!r}: …}}: did you mean {meant!r}? Use another name for an extra column")
        for item in _items(wanted):
            if item not in raw.frame.columns:
                near = difflib.get_close_matches(str(item), map(str, raw.frame.columns), n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise ConfigError(f"{raw.name}: columns={{{part!r}: {item!r}}}: no such column; {hint}{_listing(raw)}")
        chosen[part] = wanted
    for part, names in ALIASES.items():
        if part in chosen:
            continue
        held = [name for name in names if any(str(item).strip().lower() == name for item in raw.frame.columns)]
        wanted_names = held if part == "time" else held[:1]  # "last" beside "close" is something else
        found = [item for item in raw.frame.columns if str(item).strip().lower() in wanted_names]
        if len(found) > 1:
            example = f"{{{part!r}: {found[0]!r}}}"
            both = " or, for both together, {'time': ('Date', 'Time')}" if part == "time" else ""
            raise DataError(f"{raw.name}: columns {found} could all be {part}; say which with columns={example}{both}")
        if found:
            chosen[part] = found[0]
        elif part != "volume":
            cure = f"name it with columns={{{part!r}: '…'}}"
            raise DataError(f"{raw.name}: no column for {part}; {_listing(raw)}; {cure}")
    ignored = [str(name) for name in raw.frame.columns if not _used(name, chosen)]
    if ignored:
        raw.notes.append(f"columns not used: {', '.join(ignored)}")
    raw.frame = pd.DataFrame({part: _take(raw.frame, item) for part, item in chosen.items()}, index=raw.frame.index)


def _take(frame: pd.DataFrame, item: Any) -> pd.Series:
    if isinstance(item, str) or not isinstance(item, Sequence):
        return frame[item]
    return frame[list(item)].astype(str).agg(" ".join, axis=1)


def _items(item: Any) -> Sequence[Any]:
    """The names that stand for one column: one, or several to be joined."""
    return [item] if isinstance(item, str) or not isinstance(item, Sequence) else item


def _used(name: Any, chosen: Mapping[str, Any]) -> bool:
    return any(name in _items(item) for item in chosen.values()) or str(name).lower() in (*ADJUSTED, "contract")


def _listing(raw: RawTable) -> str:
    return f"the header has: {', '.join(map(str, raw.frame.columns))}"
