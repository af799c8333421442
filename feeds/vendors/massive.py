"""Chains from Massive (formerly Polygon.io) through its official client, refused unless every page arrived."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from feeds.chains.chain import Chain
from feeds.chains.contracts import INDICES
from feeds.chains.massive_json import Row, chain_of_results, page_results, truncated, vendor_ticker
from feeds.chains.provider import Clock, utc_now
from feeds.errors import ConfigError, DataError
from feeds.vendors.rate_limit import RateLimit

KEYS = ("MASSIVE_API_KEY", "POLYGON_API_KEY")
BASE = "MASSIVE_BASE_URL"
PAGE = 250
"""Contracts per page: the vendor's maximum."""
_FILTER = re.compile(r"(strike_price|expiration_date)(\.(gt|gte|lt|lte))?|contract_type")
_STATUS = (413, 429, 499, 500, 502, 503, 504)


class MassiveChains:
    """The present chain of an underlying.

    key: from MASSIVE_API_KEY or POLYGON_API_KEY when fetching, else `key`; it is sent as a header and never shown.
    base: other address than the vendor's, else from MASSIVE_BASE_URL. filters: of the vendor, with dots, such as
    {"expiration_date.lte": "2026-09-30"}. per_minute: requests; the vendor asks to stay below 100 per second, its free
    plan allows 5 per minute. Answers 413, 429, 499 and 5xx are tried again `retries` times, after Retry-After where the
    vendor says so, else after 0.6 s, 1.2 s, 2.4 s …
    """

    name = "massive"

    def __init__(
        self,
        key: str | None = None,
        base: str | None = None,
        *,
        filters: Mapping[str, str] | None = None,
        per_minute: float = 3000.0,
        retries: int = 3,
        backoff: float = 0.6,
        timeout: float = 20.0,
        clock: Clock = utc_now,
    ):
        self._key, self._base = key, base
        self.filters = dict(filters or {})
        self.retries, self.backoff, self.timeout = retries, backoff, timeout
        self._limit = RateLimit(per_minute, burst=5)
        self._clock = clock

    def __repr__(self) -> str:
        return f"MassiveChains(filters={self.filters})"

    def fetch(self, symbol: str, asof: datetime | None = None) -> Chain:
        """The chain now. Raises ConfigError without key or for a past `asof`, DataError for a refused or broken answer.

        Greeks, volatilities and quotes that the vendor leaves out stay missing. Without an underlying price in the
        chain (a key without that asset class) the spot of an index is its snapshot, else it stays missing.
        """
        if asof is not None:
            raise ConfigError("massive: the chain snapshot has no past; record chains daily and read the store")
        key = self._key or next((held for name in KEYS if (held := os.environ.get(name))), None)
        if not key:
            raise ConfigError(f"massive: no key; set {KEYS[0]} (or {KEYS[1]}) in the environment")
        session = _Session(self, key, self._base or os.environ.get(BASE))
        results, pages = session.pages(vendor_ticker(symbol))
        seen = self._clock()
        if seen.tzinfo is None:
            raise ConfigError(f"massive: the clock says {seen} without UTC offset; inject an aware clock")
        notes = (f"filters {self.filters}",) if self.filters else ()
        detail = f"massive {session.version}, {pages} pages"
        chain = chain_of_results(results, symbol, seen.astimezone(UTC), detail, source=self.name, notes=notes)
        close = session.previous_close(vendor_ticker(symbol))
        if math.isnan(chain.spot) and symbol in INDICES:
            value = session.index_value(vendor_ticker(symbol))
            if not math.isnan(value):
                chain = replace(chain, spot=value, spot_ts=chain.asof, spot_source="index_snapshot")
        return replace(chain, prev_close=close)


def massive_from_query(query: str, clock: Clock = utc_now) -> MassiveChains:
    """The provider of text such as "expiration_date.lte=2026-09-30&per_minute=5"."""
    terms = dict(parse_qsl(query, keep_blank_values=True))
    text = terms.pop("per_minute", "3000")
    unknown = [name for name in terms if not _FILTER.fullmatch(name)]
    if unknown:
        raise ConfigError(
            f"massive: no filter {unknown[0]!r}; it has strike_price and expiration_date (also .gt, .gte, .lt, .lte), "
            "contract_type, and the setting per_minute"
        )
    try:
        return MassiveChains(filters=terms, per_minute=float(text), clock=clock)
    except ValueError:
        raise ConfigError(f"massive: per_minute={text!r} is no number") from None


