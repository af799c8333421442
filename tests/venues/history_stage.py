"""What tests of `navale fetch` share: a server, a store, and bars checked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from venues.binance_candles import HOUR, LISTED, Candles, price

from feeds.history.fetching import Fetched, fetch
from feeds.history.market import parse_market
from feeds.history.store import HistoryStore
from feeds.vendors.ccxt_history import CcxtHistory

SOURCE = "binance:BTC/USDT:1h"
START = pd.Timestamp("2024-01-01", tz="UTC")


class Stage:
    """A server, a store, and a client that does not really wait."""

    def __init__(self, server: Candles, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.slept: list[float] = []

    def store(self, source: str = SOURCE) -> HistoryStore:
        return HistoryStore(self.folder, parse_market(source))

    def fetch(self, hours: float, since: str | None = "2024-01-01", source: str = SOURCE, **options: Any) -> Fetched:
        """As seen so many hours after the listing."""
        client = CcxtHistory(parse_market(source), base=self.server.url, sleep=self.slept.append)
        client.limit = options.pop("limit", 20)
        until = options.pop("until", None)
        store = options.pop("store", None) or self.store(source)
        return fetch(
            client,
            store,
            since=None if since is None else pd.Timestamp(since, tz="UTC"),
            until=None if until is None else pd.Timestamp(until, tz="UTC"),
            now=START + pd.Timedelta(hours=hours),
            **options,
        )

    def pages(self) -> list[int]:
        """Hours after the listing from which pages were asked for, since the last look."""
        asked = [(int(one["startTime"]) - LISTED) // HOUR for one in self.server.asked]
        self.server.asked.clear()
        return asked


@contextmanager
def staged(server: Candles, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A server of 200 bars and an empty store, which `feeds.load` reads."""
    monkeypatch.setenv("NAVALE_HISTORY", str(folder))
    yield Stage(server, folder)
    server.stop()


def check_bars(frame: pd.DataFrame, hours: range) -> None:
    """Each bar by hand: the venue's row, under its close."""
    assert list(frame.index) == [START + pd.Timedelta(hours=hour + 1) for hour in hours]
    for hour, row in zip(hours, frame.to_numpy().tolist(), strict=True):
        assert row == [float(text) for text in price(hour)]
