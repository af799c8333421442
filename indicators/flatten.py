"""From a kernel to self-contained source text: its helpers and constants are copied in, windows become scalars.

The text is what gets compiled and hashed (see compiler.py), so an edit of any helper or constant, however far away,
gives another text, another file and other results at once.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from feeds.errors import DefinitionError
from indicators.kernels import Kernel
from indicators.restrictions import Restrictions, constant_index, require_return, where

BUILTINS = frozenset({"range", "len", "min", "max", "abs", "float", "int", "bool", "round", "True", "False", "None"})


@dataclass(frozen=True)
class Line:
    """Where a generated line comes from."""

    file: str
    number: int


@dataclass
class Flat:
    """Self-contained text of some kernels: constants, record types and functions in order of need."""

    preamble: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    origins: dict[str, object] = field(default_factory=dict)
    nodes: dict[str, tuple[ast.FunctionDef, str]] = field(default_factory=dict)
    verbs: list[ast.Call] = field(default_factory=list)
    reads: list[tuple[Mapping[str, Any], str, object]] = field(default_factory=list)

    def current(self) -> bool:
        """False once a helper or constant that the text holds has another value in its module (a notebook's cell)."""
        return all(environment.get(word) is value for environment, word, value in self.reads)

    def text(self, decorator: str) -> str:
        """The whole text; `decorator` is put above every function."""
        parts = ["\n".join(self.preamble.values())]
        parts += [f"{decorator}\n{body}" for body in self.functions.values()]
        return "\n\n\n".join(part for part in parts if part)


def source_tree(kernel: Kernel) -> tuple[ast.FunctionDef, str]:
    """The kernel's syntax tree with the author's own line numbers, and the author's file."""
    function = kernel.function
    if kernel.source is None:
        raise DefinitionError(
            f"the source of kernel {function.__qualname__} cannot be read; "
            "declare it in a file (kernels typed into a bare prompt have no source)"
        )
    lines, first = kernel.source
    file = inspect.getsourcefile(function) or "<unknown>"
    tree = ast.parse(textwrap.dedent("".join(lines)))
    ast.increment_lineno(tree, first - 1)
    node = tree.body[0]
    if not isinstance(node, ast.FunctionDef):
        raise DefinitionError(f"{file}:{first}: a kernel must be a plain function")
    node.decorator_list = []
    node.returns = None
    for argument in (*node.args.args, *node.args.kwonlyargs):
        argument.annotation = None
    if node.body and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
        node.body = node.body[1:] or [ast.Pass()]
    return node, file


def argument_names(node: ast.FunctionDef) -> list[str]:
    """Names of a kernel's arguments; DefinitionError for *args and the like."""
    if node.args.vararg or node.args.kwarg or node.args.posonlyargs:
        raise DefinitionError(f"kernel {node.name}: write every argument by name, without * or /")
    return [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]


def _locals(node: ast.FunctionDef) -> set[str]:
    names = set(argument_names(node))
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            names.add(child.id)
    return names


def flatten(kernel: Kernel, flat: Flat | None = None, owner: str = "", trusted: bool = False) -> Flat:
    """Add a kernel and, recursively, the helpers, constants and `math` names that it reads.

    `trusted` skips the checks of what an author may write (for the package's own execution functions).
    """
    flat = flat if flat is not None else Flat()
    node, file = source_tree(kernel)
    owner = owner or kernel.function.__qualname__
    known = flat.origins.get(node.name)
    if known is kernel:
        return flat
    if known is not None:
        raise DefinitionError(f"{owner}: two different helpers are called {node.name!r}; rename one of them")
    flat.origins[node.name] = kernel
    if kernel.function.__closure__:
        raise DefinitionError(
            f"{where(file, node)}: {owner}: a kernel may not read variables of an enclosing function: "
            f"{', '.join(kernel.function.__code__.co_freevars)}"
        )
    if not trusted:
        require_return(node, file, owner)
        Restrictions(file, owner).visit(node)
    scope = _locals(node)
    environment = kernel.function.__globals__
    called = {id(child.func) for child in ast.walk(node) if isinstance(child, ast.Call)}
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load) and child.id not in scope:
            _bring(flat, child, environment, file, owner, trusted)
            if id(child) not in called and isinstance(environment.get(child.id), Kernel):
                raise DefinitionError(
                    f"{where(file, child)}: {owner}: {child.id!r} may only be called, by its own name: {child.id}(...)"
                )
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id not in scope:
            flat.verbs.append(child)
            _check_keywords(child, environment.get(child.func.id), file, owner)
    flat.nodes[node.name] = (node, file)
    flat.functions[node.name] = ast.unparse(node)
    return flat


def _check_keywords(call: ast.Call, called: Any, file: str, owner: str) -> None:
    """DefinitionError for an argument that the called kernel does not have."""
    if isinstance(called, Kernel):
        code = called.function.__code__
        known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        for keyword in call.keywords:
            if keyword.arg is not None and keyword.arg not in known:
                near = difflib.get_close_matches(keyword.arg, known, n=1)
                cure = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(known)}"
                raise DefinitionError(
                    f"{where(file, call)}: {owner}: {called.function.__name__} has no argument {keyword.arg!r}{cure}"
                )


