"""Finds the declarations of a package."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TypeVar

Found = TypeVar("Found", bound=type)


def discover(package: str, base: Found) -> list[Found]:
    """Every class below `base` that a module of the package declares, by name. Subpackages are not searched."""
    folder = importlib.import_module(package)
    found: dict[str, Found] = {}
    for module in pkgutil.iter_modules(folder.__path__):
        if module.ispkg:
            continue
        loaded = importlib.import_module(f"{package}.{module.name}")
        for name, value in vars(loaded).items():
            own = isinstance(value, type) and issubclass(value, base) and value.__module__ == loaded.__name__
            if own and value is not base and not name.startswith("_"):
                found[name] = value
    return [found[name] for name in sorted(found)]
