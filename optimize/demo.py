"""`navale demo`: the main job, once around, on real prices that come along. Read it to see how the parts fit."""

from __future__ import annotations

from pathlib import Path

from feeds.loading import load
from optimize import printing
from optimize.backtest import backtest
from optimize.benchmark import benchmark_curve, verdict
from optimize.parity import parity
from strategies.atr_trend import AtrTrend


def demo(root: str | Path = "runs") -> int:
    """Load, backtest in both engines, compare, write the tearsheet, judge. ParityError when the engines differ."""
    profile = AtrTrend.profile("reference")
    strategy = AtrTrend(**profile.parameters)
    with printing.progress(4) as step:
        step("reading the S&P 500")
        bars = load("sample:spx")
        step("compiled engine (the first run compiles the strategy)")
        run = backtest(strategy, bars, "vector", account=profile.account)
        step("backtrader's event loop")
        engines = parity(run, backtest(strategy, bars, "event", account=profile.account))
        step("writing the run and its tearsheet")
        folder = run.save(root, tearsheet=True)

    print(run.summary())
    print("account:", printing.account_line(run.account, bars.instrument.currency))
    print("engines:", engines)
    print("benchmark:", verdict(run, benchmark_curve(run))[1])
    print("One configuration on one index, nothing optimised: this shows the machinery, not an edge.")
    print(f"saved: {folder}\ntearsheet: {folder / 'tearsheet.html'}")
    engines.require()
    return 0
