"""Whether the candidate is a choice of the same kind as those that the record was made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from feeds.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optimize.walkforward.result import Choice, WalkForward
    from optimize.walkforward.space import SearchSpace

LEAST = 0.10


@dataclass(frozen=True)
class Proximity:
    """How far the candidate lies from the folds' choices, and how far it may.

    A distance is the mean over the searched parameters of how far apart two values are, as a share of the axis; words
    and switches that differ are a whole axis apart, and an axis of one value does not count. nearest: from the
    candidate to the closest fold's choice. allowed: the longest way between two folds' choices, and at least 10 %, the
    size of a neighbourhood. The record is that of a procedure which chose these sets; a candidate farther from all of
    them than they are from each other is something
    else. (A box around the folds' choices, axis by axis, was not taken: with many axes, most of them of little
    consequence, nearly every set lies outside on one, however close it is on all others.) fold: number of the closest.
    beyond: numeric parameters whose value is more than 10 % of the axis outside the folds' range, for the reader.
    """

    nearest: float
    allowed: float
    fold: int
    beyond: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """nearest / allowed; the candidate is close enough up to 1."""
        return self.nearest / self.allowed

    @property
    def within(self) -> bool:
        return self.ratio <= 1.0


def proximity(walk: WalkForward) -> Proximity:
    """DataError when the candidate is missing or fewer than two folds chose something."""
    if walk.candidate.parameters is None:
        raise DataError("the last train window led to no choice, so there is no candidate")
    chosen = {fold.number: fold.choice for fold in walk.folds if fold.choice.parameters is not None}
    if len(chosen) < 2:
        raise DataError(f"{len(chosen)} folds chose something; two or more show how far choices lie apart")
    own = _place(walk.space, walk.candidate)
    places = [_place(walk.space, choice) for choice in chosen.values()]
    words = np.array([axis.kind == "choice" for axis in walk.space.axes.values()])
    apart = [_distance(one, other, words, walk.space) for k, one in enumerate(places) for other in places[:k]]
    ways = [_distance(own, other, words, walk.space) for other in places]
    low, high = np.min(places, axis=0) - LEAST, np.max(places, axis=0) + LEAST
    outside = ~words & ((own < low) | (own > high))
    beyond = tuple(name for name, out in zip(walk.space.axes, outside, strict=True) if out)
    return Proximity(min(ways), max(LEAST, *apart), list(chosen)[int(np.argmin(ways))], beyond)


def _place(space: SearchSpace, choice: Choice) -> NDArray[np.float64]:
    assert choice.parameters is not None
    return space.unit(space.searched(choice.parameters))


def _distance(
    one: NDArray[np.float64], other: NDArray[np.float64], words: NDArray[np.bool_], space: SearchSpace
) -> float:
    return float(np.sum(np.where(words, one != other, np.abs(one - other)))) / space.dimensions
