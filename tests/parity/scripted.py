"""The strategy that acts a scene on the engines: every verb argument is read from a bar column of its own name."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import backtrader as bt
import pandas as pd
from parity.scene import SCRIPT_COLUMNS, Row, Scene

from feeds.bars import Bars
from optimize.backtest import as_run
from optimize.run import Run
from strategies.base import Int, Strategy, enter_long, enter_short, hold, kernel, leave
from strategies.engines import event, vector
from strategies.engines.window import make_window

ENGINES = ("vector", "runonce", "next", "exactbars")


# fmt: off
@kernel
def scripted(action, at_stop, at_limit, expiry, stop, stop_pct, trail, trail_pct, trail_after, trail_after_pct,
             even_after, even_after_pct, even_offset, even_offset_pct, target_1, target_2, target_3, target_4,
             target_1_pct, target_2_pct, target_3_pct, target_4_pct, part_1, part_2, part_3, part_4, time_stop,
             weight, volatility, on_high, level_stop, level_target, since_exit, cooldown):
    if action == 2.0:
        return leave()
    if action == 0.0 or since_exit < cooldown:
        return hold(stop=level_stop if action == 0.0 else nan, target=level_target if action == 0.0 else nan)
    if action > 0.0:
        return enter_long(
            at_stop=at_stop, at_limit=at_limit, expiry=expiry, stop=stop, stop_pct=stop_pct, trail=trail,
            trail_pct=trail_pct, trail_after=trail_after, trail_after_pct=trail_after_pct, even_after=even_after,
            even_after_pct=even_after_pct, even_offset=even_offset, even_offset_pct=even_offset_pct,
            target_1=target_1, target_2=target_2, target_3=target_3, target_4=target_4, target_1_pct=target_1_pct,
            target_2_pct=target_2_pct, target_3_pct=target_3_pct, target_4_pct=target_4_pct, part_1=part_1,
            part_2=part_2, part_3=part_3, part_4=part_4, time_stop=time_stop, weight=weight, volatility=volatility,
            on_high=on_high)
    return enter_short(
        at_stop=at_stop, at_limit=at_limit, expiry=expiry, stop=stop, stop_pct=stop_pct, trail=trail,
        trail_pct=trail_pct, trail_after=trail_after, trail_after_pct=trail_after_pct, even_after=even_after,
        even_after_pct=even_after_pct, even_offset=even_offset, even_offset_pct=even_offset_pct, target_1=target_1,
        target_2=target_2, target_3=target_3, target_4=target_4, target_1_pct=target_1_pct, target_2_pct=target_2_pct,
        target_3_pct=target_3_pct, target_4_pct=target_4_pct, part_1=part_1, part_2=part_2, part_3=part_3,
        part_4=part_4, time_stop=time_stop, weight=weight, volatility=volatility, on_high=on_high)


class Scripted(Strategy):
    """Does what the columns say."""

    inputs = tuple(SCRIPT_COLUMNS)
    cooldown = Int(0, 0, 10_000)

    @kernel
    def decide(action, at_stop, at_limit, expiry, stop, stop_pct, trail, trail_pct, trail_after, trail_after_pct,
               even_after, even_after_pct, even_offset, even_offset_pct, target_1, target_2, target_3, target_4,
               target_1_pct, target_2_pct, target_3_pct, target_4_pct, part_1, part_2, part_3, part_4, time_stop,
               weight, volatility, on_high, level_stop, level_target, since_exit, cooldown):
        return scripted(
            action[-1], at_stop[-1], at_limit[-1], expiry[-1], stop[-1], stop_pct[-1], trail[-1], trail_pct[-1],
            trail_after[-1], trail_after_pct[-1], even_after[-1], even_after_pct[-1], even_offset[-1],
            even_offset_pct[-1], target_1[-1], target_2[-1], target_3[-1], target_4[-1], target_1_pct[-1],
            target_2_pct[-1], target_3_pct[-1], target_4_pct[-1], part_1[-1], part_2[-1], part_3[-1], part_4[-1],
            time_stop[-1], weight[-1], volatility[-1], on_high[-1], level_stop[-1], level_target[-1], since_exit,
            cooldown)
# fmt: on


class ScriptedReverse(Scripted):
    """The same with reversals."""

    reverse = True


def bars_of(scene: Scene) -> dict[str, Bars]:
    """The scene's bars with its script as columns."""
    found = {}
    for symbol, frame in scene.bars.items():
        table = frame.join(scene.script[symbol][list(SCRIPT_COLUMNS)]).astype(float)
        table.index = table.index.as_unit("ns")
        found[symbol] = Bars(table, scene.instruments[symbol], "scene", pd.Timedelta("1h"), synthetic=True)
    return found


def aligned(scene: Scene) -> bool:
    """True when every symbol has a bar at every stamp."""
    first, *others = (frame.index for frame in scene.bars.values())
    return all(index.equals(first) for index in others)


def act(scene: Scene, engine: str, analyzers: Sequence[type[bt.Analyzer]] = ()) -> Run:
    """Run a scene on an engine; analyzers: for the event engine."""
    strategy = (ScriptedReverse if scene.reverse else Scripted)(cooldown=scene.cooldown)
    bars = bars_of(scene)
    window = make_window(strategy, bars)
    if engine == "vector":
        result = vector.run(strategy, window, scene.account)
    else:
        result = event.run(strategy, window, scene.account, engine, analyzers)
    return as_run(strategy, engine, bars, scene.account, result, 0.0)


def rows_of(run: Run) -> list[Row]:
    """The ledger in the scenes' own form."""
    names = run.ledger.columns
    return [Row(**dict(zip(names, values, strict=True))) for values in run.ledger.itertuples(index=False)]
