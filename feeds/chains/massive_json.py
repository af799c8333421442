"""Massive's option chain snapshot as JSON: pages of contracts, turned into one chain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from feeds.chains.chain import Chain
from feeds.chains.contracts import INDICES, parse_occ
from feeds.chains.vendor_rows import completed
from feeds.errors import DataError

_GREEKS = ("delta", "gamma", "vega", "theta")
_QUOTE = {"bid": "bid", "ask": "ask", "mid": "midpoint"}
Row = dict[str, Any]


def vendor_ticker(symbol: str) -> str:
    """How Massive names an underlying in snapshots: indices with the prefix "I:"."""
    return f"I:{symbol}" if symbol in INDICES else symbol


def page_results(page: Any, number: int, name: str) -> list[Row]:
    """The contracts of one page. Raises DataError for anything but a whole page: the chain would look complete."""
    if not isinstance(page, dict):
        raise truncated(name, number, "is no JSON object")
    if page.get("status") != "OK":
        raise truncated(name, number, f"has status {page.get('status')!r}, not 'OK'")
    results = page.get("results")
    if not isinstance(results, list):
        raise truncated(name, number, "has no results")
    wrong = [item for item in results if not (isinstance(item, dict) and isinstance(item.get("details"), dict))]
    if wrong:
        raise truncated(name, number, "has a contract without details")
    return results


def truncated(name: str, number: int, why: str) -> DataError:
    """The refusal of a chain of which a page is missing or broken."""
    return DataError(f"{name}: truncated chain: page {number} {why}; nothing was kept, fetch it again")


def chain_of_results(
    results: Sequence[Row], symbol: str, asof: datetime, name: str, *, source: str, notes: tuple[str, ...] = ()
) -> Chain:
    """The chain of all contracts of a snapshot.

    Missing Greeks, volatilities, quotes and a null underlying stay missing; the multiplier is the contract's own
    shares_per_contract; open interest is of the session before. Contracts that are neither call nor put are left out
    and counted in the notes. Greeks are per share, vega per vol point, theta per day, as the vendor gives them.
    """
    if not results:
        raise DataError(f"{name}: the snapshot of {symbol} holds no contracts; check the symbol and the filters")
    told = list(notes)
    plain = [item for item in results if item["details"].get("contract_type") in ("call", "put")]
    if len(plain) < len(results):
        told.append(f"{len(results) - len(plain)} contracts are neither call nor put: left out")
    rows = [_row(item, name) for item in plain]
    if not rows:
        raise DataError(f"{name}: the snapshot of {symbol} holds no calls or puts; check the symbol")
    assets = [asset for item in plain if isinstance(asset := item.get("underlying_asset"), dict)]
    priced = [(value, asset) for asset in assets if (value := _asset_price(asset)) is not None]
    spot, asset = priced[-1] if priced else (math.nan, {})
    if not priced:
        told.append("the vendor gave no underlying price: the key may not include that asset class")
    feeds = {row["feed"] for row in rows}
    frame = completed(pd.DataFrame.from_records(rows), asof, name)
    frame["multiplier"] = pd.to_numeric(pd.Series([row["shares"] for row in rows], index=frame.index), errors="coerce")
    seen = _nanoseconds(asset.get("last_updated"))
    return Chain.from_rows(
        frame,
        symbol=symbol,
        asof=asof,
        spot=spot,
        spot_ts=None if seen is None else seen.to_pydatetime(warn=False).astimezone(UTC),
        spot_source="underlying_asset",
        source=source,
        detail=name,
        feed="REALTIME" if feeds == {"REALTIME"} else "DELAYED",
        notes=tuple(told),
    )


def chain_of_pages(document: Any, name: str) -> Chain:
    """The chain in a recorded answer: one page or a list of pages, the last without next_url.

    asof is the latest update of any contract or of the underlying. Raises DataError for a chain that is not whole.
    """
    pages = document if isinstance(document, list) else [document]
    results: list[Row] = []
    for number, page in enumerate(pages, 1):
        results += page_results(page, number, name)
    if pages[-1].get("next_url"):
        raise truncated(name, len(pages) + 1, "is not in the file")
    stamps = [_nanoseconds(part.get("last_updated")) for item in results for part in _stamped(item)]
    known = [stamp for stamp in stamps if stamp is not None]
    if not known:
        raise DataError(f"{name}: no contract says when it was updated; the instant of the chain is unknown")
    assets = [asset for item in results if isinstance(asset := item.get("underlying_asset"), dict)]
    tickers = {str(asset.get("ticker")) for asset in assets}
    if len(tickers) != 1:
        raise DataError(
            f"{name}: holds options of {', '.join(sorted(tickers)) or 'nobody'}; a chain has one underlying"
        )
    asof = max(known).floor("us").to_pydatetime().astimezone(UTC)
    return chain_of_results(results, tickers.pop().removeprefix("I:"), asof, name, source="file")


def _stamped(item: Row) -> list[Row]:
    return [part for key in ("last_quote", "day", "underlying_asset") if isinstance(part := item.get(key), dict)]


def _row(item: Row, name: str) -> Row:
    details = item["details"]
    contract = parse_occ(str(details.get("ticker")))
    quote, trade, day, greeks = (
        part if isinstance(part := item.get(key), dict) else {} for key in ("last_quote", "last_trade", "day", "greeks")
    )
    asset = item.get("underlying_asset")
    frame = quote.get("timeframe") or (asset.get("timeframe") if isinstance(asset, dict) else None)
    return {
        "root": contract.root,
        "expiry": details.get("expiration_date") or contract.expiry.isoformat(),
        "strike": details.get("strike_price"),
        "right": "C" if details["contract_type"] == "call" else "P",
        "shares": details.get("shares_per_contract"),
        "exercise": details.get("exercise_style"),
        **{column: quote.get(field) for column, field in _QUOTE.items()},
        "last": trade.get("price"),
        "volume": day.get("volume"),
        "oi": item.get("open_interest"),
        "iv": item.get("implied_volatility"),
        **{greek: greeks.get(greek) for greek in _GREEKS},
        "quote_ts": _nanoseconds(quote.get("last_updated")),
        "feed": "REALTIME" if frame == "REAL-TIME" else "DELAYED",
    }


def _asset_price(asset: Row) -> float | None:
    """Price of a stock or fund, value of an index."""
    for field in ("value", "price"):
        value = asset.get(field)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return float(value)
    return None


def _nanoseconds(value: Any) -> pd.Timestamp | None:
    """The instant of nanoseconds since 1970, if it can be one (1990 to 2200)."""
    if not isinstance(value, int) or not 631_152_000 <= value / 1e9 <= 7_258_118_400:
        return None
    return pd.Timestamp(value, unit="ns", tz="UTC")
