"""Which code and libraries make the figures of a sweep, beside what a class is compiled to."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path

FIGURE_CODE = (
    "optimize.grid", "optimize.parameter_sets", "optimize.periods", "optimize.sweep_engine", "optimize.sweep_figures",
    "optimize.sweep_threads", "feeds.sessions", "indicators.higher_timeframe", "indicators.engines.batch",
    "indicators.engines.higher_timeframe", "strategies.execution.prices", "strategies.execution.setup",
)  # fmt: skip
LIBRARIES = ("numpy", "pandas", "numba", "exchange-calendars")
"""Those whose results are in the figures; engines, reports and searches have no part in a sweep."""


def figure_code() -> dict[str, str]:
    """Hash of each file of FIGURE_CODE."""
    return {name: file_digest(name) for name in FIGURE_CODE}


def file_digest(module: str) -> str:
    """Start of the SHA-256 of a module's file."""
    path = Path(str(importlib.import_module(module).__file__))
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def figure_libraries() -> dict[str, str]:
    """Version of each of LIBRARIES."""
    from optimize.provenance import library_versions

    known = library_versions()
    return {name: known[name] for name in LIBRARIES}
