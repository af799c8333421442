"""What scripts of the original v2.2 hand over: dictionaries of options, dates as YYYYMMDD, times as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from feeds.chains.chain import Chain
from feeds.errors import ConfigError, DataError
from indicators.gex.levels import SLOTS, Level

_COLUMNS = {"open_interest": "oi", **{name: name for name in ("bid", "ask", "volume", "delta", "gamma", "iv")}}


def chain_of(options_data: Mapping[str, Any], expiry: str | None, timestamp: str | datetime | None) -> Chain:
    """The chain that {symbol, current_price, strikes} describes; DataError without expiry or timestamp."""
    import pandas as pd

    from feeds.chains.vendor_rows import completed

    expiry, timestamp = expiry or options_data.get("expiry"), timestamp or options_data.get("timestamp")
    if not expiry or not timestamp:
        raise DataError("options_data: gives no expiry (YYYYMMDD) or no timestamp (ISO with offset); add them")
    symbol, asof, day = str(options_data["symbol"]), moment_of(timestamp), day_of(expiry)
    rows = [
        {"root": symbol, "expiry": pd.Timestamp(day), "strike": float(strike), "right": right}
        | {ours: number(sides[side].get(theirs)) for theirs, ours in _COLUMNS.items()}
        for strike, sides in options_data["strikes"].items()
        for side, right in (("call", "C"), ("put", "P"))
        if sides.get(side)
    ]
    if not rows:
        raise DataError("options_data: no strikes; give at least one call or put")
    return Chain.from_rows(
        completed(pd.DataFrame(rows), asof, "options_data"),
        symbol=symbol,
        asof=asof,
        spot=number(options_data.get("current_price")),
        source="file",
        detail="options_data",
    )


def candidates_of(levels: Mapping[str, Any]) -> list[Level]:
    """The levels of an `analysis.levels` in order of priority, pins by strength."""
    found = [
        ("gamma_flip", within(levels, "gamma_flip", "gamma_flip_strike"), None),
        ("call_wall", within(levels, "call_wall", "strike"), None),
        ("put_wall", within(levels, "put_wall", "strike"), None),
        ("max_pain", levels.get("max_pain"), None),
    ]
    pins = sorted(levels.get("gamma_pins") or [], key=lambda pin: -float(pin["strength"]))
    found += [(f"pin{i}", pin["strike"], pin["strength"]) for i, pin in enumerate(pins, 1)]
    return [Level(name, SLOTS.get(name, ""), price, price, False, False, strength=strength)
            for name, price, strength in found]  # fmt: skip


def only_expiry(chain: Chain, day: date) -> Chain:
    """The chain with the contracts of one expiry date; DataError when it has none."""
    days = chain.rows["expiry_ts_utc"].dt.tz_convert("America/New_York").dt.date
    rows = chain.rows[days == day].reset_index(drop=True)
    if rows.empty:
        raise DataError(f"{chain.symbol}: no contract expires on {day}; the chain has {min(days)} to {max(days)}")
    return replace(chain, rows=rows)


def day_of(expiry: str) -> date:
    """The date of YYYYMMDD; ConfigError for anything else."""
    try:
        return datetime.strptime(expiry, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ConfigError(f"expiry={expiry!r} is no date; write it like 20250919") from None


def moment_of(value: str | datetime) -> datetime:
    """The instant in UTC; DataError for a time without offset."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise DataError(f"timestamp {value} has no offset; write UTC like 2025-08-29T19:30:00+00:00")
    return moment.astimezone(UTC)


def within(told: Mapping[str, Any], block: str, name: str) -> Any:
    """told[block][name], None where either is missing."""
    return (told.get(block) or {}).get(name)


def number(value: Any) -> float:
    """A float, NaN for None."""
    return math.nan if value is None else float(value)
