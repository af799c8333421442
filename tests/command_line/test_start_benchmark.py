"""`navale bench start`: what counts as cold, warm and equal, with real processes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from benchmarks import first_result
from benchmarks.first_result import First
from benchmarks.run import NAMES
from indicators.compiler import cache_folder

EMPTY_RUN = """
from indicators import Sma
print(Sma(period=2).run({"close": [1.0, 2.0, 4.0]}))
"""


def test_it_is_a_benchmark():
    assert NAMES["start"][0] == "first_result"


def test_a_second_process_loads_what_the_first_compiled(tmp_path: Path):
    cold, warm = (first_result.first(EMPTY_RUN, tmp_path) for _ in range(2))
    assert (cold.compiled, warm.compiled) == (1, 0)
    assert cold.printed == warm.printed == "[nan 1.5 3. ]\n"
    assert cold.wall > 0.0 and cold.cpu > 0.0


def test_the_script_and_the_command_give_the_same_figures():
    """On the kernels of the whole suite: the programs that users start."""
    script, command = (
        first_result.first(first_result.WAYS[way], cache_folder()) for way in ("script", "navale backtest")
    )
    sharpe, equity, fills = map(float, script.printed.split())
    told = json.loads(command.printed)
    assert (told["metrics"]["sharpe"], told["final_equity"], told["fills"]) == pytest.approx((sharpe, equity, fills))
    assert json.loads(first_result.figures("navale backtest", command.printed)) == told["metrics"]
    assert first_result.figures("script", script.printed) == script.printed


def test_what_is_not_so_is_an_error(tmp_path: Path):
    cold, warm = First("1.0", 9.0, 9.0, 3), First("1.0", 2.0, 2.0, 0)
    assert first_result.check([cold], [warm, warm], ["1.0"] * 3) == {
        "kernels compiled by the cold process": 3,
        "processes with equal figures": 3,
    }
    with pytest.raises(AssertionError, match="empty kernel cache compiled nothing"):
        first_result.check([dataclasses.replace(cold, compiled=0)], [warm], ["1.0"])
    with pytest.raises(AssertionError, match="on disk compiled"):
        first_result.check([cold], [dataclasses.replace(warm, compiled=1)], ["1.0"])
    with pytest.raises(AssertionError, match="differ"):
        first_result.check([cold], [warm], ["1.0", "2.0"])
    with pytest.raises(ChildProcessError, match="code 3"):
        first_result.first("import sys; sys.exit(3)", tmp_path)
