"""Exchanges that differ from Binance: candles sent as objects, short look-backs, clocks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ccxt
import pandas as pd
import pytest
from venues.binance_candles import HOUR, LISTED
from venues.bitstamp_candles import ObjectCandles, wrapped
from venues.history_stage import SOURCE, Stage, check_bars, staged

import feeds
from feeds.errors import DataError
from feeds.history.market import parse_market
from feeds.vendors.ccxt_history import CcxtHistory

OBJECTS = "bitstamp:BTC/USD:1h"


@pytest.fixture
def objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(ObjectCandles(hours=200), tmp_path, monkeypatch) as found:
        yield found


def test_candles_sent_as_objects(objects: Stage) -> None:
    found = objects.fetch(50.5, source=OBJECTS)
    assert (found.new, found.gaps, objects.slept) == (50, (), [])
    assert objects.pages() == [0, 20, 40]
    check_bars(feeds.load(OBJECTS).frame, range(50))


def spoiled(name: str, value: Any) -> Any:
    """A page whose last candle has this in place of its own, or lacks it."""

    def answer(handler: Any) -> None:
        page = handler.page()
        page[-1] = {key: old for key, old in page[-1].items() if key != name}
        if value is not None:
            page[-1][name] = value
        handler.send(200, wrapped(page))

    return answer


@pytest.mark.parametrize(("name", "value"), [("timestamp", None), ("close", None), ("volume", None), ("close", "")])
def test_an_object_that_lacks_a_value_is_asked_for_again(objects: Stage, name: str, value: Any) -> None:
    objects.server.answers += [spoiled(name, value)]
    assert objects.fetch(20, source=OBJECTS).new == 20
    assert (objects.pages(), objects.slept) == ([0, 0], [1.0])
    objects.server.answers += [spoiled(name, value)] * 6
    with pytest.raises(DataError, match=r"no bars after 6 tries: NetworkError: .*incomplete: \{'timestamp'|truncated"):
        objects.fetch(40, source=OBJECTS)


def test_rows_that_are_no_rows(objects: Stage) -> None:
    objects.server.answers += [lambda handler: handler.send(200, wrapped(["busy"]))] * 6
    with pytest.raises(DataError, match=r"no bars after 6 tries: NetworkError: the page .*'busy'"):
        objects.fetch(40, source=OBJECTS)


RAW = {
    "coinbase": {"start": "1704067200", "open": "40000.1", "high": "40060.55", "low": "39950", "close": "40010.25",
                 "volume": "1.5"},
    "htx": {"id": 1704067200, "open": 40000.1, "high": 40060.55, "low": 39950, "close": 40010.25, "amount": 1.5},
    "upbit": {"candle_date_time_utc": "2024-01-01T00:00:00", "opening_price": 40000.1, "high_price": 40060.55,
              "low_price": 39950, "trade_price": 40010.25, "candle_acc_trade_volume": 1.5},
    "cryptocom": {"t": 1704067200000, "o": "40000.1", "h": "40060.55", "l": "39950", "c": "40010.25", "v": "1.5"},
    "hyperliquid": {"t": 1704067200000, "o": "40000.1", "h": "40060.55", "l": "39950", "c": "40010.25", "v": "1.5"},
    "kraken": [1704067200, "40000.1", "40060.55", "39950", "40010.25", "40001.0", "1.5", 9],
}  # fmt: skip


@pytest.mark.parametrize("exchange", RAW)
def test_raw_pages_of_other_exchanges(exchange: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written after the examples in each exchange's own documentation."""

    def one_market(client: Any) -> Any:
        return client.set_markets([client.safe_market_structure(
            {"id": "X", "symbol": "BTC/USD", "base": "BTC", "quote": "USD", "spot": True, "type": "spot"}
        )])  # fmt: skip

    def raw(client: Any, symbol: str, *_: Any) -> Any:
        return client.parse_ohlcvs([RAW[exchange]], client.market(symbol))

    kind = getattr(ccxt, exchange)
    monkeypatch.setattr(kind, "load_markets", one_market)
    monkeypatch.setattr(kind, "fetch_ohlcv", raw)
    client = CcxtHistory(parse_market(f"{exchange}:BTC/USD:1h"), sleep=lambda _: None)
    assert client.page(0, 10) == [[1_704_067_200_000, 40_000.1, 40_060.55, 39_950.0, 40_010.25, 1.5]]


