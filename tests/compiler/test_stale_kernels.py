"""An edit of any helper or constant shows at once, in both engines, in a fresh process; an unchanged one is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

DEEP = """
from indicators.base import kernel

FACTOR = {factor}

@kernel
def threshold(value):
    return value * FACTOR
"""
MIDDLE = """
from deep import threshold
from indicators.base import kernel

@kernel
def level(value):
    return threshold(value) {more}
"""
STRATEGY = """
from middle import level
from strategies.base import Strategy, enter_long, hold, kernel, leave

class Steps(Strategy):
    \"\"\"Long for a bar after every close above a level.\"\"\"

    @kernel
    def decide(close, position):
        if position == 0.0 and close[-1] > level(100.0):
            return enter_long()
        return leave() if position > 0.0 else hold()
"""
RUN = """
import sys
sys.path.insert(0, {folder!r})
import numpy as np, pandas as pd
from feeds.bars import Bars
from feeds.instrument import Instrument
from optimize.backtest import backtest
from mine import Steps
close = 100.0 + np.arange(60.0) % 10
frame = pd.DataFrame({{name: close for name in ("open", "high", "low", "close")}},
                     index=pd.date_range("2024-01-01", periods=60, freq="h", tz="UTC").as_unit("ns"))
bars = Bars(frame, Instrument("X"), "test", pd.Timedelta("1h"), synthetic=True)
vector, event = (len(backtest(Steps(), bars, engine=engine).fills) for engine in ("vector", "event"))
print(vector, event)
"""


class Project:
    """A user's folder with a strategy that reads helpers two files away."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache = folder, folder / "kernels"
        self.write("deep.py", DEEP.format(factor=1.05))
        self.write("middle.py", MIDDLE.format(more=""))
        self.write("mine.py", STRATEGY)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def fills(self) -> tuple[int, int]:
        """Fills in the vector and the event engine, in a new process."""
        done = subprocess.run(
            [sys.executable, "-c", RUN.format(folder=str(self.folder))],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env=os.environ | {"NAVALE_CACHE": str(self.cache), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=300,
            check=True,
        )
        vector, event = done.stdout.split()
        return int(vector), int(event)

    def compiled(self) -> dict[str, float]:
        """Compiled files on disk and when they were written."""
        return {path.name: path.stat().st_mtime for path in self.cache.rglob("*.nb[ic]")}


def by_hand(threshold: float) -> int:
    """Fills of the rule on the sawtooth 100 … 109, worked bar by bar."""
    close = [100.0 + k % 10 for k in range(60)]
    position, queued, fills = 0, "", 0
    for price in close:
        if queued:
            position, fills = int(queued == "buy"), fills + 1
        queued = "sell" if position else "buy" if price > threshold else ""
    return fills + position


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_edits_show_at_once_in_both_engines(tmp_path: Path) -> None:
    project = Project(tmp_path)
    assert project.fills() == (by_hand(105.0),) * 2
    first = project.compiled()
    assert first
    assert project.fills() == (by_hand(105.0),) * 2
    assert project.compiled() == first, "an unchanged strategy was compiled again"
    project.write("deep.py", DEEP.format(factor=1.07))  # a constant two files away
    assert project.fills() == (by_hand(107.0),) * 2
    project.write("middle.py", MIDDLE.format(more="- 4.0"))  # the helper in between
    assert project.fills() == (by_hand(103.0),) * 2
    project.write("deep.py", DEEP.format(factor=1.05))
    project.write("middle.py", MIDDLE.format(more=""))  # back to the start: loaded again, not compiled
    before = project.compiled()
    assert project.fills() == (by_hand(105.0),) * 2
    assert project.compiled() == before
    assert len({by_hand(105.0), by_hand(107.0), by_hand(103.0)}) == 3
