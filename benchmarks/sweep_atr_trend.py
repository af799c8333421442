"""AtrTrend with everything it has: nanoseconds per bar and parameter set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.machine import interleaved
from benchmarks.prices import BARS, hourly
from benchmarks.sweeping import Swept
from optimize.grid import Grid
from optimize.periods import periods_per_year
from strategies.atr_trend import AtrTrend

if TYPE_CHECKING:
    from feeds.bars import Bars

CEILING = 20.0
EVERYTHING = {
    "macd_filter": True, "volume_filter": True, "mtf_filter": True, "break_even": True, "best": "high",
    "time_stop": 200, "hv_limit": 3.0, "macd_k": 1.0, "rsi_low": 0.0, "rsi_high": 100.0, "adx_min": 10.0,
    "cooldown": 0,
}  # fmt: skip
"""Every filter and every exit on, with limits wide enough that it still trades."""


def swept(sets: int, bars: Bars, **changes: Any) -> Swept:
    """`sets` combinations around the reference profile."""
    profile = AtrTrend.profile("reference")
    axes = {"stop_atr": np.linspace(1.5, 4.5, 5), "trail_atr": np.linspace(3.0, 9.0, 10), "slow": (30, 40, 50, 70),
            "fast": (8, 12, 16, 20, 26)}  # fmt: skip
    fixed = {name: value for name, value in (profile.parameters | changes).items() if name not in axes}
    return Swept(Grid(AtrTrend, axes, fixed), bars, profile.account, periods_per_year(bars), sets)


def check(one: Swept, found: dict[str, np.ndarray]) -> dict[str, Any]:
    """Assert that set 0 of the sweep is what backtest tells in both engines: same ledger, same figures."""
    vector, event = (one.backtest(0, engine) for engine in ("vector", "event"))
    if not vector.ledger.equals(event.ledger) or not len(vector.fills):
        raise AssertionError(f"the ledgers of {vector.strategy!r} differ between the engines, or are empty")
    for name, values in found.items():
        told = vector.metrics[name]
        if not np.isclose(values[0], told, rtol=1e-9, atol=1e-12, equal_nan=True):
            raise AssertionError(f"{vector.strategy!r}: {name} is {values[0]} in the sweep, {told} in backtest")
    return {"ledger rows compared, both engines": len(vector.ledger), "figures compared": len(found)}


def run(sets: int = 200, bars: int = BARS, rounds: int = 9) -> dict[str, Any]:
    """Check, then time. Figures are CPU nanoseconds per bar and set, metrics included, indicators beforehand."""
    given = hourly(bars)
    both = {name: swept(sets, given, **changes)
            for name, changes in (("reference profile", {}), ("every filter and exit on", EVERYTHING))}  # fmt: skip
    equal: dict[str, Any] = {}
    notes = []
    for name, one in both.items():
        found = one.run()
        equal |= {f"{name}: {what}": value for what, value in check(one, found).items()}
        notes.append(f"{name}: {found['trades'].mean():.0f} trades per set, in a position on "
                     f"{found['exposure'].mean():.0%} of the bars")  # fmt: skip
    timed = interleaved({name: one.run for name, one in both.items()}, rounds)
    rows = {name: timing.per((both[name].last - both[name].first) * sets, 1e9) for name, timing in timed.items()}
    targets = [(f"at most {CEILING:.0f} ns ({name})", row["median"], row["median"] <= CEILING)
               for name, row in rows.items()]  # fmt: skip
    return {
        "title": f"AtrTrend, {bars:,} bars x {sets} sets, risk sizing, limits, partial targets, full metrics",
        "unit": "ns per bar and set", "rows": rows, "ratios": {}, "targets": targets, "equal": equal, "notes": notes,
    }  # fmt: skip
