"""EmaCrossTrail: us, vectorbt (Rust) and C, equal trades first, then nanoseconds per bar and parameter set."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.ema_cross import Native, Ours, quiet_end
from benchmarks.equality import common_trades, same_figures, same_trades, stopped_at_once
from benchmarks.machine import interleaved
from benchmarks.prices import BARS, hourly

FASTER_THAN_VECTORBT, TIMES_C = 15.0, 4.0


def check(ours: Ours, native: Native | None, peer: Any) -> dict[str, Any]:
    """Assert that all sides trade the same; returns what was compared. AssertionError names the first difference."""
    figures = ours.run()
    count = len(figures)
    trades = [ours.trades(j) for j in range(count)]
    last = ours.last - 1
    at_once = [int((stopped_at_once(rows) & (rows[:, 2] < last)).sum()) for rows in trades]
    clean = [j for j in range(count) if not at_once[j]]
    found: dict[str, Any] = {
        "sets": count,
        "trades": sum(map(len, trades)),
        "stopped on the entry bar": sum(at_once),
        "sets without such a stop": len(clean),
    }
    if native is not None:
        theirs = native.results()
        found["largest difference from C, figures"] = same_figures(figures, theirs[:, :3], "C", range(count))
        found["largest difference from C, trades"] = max(
            same_trades(trades[j], native.trades(j), "C", j) for j in range(count)
        )
        if [int(number) for number in theirs[:, 4]] != at_once:
            raise AssertionError("C counts other trades stopped on their entry bar")
    others = peer.trades()
    found["largest difference from vectorbt, figures"] = max(
        same_figures(figures, run(), "vectorbt", clean) for run in (peer.run, peer.run_functions)
    )
    found["largest difference from vectorbt, trades"] = max(
        (same_trades(trades[j], others[j], "vectorbt", j) for j in clean), default=0.0
    )
    pairs = [common_trades(trades[j], others[j]) for j in range(count) if at_once[j]]
    found["trades of the other sets that vectorbt has too"] = sum(same for same, _ in pairs)
    found["of these with another exit"] = sum(other for _, other in pairs)
    if found["of these with another exit"]:
        raise AssertionError(f"{found['of these with another exit']} common trades end differently in vectorbt")
    return found


def run(sets: int = 200, bars: int = BARS, rounds: int = 9) -> dict[str, Any]:
    """Check, then time. Figures are CPU nanoseconds per bar and set."""
    from benchmarks.ema_cross_vectorbt import Peer

    ours = Ours(sets, quiet_end(hourly(bars), sets))
    native, peer = Native.build(ours), Peer(ours)
    equal = check(ours, native, peer)
    functions: dict[str, Any] = {"ours": ours.run}
    if native is not None:
        functions["C"] = native.run
    functions |= {
        "vectorbt, fastest": peer.run_functions,
        "vectorbt, as written": peer.run,
        "vectorbt, no figures": peer.simulate,
    }
    timed = interleaved(functions, rounds)
    sets, bars = len(ours.swept), ours.last - ours.first
    rows = {name: timing.per(bars * sets, 1e9) for name, timing in timed.items()}
    mine = rows["ours"]["median"]
    ratios = {f"{name} / ours": rows[name]["median"] / mine for name in rows if name.startswith("vectorbt")}
    targets = [
        (
            "at least 15 times faster than vectorbt (its fastest way)",
            ratios["vectorbt, fastest / ours"],
            ratios["vectorbt, fastest / ours"] >= FASTER_THAN_VECTORBT,
        )
    ]
    if native is not None:
        ratios["ours / C"] = mine / rows["C"]["median"]
        targets.append(("at most 4 times the time of C", ratios["ours / C"], ratios["ours / C"] <= TIMES_C))
    notes = [] if native is not None else ["SKIPPED: C, there is no C compiler (cc, gcc or clang)"]
    busy = {name: float(np.median(np.array(timing.cpu) / np.array(timing.wall))) for name, timing in timed.items()}
    return {
        "title": f"EmaCrossTrail, {bars:,} bars x {sets} sets, with return, drawdown and Sharpe",
        "unit": "ns per bar and set",
        "rows": rows,
        "ratios": ratios,
        "targets": targets,
        "equal": equal,
        "cores used": busy,
        "notes": notes,
    }