def _bring(flat: Flat, name: ast.Name, environment: Mapping[str, Any], file: str, owner: str, trusted: bool) -> None:
    word = name.id
    if word not in environment:
        if word in BUILTINS:
            return
        raise DefinitionError(
            f"{where(file, name)}: {owner} reads {word!r}, which does not exist or is not allowed in a kernel"
        )
    value = environment[word]
    flat.reads.append((environment, word, value))
    if isinstance(value, Kernel):
        if value.function.__name__ != word:
            raise DefinitionError(
                f"{where(file, name)}: {owner}: import helper {value.function.__name__!r} under its own name"
            )
        flatten(value, flat, owner, trusted)
        return
    line = _constant_line(word, value)
    if line is None:
        raise DefinitionError(
            f"{where(file, name)}: {owner} reads {word!r} ({type(value).__name__}); kernels may read "
            "numbers, math functions and @kernel helpers only"
        )
    if flat.preamble.get(word, line) != line:
        raise DefinitionError(
            f"{where(file, name)}: {owner}: two different constants are called {word!r}; rename one of them"
        )
    flat.preamble[word] = line


def _constant_line(word: str, value: Any) -> str | None:
    if isinstance(value, (bool, int)):
        return f"{word} = {value!r}"
    if isinstance(value, float):
        return f"{word} = float({str(value)!r})" if not math.isfinite(value) else f"{word} = {value!r}"
    if inspect.ismodule(value) and value.__name__ in ("math", "numpy"):
        expected = "np" if value.__name__ == "numpy" else "math"
        return f"import {value.__name__}" + (" as np" if expected == "np" else "") if word == expected else None
    if inspect.isbuiltin(value) and value.__module__ == "math" and value.__name__ == word:
        return f"from math import {word}"
    if isinstance(value, type) and issubclass(value, tuple) and hasattr(value, "_fields"):
        return f"from collections import namedtuple\n{word} = namedtuple({word!r}, {list(value._fields)!r})"
    return None


def window_depths(node: ast.FunctionDef, windows: set[str]) -> dict[str, int | None]:
    """For each window argument: how many bars back it is read when only constant subscripts are used, else None."""
    depths: dict[str, int | None] = dict.fromkeys(windows, 0)
    inside = set()
    for child in ast.walk(node):
        if isinstance(child, ast.Subscript) and isinstance(child.value, ast.Name) and child.value.id in windows:
            constant = constant_index(child.slice)
            if constant is not None:
                inside.add(id(child.value))
                depth = depths[child.value.id]
                if depth is not None:
                    depths[child.value.id] = max(depth, -constant)
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and child.id in windows and id(child) not in inside:
            depths[child.id] = None
    return depths


class _Scalars(ast.NodeTransformer):
    def __init__(self, windows: set[str]) -> None:
        self.windows = windows
        self.used: dict[str, set[int]] = {name: set() for name in windows}

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id in self.windows:
            back = -(constant_index(node.slice) or 0)
            self.used[node.value.id].add(back)
            return ast.copy_location(ast.Name(f"{node.value.id}_{back}_ago", ast.Load()), node)
        self.generic_visit(node)
        return node


def scalarise(flat: Flat, name: str, windows: set[str]) -> list[tuple[str, int | None]]:
    """Rewrite function `name` so that windows read only at constant places become scalar arguments.

    Returns the new arguments in order: (name of the original argument, bars back), with None for what is unchanged.
    """
    node, file = flat.nodes[name]
    depths = window_depths(node, windows)
    scalar = {window for window, depth in depths.items() if depth is not None}
    transformer = _Scalars(scalar)
    order = argument_names(node)
    node = transformer.visit(node)
    arguments: list[ast.arg] = []
    plan: list[tuple[str, int | None]] = []
    for argument in order:
        if argument in scalar:
            for back in sorted(transformer.used[argument]):
                arguments.append(ast.arg(f"{argument}_{back}_ago"))
                plan.append((argument, back))
        else:
            arguments.append(ast.arg(argument))
            plan.append((argument, None))
    node.args = ast.arguments(posonlyargs=[], args=arguments, kwonlyargs=[], kw_defaults=[], defaults=[])
    ast.fix_missing_locations(node)
    flat.nodes[name] = (node, file)
    flat.functions[name] = ast.unparse(node)
    return plan


def line_map(flat: Flat, text: str) -> dict[int, Line]:
    """Generated line number to the author's file and line, for messages of the compiler."""
    found: dict[int, Line] = {}
    generated = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    for node in generated.values():
        node.decorator_list = []  # the originals have none: the two trees must have the same shape
    for name, (original, file) in flat.nodes.items():
        if name not in generated:
            continue
        for ours, theirs in zip(ast.walk(generated[name]), ast.walk(original), strict=False):
            if hasattr(ours, "lineno") and hasattr(theirs, "lineno"):
                found.setdefault(ours.lineno, Line(file, theirs.lineno))
    return found
