"""Cboe's quotedata CSV: the table that its quote page offers for download."""

from __future__ import annotations

import gzip
import io
import re
import warnings
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from feeds.chains.chain import Chain
from feeds.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_NEW_YORK = ZoneInfo("America/New_York")
_HEADER = "Expiration Date,Calls,"
_DATE = re.compile(r"Date: *(\w+ \d{1,2}, \d{4}) at (\d{1,2}:\d\d [AP]M)")
_LAST = re.compile(r"Last: *(\d[\d,]*(?:\.\d+)?)")
_CHANGE = re.compile(r"Change: *(-?\d+(?:\.\d+)?)")
_FIELDS = ("Last Sale", "Net", "Bid", "Ask", "Volume", "IV", "Delta", "Gamma", "Open Interest")
_SIDE = {
    "Last Sale": "last", "Bid": "bid", "Ask": "ask", "Volume": "volume", "IV": "iv", "Delta": "delta",
    "Gamma": "gamma", "Open Interest": "oi",
}  # fmt: skip


def is_quotedata(path: Path) -> bool:
    """Whether a CSV file is Cboe's quotedata: calls left, puts right of the strike, under three lines of heading."""
    try:
        return any(line.startswith(_HEADER) for line in _text(path)[:8])
    except DataError:
        return False


def read_quotedata(path: Path) -> Chain:
    """The chain in a quotedata CSV: spot and instant from its heading ("Last: …", "Date: … at … EDT", New York time).

    The symbol is the underlying of its roots. Raises DataError naming file, row and cure.
    """
    import pandas as pd

    from feeds.chains.contracts import UNDERLYINGS, split_occ
    from feeds.chains.vendor_rows import completed

    name = str(path)
    lines = _text(path)
    top = next(place for place, line in enumerate(lines) if line.startswith(_HEADER))
    heading = "\n".join(lines[:top])
    asof = _asof(heading, name)
    spot, change = _number(_LAST, heading), _number(_CHANGE, heading)
    table = _table(lines[top:], name)
    sides = []
    for side, start in (("Calls", 1), ("Puts", 12)):
        part = table.iloc[:, [0, *range(start, start + 10)]]
        part.columns = pd.Index(["expiry", "option", *(str(item).split(".")[0] for item in part.columns[2:])])
        part = part.rename(columns=_SIDE)[["option", *_SIDE.values()]]
        sides.append(pd.concat([split_occ(part["option"], f"{name} ({side})"), part], axis=1))
    rows = pd.concat(sides, ignore_index=True)
    roots = {UNDERLYINGS.get(root, root) for root in rows["root"].unique()}
    plain = sorted({re.sub(r"\d+$", "", root) for root in roots})
    if len(plain) != 1:
        raise DataError(f"{name}: holds options of {', '.join(plain)}; a chain has one underlying, split the file")
    return Chain.from_rows(
        completed(rows, asof, name),
        symbol=plain[0],
        asof=asof,
        spot=spot,
        spot_source="underlying_asset",
        source="file",
        detail=name,
        feed="DELAYED",
        prev_close=spot - change,
        notes=("Cboe quotedata: 15 minutes late",),
    )


def _table(lines: list[str], name: str) -> pd.DataFrame:
    import pandas as pd

    wanted = ["Expiration Date", "Calls", *_FIELDS, "Strike", "Puts", *_FIELDS]
    if [item.strip() for item in lines[0].split(",")] != wanted:
        raise DataError(f"{name}: the header is not that of quotedata, {','.join(wanted[:4])},…; download it again")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the header would lose values
            table = pd.read_csv(io.StringIO("\n".join(lines)), float_precision="round_trip", index_col=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, pd.errors.ParserWarning) as problem:
        raise DataError(f"{name}: cannot be read: {str(problem).splitlines()[0]}; download it again") from problem
    table = table.dropna(how="all", ignore_index=True)
    if len(table) == 0:
        raise DataError(f"{name}: no contracts below the header; download it again with all expirations")
    return table


def _text(path: Path) -> list[str]:
    try:
        body = path.read_bytes()
        text = (gzip.decompress(body) if path.name.lower().endswith(".gz") else body).decode("utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as problem:
        raise DataError(f"{path}: cannot be read: {problem}; write or download it again") from problem
    return text.splitlines()


def _asof(heading: str, name: str) -> datetime:
    found = _DATE.search(heading)
    if not found:
        raise DataError(
            f"{name}: the heading has no 'Date: July 24, 2026 at 4:14 PM EDT'; download it again in English"
        )
    try:
        local = datetime.strptime(f"{found[1]} {found[2]}", "%B %d, %Y %I:%M %p").replace(tzinfo=_NEW_YORK)
    except ValueError:
        raise DataError(f"{name}: the heading's date {found[0]!r} is none; download it again in English") from None
    return local.astimezone(UTC)


def _number(pattern: re.Pattern[str], heading: str) -> float:
    found = pattern.search(heading)
    return float(found[1].replace(",", "")) if found else float("nan")
