"""Nested walk-forward: choose on the past, freeze, touch the next window once, go on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.bars import Bars
from feeds.errors import ConfigError
from optimize.backtest import backtest, check_bars
from optimize.code_digest import code_digest, declarations
from optimize.periods import periods_per_year
from optimize.walkforward.choosing import TrainWindow
from optimize.walkforward.folds import windows
from optimize.walkforward.result import Choice, Fold, WalkForward
from optimize.walkforward.settings import Settings
from optimize.walkforward.space import SearchSpace
from strategies.base import Strategy

if TYPE_CHECKING:
    from strategies.execution.account import Account

Progress = Callable[[int, int], None]


def walk_forward(
    strategy: type[Strategy],
    bars: Bars,
    *,
    space: Mapping[str, Any] | None = None,
    fixed: Mapping[str, Any] | None = None,
    start: Any = None,
    end: Any = None,
    account: Account | None = None,
    storage: str | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> WalkForward:
    """Optimize `strategy` as it would have been done at the time, and record what came of it.

    Per fold: parameter sets are tried on the train window only, judged on its purged blocks; the best is frozen and run
    once on the test window, which begins flat after its warm-up. Purge (longest holding time seen, at most a tenth of
    the train window) and embargo keep a distance between both. The candidate is what the same procedure chooses on the
    last full train window.

    space: ranges of the searched parameters, (low, high) or a list of values; None: those the class names in `search`.
    fixed: other parameters. start, end: first and last bar used. account, trials, folds, scheme, sampler, seed, ...:
    optimize.walkforward.settings.Settings. storage: where trials are kept, a file or a PostgreSQL URL; a search that
    was interrupted goes on there, and several processes share it. None: in memory. progress: called with (trials done,
    of how many). The same seed and one process give the same result bit for bit.

    Raises DataError for too few bars, ConfigError and ParameterError for wrong settings.
    """
    from optimize.walkforward.storage import open_storage

    began = time.perf_counter()
    if not (isinstance(strategy, type) and issubclass(strategy, Strategy)):
        raise ConfigError(f"walk_forward needs a strategy class such as AtrTrend, not {strategy!r}")
    if not isinstance(bars, Bars):
        raise ConfigError(f"walk_forward takes the Bars of one symbol, not {type(bars).__name__}")
    check_bars(bars)
    if start is not None or end is not None:
        bars = bars.window(start, end)
    plan = Settings.of(**settings, **({} if account is None else {"account": account}))
    searched = SearchSpace(strategy, space, fixed)
    periods = periods_per_year(bars)
    parts, last_train = windows(len(bars), plan)
    opened = open_storage(storage)
    report = _report(progress, plan.trials * (len(parts) + 1))
    folds = []
    for k, part in enumerate(parts):
        choice = _choose(searched, bars, part.train, plan, periods, opened, k, True, report)
        folds.append(_test(strategy, bars, part.test, choice, plan, k))
    candidate = _choose(searched, bars, last_train, plan, periods, opened, len(parts), False, report)
    seconds = time.perf_counter() - began
    return WalkForward(strategy, bars, plan, searched, tuple(folds), candidate, periods, seconds)


def _choose(
    space: SearchSpace, bars: Bars, train: tuple[int, int], plan: Settings, periods: float, storage: Any, number: int,
    gap: bool, report: Callable[[int, int], None],
) -> Choice:  # fmt: skip
    from optimize.walkforward.study import finished, open_study, run_trials

    seed = int(np.random.SeedSequence([plan.seed, number]).generate_state(1)[0])
    known = bars.window(end=bars.times[train[1] - 1])
    window = TrainWindow(space, known, train[0], plan, periods, gap, seed)
    attributes = _identity(space, known, window, plan, seed)
    study = open_study(
        storage, f"{space.cls.__name__}-{_digest(attributes)}", sampler=plan.sampler, seed=seed,
        directions=["maximize"] * len(plan.objectives), attributes=attributes,
    )  # fmt: skip
    run_trials(study, plan.trials, window.evaluate, progress=lambda done, total: report(number * total + done, total))
    return window.choice(finished(study)[: plan.trials])


def _test(cls: type[Strategy], bars: Bars, test: tuple[int, int], choice: Choice, plan: Settings, number: int) -> Fold:
    times = bars.times[test[0] : test[1]]
    if choice.parameters is None:
        return Fold(number, choice, times, None)
    run = backtest(cls(**choice.parameters), bars, "vector", times[0], times[-1], plan.account)
    return Fold(number, choice, times, run)


def _identity(space: SearchSpace, bars: Bars, window: TrainWindow, plan: Settings, seed: int) -> dict[str, Any]:
    """What a study's trials depend on."""
    settings = plan.to_json()
    for name in ("trials", "seed"):
        settings.pop(name)
    return {
        "strategy": space.cls.__name__, "code": code_digest(space.cls), "declarations": declarations(space.cls),
        "space": space.describe(), "data": bars.fingerprint, "terms": repr(bars.instrument),
        "timeframe": bars.timeframe.value, "window": [window.first, window.last], "seed": seed, **settings,
    }  # fmt: skip


def _digest(attributes: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(attributes, sort_keys=True).encode()).hexdigest()[:12]


def _report(progress: Progress | None, total: int) -> Callable[[int, int], None]:
    return (lambda done, _: progress(done, total)) if progress else (lambda done, _: None)
