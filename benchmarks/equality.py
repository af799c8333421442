"""Equal results first: trade by trade and figure by figure, before anything is timed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.ema_cross import FIGURES, TRADE

TOLERANCE = 1e-9


def _worst(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest difference, relative to numbers above 1; two missing figures are equal."""
    if ours.size == 0:
        return 0.0
    both = np.isnan(ours) & np.isnan(theirs)
    difference = np.abs(ours - theirs) / np.maximum(1.0, np.abs(ours))
    return float(np.where(both, 0.0, difference).max())


def same_trades(ours: np.ndarray, theirs: np.ndarray, who: str, j: int) -> float:
    """The largest difference between two lists of trades; AssertionError naming the first that is not the same."""
    for k in range(min(len(ours), len(theirs))):
        if not _worst(ours[k], theirs[k]) <= TOLERANCE:
            mine, other = (dict(zip(TRADE, map(float, row), strict=True)) for row in (ours[k], theirs[k]))
            raise AssertionError(f"set {j}, trade {k}: ours {mine}, {who} {other}")
    if len(ours) != len(theirs):
        raise AssertionError(f"set {j}: {len(ours)} trades of ours, {len(theirs)} of {who}")
    return _worst(ours, theirs)


def same_figures(ours: np.ndarray, theirs: np.ndarray, who: str, sets: Sequence[int]) -> float:
    """The largest difference between figures of the sets; AssertionError naming the first that is not the same."""
    for j in sets:
        for k, name in enumerate(FIGURES):
            if not _worst(ours[j, k : k + 1], theirs[j, k : k + 1]) <= TOLERANCE:
                raise AssertionError(f"set {j}: {name} {ours[j, k]!r} ours, {theirs[j, k]!r} {who}")
    return _worst(ours[list(sets)], theirs[list(sets)])


def stopped_at_once(trades: np.ndarray) -> np.ndarray:
    """True for trades that end on the bar they began on, before the window's end closes everything."""
    return trades[:, 0] == trades[:, 2]


def common_trades(ours: np.ndarray, theirs: np.ndarray) -> tuple[int, int]:
    """After a stop that only one side models the paths part: of the trades that both opened, how many are the same in
    bars and prices, and how many are not.

    Trades that ours stopped on their entry bar do not count. Quantities follow the equity and are left out.
    """
    mine = {row[0]: row[1:4] for row in ours[~stopped_at_once(ours)]}
    other = {row[0]: row[1:4] for row in theirs}
    both = mine.keys() & other.keys()
    same = sum(_worst(mine[bar], other[bar]) <= TOLERANCE for bar in both)
    return same, len(both) - same
