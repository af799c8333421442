"""SQLite files that readers and a writer use at the same time."""

from __future__ import annotations

import sqlite3
import time

PAUSE = 0.01  # seconds between two attempts


def write_ahead(connection: sqlite3.Connection, wait: float) -> None:
    """Put the file into write-ahead logging, which it keeps.

    The change needs the file to itself, and SQLite answers "locked" at once, whatever its timeout, when two
    connections ask for it together. So it is asked for again, for at most `wait` seconds; then
    sqlite3.OperationalError.
    """
    until = time.monotonic() + wait
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(PAUSE)
