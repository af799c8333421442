"""`navale demo`: the main job, once around, on data that come along. Read it to see how the parts fit."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.loading import load
from feeds.synthetic import planted_edge
from optimize import printing
from optimize.backtest import backtest
from optimize.benchmark import benchmark_curve, verdict
from optimize.command_line import user_name
from optimize.gates.gates import load_gates
from optimize.parity import parity
from optimize.registry.promotion import promote
from optimize.registry.store import Registry
from optimize.sweep import sweep
from optimize.walkforward.command_line import tell
from optimize.walkforward.concluding import Outcome, conclude
from optimize.walkforward.procedure import walk_forward
from strategies.atr_trend import AtrTrend

if TYPE_CHECKING:
    from feeds.bars import Bars

GRID = {"fast": range(5, 60, 5), "slow": range(20, 250, 20), "stop_atr": [1.5, 2.5, 3.5, 4.5], "trail_atr": [3.0, 6.0]}
TRIALS = 100
REFERENCE = AtrTrend.profile("reference")


def demo(root: str | Path = "runs") -> int:
    """Backtest in both engines, sweep, walk forward and judge, promote. ParityError when the engines differ."""
    home = Path(root)
    bars = load("sample:spx")
    _backtest(bars, home)
    _sweep(bars)
    real = _walk(bars, home, "walk-forward on the S&P 500", "navale demo, real prices")
    print("That is the procedure's true record on these prices. Nothing is promoted that does not pass every gate.")
    made = planted_edge(bars=12_000, seed=1, timeframe="4h", edge=0.003)
    planted = _walk(made, home, "walk-forward on SYNTHETIC prices with a planted drift", "navale demo, planted edge")
    _promote(planted, home)
    print(f"reports: {real.report}\n         {planted.report}")
    print(f"records: navale configs --registry {_registry(home)}")
    return 0


def _backtest(bars: Bars, home: Path) -> None:
    strategy = AtrTrend(**REFERENCE.parameters)
    with printing.progress(3) as step:
        step("compiled engine (the first run compiles the strategy)")
        run = backtest(strategy, bars, "vector", account=REFERENCE.account)
        step("backtrader's event loop")
        engines = parity(run, backtest(strategy, bars, "event", account=REFERENCE.account))
        step("writing the run and its tearsheet")
        folder = run.save(home, tearsheet=True)
    _title("one configuration, both engines")
    print(run.summary())
    print("account:", printing.account_line(run.account, bars.instrument.currency))
    print("engines:", engines)
    print("benchmark:", verdict(run, benchmark_curve(run))[1])
    print("One configuration on one index, nothing optimised: this shows the machinery, not an edge.")
    print(f"saved: {folder}\ntearsheet: {folder / 'tearsheet.html'}")
    engines.require()


def _sweep(bars: Bars) -> None:
    fixed = {name: value for name, value in REFERENCE.parameters.items() if name not in GRID}
    with printing.counted("combinations") as step:
        found = sweep(AtrTrend, bars, GRID, fixed=fixed, account=REFERENCE.account, progress=step)
    _title(f"sweep of {len(found):,} parameter sets")
    best = found.top(3, trades=30)
    names = [*GRID, "sharpe", "max_drawdown", "trades"]
    printing.table("", names, best[names].to_numpy(dtype=object).tolist())
    print("The best of many looks good by luck alone: a walk-forward asks what choosing like this would have earned.")


def _walk(bars: Bars, home: Path, title: str, why: str) -> Outcome:
    with printing.counted("trials") as step:
        walk = walk_forward(AtrTrend, bars, trials=TRIALS, folds=4, seed=1, account=REFERENCE.account, progress=step)
    with printing.counted("figures of the judgement") as step:
        outcome = conclude(
            walk, load_gates(), root=home.parent / "walks", registry=_registry(home), by=user_name(), why=why,
            now=datetime.datetime.now(datetime.UTC), progress=step, tearsheet=not bars.synthetic,
        )  # fmt: skip
    _title(title)
    tell(outcome)
    return outcome


def _promote(outcome: Outcome, home: Path) -> None:
    """The planted candidate to paper, one stage at a time; on synthetic data it can go no further."""
    _title("promotion of the planted candidate, labelled synthetic")
    assert outcome.record is not None
    with Registry(_registry(home)) as registry:
        for _ in range(2):
            event = promote(
                registry, outcome.record.id, by=user_name(), why="navale demo: a planted edge, not a market",
                now=datetime.datetime.now(datetime.UTC),
            )  # fmt: skip
            print(f"{outcome.record.id}: {event.from_stage} -> {event.to_stage}")


def _registry(home: Path) -> Path:
    return home.parent / "walks" / "demo-registry.db"


def _title(text: str) -> None:
    print(f"\n== {text} ==")
