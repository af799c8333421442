"""The event engine: a declared strategy against one written by hand for backtrader, microseconds per bar."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np

from benchmarks.equality import TOLERANCE
from benchmarks.machine import interleaved
from benchmarks.plain_backtrader import SETTLED, run_declared, run_plain
from benchmarks.prices import BARS, hourly
from strategies.engines.feed import bars_feed

NO_SLOWER = 1.0


def check(ours: list[tuple[float, float, float]], theirs: list[tuple[float, float, float]]) -> dict[str, Any]:
    """Assert equal fills, but for the one that closes what the last bar leaves open: by hand nobody does that."""
    mine, other = np.array(ours), np.array(theirs)
    if len(mine) == len(other) + 1 and len(mine) % 2 == 0:
        mine = mine[:-1]
    for k in range(min(len(mine), len(other))):
        if not np.allclose(mine[k], other[k], rtol=TOLERANCE, atol=TOLERANCE):
            raise AssertionError(f"fill {k} (time, size, price): ours {ours[k]}, by hand {theirs[k]}")
    if len(mine) != len(other) or not len(mine):
        raise AssertionError(f"{len(mine)} fills of ours, {len(other)} by hand")
    return {"fills": len(mine), "largest difference, fills": float(np.abs(mine - other).max())}


def run(bars: int = BARS // 3, rounds: int = 21, settled: int = SETTLED) -> dict[str, Any]:
    """Check, then time whole runs of the same script, loading included. Figures are CPU microseconds per bar.

    Short runs, many rounds and each round's own ratio: a busy machine slows both sides of a round.
    """
    given = hourly(bars)

    def pandas_feed() -> bt.feed.DataBase:
        return bt.feeds.PandasData(dataname=given.frame)

    def our_feed() -> bt.feed.DataBase:
        return bars_feed(given)

    equal = check(run_declared(pandas_feed(), settled), run_plain(pandas_feed(), settled))
    check(run_declared(our_feed(), settled), run_plain(our_feed(), settled))
    timed = interleaved({
        "declared, our feed": lambda: run_declared(our_feed(), settled),
        "by hand, our feed": lambda: run_plain(our_feed(), settled),
        "declared, PandasData": lambda: run_declared(pandas_feed(), settled),
        "by hand, PandasData": lambda: run_plain(pandas_feed(), settled),
    }, rounds)  # fmt: skip
    rows = {name: timing.per(bars, 1e6) for name, timing in timed.items()}
    ratios = {f"declared / by hand, {feed}": timed[f"declared, {feed}"].over(timed[f"by hand, {feed}"])
              for feed in ("our feed", "PandasData")}  # fmt: skip
    targets = [(f"no slower than by hand ({name.partition(', ')[2]})", ratio, ratio <= NO_SLOWER)
               for name, ratio in ratios.items()]  # fmt: skip
    return {
        "title": f"Event engine, EMA cross with trailing stop, {bars:,} bars, backtrader's runonce mode",
        "unit": "us per bar", "rows": rows, "ratios": ratios, "targets": targets, "equal": equal,
        "notes": ["PandasData alone costs most of its rows: both sides pay it."],
    }  # fmt: skip
