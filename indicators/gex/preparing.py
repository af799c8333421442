"""From a chain to a surface: spot, rates, dividend yields, one volatility and one gamma per contract.

Nothing is guessed silently: what a chain does not say is derived from its own quotes, else taken from the documented
fallbacks, else left out and counted; where each number came from is kept.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from feeds.errors import ConfigError, DataError
from indicators.gex.quotes import Quotes, quotes
from indicators.gex.settings import GexSettings
from indicators.gex.surface import Expiry, Floats, Surface
from indicators.gex.volatilities import BORROWED, SOLVED, VENDOR, volatilities
from indicators.options import black_scholes, parity
from indicators.options.black_scholes import Bools
from indicators.options.rates import Curve
from indicators.options.years import to_settlement

if TYPE_CHECKING:
    from feeds.chains.chain import Chain

RATE, DIVIDEND_YIELD = 0.04, 0.013
"""Fallbacks, continuous per year; a surface that used them says so."""
VENDOR_GAMMA = 0.25
"""A vendor's gamma counts when it is within this part of Black-Scholes at the vendor's own volatility."""
SPOT_APART = 0.0025
"""Difference of the given spot from the one that quotes imply, worth a note."""
PARITY_NEAR, PARITY_WORTH = 0.10, 0.02
"""Parity is judged within 10 % of the spot, where the gamma is; more than 2 % of all pairs is worth a note."""
NEW_YORK = ZoneInfo("America/New_York")
SOURCES = np.array(["", "vendor", "vendor_iv", "solved_iv", "borrowed"])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
WEEK = 7 / 365


def prepare(chain: Chain, settings: GexSettings, curve: Curve | None = None) -> Surface:
    """The contracts of a chain that can be priced and counted, with spot, rates, volatilities and Greeks.

    spot: the chain's own, else implied by put-call parity over the first week of settlements with three quoted pairs.
    rate per settlement: settings.rate, else the curve, else 4 %. dividend yield: settings.dividend_yield, else implied
    by parity, else 1.3 %. gamma per contract: the vendor's when it is within 25 % of Black-Scholes at the vendor's
    volatility, else Black-Scholes at the vendor's volatility, else at the solved one, else at a borrowed one.
    Left out and counted in `dropped`: expired, beyond_max_dte, no_open_interest (missing, not zero), no_multiplier,
    no_price (neither volatility nor usable quote), iv_… (the reason why the price has no volatility).
    Raises DataError: no spot, no contract left, an `asof` without time zone, a contract twice.
    Raises ConfigError: settings out of bounds.
    """
    _check(chain, settings)
    asof = (chain.asof - _EPOCH) // timedelta(microseconds=1)
    table = quotes(chain)
    years = to_settlement(table.settles, asof, settings.day_count)
    left = table.settles - asof
    why = np.full(len(table.expiry), "", dtype="U32")
    why[(left > settings.max_dte * _DAY)[table.expiry]] = "beyond_max_dte"
    why[(left <= 0)[table.expiry]] = "expired"
    live = why == ""

    rate, rate_source = _rates(settings, curve, years)
    pairs, american = table.pairs(live)
    forward, _ = parity.forwards(pairs, years, rate)
    notes = list(chain.notes)
    spot, spot_source = _spot(chain, forward, years, rate, settings, notes)
    dividend, dividend_source = _dividends(settings, spot, forward, years, rate, notes)
    carried = spot * np.exp((rate - dividend) * years)

    vols = volatilities(table, live, spot, years, rate, dividend, carried)
    why[live & (vols.why != "")] = vols.why[live & (vols.why != "")]
    multiplier, oi = table.numbers["multiplier"], table.numbers["oi"]
    why[live & ~((multiplier > 0) & np.isfinite(multiplier))] = "no_multiplier"
    why[live & ~((oi >= 0) & np.isfinite(oi))] = "no_open_interest"
    used = np.flatnonzero(why == "")
    dropped = dict(sorted(Counter(why[why != ""].tolist()).items()))
    if not len(used):
        raise DataError(
            f"{chain.detail or chain.symbol}: none of {len(why)} contracts can be used "
            f"({', '.join(f'{name} {count}' for name, count in dropped.items()) or 'the chain is empty'}); "
            "give open interest, multiplier and implied volatility or quotes of contracts that have not expired"
        )

    expiry = table.expiry[used]
    sigma, is_call, strike = vols.sigma[used], table.is_call[used], table.numbers["strike"][used]
    greeks = black_scholes.greeks(spot, strike, years[expiry], sigma, rate[expiry], dividend[expiry], is_call)
    told = table.numbers["gamma"][used]
    source = vols.source[used]
    trusted = (source == VENDOR) & (told > 0) & (np.abs(told - greeks.gamma) <= VENDOR_GAMMA * greeks.gamma)
    label = np.select([trusted, source == VENDOR, source == SOLVED, source == BORROWED], [1, 2, 3, 4])
    if table.american[used].any():
        notes.append("american options priced as european (Black-Scholes-Merton)")

    broken = parity.violations(pairs, spot, forward, years, _rate_range(settings, rate), american)
    near, everywhere = _share(broken[np.abs(pairs.strike / spot - 1) <= PARITY_NEAR + 1e-9]), _share(broken)
    if everywhere > PARITY_WORTH:
        notes.append(f"{everywhere:.1%} of all call-put pairs break put-call parity, {near:.1%} near the spot")

    kept, number = np.unique(expiry, return_inverse=True)
    return Surface(
        symbol=chain.symbol,
        asof=chain.asof,
        spot=spot,
        spot_source=spot_source,
        strike=strike,
        is_call=is_call,
        expiry=number.astype(np.int64),
        years=years[expiry],
        oi=oi[used],
        volume=table.numbers["volume"][used],
        multiplier=multiplier[used],
        sigma=sigma,
        rate=rate[expiry],
        dividend_yield=dividend[expiry],
        gamma=np.where(trusted, told, greeks.gamma),
        delta=greeks.delta,
        vega=greeks.vega,
        vanna=greeks.vanna,
        charm=greeks.charm,
        greek_source=SOURCES[label],
        expiries=tuple(
            _expiry(table, int(e), chain.asof, years, carried, rate, dividend, rate_source, str(dividend_source[e]))
            for e in kept
        ),
        total=len(why),
        dropped=dropped,
        parity_violations=near,
        notes=tuple(notes),
        oi_date=_oi_date(chain),
        oi_share=_oi_share(table, live, spot),
    )


def _oi_share(table: Quotes, live: Bools, spot: float) -> float:
    """Share of the strikes within ±10 % of spot, of settlements in use, that report open interest."""
    strike = table.numbers["strike"]
    near = live & (np.abs(strike - spot) <= 0.10 * spot)
    count = len(np.unique(strike[near]))
    return len(np.unique(strike[near & np.isfinite(table.numbers["oi"])])) / count if count else math.nan


def _oi_date(chain: Chain) -> date | None:
    """Latest session of the open interest of the whole chain."""
    if "oi_date" not in chain.rows or chain.rows["oi_date"].isna().all():
        return None
    latest: datetime = chain.rows["oi_date"].max()
    return latest.date()


def _share(broken: Floats) -> float:
    judged = broken[np.isfinite(broken)]
    return float(judged.mean()) if len(judged) else math.nan


def _check(chain: Chain, settings: GexSettings) -> None:
    if chain.asof.tzinfo is None:
        raise DataError(f"{chain.detail or chain.symbol}: asof {chain.asof} has no time zone; give it in UTC")
    for name in ("rate", "dividend_yield"):
        value = getattr(settings, name)
        if value is not None and not (math.isfinite(value) and abs(value) < 1):
            raise ConfigError(f"{name}={value!r} must be a decimal per year such as 0.04")
    if not settings.max_dte > 0:
        raise ConfigError(f"max_dte={settings.max_dte!r} must be a positive number of days")


def _rates(settings: GexSettings, curve: Curve | None, years: Floats) -> tuple[Floats, str]:
    if settings.rate is not None:
        return np.full(len(years), float(settings.rate)), "given"
    if curve is not None:
        return curve.rate(years), "curve"
    return np.full(len(years), RATE), "fallback"


def _rate_range(settings: GexSettings, rate: Floats) -> tuple[Floats, Floats]:
    """Rates that the parity check allows: around the rate in use, and around the fallback when the rate was forced."""
    low, high = rate - parity.RATE_ERROR, rate + parity.RATE_ERROR
    if settings.rate is None:
        return low, high
    return np.minimum(low, RATE - parity.RATE_ERROR), np.maximum(high, RATE + parity.RATE_ERROR)


def _spot(
    chain: Chain, forward: Floats, years: Floats, rate: Floats, settings: GexSettings, notes: list[str]
) -> tuple[float, str]:
    """The chain's spot, else the one its quotes imply; a note when it is implied and when the two are apart."""
    implied = _implied_spot(forward, years, rate, settings)
    if math.isfinite(chain.spot) and chain.spot > 0:
        spot = float(chain.spot)
        if abs(implied / spot - 1) > SPOT_APART:
            notes.append(
                f"spot {spot:.2f} is {spot / implied - 1:+.2%} from the {implied:.2f} that put-call parity implies"
            )
        return spot, chain.spot_source
    if math.isnan(implied):
        raise DataError(
            f"{chain.detail or chain.symbol}: no spot, and no settlement has {parity.FEWEST} quoted call-put "
            "pairs to imply one; give the price of the underlying"
        )
    notes.append(f"spot {implied:.2f} implied by put-call parity: the chain has none")
    return implied, "parity"


