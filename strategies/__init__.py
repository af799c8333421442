"""Strategies: the words to declare one, the account that trades it, and the strategies that come along."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strategies.atr_trend import AtrTrend
    from strategies.base import (
        Choice,
        Float,
        Int,
        Profile,
        Strategy,
        Switch,
        enter_long,
        enter_short,
        hold,
        kernel,
        leave,
    )
    from strategies.execution.account import Account, Costs, Sizing
    from strategies.gex_levels import GexLevels

__all__ = [
    "Account",
    "AtrTrend",
    "Choice",
    "Costs",
    "Float",
    "GexLevels",
    "Int",
    "Profile",
    "Sizing",
    "Strategy",
    "Switch",
    "enter_long",
    "enter_short",
    "hold",
    "kernel",
    "leave",
]

_ACCOUNT = dict.fromkeys(("Account", "Costs", "Sizing"), "strategies.execution.account")
_HOMES = {"AtrTrend": "strategies.atr_trend", "GexLevels": "strategies.gex_levels", **_ACCOUNT}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'strategies' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "strategies.base")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
