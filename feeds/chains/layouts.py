"""Tables of other sources, recognised by their columns and turned into canonical rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from feeds.chains.chain import Chain
from feeds.chains.contracts import previous_session, session_close
from feeds.chains.vendor_rows import completed, shortest
from feeds.errors import DataError

NEW_YORK = "America/New_York"


@dataclass(frozen=True)
class Part:
    """Rows of one chain of a file, its underlying and the session or instant that was asked for."""

    table: pd.DataFrame
    name: str
    symbol: str
    session: date | None
    asof: datetime | None


@dataclass(frozen=True)
class Layout:
    """A kind of table: known by its columns; `symbol` and `session` are the columns that choose a chain."""

    name: str
    columns: frozenset[str]
    symbol: str
    """Column of the underlying; "" when the file does not name it."""
    session: str
    read: Callable[[Part], Chain]


def read_layout(
    table: pd.DataFrame, name: str, *, symbol: str | None, session: date | None, asof: datetime | None
) -> Chain:
    """The chain of one symbol and session in a table of a known layout. Raises DataError for an unknown one."""
    layout = next((item for item in LAYOUTS if item.columns <= set(table.columns)), None)
    if layout is None:
        known = ", ".join(item.name for item in LAYOUTS)
        raise DataError(
            f"{name}: columns {', '.join(map(str, table.columns[:8]))} … are neither canonical rows (expiry_ts_utc, "
            f"strike, right …) nor {known}; rename them to the canonical row"
        )
    if layout.symbol:
        symbol, table = _choose(table, layout.symbol, symbol, "symbol", name)
    elif symbol is None:
        raise DataError(f"{name}: does not name its underlying; give symbol=")
    if layout.name != "lean minute quotes" or session is not None:
        wanted = None if session is None else pd.Timestamp(session)
        chosen, table = _choose(table, layout.session, wanted, "session", name)
        session = chosen.date()
    chain = layout.read(Part(shortest(table), name, str(symbol), session, asof))
    if asof is not None and chain.asof != asof:
        raise DataError(f"{name}: session {session} is of {chain.asof}, not {asof}; leave asof out")
    return chain


def _choose(table: pd.DataFrame, column: str, wanted: Any, what: str, name: str) -> tuple[Any, pd.DataFrame]:
    held = list(table[column].drop_duplicates().sort_values())
    shown = ", ".join(str(item.date() if isinstance(item, pd.Timestamp) else item) for item in held[:12])
    if wanted is None and len(held) == 1:
        wanted = held[0]
    if wanted is None:
        raise DataError(f"{name}: holds several of {what}: {shown}; choose one with {what}=")
    if wanted not in held:
        raise DataError(f"{name}: holds no {what} {wanted}; it holds {shown}")
    return wanted, table[table[column] == wanted]


def _session(part: Part) -> date:
    if part.session is None:
        raise DataError(f"{part.name}: holds sessions; choose one with session=")
    return part.session


def _quotedata(part: Part) -> Chain:
    table = part.table.rename(columns={"open_interest": "oi"})
    asof = session_close(_session(part))
    keep = ["root", "expiry", "strike", "right", "last", "bid", "ask", "volume", "iv", "delta", "gamma", "oi"]
    return Chain.from_rows(
        completed(table[keep], asof, part.name),
        symbol=part.symbol,
        asof=asof,
        spot=float(table["spot"].iloc[0]),
        spot_source="underlying_asset",
        source="file",
        detail=part.name,
        notes=("the time of capture is not in the file: the close of its session is taken",),
    )


def _yahoo(part: Part) -> Chain:
    from feeds.chains.contracts import split_occ

    table = part.table.rename(columns={"lastPrice": "last", "openInterest": "oi", "impliedVolatility": "iv"})
    seen = table["lastTradeDate"].max()
    asof = seen.to_pydatetime(warn=False).astimezone(UTC)
    keep = table[["last", "bid", "ask", "volume", "oi", "iv"]]
    rows = pd.concat([split_occ(table["contractSymbol"], part.name), keep], axis=1)
    return Chain.from_rows(
        completed(rows, asof, part.name),
        symbol=part.symbol,
        asof=asof,
        source="file",
        detail=part.name,
        prev_close=float(table["spot"].iloc[0]),
        notes=(
            f"quotes of the morning after session {part.session}, seen at the latest trade, {asof:%Y-%m-%d %H:%M} UTC",
            "the file's spot is the close before the quotes: kept as prev_close, the spot is left to put-call parity",
        ),
    )


def _lean_daily(part: Part) -> Chain:
    asof = session_close(previous_session(_session(part)))
    renamed = {"open_interest": "oi", "implied_volatility": "iv", "close": "mid"}
    keep = ["expiry", "strike", "right", "mid", "volume", "oi", "iv", "delta", "gamma", "vega", "theta"]
    table = part.table.rename(columns=renamed)[keep].assign(root=part.symbol)
    table["mid"] = table["mid"].where(table["mid"] > 0)
    return Chain.from_rows(
        completed(table, asof, part.name),
        symbol=part.symbol,
        asof=asof,
        spot=float(part.table["underlying_close"].iloc[0]),
        spot_source="underlying_asset",
        source="file",
        detail=part.name,
        notes=(
            f"universe of {part.session}: it holds the session before, stamped at its close",
            "mid is the close of the mid price; the file has no bid and ask",
        ),
    )


def _lean_minutes(part: Part) -> Chain:
    """Quotes of the minute that closes at asof; with a session only, of its fullest minute (the latest of equals)."""
    closes = (part.table["time"] + pd.Timedelta(minutes=1)).dt.tz_localize(NEW_YORK).dt.tz_convert("UTC")
    if part.asof is not None:
        moment = pd.Timestamp(part.asof)
    elif part.session is not None:
        counts = closes.value_counts()
        moment = counts[counts == counts.max()].index.max()
    else:
        raise DataError(f"{part.name}: holds minutes; choose one with session= or asof=")
    table = part.table[closes == moment]
    if len(table) == 0:
        raise DataError(f"{part.name}: no minute closes at {moment}; it holds {closes.min()} to {closes.max()}")
    asof = moment.tz_convert("UTC").to_pydatetime().astimezone(UTC)
    keep = table[["root", "expiry", "strike", "right"]].assign(bid=table["bid_c"], ask=table["ask_c"])
    return Chain.from_rows(
        completed(keep, asof, part.name),
        symbol=part.symbol,
        asof=asof,
        source="file",
        detail=part.name,
        notes=("the file has quotes only: no open interest, no spot",),
    )


LAYOUTS = (
    Layout(
        "cboe quotedata table",
        frozenset({"symbol", "session", "spot", "expiry", "strike", "right", "iv", "gamma", "open_interest"}),
        "symbol",
        "session",
        _quotedata,
    ),
    Layout(
        "yahoo chains",
        frozenset({"contractSymbol", "openInterest", "impliedVolatility", "lastTradeDate", "session", "underlying"}),
        "underlying",
        "session",
        _yahoo,
    ),
    Layout(
        "lean daily chain",
        frozenset({"expiry", "strike", "right", "open_interest", "implied_volatility", "date", "underlying_close"}),
        "",
        "date",
        _lean_daily,
    ),
    Layout(
        "lean minute quotes",
        frozenset({"bid_c", "ask_c", "date", "root", "right", "strike", "expiry", "time"}),
        "",
        "date",
        _lean_minutes,
    ),
)
