"""Whether the options market is open: from the exchange's calendar, never from the age of a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from feeds.errors import ConfigError
from feeds.sessions import Sessions, sessions

ZONE = ZoneInfo("America/New_York")
CALENDAR = "XNYS"
OVERNIGHT = frozenset({"SPX", "XSP", "VIX", "RUT", "MRUT"})
"""Indices whose options also trade overnight (and, but for RUT, in the curb session)."""
CURB = frozenset({"SPX", "XSP", "VIX"})
LATE = frozenset({"SPX", "XSP", "VIX", "RUT", "MRUT", "NDX", "XND", "DJX", "SPY", "QQQ", "IWM", "DIA"})
"""Symbols whose options trade a quarter of an hour after the shares' close."""
EPOCH = date(1970, 1, 1)
USUAL_CLOSE = time(16, 0)
OI_PUBLISHED = time(6, 30)
"""New York time at which the open interest of the previous session is published."""


@dataclass(frozen=True)
class MarketStatus:
    """State of the options market of a symbol at an instant.

    status: RTH (regular hours), CURB, GTH (overnight), CLOSED or HOLIDAY. session: the session that is trading, None
    when closed. opens, closes: of the regular hours of the New York day. expiring_closes: when series that expire at
    the close of that day stop trading.
    """

    status: str
    session: date | None
    opens: datetime | None
    closes: datetime | None
    expiring_closes: datetime | None

    @property
    def v22(self) -> str:
        """OPEN in regular hours, else CLOSED: the two words of the overlay v2.2."""
        return "OPEN" if self.status == "RTH" else "CLOSED"


def market_status(now: datetime, symbol: str = "SPX") -> MarketStatus:
    """State of the options market at `now`: RTH 09:30-16:15, CURB 16:15-17:00, GTH 20:15-09:25 New York time.

    Fund options that trade late follow 16:15, other stocks 16:00; both have neither curb nor overnight session. On a
    half day the regular hours end with the shares' early close (plus the same quarter of an hour) and no curb session
    follows. Source: Cboe's hours of trading; holidays and half days from the calendar XNYS.
    Raises ConfigError for a naive time.
    """
    local = aware(now, "now").astimezone(ZONE)
    table = _table(now)
    today = _hours(table, local.date())
    symbol = symbol.upper()
    hours: tuple[datetime | None, datetime | None, datetime | None] = (None, None, None)
    status = "HOLIDAY" if local.weekday() < 5 else "CLOSED"
    if today is not None:
        opens, shares_close = today
        usual = shares_close.astimezone(ZONE).time() == USUAL_CLOSE
        closes = shares_close + timedelta(minutes=15 if symbol in LATE else 0)
        if opens <= now < closes:
            return MarketStatus("RTH", local.date(), opens, closes, shares_close)
        if usual and symbol in CURB and closes <= now < closes + timedelta(minutes=45):
            return MarketStatus("CURB", local.date(), opens, closes, shares_close)
        if symbol in OVERNIGHT and now < opens - timedelta(minutes=5):
            return MarketStatus("GTH", local.date(), opens, closes, shares_close)
        status, hours = "CLOSED", (opens, closes, shares_close)
    tomorrow = local.date() + timedelta(days=1)
    if symbol in OVERNIGHT and local.time() >= time(20, 15) and _hours(table, tomorrow) is not None:
        return MarketStatus("GTH", tomorrow, *hours)
    return MarketStatus(status, None, *hours)


def last_session(moment: datetime) -> tuple[datetime, datetime]:
    """Opening and close of the last session of the shares that had opened at an instant.

    Raises ConfigError for a naive time.
    """
    nanoseconds = int(aware(moment, "moment").timestamp()) * 1_000_000_000
    table = _table(moment)
    index = int(np.searchsorted(table.opens, nanoseconds, side="right")) - 1
    return _instant(int(table.opens[index])), _instant(int(table.closes[index]))


def first_unknown_oi(asof: datetime) -> date:
    """The first session whose open interest was not yet published at an instant.

    A session's open interest appears at 06:30 New York time of the next session; so at 10:00 of a session that very
    session is unknown, and at 05:00 the one before it. Raises ConfigError for a naive time.
    """
    local = aware(asof, "asof").astimezone(ZONE)
    table = _table(asof)
    number = (local.date() - EPOCH).days
    index = int(np.searchsorted(table.days, number, side="right")) - 1
    if table.days[index] == number and local.time() < OI_PUBLISHED:
        index -= 1
    return EPOCH + timedelta(days=int(table.days[index]))


def age_minutes(now: datetime, chain_ts: datetime, spot_ts: datetime | None, feed: str) -> float:
    """Age of the data: from the later of chain and spot to now, plus 15 minutes for a delayed feed [minutes]."""
    newest = aware(chain_ts, "chain_ts")
    if spot_ts is not None:
        newest = max(newest, aware(spot_ts, "spot_ts"))
    return (aware(now, "now") - newest).total_seconds() / 60.0 + (15.0 if feed == "DELAYED" else 0.0)


def age_limit_minutes(status: MarketStatus) -> float:
    """How old data may be: 30 minutes in regular hours, a day otherwise [minutes]."""
    return 30.0 if status.status == "RTH" else 24 * 60.0


def aware(moment: datetime, name: str) -> datetime:
    """The instant in UTC. Raises ConfigError when it carries no zone: nobody can know which one was meant."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ConfigError(f"{name}={moment.isoformat()} has no time zone; give UTC, e.g. {moment.isoformat()}+00:00")
    return moment.astimezone(UTC)


def _table(now: datetime) -> Sessions:
    nanoseconds = int(now.timestamp()) * 1_000_000_000
    return sessions(CALENDAR, nanoseconds, nanoseconds)


def _hours(table: Sessions, day: date) -> tuple[datetime, datetime] | None:
    """Opening and closing of the shares' session of a date, None where there is none."""
    number = (day - EPOCH).days
    index = int(np.searchsorted(table.days, number))
    if index >= len(table.days) or table.days[index] != number:
        return None
    return _instant(int(table.opens[index])), _instant(int(table.closes[index]))


def _instant(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC)
