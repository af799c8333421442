"""What goes with the levels: put-call ratios, skew, expected move and how far the open interest can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from math import exp, sqrt
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from indicators.gex.surface import Floats, Surface

NEW_YORK = ZoneInfo("America/New_York")
TENOR = 30.0 / 365.0
TENOR_RANGE = (20.0 / 365.0, 45.0 / 365.0)
"""Without an expiry on each side of 30 days, the nearest one stands in when it is in this range."""
DELTA = 0.25
OI_WINDOW = 0.10


@dataclass(frozen=True, eq=False)
class Smile:
    """Out-of-the-money volatilities of one expiry, by ascending strike."""

    years: float
    log_moneyness: Floats
    sigma: Floats
    at_the_money: float | None
    call_25d: float | None
    put_25d: float | None


def smile(surface: Surface, expiry: int) -> Smile:
    """Volatility by strike (puts below the forward, calls from it on), at the forward and at 25 delta.

    At the money: linear in log-moneyness between the strikes around the forward. 25 delta: linear in delta between
    the two contracts around it. None where the chain does not reach.
    """
    forward = surface.expiries[expiry].forward
    own = np.flatnonzero(surface.expiry == expiry)
    own = own[surface.is_call[own] == (surface.strike[own] >= forward)]
    own = own[np.argsort(surface.strike[own], kind="stable")]
    moneyness, sigma = np.log(surface.strike[own] / forward), surface.sigma[own]
    calls = surface.is_call[own]
    return Smile(
        years=surface.expiries[expiry].years,
        log_moneyness=moneyness,
        sigma=sigma,
        at_the_money=_inside(0.0, moneyness, sigma),
        call_25d=_at_delta(surface.delta[own[calls]], sigma[calls]),
        put_25d=_at_delta(-surface.delta[own[~calls]][::-1], sigma[~calls][::-1]),
    )


def _inside(x: float, known: Floats, values: Floats) -> float | None:
    """Linear interpolation between ascending points, that never extrapolates."""
    if not len(known) or not known[0] <= x <= known[-1]:
        return None
    return float(np.interp(x, known, values))


def _at_delta(delta: Floats, sigma: Floats) -> float | None:
    """Volatility at 25 delta, between the first contract at or below it and the one before, from the forward outward.

    A far contract with a wrong volatility, and so a large delta, is not reached.
    """
    below = np.flatnonzero(delta <= DELTA)
    if not len(below) or below[0] == 0:
        return None
    last = int(below[0])
    part = (delta[last - 1] - DELTA) / (delta[last - 1] - delta[last])
    return float(sigma[last - 1] + part * (sigma[last] - sigma[last - 1]))


def constant_maturity(years: list[float], sigma: list[float | None], tenor: float = TENOR) -> float | None:
    """Volatility at the tenor, linear in total variance between the expiries around it.

    Without one on each side: the nearest expiry between 20 and 45 days, else None.
    """
    known = sorted((t, s) for t, s in zip(years, sigma, strict=True) if s is not None)
    below = [pair for pair in known if pair[0] <= tenor]
    above = [pair for pair in known if pair[0] >= tenor]
    if below and above:
        (t0, s0), (t1, s1) = below[-1], above[0]
        if t0 == t1:
            return s0
        part = (tenor - t0) / (t1 - t0)
        return sqrt((s0 * s0 * t0 * (1 - part) + s1 * s1 * t1 * part) / tenor)
    near = [pair for pair in known if TENOR_RANGE[0] <= pair[0] <= TENOR_RANGE[1]]
    return min(near, key=lambda pair: abs(pair[0] - tenor))[1] if near else None


@dataclass(frozen=True)
class SkewAndMoves:
    """risk_reversal_25d = IV(25d call) - IV(25d put); skew_25d_put_atm = IV(25d put) - IV(at the money); both at 30
    days, decimal. expected_move_pts = spot IV sqrt(1/252) with the at-the-money volatility of the nearest expiry at
    least a day away; straddle_move_pts: at-the-money-forward straddle of the nearest expiry, until it settles."""

    risk_reversal_25d: float | None
    skew_25d_put_atm: float | None
    expected_move_pts: float | None
    straddle_move_pts: float | None


def skew_and_moves(surface: Surface) -> SkewAndMoves:
    years = [expiry.years for expiry in surface.expiries]
    smiles = {place: smile(surface, place) for place in _needed(years)}
    times = [found.years for found in smiles.values()]
    put = constant_maturity(times, [found.put_25d for found in smiles.values()])
    call = constant_maturity(times, [found.call_25d for found in smiles.values()])
    middle = constant_maturity(times, [found.at_the_money for found in smiles.values()])
    order = sorted(smiles, key=lambda place: years[place])
    with_money = [place for place in order if smiles[place].at_the_money is not None]
    daily = next((place for place in with_money if years[place] >= 1.0 / 365.0), with_money[-1] if with_money else None)
    straddle = None
    if with_money:
        front = surface.expiries[with_money[0]]
        deviation = (smiles[with_money[0]].at_the_money or 0.0) * sqrt(front.years)
        straddle = 2.0 * front.forward * exp(-front.rate * front.years) * (2.0 * float(ndtr(deviation / 2.0)) - 1.0)
    return SkewAndMoves(
        risk_reversal_25d=None if call is None or put is None else call - put,
        skew_25d_put_atm=None if put is None or middle is None else put - middle,
        expected_move_pts=None
        if daily is None
        else surface.spot * (smiles[daily].at_the_money or 0.0) * sqrt(1.0 / 252.0),
        straddle_move_pts=straddle,
    )


def _needed(years: list[float]) -> list[int]:
    """Expiries that can matter: the first ones, up to a week's worth, and those around 30 days."""
    order = sorted(range(len(years)), key=lambda place: years[place])
    near = sorted(order, key=lambda place: abs(years[place] - TENOR))
    return sorted({*order[:5], *near[:6]}, key=lambda place: years[place])


