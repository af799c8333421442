"""Bars and contract terms from exchanges through ccxt (extra `data`); public endpoints, no key."""

from __future__ import annotations

import difflib
import os
import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from feeds.errors import ConfigError, DataError
from feeds.history.market import Market

if TYPE_CHECKING:
    import pandas as pd

TRIES = 6
LONGEST_WAIT = 300.0  # seconds; a ban lasts longer
SETTLE = 5  # seconds after its close in which an exchange may still change a bar, or a clock be wrong
BACKOFF = 1.0  # seconds before the second try, doubled for each further one
Row = list[Any]
T = TypeVar("T")


class CcxtHistory:
    """One market of one exchange. Raises ConfigError for an exchange, symbol or timeframe that does not exist.

    base: scheme and host that take the place of the exchange's own, for a mirror or a proxy (default: the environment's
    NAVALE_CCXT_URL). sleep: waits so many seconds.
    """

    def __init__(self, market: Market, base: str | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        try:
            import ccxt
        except ImportError:
            raise ConfigError(f"{market}: needs ccxt; install navale[data]") from None
        self.market, self._sleep, self._ccxt = market, sleep, ccxt
        if market.exchange not in ccxt.exchanges:
            raise ConfigError(f"{market}: ccxt knows no exchange {market.exchange!r}"
                              f"{_hint(market.exchange, ccxt.exchanges)}")  # fmt: skip
        self._client: Any = getattr(ccxt, market.exchange)({"enableRateLimit": True, "timeout": 30_000})
        self._client.enableLastResponseHeaders = True
        self._client.parse_ohlcvs = self._rows  # ccxt would sort the rows and leave out what it cannot read
        base = base or os.environ.get("NAVALE_CCXT_URL")
        if base:
            self._client.urls["api"] = _moved(self._client.urls["api"], base.rstrip("/"))
        self._timeframe = self._named_timeframe()
        self._only_needed_markets()
        self._call("markets", self._client.load_markets)
        if market.symbol not in self._client.markets:
            raise ConfigError(f"{market}: {market.exchange} has no symbol {market.symbol!r}"
                              f"{_hint(market.symbol, list(self._client.markets))}")  # fmt: skip
        features = (self._client.features or {}).get("swap" if ":" in market.symbol else "spot") or {}
        features = features.get("linear", features) or {}
        self.limit = min(int((features.get("fetchOHLCV") or {}).get("limit") or 500), 1000)

    @property
    def version(self) -> str:
        return f"ccxt {self._ccxt.__version__}"

    def terms(self) -> dict[str, Any]:
        """Fields of feeds.Instrument as the exchange states them today; 0 where it states none."""
        told = self._client.markets[self.market.symbol]
        if told.get("inverse"):
            raise ConfigError(f"{self.market}: an inverse contract, whose profit is in {told.get('base')}, is not "
                              f"supported; take a linear one like {told.get('base')}/USDT:USDT")  # fmt: skip
        return {
            "tick": self._grid(told["precision"].get("price")),
            "lot_step": self._grid(told["precision"].get("amount")),
            "multiplier": float(told.get("contractSize") or 1.0),
            "minimum_notional": float((told["limits"].get("cost") or {}).get("min") or 0.0),
            "currency": str(told.get("settle") or told["quote"]),
        }

    def final(self, local: pd.Timestamp) -> pd.Timestamp:
        """Bars that have closed by this time will not change: SETTLE seconds before the slower of two clocks, the one
        here and the one that dates the exchange's answers.

        Not ccxt's fetchTime, which a third of the exchanges lack; every web server dates its answers. One that does not
        leaves the clock here alone.
        """
        import pandas as pd

        try:
            dated = pd.Timestamp(parsedate_to_datetime(self._header("date")))
        except ValueError:
            dated = local
        if dated.tz is None:
            dated = dated.tz_localize("UTC")
        age = self._header("age")  # seconds since then, when a cache answers
        told = dated + pd.Timedelta(seconds=int(age) if age.isdigit() else 0)
        return min(local, told) - pd.Timedelta(seconds=SETTLE)

    def page(self, opens: int, limit: int) -> list[Row]:
        """At most `limit` bars that open at `opens` [epoch ms] or later, oldest first, each as [open time ms, open,
        high, low, close, volume]. DataError when the exchange sends rows in no order."""
        rows = self._call("bars", lambda: self._client.fetch_ohlcv(self.market.symbol, self._timeframe, opens, limit))
        times = [row[0] for row in rows]
        if times == sorted(times, reverse=True):
            rows, times = rows[::-1], times[::-1]
        for before, after in pairwise(times):
            if after <= before:
                raise DataError(f"{self.market}: the page from {_clock(opens)} has {_clock(after)} "
                                f"{'twice' if after == before else 'after ' + _clock(before)}; the exchange's answer "
                                "cannot be trusted, fetch again later")  # fmt: skip
        return [row for row in rows if row[0] >= opens]

    def _rows(self, answer: Any, market: Any = None, *_: Any, **__: Any) -> list[Row]:
        """The page as ccxt reads it, row by row in the order in which it came. Exchanges send rows as lists or as
        objects, a few send columns. NetworkError, which is tried again, when a row is none or lacks a value."""
        own = type(self._client).parse_ohlcvs
        if own is not self._ccxt.Exchange.parse_ohlcvs:  # the exchange sends columns
            raw = rows = own(self._client, answer, market)
        elif isinstance(answer, list) and all(isinstance(row, list | dict) for row in answer):
            raw, rows = answer, [self._client.parse_ohlcv(row, market) for row in answer]
        else:
            raise self._ccxt.NetworkError(f"the page is truncated or none: {str(answer)[-60:]!r}")
        for sent, row in zip(raw, rows, strict=True):
            if len(row) < 6 or None in row[:6]:
                raise self._ccxt.NetworkError(f"the page is truncated, or a bar is incomplete: {sent}")
        return rows

    def _named_timeframe(self) -> str:
        known = self._client.timeframes or {}
        for name in known:
            if name[-1] != "M" and self._client.parse_timeframe(name) * 1_000_000_000 == self.market.step:
                return str(name)
        raise ConfigError(f"{self.market}: {self.market.exchange} has no bars of that length; it has "
                          f"{', '.join(name.replace('m', 'min') for name in known if name[-1] != 'M')}")  # fmt: skip

    def _only_needed_markets(self) -> None:
        """Binance lists its markets in parts, each from a host of its own."""
        kinds = self._client.options.get("fetchMarkets")
        if isinstance(kinds, dict) and "types" in kinds:
            settles = self.market.symbol.partition(":")[2]
            quote = self.market.symbol.partition(":")[0].partition("/")[2]
            kinds["types"] = ["spot" if not settles else "linear" if settles.split("-")[0] == quote else "inverse"]

    def _grid(self, precision: Any) -> float:
        if precision is None or self._client.precisionMode == self._ccxt.SIGNIFICANT_DIGITS:
            return 0.0
        return float(precision) if self._client.precisionMode == self._ccxt.TICK_SIZE else float(f"1e-{int(precision)}")

    def _call(self, what: str, function: Callable[[], T]) -> T:
        """Try again after network errors, as long as the exchange asks for. DataError when that does not help."""
        errors = self._ccxt
        for number in range(1, TRIES + 1):
            self._client.last_response_headers = None
            try:
                return function()
            except errors.NetworkError as error:
                asked, told = self._retry_after(), self._short(error)
                if asked > LONGEST_WAIT:
                    raise DataError(f"{self.market}: banned for {asked:.0f} seconds ({told}); what came is kept, fetch "
                                    "again after that") from error  # fmt: skip
                if number == TRIES:
                    raise DataError(f"{self.market}: no {what} after {TRIES} tries: {told}; what came is kept, fetch "
                                    "again later") from error  # fmt: skip
                self._sleep(max(asked, BACKOFF * 2 ** (number - 1)))
            except errors.BaseError as error:
                raise DataError(f"{self.market}: {self.market.exchange} refuses: {self._short(error)}") from error
        raise AssertionError("unreachable")

    def _retry_after(self) -> float:
        """Seconds that the last answer asks to wait; 0 when it does not say."""
        found = self._header("retry-after")
        return float(found) if re.fullmatch(r"\d+(\.\d+)?", found) else 0.0

    def _header(self, wanted: str) -> str:
        """From the last answer; empty when it has none of that name."""
        headers = self._client.last_response_headers or {}
        return next((str(value).strip() for name, value in headers.items() if name.lower() == wanted), "")

    def _short(self, error: BaseException) -> str:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


def _moved(value: Any, base: str) -> Any:
    if isinstance(value, dict):
        return {name: _moved(item, base) for name, item in value.items()}
    return base + urlsplit(value).path if isinstance(value, str) else value


def _hint(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else "; see the exchange's list of symbols"


def _clock(milliseconds: int) -> str:
    import pandas as pd

    return str(pd.Timestamp(milliseconds, unit="ms", tz="UTC"))
