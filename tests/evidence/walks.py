"""Walk-forwards put together by hand: a small strategy, choices as given, test windows by `backtest`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from feeds.bars import Bars
from feeds.instrument import Instrument
from indicators.sma import Sma
from optimize.backtest import backtest
from optimize.periods import periods_per_year
from optimize.sweep_figures import FIGURES
from optimize.walkforward.result import Choice, Fold, WalkForward
from optimize.walkforward.settings import Settings
from optimize.walkforward.space import SearchSpace
from optimize.walkforward.trial_engine import TrialEngine
from strategies.base import Float, Int, Strategy, Switch, enter_long, hold, kernel, leave
from strategies.execution.account import Account, Costs, Sizing

ACCOUNT = Account(cash=1000.0, costs=Costs(fee=0.001, slippage_bps=5.0), sizing=Sizing.fraction(0.9))
SPACE = {"period": (2, 42), "band": (0.0, 0.04), "unread": (0.0, 1.0), "fade": [False, True]}


class AboveMean(Strategy):
    """Long while the close is above (fade: below) its mean by more than a band."""

    period, band, unread, fade = Int(10, 2, 60), Float(0.0, 0.0, 0.1), Float(0.5, 0.0, 1.0), Switch(False)
    mean = Sma(period=period)

    def valid(self) -> bool:
        """no band beyond 0.035"""
        return self.band <= 0.035

    @kernel
    def decide(close, mean, position, period, band, unread, fade):
        edge = close[-1] / mean[-1] - 1.0
        if fade == 1:
            edge = -edge
        if position == 0.0 and edge > band:
            return enter_long()
        if position != 0.0 and edge < 0.0:
            return leave()
        return hold()


def waves(count=1200, seed=0, step="4h", size=0.03, noise=0.004, **more) -> Bars:
    """Prices that swing around 100, with noise; opens differ from the closes before."""
    random = np.random.default_rng(seed)
    closes = 100 * np.exp(size * np.sin(np.arange(count) / 9) + np.cumsum(random.normal(0, noise, count)))
    opens = np.concatenate((closes[:1], closes[:-1])) * np.exp(random.normal(0, noise / 4, count))
    stamps = pd.date_range("2020-01-01", periods=count, freq=step, tz="UTC", unit="ns", name="time")
    high, low = np.maximum(opens, closes) * 1.002, np.minimum(opens, closes) / 1.002
    table = pd.DataFrame({"open": opens, "high": high, "low": low, "close": closes, "volume": 1.0}, index=stamps)
    return Bars(table, Instrument("WAVE"), "by hand", pd.Timedelta(step), **more)


def choice(bars, space, window, values, trials=(), account=ACCOUNT) -> Choice:
    """A choice of `values` (None: no choice) on bars first … last - 1, and trials of other sets."""
    engine = TrialEngine(space.cls, bars, account, periods_per_year(bars))

    def figures(given):
        found = engine.figures(space.strategy(given), [window])
        return {name: float(found[name][0]) for name in FIGURES}

    sets = [*trials] + ([] if values is None else [values])
    rows = [{"number": k, "state": "complete", "score": 0.0, **one, **figures(one)} for k, one in enumerate(sets)]
    table = pd.DataFrame(rows, columns=["number", "state", "score", *space.axes, *FIGURES])
    first, last = bars.times[window[0]], bars.times[window[1] - 1]
    if values is None:
        return Choice(first, last, 0, 0, None, None, float("nan"), {}, table)
    chosen = dict(space.strategy(values).parameters)
    return Choice(first, last, 0, 0, chosen, len(rows) - 1, 1.0, figures(values), table)


def values(period=10, band=0.0, unread=0.5, fade=False):
    return {"period": period, "band": band, "unread": unread, "fade": fade}


def many(count=12, seed=3):
    random = np.random.default_rng(seed)
    return [
        values(int(random.integers(2, 43)), float(random.uniform(0, 0.03)), float(random.uniform()), bool(k % 2))
        for k in range(count)
    ]


CHOSEN, CANDIDATE = (values(8), values(10), values(12, 0.01)), values(11)


def walk(bars=None, chosen=CHOSEN, candidate=CANDIDATE, trials=None, first=400, account=ACCOUNT) -> WalkForward:
    """Anchored folds of equal length after bar `first`, one per element of `chosen` (None: no choice)."""
    bars = waves() if bars is None else bars
    space = SearchSpace(AboveMean, SPACE)
    trials = many() if trials is None else trials
    edges = np.linspace(first, len(bars), len(chosen) + 1).astype(int)
    folds = []
    for k, own in enumerate(chosen):
        made = choice(bars, space, (60, int(edges[k])), own, trials, account)
        times = bars.times[edges[k] : edges[k + 1]]
        run = None
        if own is not None:
            run = backtest(space.strategy(own), bars, start=times[0], end=times[-1], account=account)
        folds.append(Fold(k, made, times, run))
    last = choice(bars, space, (60, len(bars)), candidate, trials, account)
    settings = Settings(folds=max(2, len(chosen)), trials=max(2, len(trials)), account=account)
    return WalkForward(AboveMean, bars, settings, space, tuple(folds), last, periods_per_year(bars), 1.0)
