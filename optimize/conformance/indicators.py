"""What every indicator must do, whoever wrote it: `check_indicator(MyIndicator)` says which properties hold.

The properties: one bar at a time, resumed at any cut, every mode of backtrader and the vectorbt factory give the bits
of the batch form; the future changes nothing; the warm-up is as declared; odd data raise nothing and leave no trace;
instances are immutable values; every parameter bound runs; bounds-checked and uncompiled kernels agree.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from indicators.base import Indicator
from optimize.conformance import indicator_behaviour as behaviour
from optimize.conformance import indicator_engines as engines
from optimize.conformance.bars import kit_bars
from optimize.conformance.check import Check, perform
from optimize.conformance.subject import Subject

PROBES: dict[str, Callable[[Subject], str]] = {
    "streaming": engines.streaming,
    "resumed": engines.resumed,
    "backtrader": engines.in_backtrader,
    "vectorbt": engines.in_vectorbt,
    "uncompiled": engines.uncompiled,
    "bounds checks": engines.bounds_checked,
    "future": behaviour.future,
    "warm-up": behaviour.warm_up,
    "odd data": behaviour.odd_data,
    "gaps": behaviour.gaps,
    "values": behaviour.values_and_copies,
    "parameter bounds": behaviour.parameter_bounds,
}


def check_indicator(declared: type[Indicator] | Indicator) -> list[Check]:
    """Check a class (its `example()` when it has one, else its defaults) or one instance. Takes seconds.

    Nothing is raised: what goes wrong is in the result. Checks that the class names in `verify_exceptions`, with a
    reason, may fail.
    """
    try:
        indicator = _instance(declared)
        size = max(400, 3 * indicator.total_warmup + 200)
        subject = Subject(indicator, kit_bars(indicator.columns(), size))
    except Exception as error:  # noqa: BLE001 - a declaration that cannot even be made is a result
        name = declared.__name__ if isinstance(declared, type) else repr(declared)
        return [Check("construction", name, False, f"{type(error).__name__}: {error}")]
    probes = {name: partial(probe, subject) for name, probe in PROBES.items()}
    return perform(repr(indicator), indicator.verify_exceptions, probes)


def _instance(declared: type[Indicator] | Indicator) -> Indicator:
    if isinstance(declared, Indicator):
        return declared
    return declared.example() if hasattr(declared, "example") else declared()
