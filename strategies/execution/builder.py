"""Writes drivers: pastes the rules into the loops, decides the switches, drops what a strategy cannot use.

What goes in: exit_rules.py, entry_rules.py, account_rules.py, template.py. The result is a Python file to read.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from functools import cache
from types import ModuleType
from typing import Any

from feeds.errors import DefinitionError
from indicators.flatten import Flat, flatten
from indicators.kernels import Kernel
from strategies.execution import account_rules, entry_rules, exit_rules, template

RULES = (exit_rules, entry_rules, account_rules, template)


@cache
def _definitions(module: ModuleType) -> dict[str, ast.FunctionDef]:
    """Functions of a module by name, without their docstrings."""
    tree = ast.parse(inspect.getsource(module))
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            if isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
                node.body = node.body[1:]
            found[node.name] = node
    return found


class _Paste(ast.NodeTransformer):
    """Replaces bare calls to rules by the rules' bodies."""

    def __init__(self, bodies: dict[str, list[ast.stmt]]) -> None:
        self.bodies = bodies

    def visit_Expr(self, node: ast.Expr) -> Any:
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in self.bodies:
            copy = ast.parse(ast.unparse(ast.Module(self.bodies[call.func.id], []))).body
            if len(copy) == 1 and isinstance(copy[0], ast.Expr):
                return copy
            pasted: list[ast.stmt] = []
            for statement in copy:
                result = self.visit(statement)
                pasted.extend(result if isinstance(result, list) else [result])
            return pasted
        return node


class _Decide(ast.NodeTransformer):
    """Folds the capital switches and removes the branches that they rule out."""

    def __init__(self, switches: dict[str, bool]) -> None:
        self.switches = switches

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(self.switches[node.id]) if node.id in self.switches else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Constant):
            return ast.Constant(not node.operand.value)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        absorbing = isinstance(node.op, ast.Or)
        kept: list[ast.expr] = []
        for value in node.values:
            if isinstance(value, ast.Constant) and isinstance(value.value, bool):
                if value.value is absorbing:
                    return ast.Constant(absorbing) if not kept else _bool_op(node.op, [*kept, value])
                continue
            kept.append(value)
        return ast.Constant(not absorbing) if not kept else _bool_op(node.op, kept)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        return node

    def visit_If(self, node: ast.If) -> Any:
        node.test = self.visit(node.test)
        if isinstance(node.test, ast.Constant):
            chosen = node.body if node.test.value else node.orelse
            return _each(self, chosen) or ast.Pass()
        node.body = _each(self, node.body) or [ast.Pass()]
        node.orelse = _each(self, node.orelse)
        return node


def _bool_op(op: ast.boolop, values: list[ast.expr]) -> ast.expr:
    return values[0] if len(values) == 1 else ast.BoolOp(op, values)


def _each(visitor: ast.NodeTransformer, statements: Iterable[ast.stmt]) -> list[ast.stmt]:
    done: list[ast.stmt] = []
    for statement in statements:
        result = visitor.visit(statement)
        done.extend(result if isinstance(result, list) else [] if result is None else [result])
    return [statement for statement in done if not isinstance(statement, ast.Pass)] if len(done) > 1 else done