def _implied_spot(forward: Floats, years: Floats, rate: Floats, settings: GexSettings) -> float:
    """Median of S = F e^(-(r-q)T) over the settlements of the first week that name a forward; NaN without any."""
    known = np.flatnonzero(np.isfinite(forward) & (forward > 0))
    if not len(known):
        return math.nan
    first = known[years[known] <= years[known].min() + WEEK]
    carry = DIVIDEND_YIELD if settings.dividend_yield is None else settings.dividend_yield
    return float(np.median(forward[first] * np.exp(-(rate[first] - carry) * years[first])))


def _dividends(
    settings: GexSettings, spot: float, forward: Floats, years: Floats, rate: Floats, notes: list[str]
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.str_]]]:
    if settings.dividend_yield is not None:
        return np.full(len(years), float(settings.dividend_yield)), np.full(len(years), "given")
    with np.errstate(invalid="ignore"):
        found: Bools = np.isfinite(forward) & (forward > 0)
        plausible = found & (np.abs(np.log(np.where(found, forward, spot) / spot)) <= 0.05 + 0.15 * years)
    if (found & ~plausible).any():
        notes.append(f"forwards of {int((found & ~plausible).sum())} settlements contradict the spot and were not used")
    implied = parity.dividend_yield(spot, np.where(plausible, forward, np.nan), years, rate)
    return np.where(plausible, implied, DIVIDEND_YIELD), np.where(plausible, "parity", "fallback")


def _expiry(
    table: Quotes,
    index: int,
    asof: datetime,
    years: Floats,
    forward: Floats,
    rate: Floats,
    dividend: Floats,
    rate_source: str,
    dividend_source: str,
) -> Expiry:
    settles = _EPOCH + timedelta(microseconds=int(table.settles[index]))
    return Expiry(
        settles=settles,
        root=table.root[index],
        years=float(years[index]),
        forward=float(forward[index]),
        rate=float(rate[index]),
        dividend_yield=float(dividend[index]),
        rate_source=rate_source,
        dividend_source=dividend_source,
        buckets=_buckets(settles, asof),
    )


def _buckets(settles: datetime, asof: datetime) -> frozenset[str]:
    """monthly: the third Friday (the Thursday before when the exchange is closed); weekly: every other date;
    0dte as well when it settles on the New York date of `asof`."""
    from feeds.chains.contracts import is_monthly

    day = settles.astimezone(NEW_YORK).date()
    found = {"monthly" if is_monthly(day) else "weekly"}
    if day == asof.astimezone(NEW_YORK).date():
        found.add("0dte")
    return frozenset(found)
