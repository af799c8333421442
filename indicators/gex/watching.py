"""Refreshing levels on a schedule while the market is open, until a signal says stop."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from feeds.chains.provider import utc_now
from feeds.errors import ConfigError, NavaleError
from indicators.gex.telling import line

if TYPE_CHECKING:
    from pathlib import Path

    from indicators.gex.analysis import Analysis
    from indicators.gex.pipeline import Result

LONGEST = timedelta(minutes=1)
"""No wait is longer: a machine that slept notices the time within a minute."""
OPEN = {False: ("RTH",), True: ("RTH", "CURB", "GTH")}


class Refreshing(Protocol):
    """What is watched: `Request`, or a stand-in."""

    @property
    def symbol(self) -> str: ...

    def run(self, now: datetime | None = None, previous: Analysis | None = None) -> Result: ...

    def write(self, result: Result, refresh_seconds: int | None = None) -> list[Path]: ...


@dataclass
class Watch:
    """Refresh once at the start, so that a wrong key or name shows at once; then every `every`, on whole multiples of
    it, within market hours.

    all_hours: also in curb and overnight sessions. count: stop after so many refreshes. clock and wait are injected:
    wait(seconds) returns True when it was told to stop.
    """

    request: Refreshing
    every: timedelta
    all_hours: bool = False
    count: int | None = None
    as_json: bool = False
    clock: Callable[[], datetime] = utc_now
    wait: Callable[[float], bool] | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        """Exit code 0 after `count` refreshes or a signal. What the first refresh raises is raised, also any
        ConfigError; a later DataError is told on stderr and the next turn tries again."""
        with _signals(self.stop):
            done, previous, told = 0, None, ""
            while not self.stop.is_set() and (self.count is None or done < self.count):
                now = self.clock()
                status = self._status(now)
                if done and status not in OPEN[self.all_hours]:
                    if told != status:
                        self._tell(f"{now:%Y-%m-%dT%H:%M:%SZ} {self.request.symbol}: the market is {status}; waiting")
                    told = status
                    self._pause(LONGEST)
                    continue
                told, turn = "", now
                previous = self._refresh(now, previous, first=done == 0)
                done += 1
                if self.count is None or done < self.count:
                    self._until(turn)
        if self.stop.is_set():
            self._tell(f"stopped after {done} refresh{'' if done == 1 else 'es'}")
        return 0

    def _refresh(self, now: datetime, previous: Analysis | None, first: bool) -> Analysis | None:
        try:
            result = self.request.run(now, previous)
            self.request.write(result, int(self.every.total_seconds()))
        except NavaleError as error:
            if first or isinstance(error, ConfigError):
                raise
            self._tell(
                f"{now:%Y-%m-%dT%H:%M:%SZ} {self.request.symbol}: {' '.join(str(error).split())}; will try again"
            )
            return previous
        print(line(result, self.as_json), flush=True)
        return result.analysis

    def _status(self, now: datetime) -> str:
        from indicators.gex.market_status import market_status

        return market_status(now, self.request.symbol).status

    def _until(self, turn: datetime) -> None:
        """Wait for the next whole multiple of `every` after the turn that was just taken."""
        step = self.every.total_seconds()
        due = (turn.timestamp() // step + 1) * step
        while not self.stop.is_set() and (left := due - self.clock().timestamp()) > 0:
            self._pause(min(LONGEST, timedelta(seconds=left)))

    def _pause(self, length: timedelta) -> None:
        wait = self.wait or self.stop.wait
        if wait(length.total_seconds()):
            self.stop.set()

    @staticmethod
    def _tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set `stop`; a second one of them acts as it did before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept: dict[int, Any] = {}

    def handle(number: int, _frame: object) -> None:
        signal.signal(number, kept[number])
        # In a thread of its own: the interrupted code may be inside `stop.wait`, and hold the lock that `set` takes.
        threading.Thread(target=stop.set, daemon=True).start()

    for number in (signal.SIGINT, signal.SIGTERM):
        kept[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for taken, before in kept.items():
            signal.signal(taken, before)
