"""Checks that every indicator and strategy passes, the package's own and yours: `check_indicator(MyIndicator)`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimize.conformance.check import Check
    from optimize.conformance.indicators import check_indicator
    from optimize.conformance.report import Report, verify
    from optimize.conformance.strategies import check_strategy

__all__ = ["Check", "Report", "check_indicator", "check_strategy", "verify"]

_HOMES = {
    "Check": "check",
    "Report": "report",
    "check_indicator": "indicators",
    "check_strategy": "strategies",
    "verify": "report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'optimize.conformance' has no attribute {name!r}")
    return getattr(import_module(f"optimize.conformance.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
