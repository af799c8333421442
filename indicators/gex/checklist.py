"""The five points to look at before levels go on a chart, as a result and not as assertions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from indicators.gex.levels import Levels
from indicators.gex.verdict import CAUTION, CAUTION_FROM, GO, NO_GO, Sanity

if TYPE_CHECKING:
    from indicators.gex.analysis import Analysis

USE, WITH_CAUTION, STOP, ABANDON = "USE", "CAUTION", "STOP", "NO_GO"
REGIMES = ("POS", "NEG", "NEUTRAL", "MIXED")
PRINTED = 0.01
"""Prices are printed with two decimals: a gap may look smaller by that much [points]."""


@dataclass(frozen=True)
class Point:
    number: int
    question: str
    passed: bool
    found: str


@dataclass(frozen=True)
class Checklist:
    """Five points and what follows: NO_GO if the fifth fails, STOP for the first two, CAUTION for the others."""

    points: tuple[Point, ...]

    @property
    def verdict(self) -> str:
        """USE, CAUTION, STOP (do not draw) or NO_GO (give the snapshot up)."""
        failed = {point.number for point in self.points if not point.passed}
        if 5 in failed:
            return ABANDON
        if failed & {1, 2}:
            return STOP
        return WITH_CAUTION if failed else USE

    @property
    def passed(self) -> bool:
        """Whether all five points hold."""
        return self.verdict == USE


def of(analysis: Analysis, levels: Levels, sanity: Sanity, timestamp: datetime) -> Checklist:
    """The five points of one run."""
    drawn = [level for level in levels.drawn if level.place is not None]
    return five_points(
        timestamp=timestamp,
        drawn=[level.place for level in drawn if level.place is not None],
        pins=[level.place for level in drawn if level.place is not None and level.name.startswith("pin")],
        spot=levels.spot,
        gex_total=analysis.totals.net,
        regime=analysis.regime,
        score=sanity.score,
        status=sanity.status,
        min_gap_pts=levels.min_gap_pts,
        window_pct=levels.window_pct,
    )


def five_points(
    *,
    timestamp: datetime | str,
    drawn: Sequence[float],
    pins: Sequence[float],
    spot: float,
    gex_total: float,
    regime: str,
    score: float,
    status: str,
    min_gap_pts: float,
    window_pct: float = 0.03,
) -> Checklist:
    """The five points on plain values; prices in points, in any order.

    1 the time is UTC with its offset; 2 drawn levels are at least min_gap_pts apart, in order of price; 3 at most two
    pins, within the window; 4 the regime agrees with the sign of the total (NEUTRAL and MIXED agree with both); 5 the
    sanity score is at least 60 and its status GO or CAUTION. gex0, the vol trigger, is no drawn level and no pin.
    """
    ordered = sorted(drawn)
    gaps = [above - below for below, above in itertools.pairwise(ordered)]
    narrowest = min(gaps, default=math.inf)
    furthest = max((abs(pin - spot) for pin in pins), default=0.0)
    agrees = regime in ("NEUTRAL", "MIXED") or regime == ("POS" if gex_total > 0 else "NEG")
    shown = "fewer than two levels" if not gaps else f"{narrowest:.2f} points between the nearest two"
    return Checklist(
        (
            Point(1, "Is the time UTC?", _utc(timestamp), str(timestamp)),
            Point(
                2, f"Are levels at least {min_gap_pts:g} points apart?",
                not narrowest < min_gap_pts - PRINTED and all(map(math.isfinite, drawn)), shown,
            ),
            Point(
                3, f"At most two pins, within {window_pct:.1%} of the spot?",
                len(pins) <= 2 and furthest <= window_pct * spot + PRINTED,
                f"{len(pins)} pins, the furthest {furthest:.2f} points away",
            ),
            Point(4, "Does the regime agree with the total?", agrees, f"{regime}, total {gex_total:+.3g}"),
            Point(
                5, f"Is the sanity score at least {CAUTION_FROM}?",
                score >= CAUTION_FROM and status in (GO, CAUTION), f"{score:g}, {status or NO_GO}",
            ),
        )
    )  # fmt: skip


def _utc(timestamp: datetime | str) -> bool:
    """Whether a time is an instant with offset 0; a text must be ISO 8601 with Z or +00:00."""
    if isinstance(timestamp, str):
        try:
            timestamp = datetime.fromisoformat(timestamp)
        except ValueError:
            return False
    return timestamp.tzinfo is UTC or timestamp.utcoffset() == timedelta(0)
