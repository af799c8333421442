"""Option contracts: OCC symbols, roots, settlement instants and monthly expiries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from feeds.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from feeds.sessions import Sessions

CALENDAR = "XNYS"
AM_ROOTS = frozenset({"SPX", "NDX", "RUT", "DJX", "VIX", "VIXW"})
"""Roots that settle on the opening prices of their expiry date; every other root settles on the close."""
EUROPEAN_ROOTS = AM_ROOTS | {"SPXW", "SPXPM", "XSP", "NDXP", "XND", "RUTW", "MRUT", "XEO"}
UNDERLYINGS = {"SPXW": "SPX", "SPXPM": "SPX", "NDXP": "NDX", "RUTW": "RUT", "VIXW": "VIX"}
"""Underlying of the roots that are not named like it."""
PUBLISHED = time(6, 30)
"""When the open interest of the session before is public, New York time."""
INDICES = frozenset({"SPX", "NDX", "RUT", "DJX", "VIX", "XSP", "XND", "MRUT", "OEX", "XEO"})

_OCC = re.compile(r"(?:O:)?([A-Z][A-Z0-9.]{0,5}) *(\d{6})([CP])(\d{8})")


@dataclass(frozen=True)
class Contract:
    """One listed option. right: "C" or "P"; strike in points; expiry the date in its symbol."""

    root: str
    expiry: date
    right: str
    strike: float

    @property
    def settles(self) -> datetime:
        """Instant at which it settles, aware UTC."""
        return settlement(self.root, self.expiry)


def parse_occ(symbol: str) -> Contract:
    """The contract an OCC symbol names, such as "O:SPXW230712C04500000" or "AAPL  260724P00110000".

    Root, yymmdd, C or P, strike times 1000 on eight digits; the prefix "O:" and padding are optional.
    Raises DataError for anything else. Source: OCC Options Symbology Initiative.
    """
    found = _OCC.fullmatch(symbol.strip())
    if not found:
        raise DataError(f"option symbol {symbol!r}: is not root, yymmdd, C or P, strike x 1000 on 8 digits; correct it")
    root, day, right, strike = found.groups()
    try:
        expiry = datetime.strptime(day, "%y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise DataError(f"option symbol {symbol!r}: {day} is no date yymmdd; correct it") from None
    return Contract(root, expiry, right, int(strike) / 1000)


def format_occ(contract: Contract, prefix: str = "O:") -> str:
    """The OCC symbol of a contract, by default with the prefix that Massive uses."""
    thousandths = round(contract.strike * 1000)
    if not 0 < thousandths < 10**8 or abs(thousandths - contract.strike * 1000) > 1e-6:
        raise DataError(
            f"{contract.root} strike {contract.strike:g}: an OCC symbol holds 0.001 to 99999.999; correct it"
        )
    return f"{prefix}{contract.root}{contract.expiry:%y%m%d}{contract.right}{thousandths:08d}"


def split_occ(symbols: pd.Series, name: str) -> pd.DataFrame:
    """Columns root, expiry (dates), right and strike of OCC symbols. Raises DataError at the first bad one."""
    import pandas as pd

    text = symbols.astype(str).str.strip()
    parts = text.str.extract(f"^{_OCC.pattern}$")
    parts.columns = pd.Index(["root", "expiry", "right", "strike"])
    expiry = pd.to_datetime(parts["expiry"], format="%y%m%d", errors="coerce")
    bad = (parts["root"].isna() | expiry.isna()).to_numpy().nonzero()[0]
    if len(bad):
        row = int(bad[0])
        raise DataError(f"{name}, row {row + 1}: option symbol {symbols.iloc[row]!r} is no OCC symbol; correct it")
    return parts.assign(expiry=expiry, strike=parts["strike"].astype("int64") / 1000.0)


def style(root: str) -> str:
    """ "european" or "american": how options of a standard root are exercised."""
    return "european" if root in EUROPEAN_ROOTS else "american"


def settlement(root: str, expiry: date) -> datetime:
    """Instant at which options of a root that expire on a date settle, aware UTC.

    PM roots: the close of the exchange on that date, 16:00 New York or earlier on a half-day. AM roots (SPX, NDX,
    RUT, DJX, VIX): its opening, 09:30 New York. A date without a session (a Saturday before 2015, a holiday) means
    the last session before it.
    """
    import pandas as pd

    stamp = settlements(pd.Series([root]), pd.Series([pd.Timestamp(expiry)]))[0]
    moment: datetime = stamp.to_pydatetime()
    return moment.astimezone(UTC)


def settlements(roots: pd.Series, expiries: pd.Series) -> pd.DatetimeIndex:
    """`settlement` of many contracts: roots as text, expiries as dates (datetime64 without a zone)."""
    import numpy as np
    import pandas as pd

    from feeds.sessions import DAY

    stamps = pd.DatetimeIndex(expiries).as_unit("ns")
    days = stamps.asi8 // DAY
    table = _sessions(stamps.min().year, stamps.max().year)
    index = np.searchsorted(table.days, days, side="right") - 1
    morning = roots.isin(AM_ROOTS).to_numpy()
    return pd.DatetimeIndex(np.where(morning, table.opens[index], table.closes[index]), tz="UTC")


@lru_cache(maxsize=4096)
def monthly_expiry(year: int, month: int) -> date:
    """Date of the monthly expiry: the third Friday, or the Thursday before it when the exchange is closed."""
    first = date(year, month, 1)
    friday = first + timedelta(days=(4 - first.weekday()) % 7 + 14)
    return friday if is_session(friday) else friday - timedelta(days=1)


def is_monthly(day: date) -> bool:
    """Whether a date is the monthly expiry of its month."""
    return day == monthly_expiry(day.year, day.month)


def is_session(day: date) -> bool:
    """Whether the exchange opens on a date."""
    return _session_row(day) is not None


def session_close(day: date) -> datetime:
    """Close of the exchange on a date, aware UTC. Raises DataError when it does not open."""
    row = _session_row(day)
    if row is None:
        raise DataError(f"{day}: {CALENDAR} has no session on that date; check the date")
    return row


def session_of(moment: datetime) -> date:
    """Session whose chain an instant shows: that of its New York date, or the one before when it has none.

    So a chain collected on a Saturday, or at night UTC, belongs to the session it describes.
    """
    from zoneinfo import ZoneInfo

    day = moment.astimezone(ZoneInfo("America/New_York")).date()
    while not is_session(day):
        day -= timedelta(days=1)
    return day


def previous_session(day: date) -> date:
    """The last session before a date."""
    day -= timedelta(days=1)
    while not is_session(day):
        day -= timedelta(days=1)
    return day


def open_interest_session(moment: datetime) -> date:
    """Session at whose end the open interest was counted that was public at an instant.

    Counted at the end of a session, it is published at about 06:30 New York on the next one.
    """
    from zoneinfo import ZoneInfo

    local = moment.astimezone(ZoneInfo("America/New_York"))
    counted = previous_session(session_of(moment))
    early = is_session(local.date()) and local.time() < PUBLISHED
    return previous_session(counted) if early else counted


@lru_cache(maxsize=4096)
def _session_row(day: date) -> datetime | None:
    import pandas as pd

    from feeds.sessions import DAY

    number = pd.Timestamp(day).as_unit("ns").value // DAY
    table = _sessions(day.year, day.year)
    days: NDArray[np.int64] = table.days
    row: Any = days.searchsorted(number)
    if row == len(days) or days[row] != number:
        return None
    return pd.Timestamp(int(table.closes[row]), tz="UTC").to_pydatetime().astimezone(UTC)


def _sessions(first_year: int, last_year: int) -> Sessions:
    """Sessions of whole decades: making a calendar takes half a second whatever its span, so few are made."""
    import pandas as pd

    from feeds.sessions import sessions

    first, last = pd.Timestamp(first_year // 10 * 10, 1, 1), pd.Timestamp(last_year // 10 * 10 + 9, 12, 31)
    return sessions(CALENDAR, first.as_unit("ns").value, last.as_unit("ns").value)
