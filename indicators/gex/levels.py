"""Which levels are drawn: priorities, one gap between all of them, a window around the spot, at most two pins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from feeds.errors import ConfigError
from indicators.gex.analysis import Analysis
from indicators.gex.basis import Basis
from indicators.gex.settings import GexSettings

GAPS = {"SPX": 20.0, "ES": 20.0, "MES": 20.0, "NDX": 60.0, "NQ": 60.0, "MNQ": 60.0, "RUT": 10.0, "RTY": 10.0}
"""Smallest distance between two drawn levels [points]; 0.3 % of the price for every other symbol."""

GAP_SHARE = 0.003
SLOTS = {
    "gamma_flip": "gex1", "call_wall": "gex2", "put_wall": "gex3", "max_pain": "gex4", "pin1": "gex5", "pin2": "gex6",
}  # fmt: skip
"""Slot of each drawn level; gex0 is the vol trigger, which is never drawn by default."""

TITLES = {
    "vol_trigger": "Vol Trigger", "gamma_flip": "Gamma Flip", "call_wall": "Call Wall", "put_wall": "Put Wall",
    "max_pain": "Max Pain",
}  # fmt: skip


@dataclass(frozen=True)
class Level:
    """One level of the chain and what became of it.

    price: as analysed [points of the chain]; place: where it belongs on the chart [points of the chart: the price
    itself, or the future's, rounded to its tick]; both None when the level does not exist.
    drop: why it is not drawn ("null", "window", "gap", "max_pins"), "" when it is.
    """

    name: str
    slot: str
    price: float | None
    place: float | None
    in_window: bool
    drawn: bool
    drop: str = ""
    merged_into: str | None = None
    """The drawn level that stands for this one, too close to be drawn beside it."""
    label: str = ""
    """Title on the chart, with the titles of the levels merged into it."""
    strength: float | None = None
    """Prominence of a pin; None for others."""


@dataclass(frozen=True)
class Levels:
    """All levels in order of priority, drawn or not; `vol_trigger` stands apart (no gap, no window, not drawn)."""

    symbol: str
    chart: str
    """Whose points `place` is in: the symbol, or the future of the basis."""
    spot: float
    """On the chart [points]."""
    levels: tuple[Level, ...]
    vol_trigger: Level
    window_pct: float
    min_gap_pts: float
    max_pins: int
    basis: Basis | None = None

    @property
    def drawn(self) -> tuple[Level, ...]:
        """The drawn levels, by priority."""
        return tuple(level for level in self.levels if level.drawn)

    @property
    def dropped(self) -> tuple[Level, ...]:
        """Every level that is not drawn; its `drop` says why."""
        return tuple(level for level in self.levels if not level.drawn)

    def slots(self) -> dict[str, float | None]:
        """gex0 (vol trigger, never drawn by default) to gex6: place on the chart [points], None for an empty slot."""
        found: dict[str, float | None] = {"gex0": self.vol_trigger.place}
        found.update(dict.fromkeys(SLOTS.values()))
        found.update({level.slot: level.place for level in self.drawn})
        return found

    def named(self, name: str) -> Level | None:
        """The level of that name (gamma_flip, call_wall, put_wall, max_pain, pin1 …, vol_trigger)."""
        return next((level for level in (*self.levels, self.vol_trigger) if level.name == name), None)


def minimum_gap(symbol: str, price: float) -> float:
    """Smallest distance between two drawn levels of a symbol at a price [points]."""
    return GAPS.get(symbol.upper(), GAP_SHARE * price)


def process(analysis: Analysis, settings: GexSettings | None = None, basis: Basis | None = None) -> Levels:
    """Levels of an analysis, ready to draw; on the future's chart when a basis is given.

    Order: round to listed strikes (not the flip, nor the vol trigger), convert, window, then the gap by priority:
    flip, call wall, put wall, max pain, pins by strength. Raises ConfigError for a window or gap below zero.
    """
    settings = settings or analysis.settings
    listed = analysis.strikes.strike
    pins = sorted(analysis.pins, key=lambda pin: (-pin.strength, pin.distance_pts, pin.strike))
    wanted: list[tuple[str, float | None, float | None]] = [
        ("gamma_flip", analysis.flip.level, None),
        ("call_wall", _listed(listed, analysis.call_wall.strike if analysis.call_wall else None), None),
        ("put_wall", _listed(listed, analysis.put_wall.strike if analysis.put_wall else None), None),
        ("max_pain", _listed(listed, analysis.max_pain), None),
        *((f"pin{i}", _listed(listed, pin.strike), pin.strength) for i, pin in enumerate(pins, 1)),
    ]
    candidates = [_candidate(name, price, strength, basis) for name, price, strength in wanted]
    spot = analysis.surface.spot if basis is None else basis.shift(analysis.surface.spot)
    chart = analysis.surface.symbol if basis is None else basis.future
    gap = minimum_gap(chart, spot) if settings.min_gap_pts is None else settings.min_gap_pts
    trigger = replace(_candidate("vol_trigger", analysis.vol_trigger.level, None, basis), slot="gex0")
    return Levels(
        symbol=analysis.surface.symbol,
        chart=chart,
        spot=spot,
        levels=choose(candidates, spot, gap, settings.window_pct, settings.max_pins),
        vol_trigger=replace(trigger, in_window=_inside(trigger.place, spot, settings.window_pct)),
        window_pct=settings.window_pct,
        min_gap_pts=gap,
        max_pins=settings.max_pins,
        basis=basis,
    )


def choose(
    candidates: Sequence[Level], spot: float, min_gap_pts: float, window_pct: float = 0.03, max_pins: int = 2
) -> tuple[Level, ...]:
    """Candidates in order of priority, each marked as drawn or dropped with its reason.

    A level is drawn if it lies within window_pct × spot of the spot and at least min_gap_pts (equality counts) from
    every level drawn before it. Names that start with "pin" count against max_pins. What is dropped for the gap is
    merged into the nearest drawn level. Pins drawn are renumbered pin1, pin2 with their slots; applying the rule to
    its own outcome changes nothing. Raises ConfigError for a gap or window below zero or not finite.
    """
    if not (min_gap_pts >= 0 and math.isfinite(min_gap_pts)):
        raise ConfigError(f"min_gap_pts={min_gap_pts} must be zero or more points")
    if not (window_pct >= 0 and math.isfinite(window_pct)):
        raise ConfigError(f"window_pct={window_pct} must be zero or more, as a fraction of the spot (0.03 is 3 %)")
    if not (math.isfinite(spot) and spot > 0):
        raise ConfigError(f"spot={spot} must be a positive price; levels need one to be placed")
    done: list[Level] = []
    accepted: list[Level] = []
    drawn_pins, spare = 0, max_pins
    for given in candidates:
        pin = given.name.startswith("pin")
        inside = _inside(given.place, spot, window_pct)
        near = None if given.place is None else _nearest(given.place, accepted, min_gap_pts)
        drop = _reason(given, inside, near, pin and drawn_pins >= max_pins)
        level = replace(given, in_window=inside, drawn=not drop, drop=drop, merged_into=None, label=title(given.name))
        if pin and not drop:
            drawn_pins += 1
            level = replace(level, name=f"pin{drawn_pins}", slot=SLOTS.get(f"pin{drawn_pins}", ""))
            level = replace(level, label=title(level.name))
        elif pin:
            spare += 1
            level = replace(level, name=f"pin{spare}", slot="", label="Pin")
        if drop == "gap" and near is not None:
            level = replace(level, merged_into=near.name)
        if level.drawn:
            accepted.append(level)
        done.append(level)
    return tuple(replace(level, label=_combined(level, done)) if level.drawn else level for level in done)


def title(name: str) -> str:
    """What a level is called on a chart: "Gamma Flip", "Pin 1"."""
    return TITLES.get(name) or f"Pin {name.removeprefix('pin')}"


def _candidate(name: str, price: float | None, strength: float | None, basis: Basis | None) -> Level:
    place = price if price is None or basis is None else basis.place(price)
    return Level(name, SLOTS.get(name, ""), price, place, False, False, label=title(name), strength=strength)


def _reason(level: Level, inside: bool, near: Level | None, full: bool) -> str:
    if level.place is None or not math.isfinite(level.place):
        return "null"
    if not inside:
        return "window"
    if near is not None:
        return "gap"
    return "max_pins" if full else ""


def _inside(place: float | None, spot: float, window_pct: float) -> bool:
    return place is not None and abs(place - spot) <= window_pct * spot


def _nearest(place: float, accepted: Sequence[Level], gap: float) -> Level | None:
    """The drawn level that is closest, among those too close."""
    close = [(abs(place - level.place), i) for i, level in enumerate(accepted) if level.place is not None]
    close = [(distance, i) for distance, i in close if distance < gap]
    return accepted[min(close)[1]] if close else None


def _combined(level: Level, levels: Sequence[Level]) -> str:
    merged = [other.label for other in levels if other.merged_into == level.name and other.drop == "gap"]
    return " / ".join([level.label, *merged])


def _listed(strikes: np.typing.NDArray[np.float64], price: float | None) -> float | None:
    """The listed strike nearest to a price, the lower of two; the price itself where none is listed."""
    if price is None or not len(strikes):
        return price
    return float(strikes[int(np.argmin(np.abs(strikes - price)))])
