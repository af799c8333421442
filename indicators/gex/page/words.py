"""Numbers and facts as a reader of the page meets them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indicators.gex.analysis import Analysis

MISSING = "–"
REGIMES = {
    "POS": "Dealers are assumed to be net long gamma: their hedging sells rallies and buys dips, which damps moves",
    "NEG": "Dealers are assumed to be net short gamma: their hedging trades with the move, which amplifies it",
    "NEUTRAL": "Net gamma is small beside the gross: hedging neither damps nor amplifies much",
    "MIXED": "The sign of the net exposure and the side of the gamma flip disagree: no clear regime",
}
FLIPS = {
    "ok": "one crossing counts",
    "multiple": "several crossings count; the nearest to the spot is taken",
    "one_sided_positive": "none: net gamma is positive over the whole grid",
    "one_sided_negative": "none: net gamma is negative over the whole grid",
    "edge_only": "none: the only crossings lie at the edge of the grid",
    "weak_only": "none: the only crossings lie where there is hardly any gamma",
    "too_few_contracts": "none: too few contracts",
}


SHORT = {
    "one_sided_positive": "none: net is positive everywhere", "one_sided_negative": "none: net is negative everywhere",
    "edge_only": "none: only at the edge", "weak_only": "none: only without gamma",
    "too_few_contracts": "too few contracts",
}  # fmt: skip


def money(value: float | None) -> str:
    """Dollars with a unit: "-2.31 bn $"."""
    if value is None or not math.isfinite(value):
        return MISSING
    for step, name in ((1e12, "tn $"), (1e9, "bn $"), (1e6, "m $"), (1e3, "k $")):
        if abs(value) >= 0.9995 * step:
            return f"{value / step:,.3g} {name}".replace("-", "\u2212") if abs(value) < 999.5 * step else (
                f"{value / step:,.0f} {name}".replace("-", "\u2212"))  # fmt: skip
    return f"{value:,.0f} $".replace("-", "\u2212")


def points(value: float | None) -> str:
    """A price: "6,475.00"."""
    return MISSING if value is None or not math.isfinite(value) else f"{value:,.2f}"


def share(value: float | None, digits: int = 1) -> str:
    """A fraction in percent: "12.3 %"."""
    return (
        MISSING if value is None or not math.isfinite(value) else f"{100 * value:.{digits}f} %".replace("-", "\u2212")
    )


def plain(value: float | None, digits: int = 2) -> str:
    """A bare number."""
    return MISSING if value is None or not math.isfinite(value) else f"{value:,.{digits}f}".replace("-", "\u2212")


def away(level: float | None, spot: float) -> str:
    """Distance of a level from the spot: "+0.77 %"."""
    if level is None or not (math.isfinite(level) and math.isfinite(spot)) or spot <= 0:
        return MISSING
    return f"{100 * (level / spot - 1):+.2f} %".replace("-", "\u2212")


def verdict(analysis: Analysis) -> str:
    """The regime in a sentence, and where the flip is."""
    spot, flip = analysis.surface.spot, analysis.flip
    told = f"{REGIMES.get(analysis.regime, analysis.regime)} ({money(analysis.totals.net)} net per 1 % move, "
    told += f"sign model {analysis.sign_model})."
    if flip.level is None:
        return f"{told} Gamma flip: {FLIPS.get(flip.status, flip.status)}."
    side = "above" if spot >= flip.level else "below"
    distance = share(abs(spot / flip.level - 1), 2)
    return f"{told} Spot {points(spot)} is {distance} {side} the gamma flip at {points(flip.level)} ({flip.quality})."
