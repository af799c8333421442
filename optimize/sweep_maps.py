"""What a sweep's heatmaps show: a figure over any two parameters, with long axes cut into bins."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from optimize.sweep_table import Sweep

LONGEST = 200
"""Values or bins of one axis."""
CELLS = 120_000
"""Of all heatmaps of a page together: about three MiB."""


def heatmaps(
    sweep: Sweep, by: str, least: bool, kept: Callable[[pd.DataFrame], pd.DataFrame]
) -> tuple[list[dict[str, Any]], list[str]]:
    """One heatmap for every two axes with more than one value, for each symbol and timeframe; a strip for one axis
    alone. And sentences about what was put together.

    mean, best: of the figure over all the other parameters, and over all values of a bin. kept: rows that count.
    """
    lengths = {name: len(values) for name, values in sweep.grid.axes.items() if len(values) > 1}
    pairs: list[tuple[str, str | None]] = list(itertools.combinations(lengths, 2)) or [(name, None) for name in lengths]
    most = _longest(lengths, pairs, len(sweep.series))
    bins = {name: np.arange(length) * min(length, most) // length for name, length in lengths.items()}
    texts = {name: _names(list(sweep.grid.axes[name]), places) for name, places in bins.items()}
    found = []
    for series in range(len(sweep.series)):
        name = f"{sweep.name_of(series)}: " if len(sweep.series) > 1 else ""
        for (x, y), (mean, best) in zip(pairs, _filled(sweep, series, pairs, bins, by, least, kept), strict=True):
            found.append({"x": name + x, "y": y or by, "xs": texts[x], "ys": texts[y] if y else [""],
                          "mean": _short(mean), "best": _short(best)})  # fmt: skip
    notes = [f"{name} has {length:,} values, shown in {len(texts[name])} bins of neighbours (mean and best of each bin)"
             for name, length in lengths.items() if len(texts[name]) < length]  # fmt: skip
    return found, notes


def _longest(lengths: dict[str, int], pairs: Sequence[tuple[str, str | None]], series: int) -> int:
    """How many values or bins an axis may have, for all heatmaps to fit into CELLS."""
    most = LONGEST
    while most > 2 and series * sum(_cells(lengths, pair, most) for pair in pairs) > CELLS:
        most -= 1
    return most


def _cells(lengths: dict[str, int], pair: tuple[str, str | None], most: int) -> int:
    x, y = pair
    return min(lengths[x], most) * (min(lengths[y], most) if y else 1)


def _names(values: list[Any], places: NDArray[np.int64]) -> list[str]:
    """Text of each bin: its value, or its first and last."""
    edges = [*np.flatnonzero(np.diff(places, prepend=-1)), len(values)]
    return [str(values[low]) if high - low == 1 else f"{values[low]} … {values[high - 1]}"
            for low, high in itertools.pairwise(edges)]  # fmt: skip


def _filled(
    sweep: Sweep, series: int, pairs: Sequence[tuple[str, str | None]], bins: dict[str, NDArray[np.int64]], by: str,
    least: bool, kept: Callable[[pd.DataFrame], pd.DataFrame],
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:  # fmt: skip
    """(mean, best) of each pair, counted part by part; NaN where no row counts."""
    shapes = [(int(bins[y][-1]) + 1 if y else 1, int(bins[x][-1]) + 1) for x, y in pairs]
    total, count, best = ([np.full(shape, start) for shape in shapes] for start in (0.0, 0.0, np.inf))
    sign = 1.0 if least else -1.0
    for frame in sweep.store.frames(list(dict.fromkeys(("set", by, "trades"))), series):
        rows = kept(frame)
        values = rows[by].to_numpy(dtype=np.float64)
        indices = sweep.grid.indices(rows["set"].to_numpy(dtype=np.int64))
        place = {name: bins[name][indices[name]] for name in bins}
        for k, (x, y) in enumerate(pairs):
            where = (place[y] if y else np.zeros(len(values), dtype=np.int64), place[x])
            np.add.at(total[k], where, values)
            np.add.at(count[k], where, 1.0)
            np.minimum.at(best[k], where, sign * values)
    found = []
    for k in range(len(pairs)):
        empty = count[k] == 0
        mean = np.where(empty, np.nan, total[k] / np.where(empty, 1.0, count[k]))
        found.append((mean, np.where(empty, np.nan, sign * best[k])))
    return found


def _short(values: NDArray[np.float64]) -> list[list[float]]:
    """Eight digits: what a picture shows, in half the text."""
    return [[float(f"{value:.8g}") for value in row] for row in values]
