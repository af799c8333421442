"""What must not be in the checkout."""

from __future__ import annotations

import ast
import re

from repository import tree

# Built from parts so that this file passes its own test.
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))]
HOSTS += [".".join(parts) for parts in (("deb", "debian", "org"), ("anaconda", "org"), ("crates", "io"))]
MACHINE = re.compile(r"(?<![\w.])/(?:root|home/\w+|Users/\w+|work/(?:main|shared))/|[A-Z]:\\Users")
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bghp_\w{36}\b|\bxox[bp]-\w{10,}"
    r"|(?i:(?:secret|api_key|token|password)\w*\s*=\s*['\"][A-Za-z0-9+/]{24,}['\"])"
)
UNSAFE = {("pickle", "load"), ("pickle", "loads"), ("joblib", "load"), ("dill", "load"), ("dill", "loads")}
UNSAFE |= {("cloudpickle", "load"), ("cloudpickle", "loads"), ("marshal", "loads"), ("yaml", "load")}
BUILT_IN = re.compile(
    r"\b(?:bt|backtrader)\.(?:ind|indicators|talib)\b|\b(?:vbt|vectorbt)\.(?:MA|MSTD|BBANDS|RSI|STOCH|MACD|ATR|OBV)\b"
)


def found(pattern: re.Pattern[str], names: list[str]) -> list[str]:
    """Places where the pattern occurs."""
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name in names
        for number, line in enumerate(tree.text(name).splitlines(), 1)
        if pattern.search(line)
    ]


def python_files() -> list[str]:
    return [name for name in tree.files() if name.endswith(".py")]


def test_no_except_swallows_everything():
    wrong = []
    for name in python_files():
        for node in ast.walk(tree.tree(name)):
            if isinstance(node, ast.ExceptHandler):
                silent = all(isinstance(line, ast.Pass) for line in node.body)
                broad = isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
                if node.type is None or (silent and broad):
                    wrong.append(f"{name}:{node.lineno}")
    assert not wrong


def test_nothing_unsafe_is_loaded_from_disk():
    wrong = []
    for name in tree.sources():
        for node in ast.walk(tree.tree(name)):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and (node.value.id, node.attr) in UNSAFE
            ):
                wrong.append(f"{name}:{node.lineno}: {node.value.id}.{node.attr}")
            if isinstance(node, ast.ImportFrom) and {(node.module or "", alias.name) for alias in node.names} & UNSAFE:
                wrong.append(f"{name}:{node.lineno}: from {node.module}")
    assert not wrong


def test_no_indicator_of_an_engine_is_used():
    assert not found(BUILT_IN, tree.sources())


def test_no_path_of_one_machine():
    assert not found(MACHINE, list(tree.files()))


def test_no_package_host():
    assert not found(re.compile("|".join(map(re.escape, HOSTS))), list(tree.files()))


def test_no_secret():
    assert not found(SECRETS, list(tree.files()))
