"""The engines against the hand-worked tables and against the plain-Python reference on random scenes.

A scene is bars, an account and a script of intents; `Scripted` (scripted.py) acts it on each engine. The random scenes
of the default run are a share of 500 that moves on every day (rotation.py); `make parity` takes all of them.
"""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
import pytest
from parity.candle_tables import CASES, Case, compare
from parity.random_scenes import random_scene
from parity.reference import Reference
from parity.rotation import SCENES, scenes_of_the_day
from parity.scene import difference
from parity.scripted import ENGINES, act, aligned, rows_of

from feeds.errors import ConfigError


def on_engines(*engines: str) -> Any:
    """One test per engine. What needs the same compiled code runs in one process, so that two do not compile it."""
    groups = {engine: "scripted, vector" if engine == "vector" else "scripted, event" for engine in engines}
    return pytest.mark.parametrize(
        "engine", [pytest.param(engine, marks=pytest.mark.xdist_group(groups[engine])) for engine in engines]
    )


on_every_engine = on_engines(*ENGINES)


@on_every_engine
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hand_worked_table(case: Case, engine: str) -> None:
    if engine == "exactbars" and not aligned(case.scene):
        with pytest.raises(ConfigError, match="exactbars mode fails on symbols whose stamps differ; use mode='next'"):
            act(case.scene, engine)
        return
    run = act(case.scene, engine)
    assert not compare(rows_of(run), case, run.equity.iloc[-1])


def agrees_with_the_reference(seed: int, engine: str) -> None:
    """Ledger, equity after every stamp and, in backtrader, the value that the broker itself tells its analyzers."""
    scene = random_scene(seed)
    told: list[float] = []

    class Values(bt.Analyzer):
        def next(self) -> None:
            told.append(self.strategy.broker.getvalue())

    run = act(scene, engine, [Values])
    rows, equity = Reference(scene).run()
    assert not difference(rows_of(run), rows), f"scene {seed} on {engine}"
    np.testing.assert_allclose(run.equity, equity, rtol=1e-9, atol=1e-6, err_msg=f"scene {seed} on {engine}")
    if engine != "vector":
        before_closing = slice(0, None if run.ruined else -1)  # the window's end comes after the last bar
        np.testing.assert_allclose(told[before_closing], equity[before_closing], rtol=1e-9, atol=1e-6)


@on_engines("vector", "runonce")
@pytest.mark.parametrize("seed", scenes_of_the_day())
def test_random_scene(seed: int, engine: str) -> None:
    agrees_with_the_reference(seed, engine)


@on_engines("next", "exactbars")
@pytest.mark.parametrize("seed", scenes_of_the_day()[::5])
def test_random_scene_bar_by_bar(seed: int, engine: str) -> None:
    if engine == "next" or aligned(random_scene(seed)):
        agrees_with_the_reference(seed, engine)


@pytest.mark.parity
@pytest.mark.parametrize("first", range(0, SCENES, 10))
def test_every_random_scene(first: int) -> None:
    for seed in range(first, first + 10):
        agrees_with_the_reference(seed, "vector")
        agrees_with_the_reference(seed, "runonce")
    for seed in (first, first + 5):  # all that `scenes_of_the_day` may name on these two
        agrees_with_the_reference(seed, "next")
    for seed in {first, first + 5, *[seed for seed in range(first, first + 10) if aligned(random_scene(seed))][:1]}:
        if aligned(random_scene(seed)):
            agrees_with_the_reference(seed, "exactbars")
