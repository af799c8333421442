"""What a chart overlay shows: one row of levels with the facts that say whether to trust it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from feeds.errors import DataError

QUALITY_NUMBERS = {"clear": 3, "moderate": 2, "ambiguous": 1, "edge": 0, "unknown": -1}
REGIME_NUMBERS = {"POS": 1, "NEG": -1, "NEUTRAL": 0, "MIXED": 0}


@dataclass(frozen=True)
class Slot:
    """How one level is drawn. rgb: red, green, blue; style: solid, dash or dot; width [pixels]; transparency [%]."""

    key: str
    column: str
    name: str
    colour: str
    style: str
    width: int
    transparency: int = 0
    drawn: str = "always"
    """always, with data (a pin may be absent) or never."""

    @property
    def rgb(self) -> tuple[int, int, int]:
        return int(self.colour[1:3], 16), int(self.colour[3:5], 16), int(self.colour[5:7], 16)


SLOTS = (
    Slot("vol_trigger", "gex0_vol_trigger", "Vol Trigger", "#FFFF00", "dash", 2, drawn="never"),
    Slot("flip", "gex1_flip", "Gamma Flip", "#FFA500", "solid", 3),
    Slot("call_wall", "gex2_call_wall", "Call Wall", "#DC143C", "solid", 3),
    Slot("put_wall", "gex3_put_wall", "Put Wall", "#228B22", "solid", 3),
    Slot("max_pain", "gex4_max_pain", "Max Pain", "#1E90FF", "dot", 2),
    Slot("pin1", "gex5_pin1", "Pin 1", "#A9A9A9", "dash", 2, 20, "with data"),
    Slot("pin2", "gex6_pin2", "Pin 2", "#696969", "dash", 2, 20, "with data"),
)
"""Slots 0 to 6 in the order of the CSV columns; slot 0 is in the file but is not drawn."""

BACKGROUND = {"POS": "#90EE90", "NEG": "#FFB6C1"}
BACKGROUND_OPACITY_PCT = 15


@dataclass(frozen=True)
class Overlay:
    """Levels of one symbol at one instant, as drawn: in points of the chart's instrument, None for a blank slot.

    time: aware UTC, the instant of the snapshot. gex_total_usd_per_1pct: signed net exposure. labels: names of merged
    levels by slot, such as {"flip": "Gamma Flip + Call Wall"}. basis_pts: what was added to index levels for a future.
    market_status: RTH, CURB, GTH, CLOSED or HOLIDAY. Raises DataError for a naive time and for a level, spot or total
    that is NaN or infinite: a number that is not one must not reach a chart.
    """

    symbol: str
    time: datetime
    spot: float
    gex_total_usd_per_1pct: float
    regime: str
    vol_trigger: float | None
    flip: float | None
    call_wall: float | None
    put_wall: float | None
    max_pain: float | None
    pin1: float | None
    pin2: float | None
    window_pct: float
    min_gap_pts: float
    market_status: str
    stale_minutes: int
    source: str
    regime_num: int = 0
    basis_pts: float | None = None
    flip_quality: str = "unknown"
    oi_date: date | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.time.utcoffset() != timedelta(0):
            raise DataError(f"overlay of {self.symbol}: time {self.time.isoformat()} is not in UTC; give an aware one")
        numbers = {name: getattr(self, name) for name in ("spot", "gex_total_usd_per_1pct", "window_pct", "basis_pts",
                                                          "min_gap_pts", *(slot.key for slot in SLOTS))}  # fmt: skip
        for name, value in numbers.items():
            if value is not None and not math.isfinite(value):
                raise DataError(f"overlay of {self.symbol}: {name} is {value}; leave an unknown level out (None)")

    @property
    def drawn(self) -> tuple[tuple[Slot, float, str], ...]:
        """(slot, price, label) of every line on the chart: slots 1 to 6 that are filled."""
        found = ((slot, getattr(self, slot.key)) for slot in SLOTS if slot.drawn != "never")
        return tuple((slot, price, self.labels.get(slot.key, slot.name)) for slot, price in found if price is not None)


def check_symbol(symbol: str) -> str:
    """The symbol, when it can stand in a CSV without quotes; DataError else."""
    if not symbol or not symbol.isprintable() or any(sign in symbol for sign in ",;\"'|\\<>"):
        raise DataError(
            f"symbol {symbol!r} cannot stand in a file for charts; use letters, digits, '.', '^', ':' or '-'"
        )
    return symbol
