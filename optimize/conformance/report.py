"""`navale verify`: all checks of all classes, or of the ones named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from feeds.errors import ConfigError
from indicators.base import Indicator
from optimize.conformance.check import Check
from optimize.conformance.indicators import check_indicator
from optimize.conformance.strategies import check_strategy
from strategies.base import Strategy
from strategies.discovery import built_in


@dataclass(frozen=True)
class Report:
    """Outcome of a verification: how many classes, and every check."""

    classes: int
    checks: tuple[Check, ...]

    @property
    def failed(self) -> list[Check]:
        """Checks that do not hold and are not excepted."""
        return [check for check in self.checks if not check.passed]

    @property
    def excepted(self) -> list[Check]:
        """Checks that the class declares an exception from, with its reason."""
        return [check for check in self.checks if check.exception]

    def to_json(self) -> dict[str, Any]:
        """{"classes", "checks", "failed", "exceptions", "failures": [{"subject", "check", "detail"}]}."""
        failures = [{"subject": check.subject, "check": check.name, "detail": check.detail} for check in self.failed]
        return {
            "classes": self.classes,
            "checks": len(self.checks),
            "failed": len(failures),
            "exceptions": len(self.excepted),
            "failures": failures,
        }


def verify(classes: Sequence[type[Any]] | None = None, progress: Callable[[str], None] | None = None) -> Report:
    """Check the given indicator and strategy classes; None: every class of the package.

    progress: called with each class's name before it is checked. Raises ConfigError for other classes.
    """
    chosen: list[type[Any]] = (
        [*built_in("indicator").values(), *built_in("strategy").values()] if classes is None else list(classes)
    )
    checks: list[Check] = []
    for cls in chosen:
        if progress is not None:
            progress(cls.__name__)
        if issubclass(cls, Indicator):
            checks += check_indicator(cls)
        elif issubclass(cls, Strategy):
            checks += check_strategy(cls)
        else:
            raise ConfigError(f"{cls.__name__} is neither an Indicator nor a Strategy")
    return Report(len(chosen), tuple(checks))
