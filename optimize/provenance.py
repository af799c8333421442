"""Where a result comes from: versions of the libraries, version and commit of the code."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from pathlib import Path
from typing import Any

LIBRARIES = ("numpy", "pandas", "numba", "backtrader", "vectorbt", "quantstats", "optuna", "exchange-calendars")


def library_versions() -> dict[str, str]:
    """Version of Python and of each library that takes part in results; "absent" when it is not installed."""
    return {"python": platform.python_version(), **{name: _version(name) for name in LIBRARIES}}


def navale_version() -> str:
    """Version of the installed package; "absent" when it is run without installation."""
    return _version("navale")


def git_state(folder: Path | None = None) -> dict[str, Any] | None:
    """Commit of the checkout that holds the code, and whether it was clean; None where there is no git checkout."""
    where = folder or Path(__file__).resolve().parent
    commit = _git(where, "rev-parse", "HEAD")
    changes = _git(where, "status", "--porcelain")
    return None if commit is None or changes is None else {"commit": commit, "clean": not changes}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _git(folder: Path, *command: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(folder), *command], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
