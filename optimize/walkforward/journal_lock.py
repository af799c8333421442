"""One writer at a time on a journal file, also when a writer is killed."""

from __future__ import annotations

import os
from pathlib import Path

from optuna.storages.journal._file import BaseJournalFileLock


class JournalLock(BaseJournalFileLock):
    """A lock of the operating system on a file beside the journal.

    Optuna's own lock files stay behind when their owner is killed, stop everybody for 30 seconds, and can then be taken
    away from an owner that was only paused. This lock ends with its owner, never before. Who gets it cuts off the part
    of a line that a killed writer left: with the lock held nobody else can be writing it.
    """

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._file: int | None = None

    def acquire(self) -> bool:
        import fcntl

        opened = os.open(f"{self._journal}.lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX)
            self._cut_torn_line()
        except BaseException:
            os.close(opened)
            raise
        self._file = opened
        return True

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _cut_torn_line(self) -> None:
        with self._journal.open("r+b") as file:
            size = end = file.seek(0, os.SEEK_END)
            while end:
                start = max(0, end - 4096)
                file.seek(start)
                newline = file.read(end - start).rfind(b"\n")
                if newline >= 0:
                    end = start + newline + 1
                    break
                end = start
            if end < size:
                file.truncate(end)
