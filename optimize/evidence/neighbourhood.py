"""Parameter stability: what the sets around a choice earn.

No library was found that does this for a given search space; docs/decisions/0010-judgement.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError, DataError
from optimize.evidence.windows import train_window

if TYPE_CHECKING:
    import pandas as pd

    from optimize.walkforward.result import Choice, WalkForward
    from optimize.walkforward.space import Dimension, SearchSpace
    from optimize.walkforward.trial_engine import TrialEngine

STEPS = (-0.10, -0.05, 0.05, 0.10)
JOINT = 0.10


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Sets around a choice, all run on the choice's own train window.

    Why there and not on a test window: what is promoted, the candidate, has no test window, and a test window is
    touched once, by the choice alone. The choice's own figure is inflated by having been chosen, its neighbours' are
    not, or less. So the ratio errs on the strict side, and it is the ratio of interest: a lone spike is a choice whose
    neighbours do not share what it was chosen for.

    own: Sharpe ratio of the choice. table: one row per neighbour that counts: axis ("joint" for several at once),
    move (share of the axis, NaN for a choice among words), value, sharpe, total_return, trades. inert: axes of which
    no move changes any figure; they are left out, else parameters that nothing reads would pass for stability.
    impossible: neighbours that the strategy's own rule forbids or that need more history.
    """

    own: float
    table: pd.DataFrame
    inert: tuple[str, ...]
    impossible: int

    @property
    def median(self) -> float:
        """Median Sharpe ratio of the neighbours over the choice's; NaN when the choice's is not above zero. A neighbour
        without a Sharpe ratio, as it never trades, counts with 0."""
        if not (self.own > 0 and len(self.table)):
            return float("nan")
        return float(np.median(self._sharpes()) / self.own)

    @property
    def positive(self) -> float:
        """Share of the neighbours with a Sharpe ratio above zero."""
        return float(np.mean(self._sharpes() > 0)) if len(self.table) else float("nan")

    @property
    def worst(self) -> float:
        """Lowest Sharpe ratio of a neighbour."""
        return float(self._sharpes().min()) if len(self.table) else float("nan")

    def _sharpes(self) -> np.ndarray:
        return np.nan_to_num(self.table["sharpe"].to_numpy(dtype=np.float64), nan=0.0)


def neighbours(
    space: SearchSpace, values: Mapping[str, Any], joint: int = 32, seed: int = 1
) -> list[tuple[str, float, dict[str, Any]]]:
    """Sets around `values` (searched parameters): axis, move as a share of the axis, and the values.

    One at a time: numbers by 5 and 10 % of their range to either side (whole ones by one step at least), as far as the
    range goes; numbers from a list to the next on either side; switches and words to each of their other values.
    joint: sets in which all numbers move at once, each by a random share between -10 and +10 %.
    """
    found: list[tuple[str, float, dict[str, Any]]] = []
    for name, axis in space.axes.items():
        told: list[Any] = [values[name]]
        for move, value in _moves(axis, values[name]):
            if value not in told:
                told.append(value)
                found.append((name, move, {**values, name: value}))
    random = np.random.default_rng(seed)
    numbers = [axis for axis in space.axes.values() if axis.kind != "choice"]
    for _ in range(joint if len(numbers) > 1 else 0):
        moves = random.uniform(-JOINT, JOINT, len(numbers))
        moved = {axis.name: _moved(axis, values[axis.name], move) for axis, move in zip(numbers, moves, strict=True)}
        found.append(("joint", float(np.abs(moves).mean()), {**values, **moved}))
    return found


def _moves(axis: Dimension, value: Any) -> list[tuple[float, Any]]:
    if axis.kind != "choice":
        return [(step, _moved(axis, value, step)) for step in STEPS]
    place = axis.values.index(value)
    if any(isinstance(one, (bool, str)) for one in axis.values):
        return [(float("nan"), one) for k, one in enumerate(axis.values) if k != place]
    return [(axis.position(axis.values[k]) - axis.position(value), axis.values[k])
            for k in (place - 1, place + 1) if 0 <= k < len(axis.values)]  # fmt: skip


def _moved(axis: Dimension, value: Any, share: float) -> Any:
    size = share * (axis.high - axis.low)
    if axis.kind == "int":
        steps = int(np.sign(size)) * max(1, round(abs(size)))
        return int(min(max(value + steps, axis.low), axis.high))
    return float(min(max(value + size, axis.low), axis.high))


def neighbourhood(
    walk: WalkForward, engine: TrialEngine, choice: Choice, joint: int = 32, seed: int = 1
) -> Neighbourhood:
    """Run the sets around a choice on its train window. DataError when nothing was chosen."""
    import pandas as pd

    if choice.parameters is None:
        raise DataError("nothing was chosen, so there is nothing around it")
    window = train_window(walk.bars, choice)
    own = _figures(engine.figures(walk.strategy(**choice.parameters), [window]))
    rows, impossible = [], 0
    for name, move, values in neighbours(walk.space, walk.space.searched(choice.parameters), joint, seed):
        try:
            found = _figures(engine.figures(walk.space.strategy(values), [window]))
        except ConfigError:
            impossible += 1
            continue
        shown = "" if name == "joint" else str(values[name])
        rows.append({"axis": name, "move": move, "value": shown, **found, "same": _same(found, own)})
    table = pd.DataFrame(rows, columns=["axis", "move", "value", "sharpe", "total_return", "trades", "same"])
    still = table.groupby("axis", sort=False)["same"].all()
    inert = tuple(str(name) for name in still.index[still.to_numpy(dtype=bool)])
    kept = table[~table["axis"].isin(inert)].drop(columns="same").reset_index(drop=True)
    return Neighbourhood(own["sharpe"], kept, inert, impossible)


def _figures(found: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(found[name][0]) for name in ("sharpe", "total_return", "trades")}


def _same(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)
