"""What an indicator must do and must not do, whatever it computes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
from typing import Any

import numpy as np

from feeds.errors import ParameterError
from indicators.base import Indicator
from indicators.engines.batch import arrays
from optimize.conformance.bars import ODD, kit_bars
from optimize.conformance.check import CheckFailed
from optimize.conformance.indicator_engines import streaming
from optimize.conformance.subject import Outputs, Subject, as_outputs, read_row


def future(s: Subject) -> str:
    """Outputs up to a bar stay as they are when later bars are missing, NaN or noise."""
    rng, size, warmup = np.random.default_rng(3), len(s.bars), s.indicator.total_warmup
    cuts = sorted({0, 1, warmup - 2, warmup - 1, warmup, *rng.integers(0, size - 1, 6).tolist()} & set(range(size - 1)))
    for cut in cuts:
        tables = {
            "no bar": {name: values[: cut + 1].copy() for name, values in s.table.items()},
            "NaN": {name: _later(values, cut, np.full(size, np.nan)) for name, values in s.table.items()},
            "noise": {name: _later(values, cut, rng.normal(1e3, 1e3, size)) for name, values in s.table.items()},
        }
        for what, table in tables.items():
            found = [values[: cut + 1] for values in arrays(s.indicator, table)]
            s.same(found, f"{what} after bar {cut}", [values[: cut + 1] for values in s.batch])
    return f"{len(cuts)} cuts, each with no bar, NaN and noise after it"


def _later(values: np.ndarray, cut: int, others: np.ndarray) -> np.ndarray:
    return np.concatenate((values[: cut + 1], others[cut + 1 :]))


def first_value(indicator: Indicator, outputs: Outputs) -> None:
    """CheckFailed unless every output begins exactly where the declared warm-up ends."""
    ready = indicator.total_warmup - 1
    for name, values in zip(indicator.outputs, outputs, strict=True):
        there = np.flatnonzero(~np.isnan(values))
        first = int(there[0]) if len(there) else -1
        if first != ready:
            seen = f"on bar {first}" if len(there) else "nowhere"
            raise CheckFailed(f"{indicator!r}: the warm-up promises {name!r} on bar {ready}; its first value is {seen}")


def warm_up(s: Subject) -> str:
    """Every output has its first value on bar `total_warmup - 1`."""
    first_value(s.indicator, s.batch)
    return f"first value on bar {s.indicator.total_warmup - 1}"


def odd_data(s: Subject) -> str:
    """Constant, zero, huge, negative, missing or infinite stretches raise nothing, and values come back after them."""
    start = s.indicator.total_warmup + 20
    stretch = slice(start, start + 40)
    for what, spoil in ODD.items():
        for where in (stretch, slice(None)):
            table = {name: values.copy() for name, values in s.table.items()}
            spoil(table, where)
            found = arrays(s.indicator, table)
            stream = s.indicator.stream()
            rows = [stream.feed(read_row(table, bar)) for bar in range(len(s.bars))]
            s.same(as_outputs(rows), f"{what}: one bar at a time", found)
            for name, values in zip(s.indicator.outputs, found, strict=True):
                if where is stretch and not np.isfinite(values[-1]):
                    bars = len(s.bars) - stretch.stop
                    raise CheckFailed(
                        f"{what}: {name!r} is still {float(values[-1])!r} {bars} bars after the data are good again"
                    )
    return ", ".join(ODD)


def gaps(s: Subject) -> str:
    """Bars that are missing altogether raise nothing; one bar at a time still equals the batch form."""
    keep = np.random.default_rng(4).random(len(s.bars)) > 0.3
    keep[len(keep) // 2 : len(keep) // 2 + 30] = False
    bars = dataclasses.replace(s.bars, _frame=s.bars.frame[keep])
    return streaming(Subject(s.indicator, bars))


def values_and_copies(s: Subject) -> str:
    """Equal by value, immutable, `repr` is code, copies and pickles are equal, misspelt parameters are refused."""
    indicator = s.indicator
    rebuilt = eval(repr(indicator), _names(indicator))  # noqa: S307 - text that we have just made
    make, arguments = indicator.__reduce__()[:2]
    pickle.dumps(indicator)
    for what, other in {
        "repr": rebuilt,
        "pickle": make(*arguments),
        "copy": copy.deepcopy(indicator),
        "replace": indicator.replace(),
    }.items():
        if other != indicator or hash(other) != hash(indicator) or repr(other) != repr(indicator):
            raise CheckFailed(f"{what} of {indicator!r} gives {other!r}, which is not equal")
        s.same(arrays(other, s.table), what)
    for what, attempt in {"a misspelt parameter": _misspell, "an assignment": _assign}.items():
        if not attempt(indicator):
            raise CheckFailed(f"{indicator!r} accepts {what}")
    return "repr, pickle, copy, replace; immutable; unknown names refused"


def _names(indicator: Indicator) -> dict[str, Any]:
    """Every class that the text of an indicator mentions."""
    cls = type(indicator)
    found = {cls.__name__: getattr(sys.modules[cls.__module__], cls.__name__, cls)}
    for value in (*indicator.sources.values(), *indicator.parameters.values()):
        if isinstance(value, Indicator):
            found |= _names(value)
    return found


def _misspell(indicator: Indicator) -> bool:
    try:
        indicator.replace(no_such_parameter=1)
    except ParameterError:
        return True
    return False


def _assign(indicator: Indicator) -> bool:
    try:
        indicator.no_such_attribute = 1
    except AttributeError:
        return True
    return False


def parameter_bounds(s: Subject) -> str:
    """The lowest and the highest value of every parameter run, with the warm-up they declare, alike bar by bar."""
    ran = []
    for name, parameter in s.indicator.declared.items():
        for value in parameter.edges():
            try:
                edge = s.indicator.replace(**{name: value})
            except ParameterError:
                continue
            bars = kit_bars(s.columns, edge.total_warmup + 60)
            subject = Subject(edge, bars)
            first_value(edge, subject.batch)
            streaming(subject)
            ran.append(f"{name}={value!r}")
    return ", ".join(ran) or "no parameters"
