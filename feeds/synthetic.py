"""Made-up prices with known properties, for tests and demonstrations. Labelled synthetic everywhere; never a market.

Each bar is a piece of a continuous path: it opens where the last one closed, and its high and low are those of a
Brownian motion with the bar's volatility (drawn step by step from the exact law of a Brownian bridge's extremes), so
that a stop or a target inside the bar is touched exactly as often as it should be.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds.bars import Bars, instant
from feeds.errors import ConfigError
from feeds.instrument import Instrument
from feeds.timeframe import parse_timeframe

if TYPE_CHECKING:
    from feeds.loading import Terms

Floats = NDArray[np.float64]
_STEPS = 16  # pieces of a bar's path


def martingale(
    bars: int = 5000,
    seed: int = 1,
    sigma: float = 0.01,
    timeframe: str = "1h",
    start: str = "2020-01-01",
    *,
    price: float = 100.0,
    instrument: Instrument | None = None,
) -> Bars:
    """Prices without any edge: the expected next price is the present one.

    Log returns per bar are normal with variance sigma² and mean -sigma²/2, so the price itself is a martingale: before
    costs no rule earns or loses on average. sigma: standard deviation of log returns per bar [1]; start: open of the
    first bar (UTC); price: its open. Raises ConfigError for values that make no sense.
    """
    text = _source("martingale", bars=bars, seed=seed, sigma=sigma, timeframe=timeframe, start=start, price=price)
    note = f"martingale, sigma {sigma} per bar, log drift -sigma²/2, seed {seed}"
    drift, width = np.zeros(_count(bars)), np.full(_count(bars), _positive("sigma", sigma))
    return _bars(text, note, _seed(seed), drift, width, timeframe, start, price, instrument)


def planted_edge(
    bars: int = 5000,
    seed: int = 1,
    sigma: float = 0.01,
    timeframe: str = "1h",
    start: str = "2020-01-01",
    *,
    edge: float = 0.002,
    persistence: float = 0.99,
    price: float = 100.0,
    instrument: Instrument | None = None,
) -> Bars:
    """`martingale` of the same seed plus a hidden state that drifts up or down, and nothing else.

    A state of +1 or -1, equally likely at the start, stays with probability `persistence` from bar to bar and adds
    edge × state to the log return of the bar. Volatility, volumes and random numbers are those of the martingale; with
    edge=0 the bars are identical but for their name. A rule that follows trends earns at most about `edge` per bar.
    """
    text = _source(
        "planted_edge", bars=bars, seed=seed, sigma=sigma, timeframe=timeframe, start=start, edge=edge,
        persistence=persistence, price=price,
    )  # fmt: skip
    note = f"planted edge ±{edge} per bar, persistence {persistence}, sigma {sigma}, seed {seed}"
    _probability("persistence", persistence)
    count = _count(bars)
    drift = np.array([1.0, -1.0])[_states(count, _seed(seed), 2, persistence)] * _finite("edge", edge)
    width = np.full(count, _positive("sigma", sigma))
    return _bars(text, note, _seed(seed), drift, width, timeframe, start, price, instrument)


def regimes(
    bars: int = 5000,
    seed: int = 1,
    sigmas: Sequence[float] = (0.005, 0.01, 0.025),
    timeframe: str = "1h",
    start: str = "2020-01-01",
    *,
    drifts: Sequence[float] = (0.0005, 0.0, -0.001),
    persistence: float = 0.99,
    price: float = 100.0,
    instrument: Instrument | None = None,
) -> Bars:
    """Calm, normal and wild markets that follow one another, each with its volatility and drift.

    A hidden state per bar stays with probability `persistence`, else moves to another one, all equally likely. In state
    k the price grows by drifts[k] per bar on average (as a log: E[close / open] = exp(drifts[k])) and log returns have
    standard deviation sigmas[k].
    """
    if len(sigmas) != len(drifts) or not 2 <= len(sigmas) <= 10:
        raise ConfigError(f"regimes needs 2 to 10 sigmas and as many drifts, not {len(sigmas)} and {len(drifts)}")
    text = _source(
        "regimes", bars=bars, seed=seed, sigmas=_listed(sigmas), timeframe=timeframe, start=start,
        drifts=_listed(drifts), persistence=persistence, price=price,
    )  # fmt: skip
    note = f"regimes, sigmas {_listed(sigmas)}, drifts {_listed(drifts)}, persistence {persistence}, seed {seed}"
    _probability("persistence", persistence)
    state = _states(_count(bars), _seed(seed), len(sigmas), persistence)
    width = np.array([_positive("sigmas", value) for value in sigmas])[state]
    drift = np.array([_finite("drifts", value) for value in drifts])[state]
    return _bars(text, note, _seed(seed), drift, width, timeframe, start, price, instrument)


_GENERATORS: dict[str, Callable[..., Bars]] = {
    "martingale": martingale, "planted_edge": planted_edge, "regimes": regimes,
}  # fmt: skip


def from_query(query: str, terms: Terms) -> Bars:
    """Bars of "martingale?seed=1&bars=5000". Raises ConfigError for an unknown generator or setting."""
    name, _, text = query.partition("?")
    from feeds.synthetic_dealer import dealer  # builds on this module

    generators = _GENERATORS | {"dealer": dealer}
    if name not in generators:
        raise ConfigError(f"synthetic:{name}: no such generator; there are: {', '.join(generators)}")
    known = dict(inspect.signature(generators[name]).parameters)
    del known["instrument"]
    settings: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"synthetic:{name} has no setting {key!r}{hint} It has: {', '.join(known)}")
        settings[key] = _parsed(name, key, value, known[key].default)
    more = {"calendar": "XNYS", "tick": 0.01} if name == "dealer" else {"calendar": "24/7"}
    instrument = terms.complete(_symbol(name), **more)
    return generators[name](**settings, instrument=instrument)


def _parsed(name: str, key: str, text: str, default: Any) -> Any:
    try:
        if isinstance(default, int | float):
            return type(default)(text)
        return tuple(map(float, text.split(","))) if isinstance(default, tuple) else text
    except ValueError:
        raise ConfigError(f"synthetic:{name}: {key}={text!r} is not a number; its default is {default}") from None


def _bars(
    source: str,
    note: str,
    seed: int,
    drift: Floats,
    sigma: Floats,
    timeframe: str,
    start: str,
    price: float,
    instrument: Instrument | None,
) -> Bars:
    """drift: log growth of the expected price per bar; sigma: standard deviation of log returns per bar."""
    length = parse_timeframe(timeframe)
    low, high, last = _paths(seed, drift, sigma)
    end = np.cumsum(last)
    begin = np.concatenate(([0.0], end[:-1]))
    level = _positive("price", price)
    opens, closes = level * np.exp(begin), level * np.exp(end)
    highs = np.maximum(level * np.exp(begin + high), np.maximum(opens, closes))
    lows = np.minimum(level * np.exp(begin + low), np.minimum(opens, closes))
    volume = np.round(1000.0 * np.exp(np.random.default_rng([seed, 2]).normal(0.0, 0.5, len(sigma)))) + 1.0
    if not (np.isfinite(highs).all() and (lows > 0).all()):
        raise ConfigError(f"{source}: prices leave the range of numbers; lower sigma, drift or the number of bars")
    times = (instant(start) + length).value + np.arange(len(sigma), dtype=np.int64) * length.value
    columns = {"open": opens, "high": highs, "low": lows, "close": closes, "volume": volume}
    own = instrument or Instrument(_symbol(source.removeprefix("synthetic:").partition("?")[0]))
    notes = (f"synthetic, not a market: {note}",)
    frame = pd.DataFrame(columns, index=pd.DatetimeIndex(times, tz="UTC", name="time"))
    return Bars(frame, own, source, length, adjusted=None, synthetic=True, notes=notes)


def _paths(seed: int, drift: Floats, sigma: Floats) -> tuple[Floats, Floats, Floats]:
    """Lowest, highest and last point of each bar's log price, measured from its open."""
    random = np.random.default_rng([seed, 0])
    shape = (len(sigma), _STEPS)
    variance = (sigma**2 / _STEPS)[:, None]
    moves = random.normal(size=shape) * np.sqrt(variance) + (drift / _STEPS)[:, None] - variance / 2
    ends = np.cumsum(moves, axis=1)
    begins = np.concatenate((np.zeros((len(sigma), 1)), ends[:, :-1]), axis=1)
    # extremes of a Brownian bridge from a to b: (a + b ± sqrt((b - a)² - 2 variance log u)) / 2, u uniform in (0, 1]
    up = np.sqrt(moves**2 - 2 * variance * np.log1p(-random.random(shape)))
    down = np.sqrt(moves**2 - 2 * variance * np.log1p(-random.random(shape)))
    middle = (begins + ends) / 2
    return (middle - down / 2).min(axis=1), (middle + up / 2).max(axis=1), ends[:, -1]


