"""Finds strategies and indicators: ours by name, yours by `path.py:Class` or `package.module:Class`."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from feeds.errors import ConfigError, NavaleError
from indicators.base import Declaration, Indicator, suggestion
from strategies.base import Strategy

KINDS: dict[str, type[Declaration]] = {"strategy": Strategy, "indicator": Indicator}
ARTICLE = {"strategy": "a strategy", "indicator": "an indicator"}
OURS = ("feeds", "indicators", "strategies", "optimize", "live")


def built_in(kind: str) -> dict[str, type[Any]]:
    """The "strategy" or "indicator" classes that come along, by name."""
    package = importlib.import_module({"strategy": "strategies", "indicator": "indicators"}[kind])
    found: dict[str, type[Any]] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if not module.ispkg:
            found |= declared_in(importlib.import_module(f"{package.__name__}.{module.name}"), KINDS[kind])
    return dict(sorted(found.items()))


def declared_in(module: ModuleType, base: type[Any] = Declaration) -> dict[str, type[Any]]:
    """The public classes below `base` that a module declares itself."""
    bases = (Declaration, Indicator, Strategy)
    return {name: value for name, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, base) and value not in bases
            and value.__module__ == module.__name__ and not name.startswith("_")}  # fmt: skip


def find(text: str, kind: str | None = None) -> type[Any]:
    """The class that `text` names: `AtrTrend`, `my/trend.py:MyTrend` or `package.module:MyTrend`.

    kind: "strategy" or "indicator" refuses the other one. A file that declares one such class needs no `:Class`. A
    file is run under a name of its own, so it may lie in a folder called `strategies` and hides nothing of ours.
    Raises ConfigError that says what is missing, or what the file raised and on which line.
    """
    place, colon, name = text.rpartition(":")
    if not colon or (len(place) == 1 and name[:1] in ("/", "\\")):  # C:\trend.py has no class
        place, name = (text, "") if text.endswith(".py") or "/" in text else ("", text)
    if not place:
        return _built_in(name, kind)
    module = load_file(Path(place)) if place.endswith(".py") or "/" in place else _load_module(place)
    return _member(module, place, name, kind)


def _built_in(name: str, kind: str | None) -> type[Any]:
    kinds = [kind] if kind else list(KINDS)
    known = {found: cls for each in kinds for found, cls in built_in(each).items()}
    if name in known:
        return known[name]
    for other in KINDS:
        if other not in kinds and name in built_in(other):
            raise ConfigError(f"{name} is {ARTICLE[other]}, not {ARTICLE[kind or other]}")
    what = kind or "strategy or indicator"
    raise ConfigError(f"no {what} comes along as {name!r} (yours: path.py:Class){suggestion(name, list(known))}")


def _member(module: ModuleType, place: str, name: str, kind: str | None) -> type[Any]:
    base = KINDS[kind] if kind else Declaration
    what = {"strategy": "Strategy", "indicator": "Indicator", None: "Strategy or Indicator"}[kind]
    here = declared_in(module, base)
    if not name:
        if len(here) != 1:
            raise ConfigError(f"{place} declares {', '.join(here) or f'no {what}'}; name one: {place}:Class")
        return next(iter(here.values()))
    if not hasattr(module, name):
        raise ConfigError(f"{place} has no class {name!r}{suggestion(name, list(here))}")
    found = getattr(module, name)
    if not isinstance(found, type):
        raise ConfigError(f"{place}:{name} is not a {what} but {type(found).__name__} {found!r}; give the class")
    if not issubclass(found, base) or found in (Declaration, Indicator, Strategy):
        raise ConfigError(f"{place}:{name} is not a {what}; declare it: class {name}({what.partition(' ')[0]})")
    return found


def load_file(path: Path) -> ModuleType:
    """Run a Python file as a module of its own name; the same file with the same text is run once.

    The file may import its neighbours; where a neighbour has the name of one of our packages, ours is imported.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a folder, not a Python file; write file.py:Class")
    if not path.is_file():
        near = [str(each) for each in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise ConfigError(f"{path}: no such file{suggestion(str(path), near) if near else '; check the path'}")
    path = path.resolve()
    text = path.read_bytes()
    stem = "".join(letter if letter.isalnum() else "_" for letter in path.stem)
    name = f"navale_file_{stem}_{hashlib.sha256(str(path).encode() + text).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} is not a Python file; its name must end with .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _neighbours(path.parent), _explained(str(path)):
            spec.loader.exec_module(module)
    except NavaleError:
        del sys.modules[name]
        raise
    return module


def _load_module(place: str) -> ModuleType:
    if place.split(".")[0] in OURS:  # a folder of the user's own may have the same name
        path = Path(*place.split(".")).with_suffix(".py")
        if importlib.util.find_spec(place.split(".")[0]) and _missing(place) and path.is_file():
            return load_file(path)
    with _neighbours(Path.cwd()), _explained(place):
        try:
            return importlib.import_module(place)
        except ModuleNotFoundError as error:
            if error.name and (place == error.name or place.startswith(f"{error.name}.")):
                raise ConfigError(
                    f"there is no module {place!r} here; write package.module:Class or path.py:Class"
                ) from error
            raise


def _missing(place: str) -> bool:
    try:
        return importlib.util.find_spec(place) is None
    except ModuleNotFoundError:
        return True


@contextlib.contextmanager
def _neighbours(folder: Path) -> Iterator[None]:
    """Let modules of `folder` be imported, last of all."""
    added = str(folder)
    sys.path.append(added)
    try:
        yield
    finally:
        sys.path.reverse()
        sys.path.remove(added)
        sys.path.reverse()


@contextlib.contextmanager
def _explained(place: str) -> Iterator[None]:
    """Turn whatever a user's file raises into one ConfigError with the file's own line."""
    try:
        yield
    except NavaleError:
        raise
    except SyntaxError as error:
        raise ConfigError(f"{error.filename or place}, line {error.lineno}: {error.msg}") from error
    except Exception as error:  # a user's module may raise anything while it is imported
        line = _line(error, place)
        raise ConfigError(f"{place}{line}: {type(error).__name__}: {error}") from error


def _line(error: Exception, place: str) -> str:
    trace, line = error.__traceback__, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == place:
            line = f", line {trace.tb_lineno}"
        trace = trace.tb_next
    return line
