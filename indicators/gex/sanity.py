"""May these levels be used? Every rule with its value, its limit and what it costs; GO, CAUTION or NO_GO."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from indicators.gex.analysis import Analysis
from indicators.gex.data_checks import data_rules, days_to_settlement, implied_move, time_rules
from indicators.gex.legacy_scores import normalization_factor
from indicators.gex.levels import Levels
from indicators.gex.verdict import ERROR, FATAL, WARNING, Check, Sanity, judge

if TYPE_CHECKING:
    from feeds.chains.chain import Chain

ONE_SIDED = ("one_sided_positive", "one_sided_negative")


def check(chain: Chain, analysis: Analysis, levels: Levels, now: datetime, *, accept_synthetic: bool = False) -> Sanity:
    """Every rule on the chain, the analysis and the levels, at the clock `now`.

    accept_synthetic: let generated chains pass, with a warning, for demonstrations and for proving a test harness;
    never for trading. Raises ConfigError when `now` is naive; a naive time in the data is a failed check instead.
    """
    flip, spot = analysis.flip, analysis.surface.spot
    gex = analysis.totals.net * 100.0
    core = level_rules(
        call_wall=None if analysis.call_wall is None else analysis.call_wall.strike,
        put_wall=None if analysis.put_wall is None else analysis.put_wall.strike,
        flip=flip.level,
        flip_status=flip.status,
        spot=spot,
        gex=gex,
        normalized=gex / normalization_factor(analysis.surface.symbol, gex),
        pins=sum(level.drawn and level.name.startswith("pin") for level in levels.levels),
        vol_trigger=levels.vol_trigger.price,
        validation_errors=validation_errors(chain, analysis),
    )
    times = time_rules(chain, now)
    timed = all(rule.passed for rule in times if rule.code == "NAIVE_TIMESTAMP")
    data = data_rules(chain, analysis, accept_synthetic=accept_synthetic) if timed else []
    return judge([*times, *data, *core, _side_rule(analysis), _finite_rule(levels)])


def level_rules(
    *,
    call_wall: float | None,
    put_wall: float | None,
    flip: float | None,
    flip_status: str = "",
    spot: float,
    gex: float,
    normalized: float,
    pins: int,
    vol_trigger: float | None,
    validation_errors: Sequence[str] = (),
) -> list[Check]:
    """The rules of the overlay v2.2 with their penalties, on plain values (points; gex in dollars per 100 %).

    A flip that does not exist because the profile has one sign everywhere is information: a warning that costs 5,
    not the 25 of a flip that is missing.
    """
    wrong_side = flip is not None and gex != 0 and (gex > 0) == (flip > spot) and abs(flip - spot) > 0.003 * spot
    one_sided = flip is None and flip_status in ONE_SIDED
    far = 0.0 if vol_trigger is None else abs(vol_trigger - spot) / spot
    same = call_wall is not None and call_wall == put_wall
    rules = [
        Check("MISSING_CALL_WALL", ERROR, call_wall is not None, call_wall, None, 20, "call wall [points]",
              "check the open interest of the calls"),
        Check("MISSING_PUT_WALL", ERROR, put_wall is not None, put_wall, None, 20, "put wall [points]",
              "check the open interest of the puts"),
        Check("MISSING_GAMMA_FLIP", ERROR, flip is not None or one_sided, flip, None, 25,
              f"gamma flip [points]; status {flip_status or 'unknown'}", "compute the gamma per strike anew"),
        Check("ONE_SIDED_PROFILE", WARNING, not one_sided, flip_status or None, None, 5,
              "net gamma has one sign over the whole grid: there is no flip"),
        Check("WALLS_IDENTICAL", ERROR, not same, call_wall if same else None, None, 15, "both walls [points]",
              "take the second-best put wall"),
        Check("FLIP_GEX_UNUSUAL", WARNING, not wrong_side, None if flip is None else (flip - spot) / spot, 0.003, 5,
              "flip above the spot with positive net gamma, or below it with negative [fraction of the spot]"),
        Check("GEX_NORM_HIGH", WARNING, abs(normalized) <= 50, normalized, 50.0, 5, "gex over its usual size [ratio]"),
        Check("TOO_MANY_PINS", WARNING, pins <= 2, float(pins), 2.0, 5, "pins drawn"),
        Check("VOL_TRIGGER_FAR", WARNING, far <= 0.10, far, 0.10, 3, "vol trigger to spot [fraction of the spot]"),
    ]  # fmt: skip
    rules += [
        Check(f"VALIDATION_{code}", WARNING, False, code, None, 2, VALIDATIONS.get(code, "reported by the source"))
        for code in validation_errors
    ]
    return rules


VALIDATIONS = {
    "SPOT_AND_QUOTES_APART": "the quotes imply a spot more than 0.5 % away from the given one: they differ in time",
    "UNPRICED_OI": "more than 5 % of the open interest has neither a usable quote nor a volatility, and is left out",
    "FEW_DIRECT_GREEKS": "more than half of the gross exposure rests on borrowed volatilities",
}
"""What `meta_overlay.validation_errors` may hold."""


def validation_errors(chain: Chain, analysis: Analysis) -> tuple[str, ...]:
    """Codes of what was wrong with the data of an analysis without making it useless: the keys of VALIDATIONS."""
    surface = analysis.surface
    found = []
    if chain.asof.tzinfo is None:
        return ()
    days = days_to_settlement(chain)
    live = float(chain.rows["oi"][(days > 0) & (days <= analysis.settings.max_dte)].sum())
    if live - float(surface.oi.sum()) > 0.05 * live:
        found.append("UNPRICED_OI")
    gross = np.abs(surface.gamma * surface.oi * surface.multiplier)
    if gross.sum() > 0 and gross[surface.greek_source == "borrowed"].sum() > 0.5 * gross.sum():
        found.append("FEW_DIRECT_GREEKS")
    if abs(implied_move(chain, surface.spot)) > 0.005:
        found.append("SPOT_AND_QUOTES_APART")
    return tuple(found)


def _side_rule(analysis: Analysis) -> Check:
    """In the modes with a side the call wall lies at or above the spot and the put wall at or below it."""
    spot, call, put = analysis.surface.spot, analysis.call_wall, analysis.put_wall
    sided = analysis.settings.wall_mode in ("net_gamma_side", "oi_side")
    wrong = [wall.strike for wall in (call,) if wall is not None and wall.strike < spot]
    wrong += [wall.strike for wall in (put,) if wall is not None and wall.strike > spot]
    value = wrong[0] if wrong else None
    return Check(
        "WALL_WRONG_SIDE", FATAL, not (sided and wrong), value, spot, 0, "wall on the other side of the spot [points]"
    )


def _finite_rule(levels: Levels) -> Check:
    """Nothing that is drawn or written is NaN or infinite."""
    values = [levels.spot, *(place for place in levels.slots().values() if place is not None)]
    bad = [value for value in values if not math.isfinite(value)]
    return Check(
        "LEVEL_NOT_FINITE", FATAL, not bad, str(bad[0]) if bad else None, None, 0, "a level that would be written"
    )
