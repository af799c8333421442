"""The properties of a strategy, one function each: it returns what it ran or raises CheckFailed."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd

from feeds.bars import Bars
from feeds.errors import ParameterError
from indicators.engines.batch import arrays
from optimize.conformance.check import CheckFailed
from optimize.conformance.strategy_subject import (
    ACCOUNT,
    StrategySubject,
    require_ledger,
    several,
    takes_prices,
    with_frame,
)
from strategies.engines import event, vector
from strategies.engines.window import make_window

LEAST_FILLS = 10
CUTS = 4
LEAK = 0.3


def trades(s: StrategySubject) -> str:
    """It trades at all, so that the other checks are not vacuous."""
    fills = int((s.result.rows["reason"] < 20).sum())
    if fills < LEAST_FILLS:
        raise CheckFailed(
            f"{fills} fills on {sum(map(len, s.bars.values()))} bars, {LEAST_FILLS} are needed for the other checks "
            "to mean anything; declare bars that make it trade: verify_bars (docs/tutorial.md, section 7)"
        )
    return f"{fills} fills"


def engines(s: StrategySubject) -> str:
    """Same ledger in the vector engine and in every mode of backtrader, on one symbol and on several."""
    modes = ["runonce", "next"] + ([] if (s.window.rows < 0).any() else ["exactbars"])
    for mode in modes:
        require_ledger(event.run(s.strategy, s.window, ACCOUNT, mode).rows, s.result.rows, f"backtrader {mode}")
    if s.declared is not None:
        return f"{len(modes)} modes of backtrader"
    more = several(s.strategy)
    for mode in ("runonce", "next"):
        require_ledger(
            event.run(s.strategy, more.window, ACCOUNT, mode).rows, more.result.rows, f"three symbols, {mode}"
        )
    return f"{len(modes)} modes of backtrader; three symbols with missing bars in 2 modes, {len(more.result.rows)} rows"


def resumed(s: StrategySubject) -> str:
    """Stopping at any stamp and going on from the saved records changes nothing."""
    rng = np.random.default_rng(7)
    for count in (1, 2, 7):
        places = rng.choice(np.arange(s.window.first + 1, s.window.last), size=count, replace=False)
        found = vector.run(s.strategy, s.window, ACCOUNT, cuts=sorted(map(int, places)))
        require_ledger(found.rows, s.result.rows, f"resumed at stamps {sorted(map(int, places))}")
        if not np.array_equal(found.account, s.result.account):
            raise CheckFailed(f"resumed at stamps {sorted(map(int, places))}: the account ends differently")
    return "10 cuts"


def causal(s: StrategySubject) -> str:
    """Ledger rows up to a bar stay as they are when later bars are cut off, NaN or noise."""
    rng = np.random.default_rng(3)
    stamps = s.window.stamps
    cuts = sorted(int(cut) for cut in rng.integers(s.window.first + 1, s.window.last - 2, CUTS))
    for cut in cuts:
        expected = s.result.rows[s.result.rows["stamp"] <= cut]
        for what in ("cut off", "NaN", "noise"):
            bars = {symbol: _after(one, stamps[cut], what, rng) for symbol, one in s.bars.items()}
            found = vector.run(s.strategy, make_window(s.strategy, bars), s.account, checked=True).rows
            found = found[(found["stamp"] <= cut) & ~((found["reason"] == 13) & (what == "cut off"))]
            wanted = expected[~((expected["reason"] == 13) & (what == "cut off"))]
            require_ledger(found, wanted, f"bars after {stamps[cut]} {what}: the past changed")
    return f"{len(cuts)} cuts, bars after each cut off, NaN and noise"


def _after(bars: Bars, stamp: pd.Timestamp, what: str, rng: np.random.Generator) -> Bars:
    frame = bars.frame
    later = frame.index > stamp
    if what == "cut off":
        return with_frame(bars, frame[~later])
    frame = frame.copy()
    shape = (int(later.sum()), frame.shape[1])
    if what == "NaN":
        frame.loc[later] = np.full(shape, np.nan)
        return with_frame(bars, frame)
    noise = np.exp(rng.normal(4.0, 0.5, shape))
    prices = [list(frame.columns).index(name) for name in ("open", "high", "low", "close")]
    noise[:, prices[1]] = noise[:, prices].max(axis=1)
    noise[:, prices[2]] = noise[:, prices].min(axis=1)
    frame.loc[later] = noise
    return with_frame(bars, frame)


def bounds_checked(s: StrategySubject) -> str:
    """With bounds checks on, no window is read past its ends, and the ledger is the same."""
    found = vector.run(s.strategy, s.window, s.account, checked=True)
    require_ledger(found.rows, s.result.rows, "with bounds checks")
    return f"{len(found.rows)} rows"


def joined_columns(s: StrategySubject) -> str:
    """No joined column knows the future: rebuilt on another future, else compared with later prices."""
    if s.declared is not None and takes_prices(s.declared):
        return _rebuilt(s)
    checked = 0
    for bars in s.bars.values():
        for name in s.strategy.columns():
            if name in bars.columns and name not in ("open", "high", "low", "close", "volume"):
                _require_ignorant(bars, name)
                checked += 1
    return f"{checked} columns" if checked else "reads no joined column"


def _rebuilt(s: StrategySubject) -> str:
    rng = np.random.default_rng(13)
    whole = next(iter(s.bars.values()))
    prices = whole.frame[[name for name in ("open", "high", "low", "close", "volume") if name in whole.columns]]
    cut = len(prices) * 2 // 3
    changed = _after(with_frame(whole, prices), prices.index[cut], "noise", rng)
    again = s.declared(changed)
    for name in s.strategy.columns():
        if name in whole.columns:
            ours, theirs = again.column(name)[: cut + 1], whole.column(name)[: cut + 1]
            if not np.array_equal(ours, theirs, equal_nan=True):
                bar = int(np.argmin((ours == theirs) | (np.isnan(ours) & np.isnan(theirs))))
                raise CheckFailed(
                    f"column {name!r} on bar {bar} changes when only bars after {cut} change: it knows the future"
                )
    return "columns rebuilt from bars with another future"


def _require_ignorant(bars: Bars, name: str) -> None:
    values = np.asarray(bars.column(name))
    close = np.asarray(bars.column("close"))
    for price in ("open", "high", "low", "close"):
        later = np.asarray(bars.column(price))
        for ahead in range(1, 6):
            same = np.mean(values[:-ahead] == later[ahead:])
            if same > 0.5:
                raise CheckFailed(
                    f"column {name!r} is the {price} of {ahead} bar(s) later on {same:.0%} of the bars: it knows the "
                    "future; join it with bars.join(..., on='available_at')"
                )
    moves = np.diff(np.log(close))
    for what, series in (("", values[:-1]), ("the change of ", np.diff(values, prepend=np.nan)[:-1])):
        known = np.isfinite(series) & np.isfinite(moves)
        if known.sum() < 100 or np.ptp(series[known]) == 0:
            continue
        relation = pd.Series(series[known]).rank().corr(pd.Series(moves[known]).rank())
        if abs(relation) > LEAK:
            raise CheckFailed(
                f"{what}column {name!r} correlates {relation:+.2f} with the return of the next bar: it seems to know "
                "the future; join it with bars.join(..., on='available_at')"
            )


def warm_up(s: StrategySubject) -> str:
    """The first decision falls on bar `warmup - 1`: there, and not before, every indicator it reads has a value."""
    for part in s.strategy.parts:
        for bars in s.bars.values():
            columns = {name: bars.column(name) for name in part.columns()}
            for values in arrays(part, columns):
                if len(values) >= s.strategy.warmup and np.isnan(values[s.strategy.warmup - 1]):
                    raise CheckFailed(f"{part!r} has no value on bar {s.strategy.warmup - 1}, where decisions begin")
    early = s.result.rows["stamp"] < s.window.first
    if early.any():
        raise CheckFailed(f"{int(early.sum())} ledger rows before the window")
    return f"first decision on bar {s.strategy.warmup - 1}"


def parameter_bounds(s: StrategySubject) -> str:
    """Every bound of every parameter runs, the others at their defaults, save combinations that `valid` rules out."""
    ran = skipped = 0
    for name, parameter in s.strategy.declared.items():
        for edge in parameter.edges():
            try:
                strategy = s.strategy.replace(**{name: edge})
            except ParameterError:
                skipped += 1
                continue
            if set(strategy.columns()) - set(s.strategy.columns()) and s.declared is not None:
                skipped += 1
                continue
            bars = s.bars if s.declared is not None else {"KIT": _kit(strategy, len(next(iter(s.bars.values()))))}
            vector.run(strategy, make_window(strategy, bars), ACCOUNT, levels=False)
            ran += 1
    return f"{ran} bounds, {skipped} combinations ruled out"


def _kit(strategy: Any, size: int) -> Bars:
    from optimize.conformance.bars import PRICES, kit_bars

    return kit_bars([name for name in strategy.columns() if name not in PRICES], max(size, 2 * strategy.warmup))


def unused_indicator(s: StrategySubject) -> str:
    """An indicator that is declared but not read changes nothing."""
    from indicators.sma import Sma

    richer = type(
        type(s.strategy).__name__, (type(s.strategy),), {"never_read": Sma(period=400), "__module__": __name__}
    )
    found = vector.run(richer(**s.strategy.parameters), make_window(richer(**s.strategy.parameters), s.bars), ACCOUNT)
    require_ledger(found.rows, s.result.rows, "with an indicator that is not read")
    return "one more indicator"


def values_and_copies(s: StrategySubject) -> str:
    """Instances are immutable, equal by value, and survive repr and copying."""
    strategy = s.strategy
    if copy.deepcopy(strategy) != strategy or type(strategy)(**strategy.parameters) != strategy:
        raise CheckFailed("a copy with the same parameters is not equal")
    if eval(repr(strategy), {type(strategy).__name__: type(strategy)}) != strategy:  # noqa: S307 - our own repr
        raise CheckFailed(f"repr is not code that gives the same strategy: {strategy!r}")
    try:
        strategy.parameters = {}
    except AttributeError:
        return "repr, copies, equality"
    raise CheckFailed("the instance can be changed")
