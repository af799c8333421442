"""A token bucket: so many requests per minute, no more."""

from __future__ import annotations

import time
from collections.abc import Callable

from feeds.errors import ConfigError


class RateLimit:
    """Lets `per_minute` requests pass each minute, the first `burst` of them at once; `take` waits for the next.

    now and sleep may be injected; seconds.
    """

    def __init__(
        self,
        per_minute: float,
        burst: int = 1,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        if not per_minute > 0 or burst < 1:
            raise ConfigError(f"rate limit {per_minute} per minute, burst {burst}: both must be above 0")
        self._interval = 60.0 / per_minute
        self._burst = burst
        self._now, self._sleep = now, sleep
        self._tokens = float(burst)
        self._at = now()

    def take(self) -> None:
        """Wait until a request may be sent, and count it."""
        self._fill()
        if self._tokens < 1 - 1e-9:
            self._sleep((1 - self._tokens) * self._interval)
            self._fill()
        self._tokens -= 1

    def _fill(self) -> None:
        present = self._now()
        self._tokens = min(self._burst, self._tokens + (present - self._at) / self._interval)
        self._at = present
