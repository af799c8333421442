"""What the command line says in words: settings (`rate=0`), a future (`ES=6512.25@TIME`), a rates curve, times."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from feeds.errors import ConfigError, ParameterError
from indicators.gex.settings import GexSettings

if TYPE_CHECKING:
    from feeds.chains.chain import Chain
    from indicators.gex.basis import Basis
    from indicators.options.rates import Curve

FUNDS = frozenset({"SPY", "QQQ", "IWM", "DIA", "VOO", "IVV"})
"""Funds whose price is a fraction of the index behind a future: their levels are scaled, not shifted."""
UNITS = {"s": 1, "m": 60, "h": 3600}


def settings(texts: Iterable[str]) -> GexSettings:
    """Settings from `name=value` texts; "auto" means: find it out. Raises ParameterError for a name or value."""
    known = {field.name: str(field.type) for field in fields(GexSettings)}
    values: dict[str, object] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise ParameterError(f"-p {text!r} must be written name=value, like -p rate=0.04")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ParameterError(f"gex has no setting {name!r}; {hint}It has {', '.join(known)}")
        if name in values:
            raise ParameterError(f"-p {name} is given twice; leave one out")
        values[name] = _value(name, known[name], value)
    return GexSettings(**values)  # type: ignore[arg-type]


def _value(name: str, kind: str, text: str) -> object:
    if kind == "str":
        options = _options(name)
        if options and text not in options:
            raise ParameterError(f"-p {name}={text}: use one of {', '.join(options)}")
        return text
    if "None" in kind and text.lower() in ("auto", "none"):
        return None
    try:
        number = int(text) if kind == "int" else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ParameterError(f"-p {name}={text}: use a {'whole ' if kind == 'int' else ''}number")
    if number < 0 and name not in ("rate", "dividend_yield"):
        raise ParameterError(f"-p {name}={text}: use zero or more")
    return number


def _options(name: str) -> Sequence[str]:
    """Words that a setting takes; the modules that act on them know."""
    if name == "sign_model":
        from indicators.gex.sign_models import SIGN_MODELS

        return tuple(SIGN_MODELS)
    if name == "wall_mode":
        from indicators.gex.walls import MODES

        return MODES
    if name == "vol_trigger_mode":
        from indicators.gex.vol_trigger import MODES as TRIGGERS

        return TRIGGERS
    if name == "day_count":
        from indicators.options.years import DAY_COUNTS

        return DAY_COUNTS
    return {"flip_method": ("grid", "cumulative"), "max_pain_expiry": ("monthly", "front")}.get(name, ())


def instant(text: str, option: str) -> datetime:
    """An ISO time with its zone, in UTC. Raises ConfigError for another form or one without zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} {text!r} is no time; write it like 2026-06-10T18:00:00Z") from None
    if moment.tzinfo is None:
        raise ConfigError(f"{option} {text!r} has no zone; write it like {text}Z or {text}+00:00")
    return moment.astimezone(UTC)


def day(text: str, option: str) -> date:
    """An ISO date. Raises ConfigError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} {text!r} is no date; write it like 2026-06-10") from None


def duration(text: str, option: str) -> timedelta:
    """`30s`, `5m`, `1h`: at least ten seconds, at most a day. Raises ConfigError."""
    number, unit = text[:-1], text[-1:]
    try:
        seconds = float(number) * UNITS[unit]
    except (ValueError, KeyError):
        raise ConfigError(f"{option} {text!r} is no duration; write it like 30s, 5m or 1h") from None
    if not 10 <= seconds <= 86_400:
        raise ConfigError(f"{option} {text!r} must be from 10s to 24h")
    return timedelta(seconds=seconds)


def curve(text: str) -> Curve:
    """`1m=4.3,3m=4.2,1y=3.9`: par yields in percent by tenor. Raises ConfigError, DataError."""
    from indicators.options.rates import Curve

    yields: dict[str, float | None] = {}
    for part in text.split(","):
        tenor, _, value = part.partition("=")
        try:
            yields[tenor.strip()] = float(value)
        except ValueError:
            raise ConfigError(f"--rates {part!r} must be written tenor=percent, like 3m=4.2") from None
    return Curve.from_percent(yields, "given")


def basis(text: str, chain: Chain, spot: float, rate: float, dividend_yield: float) -> Basis:
    """`ES=6512.25@2026-06-10T18:00:00Z`: measured, of the chain's moment; `ES@2026-06-19`: carried to that expiry.

    spot [points], rate and dividend yield (continuous per year) belong to the chain. A fund's levels are scaled by the
    ratio of the prices. Raises ConfigError for another form, DataError for prices that do not fit.
    """
    from indicators.gex.basis import carried, synchronous, tick_of

    name, equals, rest = text.partition("=")
    price, at, when = rest.partition("@") if equals else ("", *text.partition("@")[1:])
    future = (name if equals else text.partition("@")[0]).strip().upper()
    if not (future and at and when):
        raise ConfigError(
            f"--future {text!r} must be written ES=6512.25@2026-06-10T18:00:00Z, or ES@2026-06-19 (carry)"
        )
    tick_of(future)
    moment = chain.spot_ts or chain.asof
    if not equals:
        if chain.symbol in FUNDS:
            raise ConfigError(f"--future {text!r}: {chain.symbol} is a fund; give the price, {future}=PRICE@TIME")
        from feeds.chains.contracts import settlement

        years = (settlement(chain.symbol, day(when, "--future")) - chain.asof).total_seconds() / (365 * 86_400)
        return carried(future, spot, moment, years, rate, dividend_yield)
    try:
        value = float(price)
    except ValueError:
        raise ConfigError(f"--future {text!r}: {price!r} is no price") from None
    return synchronous(future, value, instant(when, "--future"), spot, moment, fund=chain.symbol in FUNDS)
