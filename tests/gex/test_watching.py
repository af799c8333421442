"""Watching by an injected clock: when it refreshes, waits, survives and stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from repository.tree import ROOT

from feeds.errors import ConfigError, DataError
from indicators.gex import watching
from indicators.gex.watching import Watch


class Clock:
    """A clock that only waiting moves; `until`: when it tells the watch to stop."""

    def __init__(self, start: str, until: str) -> None:
        self.now, self.until = datetime.fromisoformat(start), datetime.fromisoformat(until)
        self.waited: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)
        return self.now >= self.until


class Scripted:
    """Stands for a request; `fail`: what the refresh of that number raises."""

    symbol = "SPX"

    def __init__(self, fail=None) -> None:
        self.fail, self.turns, self.written, self.previous = fail or {}, [], [], []

    def run(self, now=None, previous=None):
        self.turns.append(now)
        self.previous.append(previous)
        if error := self.fail.get(len(self.turns)):
            raise error
        return SimpleNamespace(analysis=len(self.turns))

    def write(self, result, refresh_seconds=None):
        self.written.append((result.analysis, refresh_seconds))
        return []


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """The line of a refresh needs a whole result."""
    monkeypatch.setattr(watching, "line", lambda result, as_json: f"refresh {result.analysis}")


def watched(request, clock, **options):
    watch = Watch(request, timedelta(minutes=15), clock=lambda: clock.now, wait=clock.wait, **options)
    return watch.run()


def times(request):
    return [f"{turn:%d %H:%M}" for turn in request.turns]


def test_it_refreshes_on_whole_multiples_within_regular_hours():
    """2026-06-10 is a Wednesday; SPX options trade 09:30 to 16:15 New York, 13:30 to 20:15 UTC in summer."""
    clock, request = Clock("2026-06-10T19:37:20+00:00", "2026-06-11T13:50:00+00:00"), Scripted()
    assert watched(request, clock) == 0
    assert times(request) == ["10 19:37", "10 19:45", "10 20:00", "11 13:30", "11 13:45"]
    assert max(clock.waited) <= 60
    assert request.written[0] == (1, 900)


def test_it_waits_over_holidays_and_half_days():
    """2025-07-03 closes at 13:00 New York (index options 13:15, 17:15 UTC), 2025-07-04 is a holiday, then a weekend."""
    clock, request = Clock("2025-07-03T16:50:00+00:00", "2025-07-07T13:31:00+00:00"), Scripted()
    watched(request, clock)
    assert times(request) == ["03 16:50", "03 17:00", "07 13:30"]


def test_all_hours_includes_the_overnight_session():
    clock, request = Clock("2026-06-10T08:00:00+00:00", "2026-06-10T08:31:00+00:00"), Scripted()
    watched(request, clock, all_hours=True)
    assert times(request) == ["10 08:00", "10 08:15", "10 08:30"]


def test_a_count_ends_it_without_another_wait():
    clock, request = Clock("2026-06-10T15:00:00+00:00", "2026-06-12T00:00:00+00:00"), Scripted()
    watched(request, clock, count=2)
    assert times(request) == ["10 15:00", "10 15:15"]
    assert request.previous == [None, 1]


def test_a_later_failure_is_told_and_tried_again(capsys):
    clock = Clock("2026-06-10T15:00:00+00:00", "2026-06-12T00:00:00+00:00")
    request = Scripted({2: DataError("the vendor\nsent half a chain")})
    watched(request, clock, count=3)
    assert request.previous == [None, 1, 1]
    assert [number for number, _ in request.written] == [1, 3]
    told = capsys.readouterr()
    assert told.out == "refresh 1\nrefresh 3\n"
    assert "SPX: the vendor sent half a chain; will try again\n" in told.err


@pytest.mark.parametrize(("number", "error"), [(1, DataError("no such file")), (2, ConfigError("no key"))])
def test_what_waiting_cannot_cure_ends_it(number, error):
    clock = Clock("2026-06-10T15:00:00+00:00", "2026-06-12T00:00:00+00:00")
    with pytest.raises(type(error)):
        watched(Scripted({number: error}), clock)


def test_waiting_is_told_once(capsys):
    clock, request = Clock("2026-06-13T15:00:00+00:00", "2026-06-13T18:00:00+00:00"), Scripted()
    watched(request, clock)
    assert times(request) == ["13 15:00"]  # the first one shows at once whether key and name are right
    assert capsys.readouterr().err.splitlines() == [
        "2026-06-13T15:15:00Z SPX: the market is CLOSED; waiting",
        "stopped after 1 refresh",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_the_wait(number):
    before = signal.getsignal(number)
    clock, request = Clock("2026-06-10T15:00:00+00:00", "2026-06-12T00:00:00+00:00"), Scripted()

    def stop():
        while not request.turns:  # by then it listens to signals
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    threading.Thread(target=stop, daemon=True).start()
    began = time.monotonic()
    assert Watch(request, timedelta(hours=1), clock=lambda: clock.now).run() == 0
    assert time.monotonic() - began < 600
    assert len(request.turns) == 1
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_exits_with_0_on_signals(tmp_path, number):
    words = [sys.executable, "-m", "navale", "gex", "watch", "SPX", "--chain", "synthetic:seed=1", "--every", "1h"]
    words += ["--hours", "all", "--out", str(tmp_path / "out"), "--accept-synthetic"]
    told = tmp_path / "told.txt"
    with told.open("w") as file:
        running = subprocess.Popen(words, cwd=ROOT, stdout=file, stderr=file)
        try:
            while not ("waiting" in told.read_text() or (tmp_path / "out" / "SPX.json").exists()):
                assert running.poll() is None, told.read_text()
                time.sleep(0.1)
            running.send_signal(number)
            assert running.wait() == 0, told.read_text()
        finally:
            running.kill()
    assert "Traceback" not in told.read_text()
    assert not list(tmp_path.rglob("*.part"))


def test_times_are_utc():
    assert watching.utc_now().tzinfo is UTC
