"""More processes for one command: each runs the same command line and joins the same study."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

# Set in the processes that `companions` starts.
COMPANION = "NAVALE_COMPANION"
# Seconds that a companion has to leave its trial after it was asked to end.
LEAVE = 10.0


def is_companion() -> bool:
    """Whether this process was started to help another: it works on trials, and writes and prints no result."""
    return os.environ.get(COMPANION) == "1"


@contextmanager
def companions(
    arguments: Sequence[str], count: int, *, report: Callable[[str], None] | None = None
) -> Iterator[list[int]]:
    """Run `navale` with `arguments` in `count` more processes while the body runs; yields their process numbers.

    They rebuild everything from the command line, so nothing is pickled. In them `is_companion()` is true and this
    function starts nothing, so `arguments` may be those of this process, sys.argv[1:]. The end of the body
    waits for them; an exception in it, Ctrl-C too, ends them. report: gets one line when one dies, with the last line
    that it wrote; default: standard error. The study goes on without it: its trial is evaluated again by another.
    """
    tell = report or (lambda line: print(line, file=sys.stderr))
    environment = {**os.environ, COMPANION: "1"}
    command = [sys.executable, "-m", "navale", *arguments]
    started: list[subprocess.Popen[str]] = []
    watchers: list[threading.Thread] = []
    ending = threading.Event()
    try:
        for number in range(0 if is_companion() else count):
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True, errors="replace")  # fmt: skip
            started.append(process)
            watchers.append(threading.Thread(target=_watch, args=(process, number + 2, tell, ending), daemon=True))
            watchers[-1].start()
        yield [process.pid for process in started]
        for watcher in watchers:
            watcher.join()
    finally:
        ending.set()
        for process in started:
            if process.poll() is None:
                process.terminate()
        for process in started:
            try:
                process.wait(LEAVE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for watcher in watchers:
            watcher.join()


def _watch(process: subprocess.Popen[str], number: int, tell: Callable[[str], None], ending: threading.Event) -> None:
    lines: deque[str] = deque(maxlen=1)
    errors: IO[str] | None = process.stderr
    if errors is not None:
        with errors:
            lines.extend(line.rstrip() for line in errors if line.strip())
    code = process.wait()
    if code and not ending.is_set():
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        last = f": {lines[-1]}" if lines else ""
        tell(f"process {number} {how}{last}; the others go on")
