"""The numbers that the page's charts draw, as plain data: in points of the chain and dollars per 1 % move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from indicators.gex.export.overlay import SLOTS

if TYPE_CHECKING:
    from indicators.gex.analysis import Analysis, ExpiryRow
    from indicators.gex.levels import Level, Levels
    from indicators.gex.surface import Expiry, Floats

NEW_YORK = ZoneInfo("America/New_York")
LINES = {
    "gamma_flip": "flip", "call_wall": "call_wall", "put_wall": "put_wall", "max_pain": "max_pain", "pin1": "pin1",
    "pin2": "pin2", "vol_trigger": "vol_trigger",
}  # fmt: skip
"""Key of the drawing slot by the name of a level."""
ON_WHITE = {"vol_trigger": "#B59400", "flip": "#E08A00", "pin1": "#8A8A8A"}
"""Darker than on a chart's black: the page is white."""
HEAT_WINDOW = 0.15


def chart_data(analysis: Analysis, levels: Levels) -> dict[str, Any]:
    """Profile, strikes, expiries, heatmap and lines. Numbers have six significant digits; None is a missing one."""
    spot = analysis.surface.spot
    lines = [_line(level) for level in (*levels.levels, levels.vol_trigger) if level.price is not None]
    table = analysis.strikes
    return {
        "symbol": analysis.surface.symbol,
        "spot": spot,
        "regime": analysis.regime,
        "view": view(analysis, levels),
        "lines": lines,
        "crossings": [{"price": item.level, "upward": item.upward, "valid": item.valid, "reason": item.reason}
                      for item in analysis.flip.crossings],
        "band": None if analysis.flip.band is None else list(analysis.flip.band),
        "profile": {"spot": numbers(analysis.profile.grid), "net": numbers(analysis.profile.net)},
        "strikes": {name: numbers(getattr(table, name))
                    for name in ("strike", "call", "put", "net", "call_oi", "put_oi")},
        "expiries": [_expiry(row, name, analysis.surface.asof)
                     for row, name in zip(analysis.by_expiry, labels(analysis.by_expiry), strict=True)],
        "heat": _heat(analysis),
    }  # fmt: skip


def view(analysis: Analysis, levels: Levels) -> tuple[float, float]:
    """Prices to show at first: around the spot, at least 3 %, with the levels and the expected move within 12 %."""
    spot = analysis.surface.spot
    wanted = [level.price for level in (*levels.levels, levels.vol_trigger) if level.price is not None]
    far = [1.15 * abs(price - spot) for price in wanted]
    move = analysis.expected_move_pts
    far += [2.5 * move] if move is not None and math.isfinite(move) else []
    half = max([0.03 * spot, *(distance for distance in far if distance <= 0.12 * spot)])
    return spot - half, spot + half


def label(settles: datetime, root: str, several: bool) -> str:
    """Name of an expiry on an axis: the date in New York, with the root where a day has several."""
    day = f"{settles.astimezone(NEW_YORK):%Y-%m-%d}"
    return f"{day} {root}" if several else day


def numbers(values: Floats) -> list[float | None]:
    """A column as JSON: six significant digits (all digits of round strikes), None for what is not finite."""
    return [number(value) for value in values.tolist()]


def number(value: float | None) -> float | None:
    """One number as JSON."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.9g}")


def labels(rows: Sequence[ExpiryRow | Expiry]) -> list[str]:
    """Names of the expiries in their order, each of them once."""
    days = [row.settles.astimezone(NEW_YORK).date() for row in rows]
    return [label(row.settles, row.root, days.count(day) > 1) for row, day in zip(rows, days, strict=True)]


def _line(level: Level) -> dict[str, Any]:
    key = LINES.get(level.name, "pin2")
    slot = next(slot for slot in SLOTS if slot.key == key)
    return {
        "name": level.name, "label": level.label or slot.name, "price": level.price, "drawn": level.drawn,
        "drop": level.drop, "colour": ON_WHITE.get(key, slot.colour), "dash": slot.style, "width": slot.width,
    }  # fmt: skip


def _expiry(row: ExpiryRow, name: str, asof: datetime) -> dict[str, Any]:
    return {
        "label": name, "settles": row.settles.astimezone(UTC).isoformat(), "root": row.root,
        "days": round((row.settles - asof).total_seconds() / 86_400, 3), "call": number(row.totals.call),
        "put": number(row.totals.put), "net": number(row.totals.net), "share": number(row.share),
        "flip": number(row.flip), "max_pain": number(row.max_pain),
    }  # fmt: skip


def _heat(analysis: Analysis) -> dict[str, Any]:
    """Signed net by strike and expiry within 15 % of the spot; None where no contract has exposure."""
    spot = analysis.surface.spot
    near = np.abs(analysis.strikes.strike - spot) <= HEAT_WINDOW * spot
    near &= np.any(analysis.matrix != 0.0, axis=1)
    part = analysis.matrix[near]
    return {
        "strike": numbers(analysis.strikes.strike[near]),
        "expiry": labels(analysis.surface.expiries),
        "net": [[None if value == 0.0 else number(value) for value in row] for row in part.tolist()],
    }
