"""Probability of backtest overfitting, by combinatorially symmetric cross-validation.

Source: Bailey, Borwein, López de Prado & Zhu (2017), "The probability of backtest overfitting", Journal of
Computational Finance 20(4).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from feeds.errors import ConfigError, DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 256


@dataclass(frozen=True, eq=False)
class Overfitting:
    """probability: share of splits in which the best of one half is no better than the middle on the other half.

    logits: of each split's rank on the other half, ln(w / (1 - w)), w = rank / (columns + 1). chosen, unseen: Sharpe
    ratio per period of the best column on the half that chose it and on the other one. loss: share of splits in which
    the choice earned nothing on the other half.
    """

    probability: float
    logits: NDArray[np.float64]
    chosen: NDArray[np.float64]
    unseen: NDArray[np.float64]

    @property
    def loss(self) -> float:
        return float(np.mean(self.unseen <= 0.0))


def overfitting(returns: NDArray[np.float64], blocks: int = 16) -> Overfitting:
    """Split the rows of returns[period, configuration] into `blocks`, choose on every half, judge on the other.

    The last rows that fill no block are left out, at most blocks - 1 of them. A column that never moves on a half
    counts there with a Sharpe ratio of 0. DataError for gaps, fewer than two columns or fewer than two rows a block.
    """
    values = np.asarray(returns, dtype=np.float64)
    if blocks < 2 or blocks % 2:
        raise ConfigError(f"blocks={blocks} must be an even number, 2 or more")
    if values.ndim != 2 or values.shape[1] < 2:
        raise DataError(
            "overfitting needs the returns of two configurations or more, as returns[period, configuration]"
        )
    length = len(values) // blocks
    if length < 2:
        raise DataError(f"{len(values)} returns are too few for {blocks} blocks of two or more")
    if not np.isfinite(values).all():
        row, column = (int(place[0]) for place in np.nonzero(~np.isfinite(values)))
        raise DataError(f"configuration {column} has {values[row, column]} in row {row}")
    cut = values[: length * blocks].reshape(blocks, length, -1)
    shift = cut.mean(axis=(0, 1))  # sums around the mean lose no digits
    sums, squares = (cut - shift).sum(axis=1), ((cut - shift) ** 2).sum(axis=1)
    halves = np.array(
        [[k in half for k in range(blocks)] for half in itertools.combinations(range(blocks), blocks // 2)]
    )
    parts = [_split(halves[low : low + BATCH], sums, squares, shift, length) for low in range(0, len(halves), BATCH)]
    logits, chosen, unseen = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Overfitting(float(np.mean(logits <= 0.0)), logits, chosen, unseen)


def _split(
    halves: NDArray[np.bool_], sums: NDArray[np.float64], squares: NDArray[np.float64], shift: NDArray[np.float64],
    length: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    ours, theirs = (_sharpe(half.astype(np.float64), sums, squares, shift, length) for half in (halves, ~halves))
    best = np.argmax(ours, axis=1)
    rows = np.arange(len(best))
    rank = rankdata(theirs, axis=1)[rows, best]
    share = rank / (ours.shape[1] + 1)
    return np.log(share / (1.0 - share)), ours[rows, best], theirs[rows, best]


def _sharpe(
    half: NDArray[np.float64], sums: NDArray[np.float64], squares: NDArray[np.float64], shift: NDArray[np.float64],
    length: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Sharpe ratio per period of every column on every half."""
    count = int(half[0].sum()) * length
    total, square = half @ sums, half @ squares
    mean = total / count
    variance = np.maximum(square - count * mean**2, 0.0) / (count - 1)
    moved = variance > 1e-30
    spread = np.sqrt(np.where(moved, variance, 1.0))
    return np.where(moved, (mean + shift) / spread, 0.0)


def splits(blocks: int) -> int:
    """How many ways there are to choose half of the blocks."""
    return math.comb(blocks, blocks // 2)
