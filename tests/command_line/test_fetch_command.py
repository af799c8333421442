"""`navale fetch`: what it tells, what it keeps, and what the other commands then read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from venues.binance_candles import HOUR, LISTED, Candles, price

SOURCE = "binance:BTC/USDT:1h"
SPAN = ("--since", "2024-01-01", "--until", "2024-01-06")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Candles]:
    found = Candles(hours=200)
    monkeypatch.setenv("NAVALE_CCXT_URL", found.url)
    monkeypatch.delenv("NAVALE_HISTORY", raising=False)
    yield found
    found.stop()


def test_a_history_is_fetched_told_and_backtested(
    navale: Callable[..., Any], folder: Path, server: Candles, tiny: str
) -> None:
    done = navale("fetch", SOURCE, *SPAN)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == (
        "binance:BTC/USDT:1h: 144 new bars, 144 in history/binance/BTC-USDT/1h, 2024-01-01 01:00 to "
        "2024-01-07 00:00 UTC\n"
    )
    assert done.stderr == ""
    again = json.loads(navale("fetch", SOURCE, *SPAN, "--json").stdout)
    assert [(one["new"], one["bars"], one["last"]) for one in again] == [(0, 144, "2024-01-07T00:00:00+00:00")]
    run = json.loads(navale("backtest", tiny, "--data", SOURCE, "--no-save", "--json").stdout)
    assert run["data"]["BTC/USDT"]["bars"] == 144
    assert run["data"]["BTC/USDT"]["instrument"]["tick"] == 0.01


@pytest.mark.parametrize(("until", "bars", "last"), [
    ("2024-01-01", 24, "2024-01-02T00:00:00+00:00"),
    ("2024-01-01 12:00", 12, "2024-01-01T12:00:00+00:00"),
    ("2024-01-01 00:00", 0, None),
])  # fmt: skip
def test_a_bare_date_means_the_midnight_that_ends_it(
    navale: Callable[..., Any], folder: Path, server: Candles, until: str, bars: int, last: str | None
) -> None:
    done = navale("fetch", SOURCE, "--since", "2024-01-01", "--until", until, "--json")
    if last is None:
        assert (done.exit_code, "no bar opens from 2024-01-01" in done.stderr) == (2, True)
        return
    assert [(one["bars"], one["last"]) for one in json.loads(done.stdout)] == [(bars, last)]


def test_since_and_until_one_day_is_one_bar_of_a_day(navale: Callable[..., Any], folder: Path, server: Candles) -> None:
    server.rows = {LISTED + k * 24 * HOUR: [LISTED + k * 24 * HOUR, *price(k)] for k in range(5)}
    daily = SOURCE.replace("1h", "1d")
    done = navale("fetch", daily, "--since", "2024-01-03", "--until", "2024-01-03", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)[0]
    assert (told["bars"], told["first"]) == (1, "2024-01-04T00:00:00+00:00")


@pytest.mark.parametrize(("second", "bars"), [(4, 59), (5, 60)])
def test_a_clock_that_is_fast_takes_no_running_bar(
    navale: Callable[..., Any], folder: Path, server: Candles, second: int, bars: int
) -> None:
    """The exchange's clock says 2024, the one here years more."""
    server.clock = {"Date": f"Wed, 03 Jan 2024 12:00:{second:02} GMT"}
    told = json.loads(navale("fetch", SOURCE, "--since", "2024-01-01", "--json").stdout)[0]
    assert told["bars"] == bars
    server.rows[LISTED + 60 * HOUR][4] = "40200.50"  # the running bar goes on
    server.clock = {"Date": "Wed, 03 Jan 2024 15:00:30 GMT"}
    again = json.loads(navale("fetch", SOURCE, "--json").stdout)[0]
    assert (again["bars"], again["revised"]) == (63, [])


def test_a_revision_needs_a_word(navale: Callable[..., Any], folder: Path, server: Candles) -> None:
    navale("fetch", SOURCE, *SPAN)
    server.rows[LISTED + 143 * HOUR][5] = "99.5"
    longer = ("--until", "2024-01-07")
    refused = navale("fetch", SOURCE, *longer)
    assert refused.exit_code == 2
    assert "bar that closes 2024-01-07 00:00:00: volume was 4.12345 and now is 99.5" in refused.stderr
    assert refused.stderr.count("\n") == 1
    taken = json.loads(navale("fetch", SOURCE, *longer, "--accept-revision", "--json").stdout)
    assert taken[0]["new"] == 24
    assert taken[0]["revised"] == ["bar that closes 2024-01-07 00:00:00: volume was 4.12345 and now is 99.5"]


def test_one_market_fails_and_the_other_is_kept(navale: Callable[..., Any], folder: Path, server: Candles) -> None:
    done = navale("fetch", "binance:BTC/USDX:1h", SOURCE, *SPAN, "--store", "kept")
    assert done.exit_code == 2
    assert "did you mean 'BTC/USDT'" in done.stderr
    assert "144 new bars" in done.stdout
    assert (folder / "kept/binance/BTC-USDT/1h/2024.parquet").is_file()


@pytest.mark.parametrize(("words", "message"), [
    (("BTC/USDT",), "write exchange:SYMBOL:timeframe"),
    ((SOURCE,), "say from when: --since"),
    ((SOURCE, "--since", "soon"), "'soon' is no time"),
])  # fmt: skip
def test_bad_input_is_one_line(
    navale: Callable[..., Any], folder: Path, server: Candles, words: Any, message: str
) -> None:
    done = navale("fetch", *words)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_not_fetched_is_told_with_the_command(navale: Callable[..., Any], folder: Path, tiny: str) -> None:
    done = navale("backtest", tiny, "--data", SOURCE)
    assert done.exit_code == 2
    assert "navale fetch binance:BTC/USDT:1h --since" in done.stderr
