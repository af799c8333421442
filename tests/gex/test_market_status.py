"""O14 and the clocks: naive times, daylight saving, holidays, half days, age over days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from feeds.errors import ConfigError
from indicators.gex.market_status import age_limit_minutes, age_minutes, aware, first_unknown_oi, market_status


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "symbol", "status"),
    [
        ("2025-08-29T13:29", "SPX", "CLOSED"),  # between the overnight session and the open
        ("2025-08-29T13:24", "SPX", "GTH"),
        ("2025-08-29T13:30", "SPX", "RTH"),
        ("2025-08-29T20:14", "SPX", "RTH"),
        ("2025-08-29T20:15", "SPX", "CURB"),
        ("2025-08-29T20:59", "SPX", "CURB"),
        ("2025-08-29T21:00", "SPX", "CLOSED"),
        ("2025-08-28T21:00", "SPX", "CLOSED"),
        ("2025-08-29T00:14", "SPX", "CLOSED"),
        ("2025-08-29T00:15", "SPX", "GTH"),  # 20:15 of the evening before
        ("2025-08-30T00:30", "SPX", "CLOSED"),  # Friday evening
        ("2025-08-30T15:00", "SPX", "CLOSED"),  # Saturday
        ("2025-09-01T15:00", "SPX", "HOLIDAY"),  # Labor Day
        ("2025-09-02T00:15", "SPX", "GTH"),  # its evening leads to Tuesday
        ("2025-01-09T16:00", "SPX", "HOLIDAY"),  # national day of mourning
        ("2025-03-07T14:29", "SPX", "CLOSED"),  # Friday in winter time: 09:29
        ("2025-03-07T14:30", "SPX", "RTH"),
        ("2025-03-10T13:30", "SPX", "RTH"),  # Monday in summer time
        ("2025-10-31T19:59", "SPX", "RTH"),
        ("2025-11-03T21:14", "SPX", "RTH"),  # winter time again
        ("2025-11-03T14:29", "SPX", "CLOSED"),
        ("2025-11-28T18:14", "SPX", "RTH"),  # half day: the shares close at 13:00, index options at 13:15
        ("2025-11-28T18:15", "SPX", "CLOSED"),
        ("2025-12-24T18:16", "SPX", "CLOSED"),
        ("2025-08-29T20:10", "SPY", "RTH"),
        ("2025-08-29T20:16", "SPY", "CLOSED"),
        ("2025-08-29T20:01", "AAPL", "CLOSED"),
        ("2025-08-29T12:00", "AAPL", "CLOSED"),
        ("2025-08-29T20:20", "NDX", "CLOSED"),
    ],
)
def test_o14_status_follows_the_exchange_calendar(moment, symbol, status):
    assert market_status(at(moment), symbol).status == status


def test_b14_friday_half_past_five_is_closed():
    """2025-08-29T21:30Z was printed as OPEN because the file was five minutes old."""
    status = market_status(at("2025-08-29T21:30"))
    assert (status.status, status.v22) == ("CLOSED", "CLOSED")
    assert market_status(at("2025-08-29T15:00")).v22 == "OPEN"


def test_the_hours_of_a_day():
    status = market_status(at("2025-11-28T15:00"))
    assert status.session == date(2025, 11, 28)
    assert (status.opens, status.closes) == (at("2025-11-28T14:30"), at("2025-11-28T18:15"))
    assert status.expiring_closes == at("2025-11-28T18:00")


def test_o14_naive_times_are_refused():
    naive = datetime(2025, 8, 29, 15, 0)  # noqa: DTZ001
    for call in (lambda: market_status(naive), lambda: first_unknown_oi(naive), lambda: aware(naive, "asof"),
                 lambda: age_minutes(naive, at("2025-08-29T15:00"), None, "REALTIME")):  # fmt: skip
        with pytest.raises(ConfigError, match="time zone"):
            call()


def test_b22_age_counts_days():
    """A timedelta's `.seconds` drops them: two days and five minutes are 2885 minutes, not 5."""
    then = at("2025-08-29T15:00")
    assert age_minutes(then + timedelta(days=2, minutes=5), then, None, "REALTIME") == 2885


def test_age_is_from_the_later_of_chain_and_spot_and_counts_the_delay():
    then = at("2025-08-29T15:00")
    assert age_minutes(then + timedelta(minutes=10), then - timedelta(hours=1), then, "REALTIME") == 10
    assert age_minutes(then + timedelta(minutes=10), then, then - timedelta(hours=1), "DELAYED") == 25
    assert age_minutes(then + timedelta(minutes=10), then, None, "DELAYED") == 25


def test_age_limits():
    assert age_limit_minutes(market_status(at("2025-08-29T15:00"))) == 30
    assert age_limit_minutes(market_status(at("2025-08-30T15:00"))) == 1440


@pytest.mark.parametrize(
    ("moment", "unknown"),
    [
        ("2025-08-29T15:00", "2025-08-29"),  # Thursday's was published on Friday morning
        ("2025-08-29T10:29", "2025-08-28"),  # 06:29 in New York: not yet
        ("2025-08-29T10:30", "2025-08-29"),
        ("2025-08-31T15:00", "2025-08-29"),  # Sunday: Friday's comes on the next session's morning
        ("2025-09-01T15:00", "2025-08-29"),  # holiday
        ("2025-09-02T10:00", "2025-08-29"),
        ("2025-09-02T11:00", "2025-09-02"),
        ("2025-12-12T11:29", "2025-12-11"),  # winter time
    ],
)
def test_the_first_session_whose_open_interest_is_unknown(moment, unknown):
    assert first_unknown_oi(at(moment)) == date.fromisoformat(unknown)
