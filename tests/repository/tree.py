"""What is in the checkout: files, modules and their imports, read without importing anything."""

from __future__ import annotations

import ast
import configparser
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("feeds", "indicators", "strategies", "optimize", "live")


@dataclass(frozen=True)
class Import:
    """`module` is imported by `file` (relative to the checkout) at `line`."""

    file: str
    line: int
    module: str

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


@cache
def files() -> tuple[str, ...]:
    """Tracked and new files, without what .gitignore names; relative, in POSIX form."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted({name for name in listed.split("\0") if name and (ROOT / name).is_file()}))


def sources() -> list[str]:
    """Python files that are installed."""
    return [name for name in files() if name.endswith(".py") and name.split("/")[0] in (*PACKAGES, "navale.py")]


@cache
def text(name: str) -> str:
    """Content of one file; empty for binary files."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def tree(name: str) -> ast.Module:
    """Syntax tree of one Python file."""
    return ast.parse(text(name), filename=name)


def imports(name: str) -> list[Import]:
    """Every import of one file, lazy ones and those for type checkers included."""
    found = []
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found += [Import(name, node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = name.split("/")[: -node.level] if node.level else []
            found.append(Import(name, node.lineno, ".".join([*base, *([node.module] if node.module else [])])))
    return found


def all_imports() -> list[Import]:
    """Every import of the installed files."""
    return [found for name in sources() for found in imports(name)]


@cache
def configuration() -> configparser.ConfigParser:
    """setup.cfg."""
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.read(ROOT / "setup.cfg", encoding="utf-8")
    return parsed


def requirements(section: str, option: str) -> list[Requirement]:
    """Requirements of one option of setup.cfg."""
    lines = configuration()[section][option].splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
