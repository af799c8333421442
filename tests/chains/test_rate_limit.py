"""The token bucket of the vendors."""

from __future__ import annotations

import pytest

from feeds.errors import ConfigError
from feeds.vendors.rate_limit import RateLimit


class Clock:
    def __init__(self):
        self.time = 0.0
        self.slept = []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds


def sent(limit, clock, requests):
    times = []
    for _ in range(requests):
        limit.take()
        times.append(clock.time)
    return times


def test_b18_five_per_minute_are_twelve_seconds_apart():
    """The original slept 0.2 s for "5 per minute", which is 300."""
    clock = Clock()
    limit = RateLimit(5, now=clock.now, sleep=clock.sleep)
    assert sent(limit, clock, 4) == pytest.approx([0, 12, 24, 36])


def test_a_burst_then_the_rate():
    clock = Clock()
    limit = RateLimit(60, burst=3, now=clock.now, sleep=clock.sleep)
    assert sent(limit, clock, 5) == pytest.approx([0, 0, 0, 1, 2])
    clock.time += 100
    assert sent(limit, clock, 4) == pytest.approx([102, 102, 102, 103]), "no more than a burst is saved up"


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="must be above 0"):
        RateLimit(0)
