"""Shared by the tests of walk-forward."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from walkforward.postgres import server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Address of a PostgreSQL database; skips the test, visibly, where no server is installed."""
    with server() as address:
        yield address
