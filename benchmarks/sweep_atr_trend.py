"""AtrTrend with everything it has: nanoseconds per bar and parameter set."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from benchmarks.machine import interleaved
from benchmarks.prices import BARS, hourly
from benchmarks.sweeping import Prepared
from optimize.backtest import backtest
from strategies.atr_trend import AtrTrend

CEILING = 20.0
EVERYTHING = {
    "macd_filter": True, "volume_filter": True, "mtf_filter": True, "break_even": True, "best": "high",
    "time_stop": 200, "hv_limit": 3.0, "macd_k": 1.0, "rsi_low": 0.0, "rsi_high": 100.0, "adx_min": 10.0,
    "cooldown": 0,
}  # fmt: skip
"""Every filter and every exit on, with limits wide enough that it still trades."""


def grid(sets: int, **changes: Any) -> list[AtrTrend]:
    """`sets` parameter sets around the reference profile."""
    given = dict(AtrTrend.profile("reference").parameters) | changes
    axes = itertools.product((8, 12, 16, 20, 26), (30, 40, 50, 70), np.linspace(1.5, 4.5, 5), np.linspace(3.0, 9.0, 10))
    found = (given | {"fast": fast, "slow": slow, "stop_atr": float(stop), "trail_atr": float(trail)}
             for fast, slow, stop, trail in axes)  # fmt: skip
    return [AtrTrend(**one) for one in itertools.islice(found, sets)]


def check(prepared: Prepared, records: np.ndarray, bars: Any) -> dict[str, Any]:
    """Assert that set 0 of the sweep is what backtest tells in both engines: same ledger, same money."""
    strategy, account = prepared.strategies[0], prepared.account
    vector, event = (backtest(strategy, bars, engine, start=bars.times[prepared.first], account=account)
                     for engine in ("vector", "event"))  # fmt: skip
    if not vector.ledger.equals(event.ledger) or not len(vector.fills):
        raise AssertionError(f"the ledgers of {strategy!r} differ between the engines, or are empty")
    if len(prepared.ledger(0)) != len(vector.ledger) or records["equity"][0] != vector.equity.iloc[-1]:
        raise AssertionError(
            f"the sweep ends {strategy!r} at {records['equity'][0]}, backtest at {vector.equity.iloc[-1]}"
        )
    return {"ledger rows compared, both engines": len(vector.ledger)}


def run(sets: int = 200, bars: int = BARS, rounds: int = 9) -> dict[str, Any]:
    """Check, then time. Figures are CPU nanoseconds per bar and set, metrics included, indicators beforehand."""
    given = hourly(bars)
    account = AtrTrend.profile("reference").account
    prepared = {name: Prepared(grid(sets, **changes), given, account)
                for name, changes in (("reference profile", {}), ("every filter and exit on", EVERYTHING))}  # fmt: skip
    equal: dict[str, Any] = {}
    notes = []
    for name, one in prepared.items():
        records = one.run()
        equal |= {f"{name}: {what}": value for what, value in check(one, records, given).items()}
        notes.append(f"{name}: {records['trades'].mean():.0f} trades per set, in a position on "
                     f"{records['exposed'].mean() / (one.last - one.first):.0%} of the bars")  # fmt: skip
    timed = interleaved({name: one.run for name, one in prepared.items()}, rounds)
    rows = {
        name: timing.per((prepared[name].last - prepared[name].first) * sets, 1e9) for name, timing in timed.items()
    }
    targets = [(f"at most {CEILING:.0f} ns ({name})", row["median"], row["median"] <= CEILING)
               for name, row in rows.items()]  # fmt: skip
    return {
        "title": f"AtrTrend, {bars:,} bars x {sets} sets, risk sizing, limits, partial targets, full metrics",
        "unit": "ns per bar and set", "rows": rows, "ratios": {}, "targets": targets, "equal": equal, "notes": notes,
    }  # fmt: skip
