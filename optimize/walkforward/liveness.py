"""Whether a worker still works: a killed process is known at once on its own machine, elsewhere by its silence."""

from __future__ import annotations

import os
import platform
import threading
import time
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import FrozenTrial

from optimize.walkforward.places import BEAT, WORKER

# Workers of this process that are at work now.
_AT_WORK: set[str] = set()


@cache
def machine() -> str:
    """Where process numbers mean the same: one start of one machine, one container of it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return f"{platform.node()} {uuid.uuid4()}"  # nobody else's: only silence tells


def started(process: int) -> str | None:
    """When a process of this machine started, in the kernel's ticks; None when it is gone or only its remains are."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


class Heart:
    """One worker's name, and the thread that counts up on its trial while it is at work.

    seconds: between two beats.
    """

    def __init__(self, storage: BaseStorage, seconds: float) -> None:
        self._storage = storage
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="navale-heart", daemon=True)
        self.trial: int | None = None
        process = os.getpid()
        self.worker: dict[str, Any] = {"id": uuid.uuid4().hex, "machine": machine(), "process": process,
                                       "started": started(process)}  # fmt: skip

    def __enter__(self) -> Heart:
        _AT_WORK.add(self.worker["id"])
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        _AT_WORK.discard(self.worker["id"])
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        count = 0
        while not self._stop.wait(self._seconds):
            trial = self.trial
            if trial is None:
                continue
            count += 1
            try:
                self._storage.set_trial_system_attr(trial, BEAT, count)
            except (UpdateFinishedTrialError, StorageInternalError):
                continue  # finished meanwhile, or no turn in time: the next beat comes
        backend = getattr(self._storage, "_backend", None)
        if isinstance(backend, RDBStorage):
            backend.remove_session()  # this thread's connection


class Watch:
    """Which running attempts are dead, seen from this process.

    Clocks are never compared: silence is measured here, from the moment a count was first seen, with a clock that
    nobody sets. patience: seconds of silence after which a worker that cannot be looked at counts as dead. now: such a
    clock, in seconds.
    """

    def __init__(self, patience: float, now: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._now = now
        self._seen: dict[int, tuple[Any, float]] = {}

    def dead(self, trial: FrozenTrial) -> bool:
        """Whether a running attempt will not be finished by the worker that made it."""
        worker = trial.system_attrs[WORKER]
        if worker["machine"] == machine():
            if worker["process"] == os.getpid() and worker["started"] == started(os.getpid()):
                return worker["id"] not in _AT_WORK
            if worker["started"] is None or started(worker["process"]) != worker["started"]:
                return True
        beat, now = trial.system_attrs.get(BEAT), self._now()
        seen = self._seen.get(trial._trial_id)
        if seen is None or seen[0] != beat:
            self._seen[trial._trial_id] = (beat, now)
            return False
        return now - seen[1] > self._patience
