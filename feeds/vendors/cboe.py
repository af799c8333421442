"""Chains from Cboe's delayed quotes: one request, no key, 15 minutes late."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import Any

from feeds.chains.cboe_json import chain_of_answer
from feeds.chains.chain import Chain
from feeds.chains.contracts import INDICES
from feeds.errors import ConfigError, DataError
from feeds.vendors.rate_limit import RateLimit

ADDRESS = "https://cdn.cboe.com/api/global/delayed_quotes/options"
BASE = "CBOE_BASE_URL"
_STATUS = (429, 500, 502, 503, 504)


class CboeChains:
    """The present chain of an underlying.

    base: other address than Cboe's, else from CBOE_BASE_URL. Answers 429 and 5xx are tried again `retries` times, after
    Retry-After where the vendor says so, else after 0.6 s, 1.2 s, 2.4 s …
    """

    name = "cboe"

    def __init__(
        self,
        base: str | None = None,
        *,
        retries: int = 3,
        backoff: float = 0.6,
        timeout: float = 30.0,
        per_minute: float = 30.0,
    ):
        self._base = base
        self.retries, self.backoff, self.timeout = retries, backoff, timeout
        self._limit = RateLimit(per_minute, burst=3)

    def fetch(self, symbol: str, asof: datetime | None = None) -> Chain:
        """The chain as the vendor shows it now. Raises ConfigError for a past `asof`, DataError for a broken answer."""
        if asof is not None:
            raise ConfigError("cboe: delayed quotes have no past; record chains daily and read the store")
        base = (self._base or os.environ.get(BASE) or ADDRESS).rstrip("/")
        name = f"_{symbol}" if symbol in INDICES else symbol
        document = self._document(f"{base}/{name}.json", symbol)
        chain = chain_of_answer(document, f"cboe {name}", source=self.name)
        if chain.symbol != symbol:
            raise DataError(f"cboe {name}: the answer is of {chain.symbol}, not {symbol}; nothing was kept")
        return chain

    def _document(self, address: str, symbol: str) -> Any:
        try:
            import urllib3
            from urllib3.util.retry import Retry
        except ImportError:
            raise ConfigError("cboe: urllib3 is not installed; install navale[options]") from None

        again = Retry(
            total=self.retries,
            status_forcelist=_STATUS,
            backoff_factor=self.backoff,
            respect_retry_after_header=True,
            raise_on_status=False,
        )
        self._limit.take()
        try:
            with urllib3.PoolManager(timeout=self.timeout, retries=again) as pool:
                answer = pool.request("GET", address, headers={"Accept": "application/json"})
        except urllib3.exceptions.HTTPError as problem:
            reason = getattr(problem, "reason", None) or problem
            raise DataError(f"cboe: {address}: no answer after {self.retries + 1} tries: {reason}; try later") from None
        if answer.status in (403, 404):
            raise DataError(
                f"cboe: {address}: status {answer.status}; Cboe lists no options of {symbol!r}, check the symbol"
            )
        if answer.status != 200:
            raise DataError(f"cboe: {address}: status {answer.status} after {self.retries + 1} tries; try again later")
        try:
            return json.loads(answer.data)
        except ValueError:
            raise DataError(
                f"cboe: {address}: the answer is no whole JSON ({len(answer.data)} bytes); fetch it again"
            ) from None
