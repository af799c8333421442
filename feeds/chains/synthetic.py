"""Made-up option chains with a known smile, for tests and benchmarks. Labelled synthetic everywhere; never a market."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds.chains.chain import Chain
from feeds.chains.contracts import INDICES, is_monthly, is_session, previous_session, session_of, settlements, style
from feeds.errors import ConfigError

Floats = NDArray[np.float64]

DAYS = (0, 1, 2, 5, 10, 20, 45, 90)
ASOF = datetime(2026, 6, 10, 18, 0, tzinfo=UTC)  # a Wednesday, 14:00 in New York
_WEEKLY = {"SPX": "SPXW", "NDX": "NDXP", "RUT": "RUTW"}
_YEAR = 365 * 86_400
_NICE = (1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Smile:
    """The volatility surface of `synthetic_chain`: SSVI, free of static arbitrage where eta (1 + |rho|) <= 2.

    Total variance w(k, T) = theta/2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)) with phi = eta/sqrt(theta),
    k = ln(K/F); at the money theta(T) = long^2 T + (short^2 - long^2)(1 - exp(-speed T))/speed.
    Source: Gatheral & Jacquier (2014), section 4.
    """

    short: float = 0.14
    long: float = 0.19
    speed: float = 2.0
    rho: float = -0.6
    eta: float = 0.9

    def theta(self, years: Floats) -> Floats:
        """Total variance at the money of each term."""
        front = (self.short**2 - self.long**2) * -np.expm1(-self.speed * years) / self.speed
        return np.asarray(self.long**2 * years + front, dtype=np.float64)

    def sigma(self, moneyness: Floats, years: Floats) -> Floats:
        """Volatility of each log-moneyness ln(K/F) and term [years]."""
        theta = self.theta(years)
        scaled = self.eta / np.sqrt(theta) * moneyness
        variance = theta / 2 * (1 + self.rho * scaled + np.sqrt((scaled + self.rho) ** 2 + 1 - self.rho**2))
        return np.asarray(np.sqrt(variance / years), dtype=np.float64)


def synthetic_chain(
    symbol: str = "SPX",
    *,
    asof: datetime = ASOF,
    spot: float = 6500.0,
    seed: int = 1,
    days: tuple[int, ...] = DAYS,
    expiries: int | None = None,
    contracts: int | None = None,
    rate: float = 0.04,
    dividend_yield: float = 0.013,
    smile: Smile | None = None,
    spread: float = 0.01,
    greeks: bool = True,
) -> Chain:
    """A chain whose prices are Black-Scholes-Merton values of a known smile, with open interest on round strikes.

    days: calendar days to each expiry (moved to the next session); expiries: instead, so many sessions in a row.
    contracts: how many in all (even; default 120 per expiry). spread: bid to ask over the price; the mid is exact.
    rate and dividend_yield continuous; greeks: give iv, delta, gamma, vega, theta as a vendor would, else leave them
    missing. Open interest peaks on round strikes, calls above and puts below the spot, the same for the same seed.
    The monthly expiry of an index is its morning-settled root. source="synthetic".
    Raises ConfigError for values out of bounds.
    """
    if asof.tzinfo is None:
        raise ConfigError(f"asof={asof} has no UTC offset; give an aware datetime")
    if not (spot > 0 and 0 <= spread < 2 and math.isfinite(spot)):
        raise ConfigError(f"spot={spot} must be above 0 and spread={spread} from 0 to below 2")
    dates = _dates(asof, days, expiries)
    total = 120 * len(dates) if contracts is None else contracts
    if total % 2 or total < 2 * len(dates):
        raise ConfigError(f"contracts={total} must be even and at least two for each of {len(dates)} expiries")
    index = symbol in INDICES
    roots = [symbol if is_monthly(day) or not index else _WEEKLY.get(symbol, symbol) for day in dates]
    settles = settlements(pd.Series(roots), pd.Series(pd.to_datetime(dates)))
    years = (settles - pd.Timestamp(asof)).total_seconds().to_numpy() / _YEAR
    surface = smile or Smile()
    pairs = np.full(len(dates), total // 2 // len(dates))
    pairs[: total // 2 % len(dates)] += 1
    which = np.repeat(np.arange(len(dates)), pairs)
    strike = np.concatenate([_strikes(spot, surface, years[one], int(pairs[one])) for one in range(len(dates))])
    term = years[which]
    sigma = surface.sigma(np.log(strike / spot) - (rate - dividend_yield) * term, term)
    frames = []
    generator = np.random.default_rng(seed)
    for right, sign in (("C", 1.0), ("P", -1.0)):
        made = _priced(sign, spot, strike, term, sigma, rate, dividend_yield)
        half = np.minimum(spread / 2, 1.0) * made["mid"]
        held = _open_interest(generator, sign, spot, strike, term)
        frame = pd.DataFrame(
            {
                "root": np.array(roots)[which],
                "expiry_ts_utc": settles[which],
                "strike": strike,
                "right": right,
                "style": style(symbol),
                "multiplier": 100.0,
                "bid": made["mid"] - half,
                "ask": made["mid"] + half,
                "mid": made["mid"],
                "volume": np.floor(held * generator.uniform(0.05, 0.6, len(held)) / np.sqrt(1 + 30 * term)),
                "oi": held,
                "oi_date": pd.Timestamp(previous_session(session_of(asof))),
            }
        )
        if greeks:
            frame = frame.assign(iv=sigma, **{name: made[name] for name in ("delta", "gamma", "vega", "theta")})
            frame[["iv_source", "greek_source"]] = "synthetic"
        frames.append(frame)
    return Chain.from_rows(
        pd.concat(frames, ignore_index=True),
        symbol=symbol,
        asof=asof,
        spot=spot,
        spot_source="given",
        source="synthetic",
        detail=f"synthetic:{symbol}?seed={seed}",
        feed="REALTIME",
        prev_close=spot,
        notes=("SYNTHETIC: not a market",),
    )


def chain_from_query(query: str, symbol: str, asof: datetime | None = None) -> Chain:
    """`synthetic_chain` from text such as "seed=3&contracts=20000&expiries=60" (also "seed=3,spot=400")."""
    settings: dict[str, float] = {}
    known = ("seed", "spot", "contracts", "expiries", "rate", "dividend_yield", "spread")
    for part in query.replace(",", "&").split("&"):
        if not part:
            continue
        key, _, text = part.partition("=")
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise ConfigError(f"synthetic: no setting {key!r}{hint} It has: {', '.join(known)}")
        try:
            settings[key] = int(text) if key in ("seed", "contracts", "expiries") else float(text)
        except ValueError:
            raise ConfigError(f"synthetic: {key}={text!r} is not a number") from None
    return synthetic_chain(symbol, asof=asof or ASOF, **settings)  # type: ignore[arg-type]


def _dates(asof: datetime, days: tuple[int, ...], expiries: int | None) -> list[date]:
    """Dates of expiry: sessions that have not closed at `asof`."""
    if (expiries is not None and expiries < 1) or not days or min(days) < 0:
        raise ConfigError(f"days={days} and expiries={expiries} must name at least one expiry, none in the past")
    first = session_of(asof)
    while not is_session(first) or _closed(first, asof):
        first += timedelta(days=1)
    found: list[date] = []
    wanted = iter(range(10**6)) if expiries is not None else iter(sorted(days))
    for ahead in wanted:
        day = first + timedelta(days=ahead)
        while not is_session(day):
            day += timedelta(days=1)
        if day not in found:
            found.append(day)
        if len(found) == expiries:
            break
    return found


def _closed(day: date, asof: datetime) -> bool:
    from feeds.chains.contracts import session_close

    return session_close(day) <= asof


def _strikes(spot: float, smile: Smile, years: float, count: int) -> Floats:
    """So many listed strikes around the spot: a round step, wide enough for five standard deviations."""
    width = 10 * math.sqrt(float(smile.theta(np.array([years]))[0])) * spot
    least = min(max(width, 0.04 * spot), 0.9 * spot) / count
    power = 10.0 ** math.floor(math.log10(least))
    step = next(nice * power for nice in _NICE if nice * power >= least * (1 - 1e-12))
    middle = round(spot / step)
    low = max(1, middle - count // 2)
    return np.asarray(np.round((low + np.arange(count)) * step, 10), dtype=np.float64)


def _priced(
    sign: float, spot: float, strike: Floats, years: Floats, sigma: Floats, rate: float, dividend_yield: float
) -> dict[str, Floats]:
    """Black-Scholes-Merton value and Greeks (vega per vol point, theta per day)."""
    from scipy.special import ndtr

    root = sigma * np.sqrt(years)
    d1 = (np.log(spot / strike) + (rate - dividend_yield) * years) / root + root / 2
    d2 = d1 - root
    carried, paid = spot * np.exp(-dividend_yield * years), strike * np.exp(-rate * years)
    density = np.exp(-(d1**2) / 2) / math.sqrt(2 * math.pi)
    decay = -carried * density * sigma / (2 * np.sqrt(years))
    decay += sign * (dividend_yield * carried * ndtr(sign * d1) - rate * paid * ndtr(sign * d2))
    return {
        "mid": np.maximum(sign * (carried * ndtr(sign * d1) - paid * ndtr(sign * d2)), 0.0),
        "delta": sign * carried / spot * ndtr(sign * d1),
        "gamma": carried * density / (spot**2 * root),
        "vega": carried * density * np.sqrt(years) / 100,
        "theta": decay / 365,
    }


def _open_interest(generator: np.random.Generator, sign: float, spot: float, strike: Floats, years: Floats) -> Floats:
    """Contracts: a hump above (calls) or below (puts) the spot, three to ten times more on round strikes."""
    away = np.log(strike / spot)
    width = 0.03 + 0.15 * np.sqrt(years)
    hump = np.exp(-(((away - sign * width * 0.7) / width) ** 2) / 2)
    unit = 10.0 ** math.floor(math.log10(spot / 40))  # 100 for an index at 6500, 10 for a fund at 650
    peak = np.ones(len(strike))
    for part, factor in ((0.25, 3.0), (0.5, 5.0), (1.0, 10.0)):
        peak[np.isclose(strike % (unit * part), 0) | np.isclose(strike % (unit * part), unit * part)] = factor
    noise = generator.lognormal(0.0, 0.5, len(strike))
    return np.asarray(np.floor(400 * hump * peak * noise), dtype=np.float64)
