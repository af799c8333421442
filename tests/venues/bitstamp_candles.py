"""A server on loopback that answers like Bitstamp's public endpoints: markets and ohlc, whose candles are objects.

After the venue's documentation (bitstamp.net/api, "Get OHLC data": candles of `start` to `end` in epoch seconds, oldest
first, at most `limit`, values as text; an answer outside what the venue has is empty).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from venues.binance_candles import Candles, Handler

MARKET = {
    "name": "BTC/USD", "market_symbol": "btcusd", "base_currency": "BTC", "base_decimals": 8, "counter_currency": "USD",
    "counter_decimals": 2, "minimum_order_value": "10", "trading": "Enabled", "market_type": "SPOT",
    "description": "Bitcoin / U.S. dollar",
}  # fmt: skip


class ObjectCandles(Candles):
    """As Candles, with the words of Bitstamp."""

    def __init__(self, hours: int) -> None:
        super().__init__(hours, _Handler)


class _Handler(Handler):
    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.endswith("/markets/"):
            self.send(200, json.dumps([MARKET]))
        elif "/ohlc/" in path:
            asked = self.query()
            self.server.asked.append({**asked, "startTime": f"{asked['start']}000"})
            answer = self.server.answers.pop(0) if self.server.answers else None
            if answer is not None:
                answer(self)
            else:
                self.send(200, wrapped(self.page()))
        else:
            self.send(404, "{}")

    def page(self) -> list[Any]:
        asked = self.query()
        start, end, limit = (int(asked[name]) for name in ("start", "end", "limit"))
        rows = [row for opens, row in sorted(self.server.rows.items()) if start * 1000 <= opens <= end * 1000]
        names = ("open", "high", "low", "close", "volume")
        return [{"timestamp": str(row[0] // 1000), **dict(zip(names, row[1:6], strict=True))} for row in rows[:limit]]


def wrapped(candles: list[Any]) -> str:
    """The body of an answer."""
    return json.dumps({"data": {"pair": "BTC/USD", "ohlc": candles}})
