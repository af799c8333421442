"""Tables of levels that must not work: shuffled, a day late, and round numbers in the place of the real ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from feeds.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

LEVELS = ("flip", "call_wall", "put_wall", "max_pain", "pin_1", "pin_2", "vol_trigger")
BALANCE = ("net_usd_per_1pct", "net_over_gross", "regime", "quality", "vanna_usd_per_vol_pt", "charm_usd_per_day",
           "z252")  # fmt: skip
"""What a control replaces; spot, expected move, expiry, age, status and history stay with their day."""


def usable(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows that hold levels: not refused, not an end of validity. Raises ConfigError without the columns for that."""
    missing = [name for name in ("spot", "net_over_gross") if name not in table]
    if missing:
        raise ConfigError(
            f"the feature table has no column {missing[0]!r}; present: {', '.join(map(str, table.columns))}; "
            "make it with indicators.gex.features"
        )
    return np.asarray((table["spot"].notna() & table["net_over_gross"].notna()).to_numpy())


def shuffled(table: pd.DataFrame, random: np.random.Generator, block: int) -> pd.DataFrame:
    """Levels of other days: as far from the price in percent as there, around this day's price.

    Usable rows are cut into blocks of `block` rows at a random phase, and the blocks change places, so that levels
    keep most of their autocorrelation. Rows without levels stay where they are.
    """
    rows = np.flatnonzero(usable(table))
    phase = int(random.integers(block))
    pieces = np.split(np.arange(len(rows)), range(phase or block, len(rows), block))
    order = np.concatenate([pieces[k] for k in random.permutation(len(pieces))])
    found = table.copy()
    spot = table["spot"].to_numpy()[rows]
    for name in _present(table, LEVELS):
        values = found[name].to_numpy(copy=True)
        values[rows] = (values[rows] / spot)[order] * spot
        found[name] = values
    return _moved(found, _present(table, BALANCE), rows, order)


def shifted(table: pd.DataFrame) -> pd.DataFrame:
    """The levels of the usable row before, at their own prices: what a feed that is a day late would show."""
    rows = np.flatnonzero(usable(table))
    names = [*_present(table, LEVELS), *_present(table, BALANCE)]
    found = table.copy()
    for name in names:
        values = found[name].to_numpy(copy=True)
        values[rows] = np.concatenate(([np.nan], values[rows][:-1]))
        found[name] = values
    return found


def round_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """No option data at all: walls on the round prices above and below, everything else on the nearest one.

    The grid is the one of 1, 2.5 and 5 times a power of ten that is nearest to 1 % of the price. The regime is
    positive above the flip and negative below it.
    """
    found = table.copy()
    rows = usable(table)
    spot = np.where(rows, table["spot"].to_numpy(), np.nan)
    grid = np.array([_grid(float(price)) for price in spot])
    nearest = np.round(spot / grid) * grid
    above = (np.floor(spot / grid) + 1) * grid
    sign = np.where(spot > nearest, 1.0, -1.0)
    new = dict.fromkeys(LEVELS, nearest) | {"call_wall": above, "put_wall": (np.ceil(spot / grid) - 1) * grid}
    new |= {"pin_2": np.full(len(spot), np.nan), "net_over_gross": 0.5 * sign, "regime": sign}
    for name, values in new.items():
        if name in table:
            found[name] = np.where(rows, values, found[name].to_numpy())
    return found


def _grid(price: float) -> float:
    if not price > 0:
        return math.nan
    power = 10.0 ** math.floor(math.log10(price / 100.0))
    steps = [power * factor for factor in (1.0, 2.5, 5.0, 10.0)]
    return min(steps, key=lambda step: abs(math.log(step / (price / 100.0))))


def _present(table: pd.DataFrame, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name in table]


def _moved(table: pd.DataFrame, names: list[str], rows: NDArray[np.int64], order: NDArray[np.int64]) -> pd.DataFrame:
    for name in names:
        values = table[name].to_numpy(copy=True)
        values[rows] = values[rows][order]
        table[name] = values
    return table
