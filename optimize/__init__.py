"""Research: everything that runs a strategy over history. Names load on first use, so that importing is cheap."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimize.backtest import backtest
    from optimize.compare import Comparison, compare
    from optimize.metrics import measure
    from optimize.periods import periods_per_year
    from optimize.run import Run
    from optimize.runs import list_runs, open_run
    from optimize.sweep import sweep
    from optimize.sweep_table import Sweep
    from optimize.tearsheet import tearsheet
    from optimize.walkforward.procedure import walk_forward
    from optimize.walkforward.result import WalkForward

__all__ = [
    "Comparison", "Run", "Sweep", "WalkForward", "backtest", "compare", "list_runs", "measure", "open_run",
    "periods_per_year", "sweep", "tearsheet", "walk_forward",
]  # fmt: skip

_WHERE = {
    "Comparison": "optimize.compare", "Run": "optimize.run", "Sweep": "optimize.sweep_table",
    "WalkForward": "optimize.walkforward.result", "backtest": "optimize.backtest", "compare": "optimize.compare",
    "list_runs": "optimize.runs", "measure": "optimize.metrics", "open_run": "optimize.runs",
    "periods_per_year": "optimize.periods", "sweep": "optimize.sweep", "tearsheet": "optimize.tearsheet",
    "walk_forward": "optimize.walkforward.procedure",
}  # fmt: skip


class _Package(ModuleType):
    """Importing optimize.backtest binds the module to the name `backtest` here; the function keeps the name."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _WHERE and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'optimize' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


sys.modules[__name__].__class__ = _Package
