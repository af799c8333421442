"""Surfaces built by hand, priced with the published formulas in plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import erf, exp, log, pi, sqrt

import numpy as np

from indicators.gex.surface import Expiry, Surface

ASOF = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Option:
    """One contract: days to settlement may be a fraction; gamma None: by formula."""

    right: str
    strike: float
    oi: float
    days: float = 30.0
    sigma: float = 0.2
    gamma: float | None = None
    volume: float = 0.0
    multiplier: float = 100.0
    root: str = "TEST"
    greek_source: str = "vendor_iv"


def call(strike: float, oi: float, **more: object) -> Option:
    return Option("C", strike, oi, **more)  # type: ignore[arg-type]


def put(strike: float, oi: float, **more: object) -> Option:
    return Option("P", strike, oi, **more)  # type: ignore[arg-type]


def density(z: float) -> float:
    return exp(-z * z / 2) / sqrt(2 * pi)


def cumulative(z: float) -> float:
    return 0.5 * (1 + erf(z / sqrt(2)))


def greeks(option: Option, spot: float, rate: float = 0.0, dividend: float = 0.0) -> dict[str, float]:
    """Black-Scholes-Merton per share (Hull): delta, gamma, vega, vanna and charm per year."""
    years, sigma = option.days / 365, option.sigma
    root = sigma * sqrt(years)
    d1 = (log(spot / option.strike) + (rate - dividend + sigma**2 / 2) * years) / root
    d2, carry = d1 - root, exp(-dividend * years)
    drift = carry * density(d1) * (2 * (rate - dividend) * years - d2 * root) / (2 * years * root)
    is_call = option.right == "C"
    return {
        "delta": carry * cumulative(d1) - (0 if is_call else carry),
        "gamma": carry * density(d1) / (spot * root),
        "vega": spot * carry * density(d1) * sqrt(years),
        "vanna": -carry * density(d1) * d2 / sigma,
        "charm": dividend * carry * cumulative(d1) - drift - (0 if is_call else dividend * carry),
    }


def surface(
    options: Iterable[Option],
    spot: float = 100.0,
    *,
    rate: float = 0.0,
    dividend: float = 0.0,
    buckets: dict[float, set[str]] | None = None,
    symbol: str = "TEST",
    asof: datetime = ASOF,
    **more: object,
) -> Surface:
    """Contracts sorted by expiry, root, strike and right, as a prepared surface. buckets: by days to settlement."""
    options = sorted(options, key=lambda option: (option.days, option.root, option.strike, option.right))
    keys = sorted({(option.days, option.root) for option in options})
    expiries = tuple(
        Expiry(
            settles=asof + timedelta(days=days),
            root=root,
            years=days / 365,
            forward=spot * exp((rate - dividend) * days / 365),
            rate=rate,
            dividend_yield=dividend,
            rate_source="given",
            dividend_source="given",
            buckets=frozenset((buckets or {}).get(days, ())),
        )
        for days, root in keys
    )
    computed = [greeks(option, spot, rate, dividend) for option in options]
    count = len(options)

    def column(name: str) -> np.ndarray:
        return np.array([getattr(option, name) for option in options], dtype=np.float64)

    def greek(name: str) -> np.ndarray:
        return np.array([values[name] for values in computed], dtype=np.float64)

    given = [option.gamma for option in options]
    gamma = np.array([new if old is None else old for old, new in zip(given, greek("gamma"), strict=True)])
    return Surface(
        symbol=symbol,
        asof=asof,
        spot=spot,
        spot_source="given",
        strike=column("strike"),
        is_call=np.array([option.right == "C" for option in options], dtype=bool),
        expiry=np.array([keys.index((option.days, option.root)) for option in options], dtype=np.int64),
        years=column("days") / 365,
        oi=column("oi"),
        volume=column("volume"),
        multiplier=column("multiplier"),
        sigma=column("sigma"),
        rate=np.full(count, rate),
        dividend_yield=np.full(count, dividend),
        gamma=gamma.astype(np.float64),
        delta=greek("delta"),
        vega=greek("vega"),
        vanna=greek("vanna"),
        charm=greek("charm"),
        greek_source=np.array([option.greek_source for option in options], dtype=np.str_),
        expiries=expiries,
        total=count,
        dropped={},
        parity_violations=float("nan"),
        **more,  # type: ignore[arg-type]
    )


def market(seed: int = 1, spot: float = 5000.0, oi: float = 1.0, step: float = 25.0) -> Surface:
    """A whole chain: five expiries, a skewed smile, calls held above spot and puts below, more on round strikes."""
    random = np.random.default_rng(seed)
    options = []
    for days, tags in MARKET_BUCKETS.items():
        width = 0.25 if "0dte" not in tags else 0.05
        for strike in np.arange(spot * (1 - width), spot * (1 + width) + 1, step):
            moneyness = log(strike / spot)
            sigma = 0.16 - 0.25 * moneyness + 0.8 * moneyness**2
            round_one = 4.0 if strike % 100 == 0 else 1.0
            for right, middle in (("C", 0.03), ("P", -0.04)):
                held = 2000 * round_one * exp(-(((moneyness - middle) / 0.06) ** 2)) * random.uniform(0.5, 1.5)
                options.append(
                    Option(right, float(strike), oi * float(round(held)), float(days), sigma, volume=held / 4)
                )
    return surface(options, spot, rate=0.04, dividend=0.013, buckets=MARKET_BUCKETS)


MARKET_BUCKETS: dict[float, set[str]] = {
    0.25: {"0dte", "weekly"},
    4.25: {"weekly"},
    18.25: {"monthly"},
    46.25: {"monthly"},
    88.25: {"weekly"},
}


NAIVE = {"C": 1.0, "P": -1.0}


def net_at(
    options: Iterable[Option], level: float, signs: dict[str, float] = NAIVE, rate: float = 0.0, dividend: float = 0.0
) -> float:
    """Net GEX [usd per 1 %] with the underlying at `level`, one contract after the other."""
    total = 0.0
    for option in options:
        gamma = greeks(option, level, rate, dividend)["gamma"]
        total += signs[option.right] * gamma * option.oi * option.multiplier * level * level * 0.01
    return total


def chain_of(seed: int, spot: float = 100.0) -> list[Option]:
    """A few dozen contracts of three expiries with random interest."""
    random = np.random.default_rng(seed)
    return [
        Option(right, float(strike), float(random.integers(1, 5000)), days, float(random.uniform(0.1, 0.4)))
        for days in (3.0, 17.0, 60.0)
        for strike in range(int(spot * 0.8), int(spot * 1.2) + 1, 4)
        for right in "CP"
    ]
