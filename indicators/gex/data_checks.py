"""The rules that forbid the use of levels whatever their score: times, spot, units, coverage, generated data."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from indicators.gex.analysis import Analysis
from indicators.gex.ancillary import sessions_since
from indicators.gex.market_status import (
    age_limit_minutes,
    age_minutes,
    aware,
    first_unknown_oi,
    last_session,
    market_status,
)
from indicators.gex.surface import Floats
from indicators.gex.synthetic_patterns import patterns
from indicators.gex.verdict import FATAL, WARNING, Check
from indicators.options import black_scholes
from indicators.options.implied_volatility import HIGHEST, LOWEST

if TYPE_CHECKING:
    from feeds.chains.chain import Chain

NEAR_STRIKES = 0.10
"""Contracts within this fraction of the spot must be complete."""
LATE = timedelta(minutes=45)
"""How far the newest quote may lie behind the market: the limit of age in regular hours and the delay of a feed."""
LATE_OI, MIXED = 5, 20.0
"""Sessions after which open interest costs the GO; ratio of multipliers of one root that no adjustment explains."""


def time_rules(chain: Chain, now: datetime) -> list[Check]:
    """Naive times, data from the future, data too old, and open interest that nobody could have known.

    A chain that is stamped now may still hold the quotes or the spot of another day: those are judged by themselves.
    """
    clock = aware(now, "now")
    moments = {"asof": chain.asof, "spot_ts": chain.spot_ts}
    naive = [name for name, moment in moments.items() if moment is not None and moment.tzinfo is None]
    checks = [
        Check("NAIVE_TIMESTAMP", FATAL, not naive, naive[0] if naive else None, None, 0,
              "a time without zone", "give every time in UTC"),
    ]  # fmt: skip
    if naive:
        return checks
    status = market_status(clock, chain.symbol)
    age = age_minutes(clock, chain.asof, chain.spot_ts, chain.feed)
    ahead = max((moment - clock).total_seconds() for moment in moments.values() if moment is not None) / 60
    quoted = chain.rows["quote_ts"].max()
    newest = None if pd.isna(quoted) else quoted.to_pydatetime(warn=False)
    if newest is not None and (newest - clock).total_seconds() > 60:  # the clocks of vendors are not exact
        ahead = max(ahead, (newest - clock).total_seconds() / 60)
    limit = age_limit_minutes(status)
    unknown = first_unknown_oi(chain.asof)
    counted = chain.rows["oi_date"].dropna()
    latest = None if counted.empty else counted.max().date()
    checks += [
        Check("FUTURE_DATA", FATAL, ahead <= 0, ahead, 0.0, 0, "chain, spot or quotes after the clock [minutes]",
              "set the clock, or replay with the chain's own time"),
        Check("DATA_TOO_OLD", FATAL, age <= limit, age, limit, 0, f"age of the data while {status.status} [minutes]",
              "fetch a new chain"),
        Check("LOOK_AHEAD_OI", FATAL, latest is None or latest < unknown, None if latest is None else str(latest),
              str(unknown), 0, "session of the open interest, against the first not yet published at the chain's time",
              "date the open interest by the session at whose end it was counted"),
        *_stale_rules(chain, newest),
    ]  # fmt: skip
    return checks


def _stale_rules(chain: Chain, newest: datetime | None) -> list[Check]:
    """The newest quote against the last moment of trading before the chain's time; the spot against that session."""
    closes = last_session(chain.asof)[1]
    behind = math.nan if newest is None else (min(chain.asof, closes) - newest) / timedelta(minutes=1)
    opens = last_session(chain.asof - LATE)[0]
    spot_ts = chain.spot_ts
    return [
        Check("STALE_QUOTES", FATAL, not behind > LATE / timedelta(minutes=1), _number(behind),
              LATE / timedelta(minutes=1), 0, "newest quote behind the market at the chain's time [minutes]",
              "fetch the quotes again"),
        Check("STALE_SPOT", FATAL, spot_ts is None or spot_ts >= opens, None if spot_ts is None else str(spot_ts),
              str(opens), 0, "time of the spot, against the opening of the session of the chain",
              "fetch the spot again"),
    ]  # fmt: skip


def data_rules(chain: Chain, analysis: Analysis, *, accept_synthetic: bool = False) -> list[Check]:
    """Spot, units, coverage, open interest, parity, profile and generated data."""
    return [
        *_spot_rules(chain, analysis),
        *_coverage_rules(chain, analysis),
        *_consistency_rules(chain, analysis),
        *_origin_rules(chain, analysis, accept_synthetic),
    ]


