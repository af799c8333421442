"""A real PostgreSQL server for the tests that need one, started on the loopback address and ended with the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def binaries() -> Path | None:
    """The folder with initdb and postgres; None where no server is installed."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if shutil.which("pg_config"):
        told = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
        places.insert(0, Path(told.stdout.strip()))
    if found := shutil.which("initdb"):
        places.append(Path(found).resolve().parent)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


def unprivileged(folder: Path) -> list[str]:
    """What to write before a command that works in the folder: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return []
    runuser = shutil.which("runuser")
    if runuser is None:
        pytest.skip("PostgreSQL refuses root, and there is no runuser to become somebody else")
    shutil.chown(folder, "nobody")
    return [runuser, "-u", "nobody", "--"]


@contextmanager
def server() -> Iterator[str]:
    """Address of an empty database on a server of its own, as postgresql://user:password@host:port/database."""
    place = binaries()
    if place is None:
        pytest.skip("no PostgreSQL server (Debian: apt install postgresql)")
    # Not in pytest's folder, which pytest closes to other users whenever it starts.
    with tempfile.TemporaryDirectory(prefix="navale-postgresql-") as name:
        folder = Path(name)
        become = unprivileged(folder)
        data, password = folder / "data", folder / "password"
        password.write_text("kept-secret")
        password.chmod(0o644)
        subprocess.run(
            [*become, place / "initdb", "-D", data, "-U", "navale", "-A", "scram-sha-256", "--pwfile", password, "-N",
             "--locale=C", "-E", "UTF8"],
            check=True, capture_output=True, cwd=folder,
        )  # fmt: skip
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        control = [*become, place / "pg_ctl", "-D", data, "-w", "-t", "120"]
        # pg_ctl returns when the server answers; its log goes to a file because the server would hold a pipe open.
        subprocess.run([*control, "-l", folder / "log", "-o", options, "start"], check=True, cwd=folder)
        try:
            yield f"postgresql://navale:kept-secret@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, cwd=folder, stdout=subprocess.DEVNULL)
