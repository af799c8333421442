"""Where a record's strategy class is declared, and how to make the strategy again."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from feeds.errors import ConfigError
from optimize.storage import checksum
from strategies.base import Strategy
from strategies.discovery import built_in, find


def describe_source(cls: type[Strategy], folder: Path) -> dict[str, Any]:
    """`class`, `module` (None for one that comes along), `file` of a user's own (relative to `folder` when below it)
    and `sha256` of the file that declares it. ConfigError for a class that cannot be found again."""
    name, module = cls.__name__, sys.modules[cls.__module__]
    path = Path(getattr(module, "__file__", None) or "")
    if cls.__module__ == "__main__" or not path.is_file() or getattr(module, name, None) is not cls:
        raise ConfigError(f"{name} is declared in {cls.__module__}, where it cannot be found again; move it to a file")
    told: dict[str, Any] = {"class": name, "module": None, "file": None, "sha256": checksum(path)}
    if cls.__module__.startswith("navale_file_"):
        inside = path.is_relative_to(folder.resolve())
        told["file"] = (path.relative_to(folder.resolve()) if inside else path).as_posix()
    elif built_in("strategy").get(name) is not cls:
        told["module"] = cls.__module__
    return told


def find_strategy(source: Mapping[str, Any], folder: Path) -> type[Strategy]:
    """The class that `describe_source` told of, as it is declared now. Raises ConfigError when it is not there."""
    place = str(folder.resolve() / source["file"]) if source["file"] else source["module"]
    found: type[Strategy] = find(f"{place}:{source['class']}" if place else source["class"], "strategy")
    return found


def same_file(source: Mapping[str, Any], cls: type[Strategy]) -> bool:
    """True when the declaring file is still the same, byte for byte."""
    return checksum(Path(str(sys.modules[cls.__module__].__file__))) == source["sha256"]
