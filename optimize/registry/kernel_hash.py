"""One hash of everything that decides what a strategy does with a bar."""

from __future__ import annotations

import ast
import hashlib
import inspect
from typing import TYPE_CHECKING

from feeds.errors import ConfigError

if TYPE_CHECKING:
    from types import ModuleType

    from strategies.base import Strategy


def kernel_hash(strategy: Strategy) -> str:
    """sha256 (hex) of what the running code would compile for this strategy, and of what it would feed it.

    It covers the strategy's kernel and helpers with their constants, the rules of execution, the kernels of every
    indicator that it declares, which column or indicator stands behind each argument, depths, warm-up, parameters, how
    accounts and contract terms become numbers, and the compiler's version. An edit of any of these changes it;
    comments, docstrings and code that takes no part do not. Raises ConfigError while NAVALE_INTERPRET is set, for then
    nothing is compiled.
    """
    from indicators.compiler import interpreted
    from indicators.engines import higher_timeframe
    from optimize.code_digest import code_digest
    from strategies.execution import setup

    if interpreted():
        raise ConfigError("NAVALE_INTERPRET is set: kernels are not compiled, so they have no hash; unset it")
    cls = type(strategy)
    told = [
        code_digest(cls),
        *(f"{name}={strategy.source(name)!r}" for name in cls.source_names()),
        *(f"{name}={value!r}" for name, value in zip(cls.declared, strategy.numbers(), strict=True)),
        repr((sorted(strategy.depths.items()), strategy.warmup, cls.reverse, cls.state)),
        statements(setup),
        statements(higher_timeframe),
    ]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def statements(module: ModuleType) -> str:
    """The code of a module without comments and docstrings."""
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)
