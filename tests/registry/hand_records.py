"""A strategy of the user's own, its bars and a walk-forward written by hand, ready to be filed."""

from __future__ import annotations

import datetime
import math
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from feeds.loading import load
from optimize.gates.gates import load_gates
from optimize.registry.code_state import CodeState
from optimize.registry.filing import file_candidate
from optimize.registry.record import Record
from optimize.registry.store import Registry
from optimize.walkforward.result import Choice, Fold, WalkForward
from optimize.walkforward.settings import Settings
from optimize.walkforward.space import SearchSpace
from strategies.discovery import find

STRATEGY = '''"""A strategy for tests."""
from middle import rising
from strategies import Int, Strategy, enter_long, hold, kernel, leave


class Steps(Strategy):
    """Long after a rise over `back` bars, out after a fall."""

    back = Int(2, 1, 5)

    @kernel
    def decide(close, position, back):
        rise = rising(close[-1], close[-1 - back])  # since `back` bars ago
        if position == 0.0 and rise > 0.0:
            return enter_long(stop=0.05 * close[-1])
        if position != 0.0 and rise < 0.0:
            return leave()
        return hold()

    window = 6
'''
HELPER = '''"""What the strategy calls."""
from indicators.base import kernel

SCALE = 1.0


@kernel
def rising(now, then):
    return SCALE * (now / then - 1.0)


def unrelated():
    return 7
'''
CLEAN = CodeState("checkout", "a" * 40, True)
DIRTY = CodeState("checkout", "b" * 40, False)
UNKNOWN = CodeState("unknown", "", False)
NOW = datetime.datetime(2024, 3, 1, 12, tzinfo=datetime.UTC)
GREEN = {
    "passed": True, "version": 1, "hash": "0" * 64, "source": "default gates",
    "gates": [
        {"name": gate.name, "figure": gate.value, "value": gate.threshold + 0.1 * (-1) ** (gate.bound == "at_most"),
         "bound": gate.bound, "threshold": gate.threshold, "passed": True, "said": "it is just so", "why": gate.why}
        for gate in load_gates().gates
    ],
}  # fmt: skip
TWO = {**GREEN, "gates": [one for one in GREEN["gates"] if one["figure"] in ("trades", "sharpe")]}
RED = {**GREEN, "passed": False, "gates": [{**GREEN["gates"][0], "value": 0.1, "passed": False}, *GREEN["gates"][1:]]}
LAX = {
    **GREEN,
    "gates": [{**one, "threshold": 0.01} if one["figure"] == "sharpe" else one for one in GREEN["gates"][1:]],
}
"""Green, but without the first default gate, and asking for less of the Sharpe ratio."""
NEAR = {"draws": 100, "seed": 1, "values": {"sharpe": 1.2}, "missing": {},
        "proximity": {"nearest": 0.05, "allowed": 0.1, "fold": 1, "beyond": [], "within": True}}  # fmt: skip
FAR = {**NEAR, "proximity": {"nearest": 0.4, "allowed": 0.1, "fold": 1, "beyond": ["back"], "within": False}}
SIGNED: dict[str, Any] = {"by": "Ada", "why": "because"}


def write_strategy(folder: Path) -> str:
    """The strategy and its helper in a folder; what `find` takes."""
    (folder / "steps.py").write_text(STRATEGY)
    (folder / "middle.py").write_text(HELPER)
    return f"{folder / 'steps.py'}:Steps"


def write_bars(folder: Path, hours: int = 600, name: str = "zigzag.csv") -> Path:
    """A zigzag of hourly bars in UTC from 2024-01-01: a period of 16 hours, so two fills in each."""
    rows = ["time,open,high,low,close,volume"]
    begin = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    for hour in range(hours):
        price = 100 + abs(hour % 16 - 8)
        at = begin + datetime.timedelta(hours=hour)
        rows.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{price},{price + 0.5},{price - 0.5},{price},10")
    path = folder / name
    path.write_text("\n".join(rows) + "\n")
    return path


def hand_walk(place: str, bars: Any, back: int | None = 2) -> WalkForward:
    """Two folds of which nobody ran anything; the candidate has `back`."""
    cls = find(place, "strategy")
    parameters = None if back is None else {"back": back}
    nothing = pd.DataFrame({"number": [0], "state": ["complete"]})

    def choice(first: int, last: int) -> Choice:
        times = bars.times
        return Choice(times[first], times[last], 0, 0, parameters, 0, 1.0, {"sharpe": 1.0}, nothing)

    half = len(bars) // 2
    folds = (
        Fold(1, choice(6, half - 1), bars.times[half : half + 48], None),
        Fold(2, choice(6, half + 47), bars.times[half + 48 :], None),
    )
    settings = Settings(trials=2, folds=2, min_trades=1)
    space = SearchSpace(cls, {"back": (1, 3)})
    return WalkForward(cls, bars, settings, space, folds, choice(6, len(bars) - 1), math.nan, 0.1)


def filed(
    registry: Registry, *, gates: Any = GREEN, judgement: Any = NEAR, code: CodeState = CLEAN, synthetic: bool = False,
    when: datetime.datetime = NOW, **more: Any,
) -> Record:  # fmt: skip
    """A record of the strategy on the zigzag in the registry's folder."""
    if not (registry.folder / "steps.py").exists():
        write_strategy(registry.folder)
    place = f"{registry.folder / 'steps.py'}:Steps"
    if synthetic:
        source = "synthetic:martingale?bars=600&seed=3"
        bars = load(source)
    else:
        source = str(write_bars(registry.folder))
        bars = load(source, tz="UTC")
    reading = {"sources": [source], "options": {} if synthetic else {"tz": ["UTC"]}, "timeframe": "", "columns": []}
    walk = hand_walk(place, bars)
    return file_candidate(walk, judgement, gates, registry, now=when, code=code, reading=reading, **{**SIGNED, **more})


def tampered(path: Path, *statements: str, values: Sequence[Sequence[Any]] = ()) -> None:
    """Change rows behind the registry's back, with its triggers dropped."""
    with sqlite3.connect(path) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        for number, statement in enumerate(statements):
            raw.execute(statement, values[number] if values else ())
    raw.close()


def copy_registry(source: Path, folder: Path) -> Path:
    """A registry with the strategy beside it, whole, in another folder."""
    folder.mkdir()
    with sqlite3.connect(source) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    for path in (source, source.parent / "steps.py", source.parent / "middle.py"):
        shutil.copy(path, folder / path.name)
    return folder / source.name
