"""A server on loopback that answers like Binance's public endpoints, spot and USDⓈ-M: exchangeInfo and klines.

After the venue's documentation (developers.binance.com, "Market data endpoints", "Kline/candlestick data": rows from
startTime on, oldest first, at most 1000, the running one included; "Limits": 429 and 418 with Retry-After in seconds).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOUR = 3_600_000  # ms
LISTED = 1_704_067_200_000  # 2024-01-01 00:00 UTC


def price(hour: int) -> tuple[str, ...]:
    """Open, high, low, close and volume of the hour-th bar as the venue writes them."""
    base = 40_000 + (hour * 37) % 500
    return (f"{base}.10", f"{base + 60}.55", f"{base - 50}.00", f"{base + 10}.25", f"{1 + hour % 7}.12345")


class Candles(ThreadingHTTPServer):
    """hours: bars since the listing, the last one still running. answers: what the next klines requests get instead:
    functions of the handler. newest: for a time before the first bar send the newest bars.
    clock: headers of every answer that tell the time."""

    daemon_threads = True

    def __init__(self, hours: int, handler: type[Handler] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), handler or Handler)
        self.rows: dict[int, list[Any]] = {LISTED + k * HOUR: self.row(k) for k in range(hours)}
        self.answers: list[Callable[[Any], None]] = []
        self.asked: list[dict[str, str]] = []
        self.newest = False
        self.clock: dict[str, str] = {}
        self.spot_tick = "0.01000000"
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    @staticmethod
    def row(hour: int) -> list[Any]:
        opens = LISTED + hour * HOUR
        return [opens, *price(hour), opens + HOUR - 1, "1000.0", 10, "0.5", "500.0", "0"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()


def refuse(status: int, seconds: int) -> Callable[[Any], None]:
    """Too many requests (429) or a ban (418)."""
    body = {"code": -1003, "msg": "Too many requests; please use the websocket for live updates."}
    return lambda handler: handler.send(status, json.dumps(body), {"Retry-After": str(seconds)})


def cut(handler: Any) -> None:
    """A page whose end is missing."""
    handler.send(200, json.dumps(handler.page())[:-40])


def fail(handler: Any) -> None:
    handler.send(503, "Service Unavailable")


def changed(function: Callable[[list[list[Any]]], list[list[Any]]]) -> Callable[[Any], None]:
    """A page with other rows."""
    return lambda handler: handler.send(200, json.dumps(function(handler.page())))


class Handler(BaseHTTPRequestHandler):
    """Answers to one client."""

    server: Candles

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.endswith("/exchangeInfo"):
            self.send(200, json.dumps(_info(path, self.server.spot_tick)))
        elif path.endswith("/klines"):
            self.server.asked.append({"path": path, **self.query()})
            (self.server.answers.pop(0) if self.server.answers else _page)(self)
        else:
            self.send(404, "{}")

    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def page(self) -> list[list[Any]]:
        asked = self.query()
        start, limit = int(asked["startTime"]), int(asked["limit"])
        found = [row for opens, row in sorted(self.server.rows.items()) if opens >= start]
        return found[-limit:] if self.server.newest and start < min(self.server.rows) else found[:limit]

    def send(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        data = body.encode()
        self.send_response_only(status)
        for name, value in {
            **self.server.clock,
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Silent."""


def _page(handler: Handler) -> None:
    handler.send(200, json.dumps(handler.page()))


def _info(path: str, tick: str) -> dict[str, Any]:
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00", "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000.00", "stepSize": "0.00001000"},
    ]
    one = {"symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT", "orderTypes": ["LIMIT"],
           "baseAssetPrecision": 8, "quotePrecision": 8, "quoteAssetPrecision": 8}  # fmt: skip
    if path.startswith("/fapi"):
        filters[0]["tickSize"], filters[1]["stepSize"] = "0.10", "0.001"
        least = {"filterType": "MIN_NOTIONAL", "notional": "100"}
        one |= {"pair": "BTCUSDT", "contractType": "PERPETUAL", "marginAsset": "USDT", "onboardDate": LISTED,
                "deliveryDate": 4_133_404_800_000}  # fmt: skip
    else:
        least = {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True}
        one |= {"isSpotTradingAllowed": True, "isMarginTradingAllowed": False, "permissions": [],
                "permissionSets": [["SPOT"]]}  # fmt: skip
    return {"timezone": "UTC", "serverTime": LISTED, "rateLimits": [], "exchangeFilters": [],
            "symbols": [{**one, "filters": [*filters, least]}]}  # fmt: skip