def ratio(surface: Surface, values: Floats) -> float:
    """Puts over calls of open interest or volume; NaN when there are no calls."""
    known = np.nan_to_num(values, nan=0.0)
    calls = float(known[surface.is_call].sum())
    return float(known[~surface.is_call].sum()) / calls if calls > 0 else float("nan")


def mean_skew(surface: Surface) -> float | None:
    """Mean volatility of puts minus that of calls: the original's skew, biased by which strikes are listed."""
    if not surface.is_call.any() or surface.is_call.all():
        return None
    return float(surface.sigma[~surface.is_call].mean() - surface.sigma[surface.is_call].mean())


def oi_confidence(surface: Surface, sessions_old: int | None) -> tuple[str, float]:
    """Label and score of the open interest.

    missing: no strike within ±10 % of spot reports any; proxy_volume: it does not, but volume is there; stale: its
    session is more than one before the chain's; else direct. Score = share of those strikes that report open interest
    x exp(-(sessions_old - 1) / 2), never above that share; an unknown date counts as the last session. The share is
    surface.oi_share, which also counts the contracts left out, else that of the contracts in use.
    """
    near = np.abs(surface.strike - surface.spot) <= OI_WINDOW * surface.spot
    share = surface.oi_share
    if not np.isfinite(share):
        share = _share_of_strikes(surface.strike[near], np.isfinite(surface.oi[near]))
    if not share > 0:
        traded = np.nan_to_num(surface.volume[near], nan=0.0)
        return ("proxy_volume" if traded.sum() > 0 else "missing"), 0.0
    old = 1 if sessions_old is None else max(1, sessions_old)
    return ("stale" if old > 1 else "direct"), share * exp(-(old - 1) / 2.0)


def _share_of_strikes(strike: Floats, known: NDArray[np.bool_]) -> float:
    count = len(np.unique(strike))
    return len(np.unique(strike[known])) / count if count else 0.0


def sessions_since(oi_date: date | None, asof: datetime) -> int | None:
    """Sessions of the New York Stock Exchange after `oi_date` up to the New York day of `asof`; None without a date."""
    if oi_date is None:
        return None
    from feeds.sessions import sessions

    epoch = date(1970, 1, 1)
    first, last = (oi_date - epoch).days, (asof.astimezone(NEW_YORK).date() - epoch).days
    if last <= first:
        return 0
    day = 86_400_000_000_000
    table = sessions("XNYS", first * day, (last + 1) * day)
    return int(np.count_nonzero((table.days > first) & (table.days <= last)))
