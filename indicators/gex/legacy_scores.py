"""The published bias formulas of the original, kept by name for comparison; none of them is a recommendation.

Every component lies in [0, 1] with 0.5 neutral; the signed score is 2 (raw - 0.5). They contradict each other (flip,
skew and VIX have opposite signs between A and C), so the pipeline's own bias is `indicators.gex.bias`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NEUTRAL = 0.5
LARGE_SYMBOLS = frozenset({"NDX", "NQ", "MNQ", "XND"})

WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "v1": {"flip": 0.25, "pins": 0.20, "pcr": 0.15, "skew": 0.15, "vix": 0.10, "gex": 0.15},
    "v2.2": {"flip": 0.25, "pins": 0.20, "pcr": 0.15, "skew": 0.15, "vix": 0.10, "gex": 0.15},
    "spy_adapter": {"pcr": 0.25, "skew": 0.25, "flip": 0.20, "gex": 0.20, "max_pain": 0.10},
    "tanh": {"pcr": 0.35, "skew": 0.30, "gex": 0.20, "flip": 0.10, "vix": 0.03, "pins": 0.02},
}
"""Weights of each variant; they add up to 1."""

THRESHOLDS = {"v1": (0.15, 0.45), "v2.2": (0.15, 0.45), "spy_adapter": (0.15, 0.45), "tanh": (0.30, 0.60)}
"""Limits of |score| below which a bias is weak, and moderate."""


@dataclass(frozen=True)
class Inputs:
    """What the variants read; NaN for what is unknown, which then counts as neutral.

    spot, flip, max_pain in points; pcr = put over call open interest; skew = mean put minus mean call volatility
    (decimal); vix in index points; gex in dollars per 100 % move; normalized = gex over normalization_factor.
    """

    spot: float
    flip: float = math.nan
    max_pain: float = math.nan
    pcr: float = math.nan
    skew: float = math.nan
    vix: float = math.nan
    gex: float = math.nan
    normalized: float = math.nan
    pin_strengths: Sequence[float] = ()


@dataclass(frozen=True)
class LegacyBias:
    """raw in [0, 1]; score in [-1, 1]; strength WEAK, MODERATE or STRONG; regime BULLISH, BEARISH or NEUTRAL."""

    variant: str
    raw: float
    score: float
    strength: str
    regime: str
    components: Mapping[str, float]


def normalization_factor(symbol: str, gex: float) -> float:
    """What gex [dollars per 100 %] is divided by: 1e12, for NDX and NQ 2e12; tenfold above 100, a tenth below 0.01.

    The jumps at the two limits are the original's; the pipeline's own figures are net over gross and the percentile.
    """
    base = 2e12 if symbol.upper() in LARGE_SYMBOLS else 1e12
    ratio = abs(gex) / base
    if ratio > 100:
        return base * 10
    return base / 10 if ratio < 0.01 else base


def legacy_bias(inputs: Inputs, variant: str = "v2.2") -> LegacyBias:
    """The bias of one published variant: v1, v2.2, spy_adapter or tanh. KeyError for any other name."""
    weights = WEIGHTS[variant]
    if variant == "tanh":
        values = _tanh(inputs)
    elif variant == "spy_adapter":
        values = _spy_adapter(inputs)
    else:
        values = _steps(inputs, variant)
    components = {name: NEUTRAL if math.isnan(values[name]) else values[name] for name in weights}
    raw = sum(weight * components[name] for name, weight in weights.items())
    score = 2 * (raw - 0.5)
    weak, moderate = THRESHOLDS[variant]
    size = abs(score)
    strength = "WEAK" if size < weak else "MODERATE" if size < moderate else "STRONG"
    regime = "NEUTRAL" if size < weak else "BULLISH" if score > 0 else "BEARISH"
    return LegacyBias(variant, raw, score, strength, regime, components)


def gamma_proximity(
    price: float,
    *,
    call_wall: float | None,
    put_wall: float | None,
    vol_trigger: float | None,
    flip: float | None,
    net_gamma: float,
) -> float:
    """How near the price is to a level, 0 to 1 and unsigned: 0.325 per wall, 0.10 vol trigger, 0.05 flip, 0.25 size.

    Each level counts max(0, 1 - distance / 25 points); the size term is min(1, |net_gamma| / 0.1), whose unit the
    original does not name.
    """

    def near(level: float | None) -> float:
        return 0.0 if level is None else max(0.0, 1.0 - abs(price - level) / 25.0)

    base = 0.325 * (near(call_wall) + near(put_wall)) + 0.10 * near(vol_trigger)
    return min(1.0, base + 0.25 * min(1.0, abs(net_gamma) / 0.1) + 0.05 * near(flip))


def gex_bias(gex: float, variant: str = "v2.2") -> float:
    """The gex component: v2.2 above 0: 0.55, down to -1.5e12: 0.45, below: 0.30 [dollars per 100 %]."""
    if math.isnan(gex):
        return NEUTRAL
    if variant == "v1":
        return 0.5 if gex > 0 else 0.3 if gex < -1e9 else 0.7
    if variant == "spy_adapter":
        return 0.6 if gex > 0 else 0.3 if gex < -1e12 else 0.5
    return 0.55 if gex > 0 else 0.30 if gex < -1.5e12 else 0.45


def _steps(inputs: Inputs, variant: str) -> dict[str, float]:
    return {
        "flip": _flip(inputs, 50.0),
        "pins": NEUTRAL,
        "pcr": _band(inputs.pcr, 0.8, 1.5, 0.7, 0.2),
        "skew": _band(inputs.skew, -0.05, 0.05, 0.7, 0.3),
        "vix": _band(inputs.vix, 15.0, 25.0, 0.7, 0.5),
        "gex": gex_bias(inputs.gex, variant),
    }


def _spy_adapter(inputs: Inputs) -> dict[str, float]:
    away = inputs.max_pain - inputs.spot
    pain = math.nan if math.isnan(away) else 0.5 if abs(away) < 25 else 0.4 if away > 0 else 0.6
    steps = _steps(inputs, "spy_adapter")
    return {**steps, "flip": _flip(inputs, 25.0), "max_pain": pain}


def _tanh(inputs: Inputs) -> dict[str, float]:
    strengths = list(inputs.pin_strengths)
    return {
        "flip": 0.5 + 0.5 * math.tanh((inputs.flip - inputs.spot) / 150.0),
        "pins": min(sum(strengths) / len(strengths) / 10.0, 1.0) if strengths else math.nan,
        "pcr": 1.0 - _clip(inputs.pcr, 0.0, 2.0) / 2.0,
        "skew": _clip(0.5 + 10.0 * inputs.skew, 0.0, 1.0),
        "vix": _clip(0.5 + (inputs.vix - 20.0) / 40.0, 0.0, 1.0),
        "gex": 0.5 + 0.5 * math.tanh(inputs.normalized / 300.0),
    }


def _flip(inputs: Inputs, dead_band: float) -> float:
    away = inputs.flip - inputs.spot
    if math.isnan(away):
        return math.nan
    return 0.5 if abs(away) < dead_band else 0.3 if away > 0 else 0.7


def _band(value: float, low: float, high: float, below: float, above: float) -> float:
    if math.isnan(value):
        return math.nan
    return above if value > high else below if value < low else NEUTRAL


def _clip(value: float, low: float, high: float) -> float:
    return value if math.isnan(value) else min(max(value, low), high)