def _spot_rules(chain: Chain, analysis: Analysis) -> list[Check]:
    surface = analysis.surface
    spot, before = surface.spot, chain.prev_close
    known = math.isfinite(spot) and spot > 0
    move = abs(spot / before - 1) if known and math.isfinite(before) and before > 0 else None
    strikes = chain.rows["strike"].to_numpy(dtype=np.float64)
    ratio = float(np.median(strikes) / spot) if known and len(strikes) else math.nan
    off = implied_move(chain, spot) if known else math.nan
    middle = float(np.median(surface.sigma)) if len(surface.sigma) else math.nan
    given = chain.rows["iv"].to_numpy(dtype=np.float64)
    told = float(np.median(given[given > 0])) if (given > 0).any() else middle
    middle = middle if told <= HIGHEST else told
    return [
        Check("SPOT_MISSING", FATAL, known, spot if math.isfinite(spot) else None, None, 0, "spot [points]",
              "give the spot, or quotes of calls and puts to imply it"),
        Check("SPOT_FAR_FROM_PREV_CLOSE", FATAL, move is None or move <= 0.05, move, 0.05, 0,
              "spot against the previous close [fraction]", "check the unit and the date of the spot"),
        Check("SPOT_FAR_FROM_QUOTES", FATAL, not abs(off) > 0.05, _number(off), 0.05, 0,
              "spot implied by the quotes against the spot [fraction]", "spot and chain must be of one underlying"),
        Check("STRIKE_UNITS", FATAL, 0.5 <= ratio <= 2, _number(ratio), "0.5 to 2", 0, "median strike over spot",
              "strikes and spot must be of one underlying, in one unit"),
        Check("VOLATILITY_UNITS", FATAL, 0.01 <= middle <= 5, _number(middle), "0.01 to 5", 0,
              "median volatility given or used [decimal per year]", "give volatilities as decimals: 0.20, not 20"),
    ]  # fmt: skip


def _coverage_rules(chain: Chain, analysis: Analysis) -> list[Check]:
    surface = analysis.surface
    strikes = len(np.unique(surface.strike))
    total = float(surface.oi.sum())
    calls = float(surface.oi[surface.is_call].sum()) / total if total > 0 else math.nan
    lesser = min(calls, 1 - calls)
    complete = completeness(chain, analysis)
    mixed = _mixed_multipliers(chain.rows)
    twice = int(chain.rows.duplicated(["root", "expiry_ts_utc", "strike", "right"]).sum())
    return [
        Check("TOO_FEW_STRIKES", FATAL, strikes >= 20, float(strikes), 20.0, 0, "strikes used"),
        Check("INCOMPLETE_FIELDS", FATAL, complete >= 0.95, _number(complete), 0.95, 0,
              "contracts within 10 % of the spot with open interest, a price or volatility, no crossed quote [share]",
              "fetch the chain again"),
        Check("ONE_SIDED_CHAIN", FATAL, lesser >= 0.20, _number(lesser), 0.20, 0,
              "open interest of the lesser of calls and puts [share]", "fetch both sides of the chain"),
        Check("DUPLICATE_CONTRACTS", FATAL, twice == 0, float(twice), 0.0, 0, "contracts that occur twice"),
        Check("MULTIPLIER_UNITS", FATAL, mixed <= MIXED, mixed, MIXED, 0,
              "multiplier against the usual one of its root, the greatest [ratio]", "correct or drop these contracts"),
    ]  # fmt: skip


def _mixed_multipliers(rows: pd.DataFrame) -> float:
    """The greatest ratio, either way, of a multiplier to the median one of its root; 1 where all are the same."""
    known = rows["multiplier"].dropna()
    if known.empty or known.min() == known.max():
        return 1.0
    ratio = known / known.groupby(rows["root"].loc[known.index]).transform("median")
    return float(np.maximum(ratio, 1 / ratio).max())


def _consistency_rules(chain: Chain, analysis: Analysis) -> list[Check]:
    broken, vendor = analysis.surface.parity_violations, vendor_difference(analysis)
    error = analysis.profile_error - vendor
    return [
        Check("PARITY_VIOLATIONS", FATAL, not broken > 0.02, _number(broken), 0.02, 0,
              "call-put pairs within 10 % of the spot whose quotes break parity [share]",
              "calls and puts must be of one moment"),
        Check("VENDOR_GAMMA", FATAL, vendor <= 0.06, _number(vendor), 0.06, 0,
              "the vendor's gammas against Black-Scholes at the vendor's volatilities [share of gross]",
              "gamma, volatility and time of the chain must belong together"),
        Check("PROFILE_MISMATCH", FATAL, error <= 0.01, _number(error), 0.01, 0,
              "profile at the spot against the total, beyond the vendor's gammas [share of gross]",
              "gammas and volatilities disagree"),
    ]  # fmt: skip


