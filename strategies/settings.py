"""Parameters, accounts and instruments written as text: `fast=20`, `risk=0.01`, `tick=0.25`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from feeds.errors import ConfigError, ParameterError
from feeds.instrument import Instrument
from indicators.base import suggestion
from strategies.base import Profile, Strategy
from strategies.execution.account import SIZING_MODES, Account, Costs, Sizing

WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def pairs(texts: Iterable[str], option: str, example: str) -> dict[str, str]:
    """`name=value` texts as a mapping; ConfigError for another form or a name given twice."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not (name and equals and value):
            raise ConfigError(f"{option} {text!r} must be written name=value, like {example}")
        if name in found:
            raise ConfigError(f"{option} {name} is given twice: {found[name]} and {value}")
        found[name] = value
    return found


def number(text: str) -> Any:
    """An int or a float where the text is one, else the text itself."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def parameters(cls: type[Any], texts: Iterable[str]) -> dict[str, Any]:
    """Values of `-p name=value`, read by the declared types. ParameterError as from the constructor."""
    values: dict[str, Any] = {}
    for name, text in pairs(texts, "-p", "fast=20").items():
        if name not in cls.declared:
            raise ParameterError(f"{cls.__name__} has no parameter {name!r}{suggestion(name, list(cls.declared))}")
        values[name] = value_of(cls, name, text)
    return values


def value_of(cls: type[Any], name: str, text: str) -> Any:
    """One parameter's value from text, read by its declared type; ParameterError as from the constructor."""
    kind = cls.declared[name].kind
    value = WORDS.get(text.lower(), text) if kind == "switch" else text if kind == "choice" else number(text)
    return cls.declared[name].check(cls.__name__, value)


def sizing(text: str) -> Sizing:
    """`fraction=0.95`, `risk=0.01`, `notional=5000`, `volatility=0.01` or `lots=2`."""
    ((mode, value),) = pairs([text], "--sizing", "risk=0.01").items()
    if mode not in SIZING_MODES:
        raise ConfigError(f"--sizing {mode!r} is unknown; use one of {', '.join(SIZING_MODES)}, like risk=0.01")
    return Sizing(mode, _real(value, f"--sizing {mode}"))


def account(base: Account, given: Mapping[str, Any]) -> Account:
    """`base` with the fields of Account and Costs that were given (None: not given); `sizing` as text."""
    given = {name: value for name, value in given.items() if value is not None}
    for name in ("max_exposure", "max_correlation"):
        if name in given and not given[name] >= 0:
            raise ConfigError(f"--{name.replace('_', '-')} {given[name]} is no limit; give 0.5, 2 or inf for none")
    costs = {field.name: given.pop(field.name) for field in dataclasses.fields(Costs) if field.name in given}
    if "sizing" in given:
        given["sizing"] = sizing(given["sizing"])
    return dataclasses.replace(base, costs=dataclasses.replace(base.costs, **costs), **given)


def instrument(base: Instrument, text: str) -> Instrument:
    """`base` with terms such as `tick=0.25,multiplier=50`."""
    terms = pairs(filter(None, text.split(",")), "--instrument", "tick=0.25,multiplier=50")
    known = {field.name: field.type for field in dataclasses.fields(Instrument)}
    del known["symbol"], known["calendar"]  # options of their own
    for name in terms:
        if name not in known:
            raise ConfigError(f"--instrument has no {name!r}{suggestion(name, list(known))}")
    values: dict[str, Any] = {name: value if known[name] == "str" else _real(value, f"--instrument {name}")
              for name, value in terms.items()}  # fmt: skip
    return dataclasses.replace(base, **values)


def strategy(cls: type[Strategy], profile: str | None, texts: Iterable[str]) -> tuple[Strategy, Profile]:
    """The strategy with the parameters of a profile and, over them, those given as text; and the profile."""
    chosen = cls.profile(profile) if profile else Profile({})
    return cls(**(dict(chosen.parameters) | parameters(cls, texts))), chosen


def _real(text: str, what: str) -> float:
    value = number(text)
    if isinstance(value, str):
        raise ConfigError(f"{what}={text!r} must be a number")
    return float(value)
