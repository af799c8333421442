"""Cboe's delayed quotes as JSON: one answer holds the whole chain with open interest, volatilities and Greeks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from feeds.chains.chain import Chain
from feeds.errors import DataError

_RENAMED = {"last_trade_price": "last", "open_interest": "oi"}
_WANTED = ("bid", "ask", "last", "volume", "oi", "iv", "delta", "gamma", "vega", "theta")
_NEW_YORK = ZoneInfo("America/New_York")


def chain_of_answer(document: Any, name: str, *, source: str) -> Chain:
    """The chain in Cboe's answer. name: file or address, for errors.

    asof is the answer's `timestamp`, read as UTC; spot is `current_price` with the time of the last trade (New York).
    Bid, ask and last of 0 with no ask, and volatilities of 0, mean "none" there and become missing, with the Greeks
    beside them. Open interest is of the session before (published before the opening).
    """
    import pandas as pd

    envelope: dict[str, Any] = document if isinstance(document, dict) else {}
    data: dict[str, Any] = envelope["data"] if isinstance(envelope.get("data"), dict) else {}
    options = data.get("options")
    if not isinstance(options, list) or not options or not all(isinstance(item, dict) for item in options):
        raise DataError(f"{name}: has no data.options; it is no answer of Cboe's delayed quotes, download it again")
    table = pd.DataFrame.from_records(options)
    if "option" not in table.columns:
        raise DataError(f"{name}: data.options have no field option; it is no answer of Cboe's delayed quotes")
    from feeds.chains.contracts import split_occ
    from feeds.chains.vendor_rows import completed

    table = table.rename(columns=_RENAMED)
    absent = [column for column in ("bid", "ask", "oi") if column not in table.columns]
    if absent:
        raise DataError(f"{name}: data.options have no field {absent[0]}; Cboe changed its format, report it")
    parts = split_occ(table["option"], name)
    asof = _time(envelope.get("timestamp"), UTC, f"{name}: timestamp")
    traded = data.get("last_trade_time")
    symbol = str(data.get("symbol") or envelope.get("symbol") or "").lstrip("^_").upper()
    if not symbol:
        raise DataError(f"{name}: has no symbol; it is no answer of Cboe's delayed quotes, download it again")
    spot, close = _price(data, "current_price", name), _price(data, "prev_day_close", name)
    rows = completed(pd.concat([parts, table.reindex(columns=list(_WANTED))], axis=1), asof, name)
    return Chain.from_rows(
        rows,
        symbol=symbol,
        asof=asof,
        spot=spot,
        spot_ts=min(_time(traded, _NEW_YORK, f"{name}: last_trade_time"), asof) if traded else None,
        spot_source="underlying_asset",
        source=source,
        detail=name,
        feed="DELAYED",
        prev_close=close,
        notes=("Cboe delayed quotes: 15 minutes late; timestamp read as UTC",),
    )


def _price(data: dict[str, Any], field: str, name: str) -> float:
    value = data.get(field)
    if value is None or value == 0:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"{name}: {field} {value!r} is no number; download it again")
    return float(value)


def _time(value: Any, zone: Any, what: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise DataError(f"{what} {value!r} is no time; download it again") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
