"""Risk-free rates: a curve of continuously compounded zero rates over time to maturity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import ArrayLike

from feeds.errors import DataError
from indicators.options.black_scholes import Floats

TENORS = {
    "1m": 1 / 12, "1.5m": 1.5 / 12, "2m": 2 / 12, "3m": 0.25, "4m": 4 / 12, "6m": 0.5, "1y": 1.0, "2y": 2.0, "3y": 3.0,
    "5y": 5.0, "7y": 7.0, "10y": 10.0, "20y": 20.0, "30y": 30.0,
}  # fmt: skip
"""Maturities that the U.S. Treasury publishes, in years."""


@dataclass(frozen=True)
class Curve:
    """Continuous rates [per year, decimal] at maturities [years, ascending]; straight lines between, flat outside."""

    years: tuple[float, ...]
    rates: tuple[float, ...]
    source: str = "given"
    day: date | None = None

    def __post_init__(self) -> None:
        if not self.years or len(self.years) != len(self.rates):
            raise DataError(
                f"rates curve ({self.source}): {len(self.years)} maturities and {len(self.rates)} rates; "
                "give one rate per maturity, at least one"
            )
        if not all(math.isfinite(value) for value in (*self.years, *self.rates)):
            raise DataError(f"rates curve ({self.source}): a value is not finite; leave missing maturities out")
        if self.years[0] <= 0 or any(b <= a for a, b in zip(self.years, self.years[1:], strict=False)):
            raise DataError(f"rates curve ({self.source}): maturities {self.years} must be positive and ascending")

    @classmethod
    def from_percent(
        cls, yields: Mapping[str, float | None], source: str = "treasury", day: date | None = None
    ) -> Curve:
        """Curve from par yields in percent by tenor ("1m" … "30y"), compounded twice a year as the Treasury does.

        Tenors that are None or NaN are left out. DataError: an unknown tenor, or nothing left. For maturities of a
        year and less the par yield is the zero rate; beyond, it is used as one, which options up to two years do not
        notice.
        """
        unknown = sorted(set(yields) - set(TENORS))
        if unknown:
            raise DataError(f"rates curve ({source}): unknown tenor {unknown[0]!r}; use {', '.join(TENORS)}")
        known = sorted(
            (TENORS[tenor], 2 * math.log1p(value / 200))
            for tenor, value in yields.items()
            if value is not None and math.isfinite(value)
        )
        return cls(tuple(t for t, _ in known), tuple(r for _, r in known), source, day)

    def rate(self, years: ArrayLike) -> Floats:
        """Continuous rate [per year] for each time to maturity [years]; the nearest end's rate outside the curve."""
        return np.asarray(np.interp(np.asarray(years, dtype=float), self.years, self.rates))
