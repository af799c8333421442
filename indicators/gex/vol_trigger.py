"""Volatility trigger: an early warning between the peak of the profile and the flip. Never a drawn level by default."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from feeds.errors import ConfigError
from indicators.gex.analysis import Flip, StrikeTable, VolTrigger
from indicators.gex.flip import Search

MODES = ("profile_ratio", "alias_flip", "seed_cum30")


def vol_trigger(flip: Flip, search: Search, table: StrikeTable, spot: float, *, mode: str, ratio: float) -> VolTrigger:
    """The level, its ratio and mode, and cumulative_expo: the running sum by strike up to the level [usd per 1 %].

    profile_ratio: with P the highest net GEX between the flip and 1.10 spot, the largest level below that peak where
    the profile is ratio x P; None without a flip or without a positive peak above it (an inverted flip).
    alias_flip: the flip itself. seed_cum30: first strike, ascending, at which the unsigned exposure reaches the ratio
    of its total; the only mode whose cumulative_expo is unsigned. Errors: ConfigError for an unknown mode or a ratio
    outside (0, 1).
    """
    if mode not in MODES:
        raise ConfigError(f"vol_trigger_mode {mode!r} is unknown; choose one of {', '.join(MODES)}")
    if not 0 < ratio < 1:
        raise ConfigError(f"vol_trigger_ratio {ratio} is not between 0 and 1")
    if mode == "seed_cum30":
        running = np.cumsum(table.call + table.put)
        if not len(running) or not running[-1] > 0:
            return VolTrigger(None, ratio, mode, float("nan"))
        place = int(np.argmax(running >= ratio * running[-1]))
        return VolTrigger(float(table.strike[place]), ratio, mode, float(running[place]))
    level = flip.level if mode == "alias_flip" else _profile_ratio(flip.level, search, spot, ratio)
    if level is None:
        return VolTrigger(None, ratio, mode, float("nan"))
    return VolTrigger(level, ratio, mode, float(table.net[table.strike <= level].sum()))


def _profile_ratio(flip: float | None, search: Search, spot: float, ratio: float) -> float | None:
    if flip is None:
        return None
    above = (search.grid > flip) & (search.grid <= 1.10 * spot)
    levels = np.concatenate([[flip], search.grid[above]])
    net = np.concatenate([[search.terms.at(flip)], search.net[above]])
    peak = int(np.argmax(net))
    target = ratio * float(net[peak])
    below = np.flatnonzero(net[:peak] < target)
    if not target > 0 or not len(below):
        return None
    low, high = float(levels[below[-1]]), float(levels[below[-1] + 1])
    return float(brentq(lambda level: search.terms.at(level) - target, low, high, xtol=1e-9 * spot))
