"""`navale bench start`: what counts as cold, warm and equal, with real processes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from benchmarks import first_result
from benchmarks.first_result import First
from benchmarks.run import NAMES
from feeds import load
from indicators.compiler import cache_folder
from optimize import backtest
from strategies.atr_trend import AtrTrend

SMALL = """
import json
from indicators import Sma
print(json.dumps({"metrics": Sma(period=2).run({"close": [1.0, 2.0, 4.0]}).tolist()[1:]}))
"""


def test_it_is_a_benchmark():
    assert NAMES["start"][0] == "first_result"


def test_a_second_process_loads_what_the_first_compiled(tmp_path: Path):
    cold, warm = (first_result.first(SMALL, tmp_path) for _ in range(2))
    assert (cold.compiled, warm.compiled) == (1, 0)
    assert cold.metrics == warm.metrics == "[1.5, 3.0]"
    assert cold.wall > 0.0 and cold.cpu > 0.0


def test_the_script_and_the_command_give_the_metrics_of_backtest():
    """On the kernels of the whole suite: the programs that users start."""
    expected = dict(backtest(AtrTrend(), load("sample:spx")).metrics)
    for way in first_result.SINGLE:
        found = json.loads(first_result.first(first_result.WAYS[way], cache_folder()).metrics)
        assert found == pytest.approx(expected)


def test_what_is_not_so_is_an_error(tmp_path: Path):
    cold, warm = First("1.0", 9.0, 9.0, 3), First("1.0", 2.0, 2.0, 0)
    assert first_result.check([cold], [warm, warm]) == {
        "kernels compiled by the cold process": 3,
        "processes with equal metrics": 3,
    }
    with pytest.raises(AssertionError, match="empty kernel cache compiled nothing"):
        first_result.check([dataclasses.replace(cold, compiled=0)], [warm])
    with pytest.raises(AssertionError, match="on disk compiled"):
        first_result.check([cold], [dataclasses.replace(warm, compiled=1)])
    with pytest.raises(AssertionError, match="differ"):
        first_result.check([cold], [dataclasses.replace(warm, metrics="2.0")])
    with pytest.raises(ChildProcessError, match="code 3"):
        first_result.first("import sys; sys.exit(3)", tmp_path)