def _states(count: int, seed: int, kinds: int, persistence: float) -> NDArray[np.int64]:
    """A Markov chain over 0 … kinds-1 that stays with probability `persistence`."""
    random = np.random.default_rng([seed, 1])
    first = int(random.integers(kinds))
    moves = np.where(random.random(count) < persistence, 0, random.integers(1, kinds, count))
    moves[0] = first
    return np.cumsum(moves) % kinds


def _symbol(name: str) -> str:
    return f"SYNTHETIC-{name.upper()}"


def _source(name: str, **settings: Any) -> str:
    return f"synthetic:{name}?" + "&".join(f"{key}={value}" for key, value in settings.items())


def _listed(values: Sequence[float]) -> str:
    return ",".join(map(str, values))


def _count(bars: int) -> int:
    if not _whole(bars) or not 2 <= bars <= 10_000_000:
        raise ConfigError(f"bars={bars!r} must be a whole number from 2 to 10,000,000")
    return int(bars)


def _seed(seed: int) -> int:
    if not _whole(seed) or seed < 0:
        raise ConfigError(f"seed={seed!r} must be a whole number, 0 or more")
    return int(seed)


def _whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _positive(name: str, value: float) -> float:
    if not (np.isfinite(value) and value > 0):
        raise ConfigError(f"{name}={value!r} must be a finite number above 0")
    return float(value)


def _finite(name: str, value: float) -> float:
    if not np.isfinite(value):
        raise ConfigError(f"{name}={value!r} must be a finite number")
    return float(value)


def _probability(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ConfigError(f"{name}={value!r} must be a probability from 0 to 1")
