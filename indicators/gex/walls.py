"""Call wall and put wall: the strikes where the dealers' exposure, or the open interest, is greatest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from feeds.errors import ConfigError
from indicators.gex.analysis import StrikeTable, Wall
from indicators.gex.surface import Floats

MODES = ("net_gamma_side", "net_gamma", "gamma", "oi_side", "oi")
TOP = 3


def walls(table: StrikeTable, spot: float, mode: str = "net_gamma_side") -> tuple[tuple[Wall, ...], tuple[Wall, ...]]:
    """The three greatest call walls and put walls, greatest first; empty where there is none.

    net_gamma_side: call wall the greatest positive net GEX at or above spot, put wall the most negative at or below.
    net_gamma: the same anywhere. gamma: the greatest call (put) GEX anywhere. oi_side: the greatest call open interest
    at or above spot, put at or below. oi: anywhere; when both are the same strike the put wall takes its second best.
    Ties go to the strike nearer to spot. Errors: ConfigError for an unknown mode.
    """
    if mode not in MODES:
        raise ConfigError(f"wall_mode {mode!r} is unknown; choose one of {', '.join(MODES)}")
    if mode in ("net_gamma_side", "net_gamma"):
        call, put = table.net, -table.net
    elif mode == "gamma":
        call, put = table.call, table.put
    else:
        call, put = table.call_oi, table.put_oi
    everywhere = np.ones(len(table.strike), dtype=bool)
    side = mode.endswith("_side")
    calls = _greatest(call, table.strike, table.strike >= spot if side else everywhere, spot)
    puts = _greatest(put, table.strike, table.strike <= spot if side else everywhere, spot)
    if mode == "oi" and len(calls) and len(puts) > 1 and calls[0] == puts[0]:
        puts = puts[1:]
    return (
        tuple(_wall(table, int(place), spot, table.call, table.call_oi) for place in calls[:TOP]),
        tuple(_wall(table, int(place), spot, table.put, table.put_oi) for place in puts[:TOP]),
    )


def _greatest(values: Floats, strike: Floats, allowed: NDArray[np.bool_], spot: float) -> NDArray[np.int64]:
    """Places with a positive value, greatest first, ties nearer to spot first."""
    places = np.flatnonzero(allowed & (values > 0))
    return places[np.lexsort((np.abs(strike[places] - spot), -values[places]))][: TOP + 1]


def _wall(table: StrikeTable, place: int, spot: float, side: Floats, oi: Floats) -> Wall:
    strike, total = float(table.strike[place]), float(side.sum())
    return Wall(
        strike=strike,
        oi=float(oi[place]),
        gex_usd_per_1pct=float(table.net[place]),
        share=float(side[place]) / total if total > 0 else float("nan"),
        distance_pts=strike - spot,
        distance_pct=(strike / spot - 1.0) * 100.0,
    )


def largest(table: StrikeTable, count: int = 10) -> tuple[float, ...]:
    """Strikes with the greatest abs(net GEX), greatest first; those without exposure are left out."""
    size = np.abs(table.net)
    order = np.argsort(-size, kind="stable")[:count]
    return tuple(float(table.strike[place]) for place in order if size[place] > 0)
