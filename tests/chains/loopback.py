"""A vendor on this machine: scripted answers by path, written after the vendors' documents; it keeps every request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

NOON = 1_784_908_800_000_000_000  # 2026-07-24 16:00 UTC in nanoseconds


@dataclass(frozen=True)
class Asked:
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Vendor:
    """`answer` gets each request and its number (from 1) and returns what to send."""

    def __init__(self, answer: Callable[[Asked, int], Answer]):
        self.answer = answer
        self.asked: list[Asked] = []
        self.base = ""


@contextmanager
def serving(answer: Callable[[Asked, int], Answer]) -> Iterator[Vendor]:
    vendor = Vendor(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            asked = Asked(address.path, dict(parse_qsl(address.query)), dict(self.headers.items()))
            vendor.asked.append(asked)
            told = vendor.answer(asked, len(vendor.asked))
            body = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    vendor.base = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def contract(strike: float, right: str = "call", root: str = "SPY", **changed: Any) -> dict[str, Any]:
    """One row of the chain snapshot, with the fields of the vendor's documents. A field set to None is left out."""
    letter = "C" if right == "call" else "P"
    row: dict[str, Any] = {
        "break_even_price": strike + 5.0,
        "day": {"close": 5.1, "volume": 1200, "last_updated": NOON, "previous_close": 5.0},
        "details": {
            "contract_type": right,
            "exercise_style": "american",
            "expiration_date": "2026-08-21",
            "shares_per_contract": 100,
            "strike_price": strike,
            "ticker": f"O:{root}260821{letter}{round(strike * 1000):08d}",
        },
        "greeks": {"delta": 0.52, "gamma": 0.011, "theta": -0.21, "vega": 0.8},
        "implied_volatility": 0.18,
        "last_quote": {
            "ask": 5.2, "ask_size": 10, "bid": 5.0, "bid_size": 11, "midpoint": 5.1, "last_updated": NOON,
            "timeframe": "REAL-TIME",
        },
        "last_trade": {"price": 5.15, "size": 1, "sip_timestamp": NOON, "timeframe": "REAL-TIME"},
        "open_interest": 4321,
        "underlying_asset": {
            "change_to_break_even": 1.0, "last_updated": NOON, "price": 640.25, "ticker": "SPY",
            "timeframe": "REAL-TIME",
        },
    }  # fmt: skip
    row.update(changed)
    return {name: value for name, value in row.items() if value is not None}


def page(rows: list[dict[str, Any]], next_url: str | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"request_id": "a1b2", "status": "OK", "results": rows}
    return told | ({"next_url": next_url} if next_url else {})


def massive_answers(pages: list[Any], symbol: str = "SPY", others: dict[str, Answer] | None = None):
    """Pages of the chain snapshot by cursor, as the vendor links them; `others` answers other paths."""

    def answer(asked: Asked, number: int) -> Answer:
        if asked.path != f"/v3/snapshot/options/{symbol}":
            return (others or {}).get(asked.path, Answer({"status": "NOT_AUTHORIZED", "message": "not in plan"}, 403))
        place = int(asked.query.get("cursor", "0"))
        found = pages[place]
        return found if isinstance(found, Answer) else Answer(found)

    return answer


def linked(parts: list[list[dict[str, Any]]], symbol: str = "SPY") -> list[dict[str, Any]]:
    """Whole pages; each names the next on the vendor's real host, without key."""
    host = f"https://api.massive.com/v3/snapshot/options/{symbol}?cursor="
    return [page(rows, f"{host}{place + 1}" if place + 1 < len(parts) else None) for place, rows in enumerate(parts)]
