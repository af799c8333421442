"""Histories of an exchange: paging, refusals, truncated and false pages, revisions, interrupted fetches, gaps."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from venues.binance_candles import HOUR, LISTED, changed, cut, fail, price, refuse
from venues.history_stage import SOURCE, Stage, check_bars

import feeds
from feeds.errors import ConfigError, DataError
from feeds.history.market import names_market, parse_market
from feeds.history.store import HistoryStore


def test_pages_follow_one_another_and_the_running_bar_stays_out(stage: Stage) -> None:
    found = stage.fetch(50.5)
    assert stage.pages() == [0, 20, 40]
    assert (found.new, found.held, found.gaps, found.changes) == (50, 50, (), ())
    bars = feeds.load(SOURCE)
    check_bars(bars.frame, range(50))
    assert (bars.calendar, bars.timeframe, bars.synthetic, bars.gaps.count) == ("24/7", pd.Timedelta("1h"), False, 0)
    assert any("moved to closes" in note for note in bars.notes)


def test_the_next_fetch_asks_for_what_is_new_and_five_bars_again(stage: Stage) -> None:
    stage.fetch(50)
    stage.pages()
    assert stage.fetch(50.9).new == 0
    assert stage.pages() == []
    found = stage.fetch(60, since=None)
    assert stage.pages() == [45]
    assert (found.new, found.held) == (10, 60)
    earlier = stage.fetch(60, since="2024-01-01 00:00")
    assert earlier.new == 0


def test_an_earlier_start_and_a_hole_between_two_fetches(stage: Stage) -> None:
    stage.fetch(200, since="2024-01-03", until="2024-01-04")
    stage.fetch(200, since="2024-01-05", until="2024-01-05 12:00")
    stage.pages()
    bars = feeds.load(SOURCE)
    assert (len(bars), bars.gaps.missing) == (36, 24)
    assert any("never fetched: 2024-01-04 00:00:00+00:00 to 2024-01-05 01:00:00+00:00" in note for note in bars.notes)
    found = stage.fetch(200, since="2024-01-02", until="2024-01-05 12:00", limit=1000)
    assert stage.pages() == [24, 67]  # the day before with what follows it, and the hole with the five bars before it
    assert (found.new, found.held) == (48, 84)
    check_bars(feeds.load(SOURCE).frame, range(24, 108))


def test_a_start_before_the_listing(stage: Stage) -> None:
    found = stage.fetch(30, since="2023-12-01")
    assert found.held == 30
    assert found.notes == ("the exchange's first bar opens 2024-01-01 00:00, later than asked for",)
    check_bars(feeds.load(SOURCE).frame, range(30))
    stage.pages()
    assert stage.fetch(31, since="2023-12-01").new == 1
    assert len(stage.pages()) == 1


def test_an_exchange_that_answers_with_its_newest_bars(stage: Stage) -> None:
    stage.server.newest = True
    found = stage.fetch(200, since="2023-12-01")
    assert found.notes == ("the exchange's first bar opens 2024-01-01 00:00, later than asked for",)
    check_bars(feeds.load(SOURCE).frame, range(200))


def test_refusals_are_waited_for_as_long_as_the_venue_says(stage: Stage) -> None:
    stage.server.answers += [refuse(429, 7), fail, refuse(429, 0)]
    assert stage.fetch(10).new == 10
    assert stage.slept == [7.0, 2.0, 4.0]


def test_a_ban_ends_the_fetch_and_keeps_what_came(stage: Stage) -> None:
    stage.server.answers += [changed(lambda rows: rows), refuse(418, 7200)]
    with pytest.raises(DataError, match=r"banned for 7200 seconds .*what came is kept"):
        stage.fetch(50)
    assert stage.slept == []
    check_bars(feeds.load(SOURCE).frame, range(20))
    stage.pages()
    assert stage.fetch(50).new == 30
    assert stage.pages() == [15, 35]


def test_an_exchange_that_does_not_answer(stage: Stage) -> None:
    stage.server.answers += [fail] * 6
    with pytest.raises(DataError, match="no bars after 6 tries"):
        stage.fetch(10)
    assert stage.slept == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_a_truncated_page_is_asked_for_again(stage: Stage) -> None:
    stage.server.answers += [cut]
    assert stage.fetch(50).new == 50
    assert stage.pages() == [0, 0, 20, 40]
    check_bars(feeds.load(SOURCE).frame, range(50))


def swapped(rows: list[Any]) -> list[Any]:
    return [rows[1], rows[0], *rows[2:]]


def zero(rows: list[Any]) -> list[Any]:
    rows[3][3] = "0.00"
    return rows


def off_grid(rows: list[Any]) -> list[Any]:
    rows[4][0] += 60_000
    return rows


@pytest.mark.parametrize(("answer", "message"), [
    (swapped, "the page from 2024-01-01 .* has 2024-01-01 00:00:00.* after 2024-01-01 01:00:00"),
    (lambda rows: [rows[0], *rows], "has 2024-01-01 00:00:00.* twice"),
    (zero, r"row 4 .*: low 0.0 is not above 0; the exchange's bar is wrong"),
    (off_grid, "opens at 2024-01-01 04:01:00.*, off the grid"),
])  # fmt: skip
def test_pages_that_cannot_be_trusted(stage: Stage, answer: Any, message: str) -> None:
    stage.server.answers += [changed(answer)]
    with pytest.raises(DataError, match=message):
        stage.fetch(50)
    with pytest.raises(DataError, match="no history"):
        feeds.load(SOURCE)


def test_newest_first_is_an_order_too(stage: Stage) -> None:
    stage.server.answers += [changed(lambda rows: rows[::-1])]
    stage.fetch(20)
    check_bars(feeds.load(SOURCE).frame, range(20))


def test_gaps_stay_gaps(stage: Stage) -> None:
    for hour in (*range(10, 14), *range(25, 60)):  # the second hole is longer than a page
        del stage.server.rows[LISTED + hour * HOUR]
    found = stage.fetch(100)
    assert found.gaps == ("2 gaps, 39 bars missing, longest 35h, from 2024-01-01 10:00",)
    assert found.held == 61
    stage.pages()
    assert stage.fetch(101).new == 1
    assert stage.pages() == [95]
    with pytest.raises(DataError, match="2 gaps, 39 bars missing"):
        feeds.load(SOURCE, gaps="refuse")


def test_a_bar_that_is_late_is_not_taken_for_a_gap(stage: Stage) -> None:
    late = stage.server.rows.pop(LISTED + 49 * HOUR)
    for hour in range(50, 200):
        del stage.server.rows[LISTED + hour * HOUR]
    assert stage.fetch(50).held == 49
    stage.server.rows[LISTED + 49 * HOUR] = late
    assert stage.fetch(50).held == 50


def test_a_revised_bar_is_refused_and_then_kept_beside_the_old_one(stage: Stage) -> None:
    stage.fetch(50)
    before = feeds.load(SOURCE)
    old = float(price(47)[3])
    stage.server.rows[LISTED + 47 * HOUR][4] = "40200.50"
    message = (
        rf"bar that closes 2024-01-03 00:00:00: close was {old} and now is 40200.5 \(1 differences\).*--accept-revision"
    )
    with pytest.raises(DataError, match=message):
        stage.fetch(60)
    assert feeds.load(SOURCE) == before
    found = stage.fetch(60, accept_revision=True)
    assert (found.new, [change.new for change in found.changes]) == (10, [40_200.5])
    after = feeds.load(SOURCE)
    assert after.frame["close"].iloc[47] == 40_200.5
    assert any("revised by the exchange: bar that closes 2024-01-03" in note for note in after.notes)
    kept = pd.read_parquet(stage.store().folder / "2024.before-1.parquet")
    check_bars(kept, range(50))
    assert stage.fetch(61).new == 1


@pytest.mark.parametrize("added", [True, False])
def test_bars_that_appear_and_disappear_are_revisions(stage: Stage, added: bool) -> None:
    gone = stage.server.rows.pop(LISTED + 47 * HOUR)
    if not added:
        stage.server.rows[gone[0]] = gone
    stage.fetch(50)
    if added:
        stage.server.rows[gone[0]] = gone
    else:
        del stage.server.rows[gone[0]]
    with pytest.raises(DataError, match="was not there and now is" if added else "was there and now is not"):
        stage.fetch(60)
    assert stage.fetch(60, accept_revision=True).held == (60 if added else 59)


@pytest.mark.parametrize("moment", ["before the bars", "between the bars and market.json"])
def test_a_kill_loses_one_page_at_most(stage: Stage, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    class Killed(BaseException):
        """Nothing catches it, as nothing catches a kill."""

    written: list[int] = []
    name = "write" if moment == "before the bars" else "save"
    real = getattr(HistoryStore, name)

    def write(store: HistoryStore, *given: Any, **options: Any) -> None:
        if len(written) == 2:
            raise Killed
        written.append(1)
        real(store, *given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(HistoryStore, name, write)
        with pytest.raises(Killed):
            stage.fetch(100)
    assert stage.store().covered[-1][1] == (LISTED + 40 * HOUR) * 1_000_000
    stage.pages()
    found = stage.fetch(100)
    assert stage.pages()[0] == 35
    assert (found.held, found.changes) == (100, ())
    check_bars(feeds.load(SOURCE).frame, range(100))
    assert not list(stage.folder.rglob("*.part"))


def test_two_fetches_at_once(stage: Stage) -> None:
    with stage.store().locked(), pytest.raises(DataError, match="another process is fetching"):
        stage.fetch(10)


def test_contract_terms_and_their_dates(stage: Stage) -> None:
    stage.fetch(10)
    spot = feeds.load(SOURCE).instrument
    assert (spot.symbol, spot.tick, spot.lot_step, spot.minimum_notional) == ("BTC/USDT", 0.01, 0.00001, 5.0)
    assert (spot.multiplier, spot.currency) == (1.0, "USDT")
    stage.server.spot_tick = "0.10000000"
    stage.fetch(30)
    assert feeds.load(SOURCE).instrument.tick == 0.1
    told = json.loads((stage.store().folder / "market.json").read_text())["terms"]
    assert [(one["tick"], one["seen"]) for one in told] == [(0.01, "2024-01-01"), (0.1, "2024-01-02")]
    perpetual = "binance:BTC/USDT:USDT:1h"
    stage.pages()
    stage.fetch(10, source=perpetual)
    terms = feeds.load(perpetual).instrument
    assert (terms.symbol, terms.tick, terms.lot_step, terms.minimum_notional) == ("BTC/USDT:USDT", 0.1, 0.001, 100.0)
    assert feeds.load(perpetual, symbol="BTC").symbol == "BTC"


@pytest.mark.parametrize(("source", "message"), [
    ("binanse:BTC/USDT:1h", "no exchange 'binanse'; did you mean 'binance'"),
    ("binance:BTC/USDX:1h", "no symbol 'BTC/USDX'; did you mean 'BTC/USDT'"),
    ("binance:BTC/USDT:7h", "no bars of that length; it has 1s, 1min"),
    ("binance:BTCUSDT:1h", "write exchange:SYMBOL:timeframe"),
    ("binance:BTC/USDT:hour", "'hour' is no timeframe"),
])  # fmt: skip
def test_unknown_markets(stage: Stage, source: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        stage.fetch(10, source=source)


def test_times_that_make_no_sense(stage: Stage) -> None:
    with pytest.raises(ConfigError, match=r"nothing is kept yet .*--since 2024-01-01"):
        stage.fetch(10, since=None)
    with pytest.raises(ConfigError, match="no bar opens from"):
        stage.fetch(10, since="2025-01-01")


def test_reading_needs_a_fetch_and_takes_no_options(stage: Stage) -> None:
    with pytest.raises(DataError, match=r"navale fetch binance:BTC/USDT:1h --since"):
        feeds.load(SOURCE)
    with pytest.raises(ConfigError, match="label cannot be given"):
        feeds.load(SOURCE, label="open")
    assert names_market("binance:BTC/USDT:USDT:15m")
    assert parse_market("binance:BTC/USDT:USDT:15m").symbol == "BTC/USDT:USDT"
    for other in ("sample.csv", "/tmp/a:b.csv", "http://localhost:80", "C:/data", "synthetic"):
        assert not names_market(other)
