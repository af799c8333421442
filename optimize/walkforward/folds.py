"""Where train and test windows lie, and the blocks inside a train window."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from feeds.errors import DataError
from optimize.walkforward.settings import LEAST_TEST, LEAST_TRAIN, Settings


@dataclass(frozen=True)
class Windows:
    """Bars train[0] … train[1] - 1 before the purge, and test[0] … test[1] - 1 right after them."""

    train: tuple[int, int]
    test: tuple[int, int]


def windows(bars: int, settings: Settings) -> tuple[list[Windows], tuple[int, int]]:
    """Train and test windows of the folds, and the last full train window, which ends with the last bar.

    The first train window is `first_train` of the bars (500 at least), the rest is cut into test windows of equal
    length (200 bars at least; fewer folds where they do not fit), the last of which takes the remainder. DataError when
    the bars are too few for two folds.
    """
    begin = max(int(settings.first_train * bars), LEAST_TRAIN)
    length = max((bars - begin) // settings.folds, LEAST_TEST)
    count = min(settings.folds, (bars - begin) // length)
    if count < 2:
        raise DataError(
            f"{bars:,} bars are too few: {begin:,} to train on and two test windows of {length:,} are "
            f"{begin + 2 * length:,}; load more history or take a shorter timeframe"
        )
    found = []
    for k in range(count):
        split = begin + k * length
        until = bars if k == count - 1 else split + length
        found.append(Windows((_from(split, begin, settings), split), (split, until)))
    return found, (_from(bars, begin, settings), bars)


def _from(until: int, length: int, settings: Settings) -> int:
    return 0 if settings.scheme == "anchored" else until - length


def blocks(first: int, last: int, count: int, purge: int) -> list[tuple[int, int]]:
    """The bars first … last - 1 cut into `count` blocks; each leaves its last `purge` bars out, so that no holding
    period of one block reaches into the next."""
    edges = [first + (last - first) * k // count for k in range(count + 1)]
    found = [(low, high - purge) for low, high in itertools.pairwise(edges)]
    if min(high - low for low, high in found) < 2:
        raise DataError(f"{last - first:,} bars cannot be cut into {count} blocks that leave out {purge} bars each")
    return found