def _origin_rules(chain: Chain, analysis: Analysis, accept_synthetic: bool) -> list[Check]:
    labels = chain.rows[["iv_source", "greek_source"]]
    made = chain.source == "synthetic" or bool((labels == "synthetic").any(axis=None))
    told = analysis.oi_confidence
    old = sessions_since(analysis.surface.oi_date, chain.asof) or 0
    checks = [
        Check("SYNTHETIC_DATA", WARNING if accept_synthetic else FATAL, not made, chain.source, None, 0,
              "source of the chain", "trade on real chains only"),
        Check("OI_NOT_REPORTED", FATAL, told in ("direct", "stale"), told, "direct", 0, "origin of the open interest",
              "take open interest from the exchange, not an estimate"),
        Check("STALE_OI", WARNING, told != "stale", told, "direct", 5 if old <= LATE_OI else 25,
              f"origin of the open interest, {old} sessions old"),
    ]  # fmt: skip
    if not (made and accept_synthetic):
        checks += [
            Check(one.code, FATAL, not one.found, one.value, one.limit, 0, one.message, "find out who made these data")
            for one in patterns(chain, analysis.surface)
        ]
    return checks


def completeness(chain: Chain, analysis: Analysis) -> float:
    """Share of the live contracts within 10 % of the spot and max_dte that have open interest and something to price.

    Priced means: a mid, both quotes with a positive ask, a volatility within 0.001 and 5, or a gamma; and a bid that
    is not above the ask, which contradicts all of them. A contract whose open interest is told to be 0 adds nothing to
    any level and does not count (new listings have no quotes for days).
    NaN when there is no contract to judge by.
    """
    near = near_rows(chain, analysis.surface.spot, analysis.settings.max_dte)
    near = near[~(near["oi"] == 0)]
    if near.empty:
        return math.nan
    quoted = (near["bid"].notna() & (near["ask"] > 0)) | (near["mid"] > 0)
    priced = quoted | near["iv"].between(LOWEST, HIGHEST) | near["gamma"].notna()
    return float((near["oi"].notna() & priced & ~(near["bid"] > near["ask"])).mean())


def vendor_difference(analysis: Analysis) -> float:
    """How far the gammas taken from the vendor are from Black-Scholes, absolute, as a share of the gross exposure.

    The profile is Black-Scholes throughout, so the totals may differ from it by this much and both be right.
    """
    one = analysis.surface
    model = black_scholes.greeks(one.spot, one.strike, one.years, one.sigma, one.rate, one.dividend_yield, one.is_call)
    weight = one.oi * one.multiplier
    gross = float(np.nansum(np.abs(one.gamma) * weight))
    return float(np.nansum(np.abs(one.gamma - model.gamma) * weight)) / gross if gross > 0 else 0.0


def implied_move(chain: Chain, spot: float) -> float:
    """How far the spot that the quotes imply lies from the given one, as a fraction; NaN when they imply none.

    K + C - P at the five strikes whose call and put cost nearly the same, in the first settlement between one and
    sixty days away that has five; the median. Carry over so short a time is ignored.
    """
    rows = chain.rows
    days = days_to_settlement(chain)
    mid = rows["mid"].to_numpy(dtype=np.float64)
    use = (days >= 1) & (days <= 60) & (mid > 0)
    strike, call = rows["strike"].to_numpy(dtype=np.float64), (rows["right"] == "C").to_numpy(dtype=bool)
    root = pd.factorize(rows["root"])[0]
    for day in np.unique(days[use]):
        for one in np.unique(root[use & (days == day)]):
            here = use & (days == day) & (root == one)
            strikes, calls, puts = np.intersect1d(strike[here & call], strike[here & ~call], return_indices=True)
            if len(strikes) >= 5:
                apart = mid[here & call][calls] - mid[here & ~call][puts]
                nearest = np.argsort(np.abs(apart), kind="stable")[:5]
                return float(np.median(strikes[nearest] + apart[nearest])) / spot - 1
    return math.nan


def near_rows(chain: Chain, spot: float, max_dte: float) -> pd.DataFrame:
    """Rows that have not settled, settle within max_dte days, and lie within 10 % of the spot."""
    rows, days = chain.rows, days_to_settlement(chain)
    inside = np.abs(rows["strike"].to_numpy(dtype=np.float64) / spot - 1) <= NEAR_STRIKES
    return rows[(days > 0) & (days <= max_dte) & inside]


def days_to_settlement(chain: Chain) -> Floats:
    """Days from the chain's time to the settlement of each row, with their fraction."""
    settles = pd.DatetimeIndex(chain.rows["expiry_ts_utc"]).as_unit("ns").asi8
    return np.asarray((settles - pd.Timestamp(chain.asof).as_unit("ns").value) / 86400e9, dtype=np.float64)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
