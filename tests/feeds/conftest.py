"""A venue and a store for tests of `navale fetch`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from venues.binance_candles import Candles
from venues.history_stage import Stage, staged


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(Candles(hours=200), tmp_path, monkeypatch) as found:
        yield found