class _Fields(ast.NodeTransformer):
    """Record fields: constants for what a strategy cannot touch, local variables where `local` says so."""

    def __init__(self, constants: dict[str, float], local: set[str]) -> None:
        self.constants, self.local = constants, local
        self.used: set[tuple[str, str]] = set()
        self.stored: set[tuple[str, str]] = set()

    def _constant(self, node: ast.expr) -> float | None:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("a", "b"):
            return self.constants.get(f"{node.value.id}.{node.attr}")
        return None

    def visit_Assign(self, node: ast.Assign) -> Any:
        if self._constant(node.targets[0]) is not None:
            return ast.Pass()
        self.generic_visit(node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        constant = self._constant(node)
        if constant is not None:
            return ast.parse(
                f"float('{constant}')" if constant != constant or constant in (float("inf"),) else repr(constant),
                mode="eval",
            ).body
        if isinstance(node.value, ast.Name) and node.value.id in self.local:
            self.used.add((node.value.id, node.attr))
            if isinstance(node.ctx, ast.Store):
                self.stored.add((node.value.id, node.attr))
            return ast.Name(f"{node.value.id}_{node.attr}", node.ctx)
        self.generic_visit(node)
        return node


OUTLINED = {
    "exit_fill": "a, b, c, ledger, t, s, i, x_quantity, x_price, x_costly, x_reason",
    "fill_targets": "a, b, c, ledger, t, s, i, o, x_limit, x_open",
    "entry_fill": "a, b, c, ledger, t, s, i, x_price, x_costly, x_inside, book, terms, matrix",
    "new_entry": "a, b, c, ledger, t, s, i, cl, intent",
    "update_levels": "b, c, i, h, l, cl",
    "tighten": "b, c, intent",
}
"""Rules that become functions of their own where records live in arrays: they run rarely, and compile once."""

TAKEN = {*OUTLINED, "simulate", "sweep", "decide_bar", "match", "place", "finish"}


def build(
    name: str,
    switches: dict[str, bool],
    constants: dict[str, float],
    local: bool,
    statements: dict[str, str],
    extra: str,
) -> str:
    """Source text of template function `name`.

    switches: capital names. constants: record fields that cannot change ("b.trail"), with their value. local: keep
    records in local variables and paste every rule (one symbol); else call the rules of `outlined`. statements: text
    for DECIDE, LOAD, ... extra: arguments added at the end.
    """
    bodies = _bodies(local) | {key: ast.parse(text or "pass").body for key, text in statements.items()}
    later = {"LOAD", "STORE"} if local else set()
    function = _function(name)
    function.body = _each(_Paste({key: body for key, body in bodies.items() if key not in later}), function.body)
    function.body = _each(_Decide(switches), function.body)
    function.body = _each(_Literals(), function.body)
    fields = _Fields(constants, {"a", "b", "c"} if local else set())
    function.body = _each(fields, function.body)
    if local:
        load, store = _load_store(fields)
        finish = _Paste({"LOAD": ast.parse(load).body, "STORE": ast.parse(store).body})
        function.body = _each(finish, function.body)
    function.args.args += [ast.arg(argument) for argument in extra.split(", ") if argument]
    return ast.unparse(ast.fix_missing_locations(function))


def outlined(switches: dict[str, bool], constants: dict[str, float], decorator: str) -> str:
    """Source text of the rules that drivers over arrays of records call."""
    texts = []
    for name, arguments in OUTLINED.items():
        function = _function(name)
        function.args.args = [ast.arg(argument) for argument in arguments.split(", ")]
        function.body = _each(_Paste(_bodies(False)), function.body)
        function.body = _each(_Decide(switches), function.body)
        function.body = _each(_Literals(), function.body)
        function.body = _each(_Fields(constants, set()), function.body)
        texts.append(f"{decorator}\n{ast.unparse(ast.fix_missing_locations(function))}")
    return "\n\n\n".join(texts)


@cache
def _everything() -> dict[str, ast.FunctionDef]:
    return {name: node for module in RULES for name, node in _definitions(module).items()}


def _function(name: str) -> ast.FunctionDef:
    function = ast.parse(ast.unparse(_everything()[name])).body[0]
    assert isinstance(function, ast.FunctionDef)
    return function


def _bodies(local: bool) -> dict[str, list[ast.stmt]]:
    bodies = {key: node.body for key, node in _everything().items()}
    if not local:
        bodies |= {name: ast.parse(f"{name}({arguments})").body for name, arguments in OUTLINED.items()}
    return bodies


def _load_store(fields: _Fields) -> tuple[str, str]:
    arrays = {"a": "account", "b": "book", "c": "terms"}
    load = [f"{record}_{field} = {arrays[record]}[0].{field}" for record, field in sorted(fields.used)]
    store = []
    for record in ("a", "b"):
        kept = sorted(field for owner, field in fields.stored if owner == record)
        store += [f"_{record} = {arrays[record]}[0]"] + [f"_{record}.{field} = {record}_{field}" for field in kept]
    return "\n".join(load), "\n".join(store)


class _Literals(ast.NodeTransformer):
    """Writes the rules' own constants out, so that an author may use their names."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = _constants().get(node.id) if isinstance(node.ctx, ast.Load) else None
        if value is None:
            return node
        text = repr(value) if value == value and abs(value) != float("inf") else f"np.{value!r}"
        return ast.parse(text, mode="eval").body


@cache
def _constants() -> dict[str, float]:
    found: dict[str, float] = {}
    for module in RULES:
        found |= {name: value for name, value in vars(module).items() if type(value) in (int, float)}
    return found


def support(flat: Flat, functions: Iterable[str]) -> None:
    """Add to `flat` the helpers that pasted text calls; DefinitionError when an author's helper has a driver's name."""
    for name in flat.functions:
        if name in TAKEN:
            raise DefinitionError(f"a helper kernel may not be called {name!r}: the drivers use that name; rename it")
    wanted: set[str] = set()
    for text in functions:
        wanted |= {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    for module in RULES:
        for word in sorted(wanted):
            value = vars(module).get(word)
            if isinstance(value, Kernel):
                flatten(value, flat, "the execution rules", trusted=True)