def test_an_exchange_that_sends_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {"s": "ok", "t": [1704067200, 1704070800], "o": [1.0, 2.0], "h": [4.0, 5.0], "l": [0.5, 1.5],
               "c": [2.0, 3.0], "v": [7.0, 8.0]}  # fmt: skip

    def one_market(client: Any) -> Any:
        return client.set_markets([client.safe_market_structure(
            {"id": "X", "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "spot": True, "type": "spot"}
        )])  # fmt: skip

    monkeypatch.setattr(ccxt.btcturk, "load_markets", one_market)
    monkeypatch.setattr(ccxt.btcturk, "fetch_ohlcv", lambda client, *_: client.parse_ohlcvs(columns))
    client = CcxtHistory(parse_market("btcturk:BTC/USDT:1h"), sleep=lambda _: None)
    assert client.page(0, 10) == [[1_704_067_200_000, 1.0, 4.0, 0.5, 2.0, 7.0],
                                  [1_704_070_800_000, 2.0, 5.0, 1.5, 3.0, 8.0]]  # fmt: skip


def forget(stage: Stage, before: int) -> None:
    """The exchange no longer hands out the bars that open earlier than so many hours after the listing."""
    for opens in [opens for opens in stage.server.rows if opens < LISTED + before * HOUR]:
        del stage.server.rows[opens]


def covered(stage: Stage, source: str = SOURCE) -> list[tuple[int, int]]:
    """Spans of closes in hours after the listing."""
    first, last = ([(one[k] // 1_000_000 - LISTED) // HOUR for one in stage.store(source).covered] for k in (0, 1))
    return list(zip(first, last, strict=True))


def check_kept(source: str, *parts: range) -> None:
    """Every bar as the exchange told it, and none else."""
    frame = feeds.load(source).frame
    for hours in parts:
        check_bars(frame.iloc[: len(hours)], hours)
        frame = frame.iloc[len(hours) :]
    assert not len(frame)


@pytest.mark.parametrize("kind", ["oldest", "newest", "window"])
@pytest.mark.parametrize("accept", [False, True])
def test_bars_that_the_exchange_no_longer_hands_out_stay(request: Any, kind: str, accept: bool) -> None:
    """Asked for what it has forgotten it answers with its oldest bars (Kraken), its newest ones, or none."""
    source = OBJECTS if kind == "window" else SOURCE
    stage: Stage = request.getfixturevalue("objects" if kind == "window" else "stage")
    stage.server.newest = kind == "newest"
    stage.fetch(50, source=source)
    forget(stage, 70)
    found = stage.fetch(150, since=None, source=source, accept_revision=accept)
    assert (found.new, found.held, found.changes) == (80, 130, ())
    assert found.notes == (
        "the exchange no longer hands out bars that open before 2024-01-03 22:00: those kept stay as they are, those "
        "from 2024-01-03 02:00 on were never fetched",
    )
    assert covered(stage, source) == [(1, 50), (71, 150)]
    check_kept(source, range(50), range(70, 150))
    hole = "never fetched: 2024-01-03 02:00:00+00:00 to 2024-01-03 23:00:00+00:00"
    assert any(hole in note for note in feeds.load(source).notes)
    forget(stage, 73)  # the hole is asked for again: the bars after it are being forgotten too
    later = stage.fetch(160, since=None, source=source, accept_revision=accept)
    assert (later.new, later.changes, len(later.notes)) == (10, (), 1)
    assert covered(stage, source) == [(1, 50), (71, 160)]
    check_kept(source, range(50), range(70, 160))
    forget(stage, 120)
    assert stage.fetch(170, since=None, source=source, accept_revision=accept).new == 10
    check_kept(source, range(50), range(70, 170))


def test_a_look_back_that_ends_within_the_bars_asked_for_again(stage: Stage) -> None:
    stage.fetch(50)
    forget(stage, 47)
    found = stage.fetch(60, since=None)
    assert (found.new, found.changes) == (10, ())
    assert found.notes == (
        "the exchange no longer hands out bars that open before 2024-01-02 23:00: those kept stay as they are",
    )
    assert covered(stage) == [(1, 60)]
    check_kept(SOURCE, range(60))
    forget(stage, 57)
    stage.server.rows[LISTED + 57 * HOUR][4] = "40100.50"
    with pytest.raises(
        DataError, match=r"bar that closes 2024-01-03 10:00:00: close was 40119\.25 and now is 40100\.5"
    ):
        stage.fetch(70, since=None)


@pytest.mark.parametrize("begin", [75, 90])
def test_an_earlier_start_than_the_look_back(stage: Stage, begin: int) -> None:
    stage.fetch(100, since="2024-01-04")
    forget(stage, begin)
    found = stage.fetch(100, since="2024-01-02")
    assert (found.new, found.changes, len(found.notes)) == (0, (), 1)
    assert covered(stage) == [(73, 100)]
    check_kept(SOURCE, range(72, 100))


def test_bars_taken_out_of_a_history_are_a_revision_still(stage: Stage) -> None:
    stage.fetch(50)
    for hour in range(45, 50):
        del stage.server.rows[LISTED + hour * HOUR]
    with pytest.raises(DataError, match=r"bar that closes 2024-01-02 22:00:00 was there and now is not \(5 diff"):
        stage.fetch(60, since=None)
    forget(stage, 200)  # an exchange that answers with nothing takes nothing away
    found = stage.fetch(60, since=None, accept_revision=True)
    assert (found.new, found.held, len(found.notes)) == (0, 50, 1)


@pytest.mark.parametrize(("clock", "local", "final"), [
    ({"Date": "Wed, 03 Jan 2024 12:00:04 GMT"}, "2024-01-03 12:00:30", "2024-01-03 11:59:59"),  # fast here
    ({"Date": "Wed, 03 Jan 2024 12:00:30 GMT"}, "2024-01-03 12:00:04", "2024-01-03 11:59:59"),  # fast there
    ({"Date": "Wed, 03 Jan 2024 11:00:00 GMT", "Age": "3605"}, "2024-01-03 13:00", "2024-01-03 12:00"),  # from a cache
    ({}, "2024-01-03 12:00:05", "2024-01-03 12:00:00"),
    ({"Date": "soon"}, "2024-01-03 12:00:05", "2024-01-03 12:00:00"),
])  # fmt: skip
def test_the_slower_clock_less_five_seconds(stage: Stage, clock: dict[str, str], local: str, final: str) -> None:
    stage.server.clock = clock
    client = CcxtHistory(parse_market(SOURCE), base=stage.server.url)
    assert client.final(pd.Timestamp(local, tz="UTC")) == pd.Timestamp(final, tz="UTC")
