"""From index points to the future's points: the basis, measured or carried, with both of its times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from feeds.errors import ConfigError, DataError

TICKS = {"ES": 0.25, "MES": 0.25, "NQ": 0.25, "MNQ": 0.25, "RTY": 0.10, "M2K": 0.10}
"""Points per tick of the futures that the levels are usually drawn on."""

MOST_APART = timedelta(minutes=5)
LARGEST = 0.05


@dataclass(frozen=True)
class Basis:
    """How a level of the chain becomes a level of the future: future = level × scale + points, rounded to the tick.

    scale is 1 for an index; for a fund (SPY against ES) it is the ratio of the two prices, and points is 0.
    source: synchronous (both prices quoted within minutes), ratio (the same for a fund) or carry (S (e^((r-q)T) - 1)).
    """

    future: str
    points: float
    scale: float
    source: str
    tick: float
    future_price: float
    underlying_price: float
    future_ts: datetime | None
    underlying_ts: datetime | None

    def shift(self, level: float) -> float:
        """The level on the future's chart, unrounded [points]."""
        return level * self.scale + self.points

    def place(self, level: float) -> float:
        """The level on the future's chart, rounded to its tick [points]."""
        return round(self.shift(level) / self.tick) * self.tick


def synchronous(
    future: str,
    future_price: float,
    future_ts: datetime,
    underlying_price: float,
    underlying_ts: datetime,
    *,
    tick: float | None = None,
    fund: bool = False,
) -> Basis:
    """Basis from two prices of the same moment: the future's mid and the index (or, with `fund`, a fund's price).

    Raises DataError when a price is not positive, a time is naive, the two are more than five minutes apart, or an
    index differs from its future by more than 5 % (then the units differ: a fund needs `fund=True`).
    """
    for name, price in ((future, future_price), ("the underlying", underlying_price)):
        if not (math.isfinite(price) and price > 0):
            raise DataError(f"basis: the price of {name} is {price}; give a positive price in points")
    if future_ts.tzinfo is None or underlying_ts.tzinfo is None:
        raise DataError("basis: both times must carry their zone; give UTC times with offset +00:00")
    apart = abs(future_ts - underlying_ts)
    if apart > MOST_APART:
        raise DataError(
            f"basis: {future} at {future_ts.isoformat()} and its underlying at {underlying_ts.isoformat()} are "
            f"{apart.total_seconds() / 60:.0f} minutes apart, at most 5; take both prices at the same moment"
        )
    if fund:
        scale, points = future_price / underlying_price, 0.0
    else:
        scale, points = 1.0, future_price - underlying_price
        if abs(points) > LARGEST * underlying_price:
            raise DataError(
                f"basis: {future} {future_price} and its underlying {underlying_price} differ by more than 5 %; "
                "give both in index points, or say that the underlying is a fund"
            )
    return Basis(
        future, points, scale, "ratio" if fund else "synchronous", tick_of(future, tick),
        future_price, underlying_price, future_ts, underlying_ts,
    )  # fmt: skip


def carried(
    future: str,
    underlying_price: float,
    underlying_ts: datetime | None,
    years: float,
    rate: float,
    dividend_yield: float,
    *,
    tick: float | None = None,
) -> Basis:
    """Basis from the cost of carry when no future was quoted: S (e^((r-q)T) - 1), T years to the future's expiry.

    Raises DataError when the price is not positive or the future has expired.
    """
    if not (math.isfinite(underlying_price) and underlying_price > 0 and math.isfinite(rate - dividend_yield)):
        raise DataError(f"basis: {underlying_price} points, rate {rate}, yield {dividend_yield}; give finite numbers")
    if not years >= 0:
        raise DataError(f"basis: {future} expires in {years} years; choose a future that still trades")
    points = underlying_price * math.expm1((rate - dividend_yield) * years)
    return Basis(
        future, points, 1.0, "carry", tick_of(future, tick),
        underlying_price + points, underlying_price, None, underlying_ts,
    )  # fmt: skip


def tick_of(future: str, tick: float | None = None) -> float:
    """Tick of a future [points]: as given, else of TICKS. Raises ConfigError where neither is known."""
    if tick is None:
        if future not in TICKS:
            raise ConfigError(f"the tick of {future!r} is unknown; give it (known: {', '.join(TICKS)})")
        return TICKS[future]
    if not (math.isfinite(tick) and tick > 0):
        raise ConfigError(f"tick={tick} of {future} must be positive")
    return tick