class _Session:
    """One fetch: a client and the key that must not be shown."""

    def __init__(self, settings: MassiveChains, key: str, base: str | None):
        try:
            import massive
            from urllib3.util.retry import Retry
        except ImportError:
            raise ConfigError("massive: the client is not installed; install navale[options]") from None
        from importlib.metadata import version

        self.version = version("massive")
        self._settings, self._key = settings, key
        again = Retry(
            total=settings.retries,
            status_forcelist=_STATUS,
            backoff_factor=settings.backoff,
            allowed_methods=["GET"],
            respect_retry_after_header=True,
        )
        address = {"base": base.rstrip("/")} if base else {}
        self._client = massive.RESTClient(
            api_key=key,
            connect_timeout=settings.timeout,
            read_timeout=settings.timeout,
            connection_pool_kw={"retries": again},
            **address,
        )

    def pages(self, ticker: str) -> tuple[list[Row], int]:
        """All contracts, and on how many pages they came. Raises DataError unless the last page was reached."""
        results: list[Row] = []
        params: dict[str, str] = {**self._settings.filters, "limit": str(PAGE)}
        seen: set[str] = set()
        number = 1
        while True:
            page = self._page(ticker, params, number)
            results += page_results(page, number, "massive")
            following = page.get("next_url")
            if not following:
                return results, number
            number += 1
            address = urlsplit(str(following))
            if following in seen or unquote(address.path.rsplit("/", 1)[-1]) != ticker:
                raise truncated("massive", number, "is not where next_url points")
            seen.add(following)
            params = {name: value for name, value in parse_qsl(address.query) if name.lower() != "apikey"}

    def index_value(self, ticker: str) -> float:
        """Value of an index; NaN when the vendor does not give it."""
        found = self._optional(lambda: self._client.get_snapshot_indices(ticker, raw=True))
        return _positive(found, "value")

    def previous_close(self, ticker: str) -> float:
        """Close of the session before; NaN when the vendor does not give it."""
        found = self._optional(lambda: self._client.get_previous_close_agg(ticker, raw=True))
        return _positive(found, "c")

    def _page(self, ticker: str, params: dict[str, str], number: int) -> Any:
        answer = self._send(
            lambda: self._client.list_snapshot_options_chain(ticker, params=dict(params), raw=True), f"page {number}"
        )
        try:
            return json.loads(answer.data)
        except ValueError:
            raise truncated("massive", number, "is no JSON") from None

    def _optional(self, call: Any) -> Row:
        """First result of an answer that may be refused: the plan may not include it."""
        try:
            found = json.loads(self._send(call, "snapshot").data).get("results")
        except (DataError, ValueError, AttributeError):
            return {}
        return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}

    def _send(self, call: Any, what: str) -> Any:
        import urllib3
        from massive.exceptions import BadResponse

        self._settings._limit.take()
        try:
            return call()
        except BadResponse as problem:
            raise DataError(f"massive: {what}: refused: {self._refusal(str(problem))}") from None
        except urllib3.exceptions.HTTPError as problem:
            reason = getattr(problem, "reason", None) or problem
            raise DataError(
                f"massive: {what}: no answer after {self._settings.retries + 1} tries: {self._hidden(str(reason))}; "
                "try again later"
            ) from None

    def _refusal(self, body: str) -> str:
        try:
            told = json.loads(body)
            message = f"{told.get('status', '')} {told.get('message') or told.get('error') or ''}".strip()
        except (ValueError, AttributeError):
            message = body.strip().splitlines()[0][:200] if body.strip() else "an empty answer"
        cure = "check what the plan includes" if "AUTHORIZED" in message.upper() else "check key, symbol and filters"
        return f"{self._hidden(message)}; {cure}"

    def _hidden(self, text: str) -> str:
        return text.replace(self._key, "***")


def _positive(found: Row, field: str) -> float:
    value = found.get(field)
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
    return float(value) if good and value is not None else math.nan
