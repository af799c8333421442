"""Sums by group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from indicators.gex.surface import Floats


def grouped(values: Floats, group: NDArray[np.int64], count: int) -> Floats:
    """Sum of the values of each group 0 … count-1."""
    return np.asarray(np.bincount(group, weights=values, minlength=count), dtype=np.float64)
