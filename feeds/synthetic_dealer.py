"""Made-up prices with a planted dealer effect, and the levels behind it. Labelled synthetic everywhere; never a market.

Each session gets levels at the close of the one before: walls around the price, a flip, a balance of call and put
exposure. While the price is above the flip dealers push it away from the walls to the middle between them, near a wall
most; below the flip and under the put wall (or over the call wall) they push it on, a quarter as hard. `strength` 0
leaves prices that no rule can foresee, with the very same levels and random numbers: what a test must find in the one
it must not find in the other.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds.bars import Bars, instant
from feeds.errors import ConfigError
from feeds.instrument import Instrument
from feeds.sessions import DAY, Sessions, sessions
from feeds.timeframe import parse_timeframe

Floats = NDArray[np.float64]
Row = dict[str, float]
LevelsOf = Callable[[int, pd.Timestamp, float, pd.Timestamp], Mapping[str, float]]
"""(number of the session, its close, the last price, when the row will be known) -> the levels of the next session."""

COLUMNS = (
    "spot", "flip", "call_wall", "put_wall", "max_pain", "pin_1", "pin_2", "vol_trigger", "net_usd_per_1pct",
    "net_over_gross", "regime", "quality", "vanna_usd_per_vol_pt", "charm_usd_per_day", "z252", "expected_move",
    "monthly_expiry", "age_min", "status", "history",
)  # fmt: skip
"""Columns of a feature table (indicators.gex.features says what they mean)."""

PUBLISHED = pd.Timedelta(hours=3)  # before the open: 06:30 in New York, when open interest is out
BEFORE_OPEN = PUBLISHED.value


def dealer(
    days: int = 500,
    seed: int = 1,
    strength: float = 0.5,
    damping: float = 0.25,
    sigma: float = 0.01,
    timeframe: str = "30min",
    start: str = "2020-01-02",
    *,
    price: float = 5000.0,
    instrument: Instrument | None = None,
) -> Bars:
    """Bars of `dealer_history` with the levels joined as gex_flip, gex_call_wall and so on."""
    bars, table = dealer_history(days, seed, strength, damping, sigma, timeframe, start, price, instrument)
    return bars.join(table, prefix="gex")


def dealer_history(
    days: int = 500,
    seed: int = 1,
    strength: float = 0.5,
    damping: float = 0.25,
    sigma: float = 0.01,
    timeframe: str = "30min",
    start: str = "2020-01-02",
    price: float = 5000.0,
    instrument: Instrument | None = None,
) -> tuple[Bars, pd.DataFrame]:
    """Intraday bars of `days` XNYS sessions and their levels by `available_at` (06:30 in New York), made directly.

    strength: planted drift, in standard deviations of a bar; 0: none, the price is a martingale. damping: share by
    which volatility falls above the flip and rises below it, also when strength is 0. sigma: standard deviation of the
    log return of a session of 6.5 hours. The same seed gives the same random numbers at every strength.
    Raises ConfigError for values that make no sense.
    """
    table = market_sessions(days, start)
    draws = Draws.make(seed, days)

    def levels_of(number: int, _close: pd.Timestamp, spot: float, known: pd.Timestamp) -> Row:
        return draws.levels(number, spot, known, sigma)

    settings = f"days={days}&seed={seed}&strength={strength}&damping={damping}&sigma={sigma}"
    source = f"synthetic:dealer?{settings}&timeframe={timeframe}&start={start}&price={price}"
    return simulate(levels_of, table, seed, strength, damping, sigma, timeframe, price, instrument, source)


def market_sessions(days: int, start: str) -> Sessions:
    """The first `days` XNYS sessions that open at `start` or later, and one more."""
    if isinstance(days, bool) or not isinstance(days, int) or not 2 <= days <= 20_000:
        raise ConfigError(f"days={days!r} must be a whole number from 2 to 20,000")
    first = instant(start).value
    table = sessions("XNYS", first, first + (days * 3 // 2 + 10) * DAY)
    begin = int(np.searchsorted(table.opens, first))
    keep = slice(begin, begin + days + 1)
    parts = (table.days[keep], table.opens[keep], table.closes[keep], table.opens[keep], table.closes[keep])
    return Sessions(table.name, table.zone, *parts)


def simulate(
    levels_of: LevelsOf,
    table: Sessions,
    seed: int,
    strength: float,
    damping: float,
    sigma: float,
    timeframe: str,
    price: float,
    instrument: Instrument | None,
    source: str,
) -> tuple[Bars, pd.DataFrame]:
    """Prices that dealers with the levels of `levels_of` move, session by session, and the table of those levels.

    The first session has no levels and no effect; the last of `table` only says when the last row would be known.
    """
    limits = {"strength": (strength, -5, 5), "damping": (damping, 0, 0.9), "sigma": (sigma, 1e-6, 1)}
    for name, (value, low, high) in (limits | {"price": (price, 1e-6, 1e9)}).items():
        if not low <= value <= high:
            raise ConfigError(f"{name}={value!r} must be a number from {low} to {high}")
    step = parse_timeframe(timeframe).value
    if step * 2 > np.min(table.closes - table.opens):
        raise ConfigError(f"timeframe={timeframe!r}: a session must hold two bars or more; use 30min or 1h")
    counts = (table.closes - table.opens)[:-1] // step
    random = np.random.default_rng([seed, 0])
    shocks = random.normal(size=int(counts.sum())).tolist()
    width = sigma / math.sqrt(6.5 * 3600e9 / step)  # of a bar
    log, bar = math.log(price), 0
    level: Row = {}
    ends, widths, rows, times, found = [], [], [], [], []
    for number, count in enumerate(counts.tolist()):
        for _ in range(count):
            drift, scale = _push(math.exp(log), level, strength, damping)
            own = width * scale
            log += own * (drift + shocks[bar]) - own * own / 2
            ends.append(log)
            widths.append(own)
            bar += 1
        times.append(table.opens[number] + step * np.arange(1, count + 1))
        known = pd.Timestamp(table.opens[number + 1] - BEFORE_OPEN, tz="UTC")
        level = dict(levels_of(number, pd.Timestamp(table.closes[number], tz="UTC"), math.exp(log), known))
        rows.append(level)
        found.append(known)
    index = pd.DatetimeIndex(np.concatenate(times), tz="UTC", name="time").as_unit("ns")
    effect = f"strength {strength}, damping {damping}" if strength else f"no effect on direction, damping {damping}"
    own_instrument = instrument or Instrument("SYNTHETIC-DEALER", tick=0.01, calendar="XNYS")
    frame = _bars(np.array(ends), np.array(widths), math.log(price), np.random.default_rng([seed, 1]), index)
    notes = (f"synthetic, not a market: dealer history, {effect}, seed {seed}",)
    bars = Bars(frame, own_instrument, source, pd.Timedelta(step), adjusted=None, synthetic=True, notes=notes)
    return bars, pd.DataFrame(rows, index=pd.DatetimeIndex(found, name="available_at").as_unit("ns"), dtype=np.float64)


def _push(price: float, level: Row, strength: float, damping: float) -> tuple[float, float]:
    """Drift of the next bar in its standard deviations, and the factor on its volatility."""
    flip, call, put = (level.get(name, math.nan) for name in ("flip", "call_wall", "put_wall"))
    if not (call > put) or math.isnan(flip):
        return 0.0, 1.0
    if price >= flip:
        place = (2.0 * price - call - put) / (call - put)
        return -strength * max(-1.0, min(1.0, place)) ** 5, 1.0 - damping
    return 0.25 * strength * ((price > call) - (price < put)), 1.0 + damping


def _bars(
    ends: Floats, widths: Floats, first: float, random: np.random.Generator, index: pd.DatetimeIndex
) -> pd.DataFrame:
    """Bars of a continuous path of log prices: highs and lows by the law of a Brownian bridge's extremes."""
    begins = np.concatenate(([first], ends[:-1]))
    moves, size = ends - begins, len(ends)
    up = np.sqrt(moves**2 - 2 * widths**2 * np.log1p(-random.random(size)))
    down = np.sqrt(moves**2 - 2 * widths**2 * np.log1p(-random.random(size)))
    middle = (begins + ends) / 2
    opens, closes = np.exp(begins), np.exp(ends)
    return pd.DataFrame(
        {
            "open": opens,
            "high": np.maximum(np.exp(middle + up / 2), np.maximum(opens, closes)),
            "low": np.minimum(np.exp(middle - down / 2), np.minimum(opens, closes)),
            "close": closes,
            "volume": np.round(1000.0 * np.exp(random.normal(0.0, 0.5, size))) + 1.0,
        },
        index=index,
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Draws:
    """Random shapes of levels, one per session, that know nothing of prices."""

    flip: Floats
    """log(spot / flip): above 0, the price is above the flip. Autocorrelated."""
    call: Floats
    put: Floats
    pain: Floats
    noise: Floats

    @classmethod
    def make(cls, seed: int, count: int) -> Draws:
        """`count` shapes; the first ones do not depend on how many follow. Raises ConfigError for a bad seed."""
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise ConfigError(f"seed={seed!r} must be a whole number, 0 or more")
        numbers = np.random.default_rng([seed, 2]).normal(size=(count, 5))
        flip, last = np.empty(count), 0.0
        for k in range(count):
            last = 0.7 * last + math.sqrt(1 - 0.7**2) * float(numbers[k, 0])
            flip[k] = 0.004 + 0.010 * last
        widths = 0.005 + 0.004 * np.minimum(np.abs(numbers[:, 1:3]), 2.5)
        return cls(flip, widths[:, 0], widths[:, 1], 0.0015 * numbers[:, 3], numbers[:, 4])

    def levels(self, number: int, spot: float, known: pd.Timestamp, sigma: float) -> Row:
        """A row of COLUMNS around `spot`; strikes lie on a grid of about a thousandth of the price."""
        grid = 10.0 ** math.floor(math.log10(spot)) / 200.0
        grid *= 2.0 if spot / grid > 1000.0 else 1.0

        def strike(value: float) -> float:
            return round(value / grid) * grid

        offset = float(self.flip[number])
        balance = math.tanh(offset / 0.01 + 0.2 * float(self.noise[number])) * 0.6
        call, put = strike(spot * (1 + float(self.call[number]))), strike(spot * (1 - float(self.put[number])))
        pain = strike(spot * (1 + float(self.pain[number])))
        flip = spot * math.exp(-offset)
        regime = 0.0 if abs(balance) < 0.05 or (balance > 0) != (spot > flip) else math.copysign(1.0, balance)
        values = (
            spot, flip, call, put, pain, strike(spot), math.nan, (flip + spot) / 2 if flip < spot else flip,
            balance * 1e9, balance, regime, 0.8, 0.0, 0.0, math.nan, spot * sigma,
            third_friday(known).timestamp(), 0.0, 2.0, number + 1.0,
        )  # fmt: skip
        return dict(zip(COLUMNS, values, strict=True))


def third_friday(after: pd.Timestamp) -> pd.Timestamp:
    """16:00 in New York on the first third Friday of a month that ends later than `after` (holidays not looked at)."""
    local = after.tz_convert("America/New_York")
    for month in range(3):
        first = (local.tz_localize(None).normalize().replace(day=1) + pd.DateOffset(months=month)).normalize()
        friday = first + pd.Timedelta(days=(4 - first.dayofweek) % 7 + 14, hours=16)
        settles = friday.tz_localize("America/New_York")
        if settles > after:
            return settles.tz_convert("UTC")
    raise AssertionError("three months hold a third Friday")


def levels_for(bars: Bars, seed: int = 1, sigma: float = 0.01) -> pd.DataFrame:
    """Levels around given prices, a row per UTC day, known at the close of the day's last bar: tests of strategies.

    The first row is known when the first bar opens and lies around its open. Nothing reads a later price.
    """
    closes, times = bars.column("close"), bars.times
    days = times.asi8 // DAY
    last = np.flatnonzero(np.append(np.diff(days) > 0, False))  # the last day is not known to be over
    draws = Draws.make(seed, len(last) + 1)
    begin = times[0] - bars.timeframe
    rows = [draws.levels(0, float(bars.column("open")[0]), begin, sigma)]
    rows += [draws.levels(k + 1, float(closes[bar]), times[int(bar)], sigma) for k, bar in enumerate(last)]
    index = pd.DatetimeIndex([begin, *times[last]], name="available_at")
    return pd.DataFrame(rows, index=index, dtype=np.float64)
