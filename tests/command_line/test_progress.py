"""A person at a terminal sees what takes long; a pipe gets the result alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from repository.tree import ROOT

pty = pytest.importorskip("pty", reason="no terminals on this system")


def test_progress_goes_to_the_terminal_and_the_document_to_the_pipe(tiny, hours, folder):
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "navale", "backtest", tiny, "--data", str(hours), "--no-save", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm"}
    ran = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=follower, text=True)
    os.close(follower)
    seen = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # the other end was closed
            break
        if not chunk:
            break
        seen += chunk
    found, _ = ran.communicate(timeout=300)
    os.close(leader)
    assert ran.returncode == 0
    assert json.loads(found)["name"] == "Tiny"
    assert "vector engine" in seen.decode()
