"""Gamma pins: strikes near spot whose gross gamma stands out among their neighbours."""

from __future__ import annotations

from math import exp

import numpy as np

from indicators.gex.analysis import Pin, StrikeTable

PROMINENT, SHARE, NEIGHBOURS = 1.5, 0.05, 0.01
STRONGEST = 100.0
"""Cap of the strength, for strikes whose neighbours hold nothing."""
CATEGORIES = ((0.20, "Very Strong"), (0.10, "Strong"), (0.05, "Medium"))
ROLES = {"POS": "pin", "NEG": "accelerator"}


def pins(
    table: StrikeTable, spot: float, regime: str, expected_move: float | None, window_pct: float = 0.03
) -> tuple[Pin, ...]:
    """Strikes within the window around spot that stand out, highest rank first.

    share = gross(K) / gross of the window; strength (prominence) = gross(K) / mean gross of the other strikes within
    1 % of K, at most 100; a pin has strength >= 1.5 and share >= 0.05. A strike without neighbours within 1 % cannot
    be compared and is no pin. rank = share x exp(-abs(K - spot) / expected move), the share alone without a move.
    role: "pin" in regime POS, "accelerator" in NEG, else "undecided". gex_usd_per_1pct: the strike's net.
    """
    gross = table.call + table.put
    window = np.flatnonzero(np.abs(table.strike - spot) <= window_pct * spot)
    total = float(gross[window].sum())
    found = []
    for place in window:
        strike, share = float(table.strike[place]), float(gross[place]) / total if total > 0 else 0.0
        if share < SHARE:
            continue
        reach = NEIGHBOURS * strike * (1 + 1e-12)
        first = int(np.searchsorted(table.strike, strike - reach, "left"))
        last = int(np.searchsorted(table.strike, strike + reach, "right"))
        others = last - first - 1
        if others < 1:
            continue
        mean = float(gross[first:last].sum() - gross[place]) / others
        strength = min(STRONGEST, float(gross[place]) / mean) if mean > 0 else STRONGEST
        if strength < PROMINENT:
            continue
        distance = strike - spot
        found.append(
            Pin(
                strike=strike,
                strength=strength,
                category=next((name for least, name in CATEGORIES if share >= least), "Weak"),
                share=share,
                gex_usd_per_1pct=float(table.net[place]),
                role=ROLES.get(regime, "undecided"),
                rank=share * exp(-abs(distance) / expected_move) if expected_move else share,
                distance_pts=distance,
            )
        )
    return tuple(sorted(found, key=lambda pin: -pin.rank))
