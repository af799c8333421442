"""What runs is what Python holds now: constants set anew, and files edited after they were imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.synthetic import martingale
from optimize.backtest import backtest
from strategies.discovery import load_file

TEXT = """from strategies.base import *

LIMIT = 0.0


class Mine(Strategy):
    @kernel
    def decide(close, position):
        return enter_long() if position == 0.0 and close[-1] > LIMIT else hold()
"""


@pytest.mark.parametrize("engine", ["vector", "event"])
def test_a_constant_set_anew_counts_at_once(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "mine_constant.py"
    path.write_text(TEXT)
    module, bars = load_file(path), martingale(bars=50, seed=1)
    assert len(backtest(module.Mine(), bars, engine=engine).fills) == 2
    module.LIMIT = 1e9
    assert len(backtest(module.Mine(), bars, engine=engine).fills) == 0


def test_an_edited_file_counts_when_it_is_imported_again(tmp_path: Path) -> None:
    path = tmp_path / "mine_edited.py"
    path.write_text(TEXT)
    module, bars = load_file(path), martingale(bars=50, seed=1)
    path.write_text("# one more line\n" + TEXT.replace("> LIMIT", "< LIMIT"))
    assert len(backtest(module.Mine(), bars).fills) == 2
