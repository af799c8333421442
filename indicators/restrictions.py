"""What an author may not write in a kernel: refused when the class is made, at the author's own line."""

from __future__ import annotations

import ast
import math

from feeds.errors import DefinitionError

NUMPY_NAMES = frozenset(
    {
        "nan",
        "inf",
        "pi",
        "e",
        "isnan",
        "isinf",
        "isfinite",
        "sqrt",
        "log",
        "log2",
        "log10",
        "log1p",
        "exp",
        "expm1",
        "sin",
        "cos",
        "tan",
        "arctan",
        "tanh",
        "abs",
        "floor",
        "ceil",
        "sign",
    }
)


def where(file: str, node: ast.AST) -> str:
    """file:line of a node, for messages."""
    return f"{file}:{getattr(node, 'lineno', 0)}"


def constant_index(node: ast.expr) -> int | None:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None
    return value if isinstance(value, int) else None


def _reaches_the_end(node: ast.expr) -> bool:
    """True for `len(x)` and `len(x) + constant`: visibly past the window."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = (node.left, node.right)
        return any(_reaches_the_end(side) for side in sides) and any((constant_index(side) or 0) >= 0 for side in sides)
    return False


def _always_leaves(body: list[ast.stmt]) -> bool:
    """True when every way through these statements ends with `return`."""
    last = body[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _always_leaves(last.body) and _always_leaves(last.orelse)
    return isinstance(last, (ast.Return, ast.Raise))


def require_return(node: ast.FunctionDef, file: str, owner: str) -> None:
    """DefinitionError for a kernel that can end without a value, which compiled code would take for anything."""
    if not _always_leaves(node.body):
        raise DefinitionError(
            f"{where(file, node.body[-1])}: {owner}: {node.name} can end here without a `return`; "
            "make its last line one that returns a value"
        )


class Restrictions(ast.NodeVisitor):
    """Refuses what a kernel may not do, at the author's own line."""

    def __init__(self, file: str, owner: str) -> None:
        self.file, self.owner = file, owner

    def refuse(self, node: ast.AST, what: str) -> None:
        raise DefinitionError(f"{where(self.file, node)}: {self.owner}: {what}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        base = node.value
        if isinstance(base, ast.Name) and base.id in ("np", "math"):
            if base.id == "np" and node.attr not in NUMPY_NAMES:
                self.refuse(node, f"np.{node.attr} is not allowed in a kernel; write the scalar loop")
            if base.id == "math" and not hasattr(math, node.attr):
                self.refuse(node, f"math.{node.attr} does not exist")
            return
        self.refuse(
            node,
            f"'.{node.attr}' is not allowed in a kernel (no methods, no reductions such as close.mean()); "
            "write the scalar loop",
        )

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.refuse(node, "a kernel may not write into a window")
        if isinstance(node.slice, ast.Slice):
            self.refuse(node, "slices are not allowed in a kernel; loop over the window")
        constant = constant_index(node.slice)
        name = ast.unparse(node.value)
        if constant is not None and constant >= 0:
            self.refuse(
                node,
                f"{name}[{constant}] counts from the oldest bar of the window; this bar is {name}[-1], "
                f"the one before {name}[-2]",
            )
        if _reaches_the_end(node.slice):
            self.refuse(node, f"{name}[{ast.unparse(node.slice)}] lies beyond this bar: it would read the future")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if any(isinstance(value, ast.Starred) for value in node.args) or any(not word.arg for word in node.keywords):
            self.refuse(node, "* and ** are not allowed in a call; write every argument")
        self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.refuse(node, "lambda is not allowed in a kernel")

    def visit_Global(self, node: ast.Global) -> None:
        self.refuse(node, "global is not allowed in a kernel")

    def visit_Import(self, node: ast.Import) -> None:
        self.refuse(node, "import inside a kernel is not allowed")

    visit_ImportFrom = visit_Import  # type: ignore[assignment]
    visit_Nonlocal = visit_Global  # type: ignore[assignment]
