"""Dealers' bias, split in two: do they damp or amplify moves, and which way do the levels lean?

The weights are priors, not measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import tanh

from indicators.gex.analysis import Bias, Crossing

WEIGHTS = {"flip": 0.30, "walls": 0.20, "pcr": 0.15, "skew": 0.15, "max_pain": 0.10, "vix": 0.10}
WEAK, MODERATE = 0.15, 0.45


@dataclass(frozen=True)
class Evidence:
    """What the terms are made of; None is missing. Levels in points, z-scores against 252 sessions."""

    spot: float
    regime: str
    net: float
    median_abs_net: float | None
    flip: Crossing | None
    call_wall: float | None
    put_wall: float | None
    z_pcr: float | None
    z_skew: float | None
    max_pain: float | None
    front_share: float
    vix: float | None
    vix3m: float | None


def bias(evidence: Evidence, *, oi_score: float, freshness: float = 1.0) -> Bias:
    """vol_regime = tanh(net / median abs(net)); direction = weighted mean of the terms that are there, each in [-1, 1].

    flip .30: clip((S - F) / (1 % of S)), the other way for an inverted flip. walls .20, POS only:
    1 - 2 (S - PW) / (CW - PW). pcr .15 and skew .15: -z / 2. max_pain .10, POS only: clip((MP - S) / (1 % of S)) x
    min(1, front expiry's share of gross / 0.5). vix .10: clip((VIX3M / VIX - 1) / 0.1).
    confidence = weight of the terms that are there x oi_score x freshness. strength: WEAK below 0.15, MODERATE below
    0.45, else STRONG, and regime NEUTRAL, BULLISH or BEARISH by the sign; UNKNOWN without any term.
    """
    terms = _terms(evidence)
    known = {name: value for name, value in terms.items() if value is not None}
    weight = sum(WEIGHTS[name] for name in known)
    direction = sum(WEIGHTS[name] * value for name, value in known.items()) / weight if weight else None
    median = evidence.median_abs_net
    if direction is None:
        strength = regime = "UNKNOWN"
    elif abs(direction) < WEAK:
        strength, regime = "WEAK", "NEUTRAL"
    else:
        strength = "MODERATE" if abs(direction) < MODERATE else "STRONG"
        regime = "BULLISH" if direction > 0 else "BEARISH"
    return Bias(
        vol_regime=tanh(evidence.net / median) if median else None,
        direction=direction,
        strength=strength,
        regime=regime,
        confidence=weight * oi_score * freshness,
        terms=terms,
    )


def _terms(e: Evidence) -> dict[str, float | None]:
    one_percent, damping = 0.01 * e.spot, e.regime == "POS"
    walls = max_pain = None
    if damping and e.call_wall is not None and e.put_wall is not None and e.call_wall > e.put_wall:
        walls = _clip(1.0 - 2.0 * (e.spot - e.put_wall) / (e.call_wall - e.put_wall))
    if damping and e.max_pain is not None:
        max_pain = _clip((e.max_pain - e.spot) / one_percent) * min(1.0, e.front_share / 0.5)
    side = 0.0 if e.flip is None else 1.0 if e.flip.upward else -1.0
    return {
        "flip": None if e.flip is None else side * _clip((e.spot - e.flip.level) / one_percent),
        "walls": walls,
        "pcr": None if e.z_pcr is None else _clip(-e.z_pcr / 2.0),
        "skew": None if e.z_skew is None else _clip(-e.z_skew / 2.0),
        "max_pain": max_pain,
        "vix": None if not e.vix or not e.vix3m else _clip((e.vix3m / e.vix - 1.0) / 0.1),
    }


def _clip(value: float) -> float:
    return max(-1.0, min(1.0, value))
