"""What every strategy must do, whoever wrote it: `check_strategy(MyStrategy)` says which properties hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from optimize.conformance import strategy_checks as checks
from optimize.conformance.check import Check, perform
from optimize.conformance.strategy_subject import StrategySubject, subject_for
from strategies.base import Strategy

PROBES: dict[str, Callable[[StrategySubject], str]] = {
    "trades": checks.trades,
    "engine parity": checks.engines,
    "resumed": checks.resumed,
    "bounds checks": checks.bounds_checked,
    "future": checks.causal,
    "joined columns": checks.joined_columns,
    "warm-up": checks.warm_up,
    "parameter bounds": checks.parameter_bounds,
    "unused indicator": checks.unused_indicator,
    "values": checks.values_and_copies,
}


def check_strategy(declared: type[Strategy] | Strategy) -> list[Check]:
    """Check a class (its `example()` when it has one, else its defaults) or one instance. Takes seconds.

    Nothing is raised: what goes wrong is in the result. Checks that the class names in `verify_exceptions`, with a
    reason, may fail.
    """
    try:
        if isinstance(declared, Strategy):
            strategy = declared
        else:
            strategy = declared.example() if hasattr(declared, "example") else declared()
        subject = subject_for(strategy)
    except Exception as error:  # noqa: BLE001 - a declaration that cannot even be made is a result
        name = declared.__name__ if isinstance(declared, type) else repr(declared)
        return [Check("construction", name, False, f"{type(error).__name__}: {error}")]
    probes = {name: partial(probe, subject) for name, probe in PROBES.items()}
    return perform(type(strategy).__name__, strategy.verify_exceptions, probes)
