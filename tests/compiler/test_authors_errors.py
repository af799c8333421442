"""What an author may not write is refused when the class is made, at the author's own line."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.errors import DefinitionError, NavaleError, ParameterError
from indicators.ema import Ema
from strategies.atr_trend import AtrTrend
from strategies.discovery import load_file

HEAD = """from math import isnan
import numpy as np
from strategies.base import *
from indicators.ema import Ema
from indicators.base import kernel

TABLE = [1, 2, 3]


class Mine(Strategy):
    fast = Int(10, 2, 50)
    ema = Ema(period=fast)
    window = 5

    @kernel
"""
FIRST = HEAD.count("\n") + 1


def make(folder: Path, body: str) -> type:
    path = folder / "mine.py"
    path.write_text(HEAD + "".join(f"    {line}\n" for line in body.splitlines()))
    return load_file(path).Mine


@pytest.mark.parametrize(("body", "line", "message"), [
    ("def decide(close):\n    return hold() if close[0] > 1 else leave()", 2, r"close\[0\] counts from the oldest bar"),
    ("def decide(close):\n    return hold() if close.mean() > 1 else leave()", 2, "'.mean' is not allowed"),
    ("def decide(close):\n    return hold() if np.mean(close) > 1 else leave()", 2, "np.mean is not allowed"),
    ("def decide(close):\n    x = close[-3:]\n    return hold()", 2, "slices are not allowed"),
    ("def decide(close):\n    return hold() if TABLE[-1] > 1 else leave()", 2, "reads 'TABLE'"),
    ("def decide(close):\n    return hold() if random() > 1 else leave()", 2, "reads 'random'"),
    ("def decide(close):\n    go = enter_long\n    return go(stop=1.0)", 2, "'enter_long' may only be called"),
    ("def decide(close):\n    return enter_long(*(0.0, 0.0, 0.0, 1.0))", 2, r"\* and \*\* are not allowed in a call"),
    ("def decide(close, emma):\n    return hold()", 1, "reads 'emma'.*did you mean 'ema'"),
    ("def decide(close):\n    if close[-1] > 1.0:\n        return enter_long(stop=1.0, target=2.0)\n    return hold()",
     3,
     "enter_long has no argument 'target'; did you mean 'target_"),
    ("def decide(close):\n    import os\n    return hold()", 2, "import inside a kernel"),
    ("def decide(close):\n    if close[-1] > 1.0:\n        return leave()", 2, "can end here without a `return`"),
    ("def decide(close):\n    hold()", 2, "can end here without a `return`"),
])  # fmt: skip
def test_what_a_kernel_may_not_do(tmp_path: Path, body: str, line: int, message: str) -> None:
    with pytest.raises(NavaleError, match=message) as caught:
        cls = make(tmp_path, body)
        from strategies.execution.drivers import decision_program

        decision_program(cls)
    assert f"mine.py:{FIRST + line - 1}" in str(caught.value)


@pytest.mark.slow
def test_a_compiler_error_is_shown_at_the_authors_line(tmp_path: Path) -> None:
    cls = make(
        tmp_path, "def decide(close, ema):\n    if close[-1] > 0.0:\n        y = close[-1] + isnan\n    return hold()"
    )
    import numpy as np

    from feeds.synthetic import martingale
    from optimize.backtest import backtest

    with pytest.raises(DefinitionError, match=f"mine.py:{FIRST + 2}"):
        backtest(cls(), martingale(bars=200, seed=1))
    assert np is not None


@pytest.mark.parametrize("engine", ["vector", "event"])
@pytest.mark.parametrize(("body", "message"), [
    ("def decide(close):\n    return leave() if 1.0 / (close[-1] - close[-1]) > 1.0 else hold()", "divides by zero"),
    ("def decide(close):\n    at = 0\n    for k in range(9):\n        at = k\n"
     "    return leave() if close[at] > 1.0 else hold()", "reads outside a window"),
])  # fmt: skip
def test_a_fault_of_the_kernel_is_told_in_every_engine(tmp_path: Path, engine: str, body: str, message: str) -> None:
    from feeds.synthetic import martingale
    from optimize.backtest import backtest

    with pytest.raises(DefinitionError, match=message):
        backtest(make(tmp_path, body)(), martingale(bars=200, seed=1), engine)


def test_typos_fail_with_a_suggestion() -> None:
    with pytest.raises(ParameterError, match="AtrTrend has no parameter 'trail'; did you mean 'trail_atr'"):
        AtrTrend(trail=3)
    with pytest.raises(ParameterError, match="did you mean 'period'"):
        Ema(perod=3)
    with pytest.raises(ParameterError, match="outside 1"):
        Ema(period=0)
    with pytest.raises(AttributeError, match="immutable"):
        Ema(period=3).period = 4  # type: ignore[misc]
