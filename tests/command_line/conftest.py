"""Runs command lines in this process, in an empty folder; and small files to run them on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from navale import main

TINY = '''"""A strategy for tests: two closes up buys, two closes down sells."""
from strategies import Float, Int, Profile, Strategy, enter_long, hold, kernel, leave


class Tiny(Strategy):
    """Long after a rise over `back` bars."""

    back = Int(2, 1, 5)
    least = Float(0.0, 0.0, 0.5)
    profiles = {"slow": Profile({"back": 4}, timeframe="2h")}

    @kernel
    def decide(close, position, back, least):
        rise = close[-1] / close[-1 - back] - 1.0
        if position == 0.0 and rise > least:
            return enter_long(stop=0.05 * close[-1])
        if position != 0.0 and rise < 0.0:
            return leave()
        return hold()

    window = 6
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def navale(folder: Path) -> Callable[..., Result]:
    """`navale("backtest", "AtrTrend", ...)`: exit_code, stdout and stderr of a command line."""

    def run(*words: object) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words])

    return run


@pytest.fixture
def tiny(folder: Path) -> str:
    """A strategy of the user's own in the working directory."""
    (folder / "tiny.py").write_text(TINY)
    return "tiny.py:Tiny"


@pytest.fixture
def hours(folder: Path) -> Path:
    """Sixty hourly bars of a zigzag in UTC, stamped at the open."""
    rows = ["time,open,high,low,close,volume"]
    for hour in range(60):
        price = 100 + [0, 1, 2, 3, 4, 3, 2, 1][hour % 8]
        stamp = f"2024-01-{1 + hour // 24:02}T{hour % 24:02}:00Z"
        rows.append(f"{stamp},{price},{price + 0.5},{price - 0.5},{price},10")
    path = folder / "zigzag.csv"
    path.write_text("\n".join(rows) + "\n")
    return path
