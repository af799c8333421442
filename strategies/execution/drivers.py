"""The programs of a strategy class: whole windows for the vector engine, single decisions for hosts; and the account's
own steps, which hosts share whatever they trade."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache

from feeds.errors import DefinitionError
from indicators.compiler import Program, entry, inner, interpreted, one_program, plain
from indicators.flatten import Flat, flatten, scalarise
from indicators.kernels import Kernel
from indicators.restrictions import where
from strategies.base import Strategy
from strategies.execution.builder import build, outlined, support
from strategies.execution.intent import Intent
from strategies.execution.records import BOOK_NEEDS, TERMS

VERBS = ("enter_long", "enter_short", "hold", "leave")


@dataclass(frozen=True)
class Shape:
    """What a driver must be able to do, beyond what the strategy itself uses.

    many: several symbols. limits: margin accounts, limits on positions, exposure and correlation (always there with
    several symbols). checked: bounds checks.
    """

    many: bool = False
    limits: bool = False
    checked: bool = False


def _author_text(cls: type[Strategy]) -> Flat:
    """The class's kernel and what it calls; DefinitionError for an intent that no verb built."""
    flat = flatten(cls.the_kernel(), owner=cls.__name__)
    for name, (node, file) in flat.nodes.items():
        origin = flat.origins[name]
        if isinstance(origin, Kernel) and origin.function.__module__ == Intent.__module__:
            continue
        for word in ast.walk(node):
            if isinstance(word, ast.Name) and word.id in ("entry_intent", Intent.__name__):
                raise DefinitionError(
                    f"{where(file, word)}: {cls.__name__} calls {word.id!r}, which the drivers cannot follow; "
                    f"build intents with {', '.join(VERBS)}"
                )
    return flat


def used_arguments(cls: type[Strategy]) -> set[str]:
    """Verb arguments that the class's kernel and helpers write, plus the verbs' own names."""
    flat = _author_text(cls)
    found: set[str] = set()
    for call in flat.verbs:
        verb = call.func.id if isinstance(call.func, ast.Name) else ""
        if verb in VERBS:
            found.add(verb)
            names = [keyword.arg or "" for keyword in call.keywords]
            if call.args:
                names += (
                    list(Intent._fields[1 : 1 + len(call.args)])
                    if verb != "hold"
                    else ["stop", "target"][: len(call.args)]
                )
            found |= {f"hold.{name}" if verb == "hold" else name for name in names}
            if verb in ("enter_long", "enter_short") and {"at_stop", "at_limit"} <= set(names):
                found.add("at_stop+at_limit")
    return found


def pruned(used: set[str], limits: bool) -> dict[str, float]:
    """Record fields that stay constant when only these verb arguments are used; without limits nothing is skipped."""
    skip = {} if limits else {"a.skip": 0.0}
    return skip | {f"b.{field}": constant for field, (needs, constant) in BOOK_NEEDS.items() if not used & set(needs)}


def switches(cls: type[Strategy], shape: Shape) -> dict[str, bool]:
    """The capital names of the rules for a strategy class."""
    used = used_arguments(cls)
    trails = bool(used & {"trail", "trail_pct", "even_after", "even_after_pct"})
    return {
        "SHORTS": "enter_short" in used,
        "MANY": shape.many,
        "LIMITS": shape.limits or shape.many,
        "RESTING": bool(used & {"at_stop", "at_limit"}),
        "TRAILS": trails,
        "TARGETS": any(name.startswith("target_") for name in used) or "hold.target" in used,
        "STOPS": trails or bool(used & {"stop", "stop_pct", "hold.stop"}),
        "TIMED": "time_stop" in used,
        "HOLD_LEVELS": bool(used & {"hold.stop", "hold.target"}),
    }


EVERYTHING = dict.fromkeys(
    ("SHORTS", "MANY", "LIMITS", "RESTING", "TRAILS", "TARGETS", "STOPS", "TIMED", "HOLD_LEVELS"), True
)


def _read_parameter(cls: type[Strategy], name: str) -> str:
    index = list(cls.declared).index(name)
    return f"parameters[{index}]" if cls.declared[name].kind == "float" else f"int(parameters[{index}])"


POSITION_TEXT = {
    "position": "b.quantity",
    "entry": "(b.entry if b.quantity != 0.0 else nan)",
    "held": "(i - b.entry_bar if b.quantity != 0.0 else -1.0)",
    "since_exit": "i - b.exit_bar",
}


def _arguments(cls: type[Strategy], plan: list[tuple[str, int | None]], window: str, place: str) -> list[str]:
    """Call arguments of the kernel; `window` and `place` name the array of a source and the current index."""
    found = []
    bindings = cls.bindings()
    for name, back in plan:
        kind = bindings[name][0]
        array = window.format(name)
        if kind in ("state", "parameter", "position"):
            found.append(f"q_{name}")
        elif back is None:
            found.append(f"{array}[{place} + 1 - d_{name}:{place} + 1]")
        else:
            at = place if back == 1 else f"{place} - {back - 1}"
            found.append(f"{array}[{f'np.uint64({at})' if place == 'x_row' else at}]")
    return found


def _position_lines(cls: type[Strategy]) -> list[str]:
    """Statements of their own: the compiler refuses a condition inside a call of more than thirty arguments."""
    return [f"q_{name} = {POSITION_TEXT[name]}" for name, (kind, _) in cls.bindings().items() if kind == "position"]


def _plan(cls: type[Strategy], flat: Flat) -> list[tuple[str, int | None]]:
    if interpreted():
        return [(name, None) for name in cls.bindings()]
    return scalarise(flat, cls.kernel_name, set(cls.source_names()))


def _sliced(cls: type[Strategy], plan: list[tuple[str, int | None]]) -> list[str]:
    return [name for name, back in plan if back is None and cls.bindings()[name][0] in ("input", "part")]


@one_program
def window_program(cls: type[Strategy], shape: Shape) -> Program:
    """`simulate` (one parameter set) and, for one symbol, `sweep` (many) for the vector engine.

    simulate(first, last, closing, begin, [rows, starts, matrix,] opens, highs, lows, closes, terms, account, book,
    memory, ledger, levels, parameters, depths, *sources); see template.py.
    """
    flat = _author_text(cls)
    plan = _plan(cls, flat)
    used = [name for name, (kind, _) in cls.bindings().items() if kind == "parameter"]
    sliced = _sliced(cls, plan)
    load = [f"q_{name} = {_read_parameter(cls, name)}" for name in used]
    load += [f"d_{name} = int(depths[{cls.source_names().index(name)}])" for name in sliced]
    results = ", ".join(["intent", *(f"q_{name}" for name in cls.state)])
    call = f"{results} = {cls.kernel_name}({', '.join(_arguments(cls, plan, 'w_{}', 'x_row'))})"
    call = "\n".join([*_position_lines(cls), call])
    before = [f"q_{name} = memory[{{n}}, {k}]" for k, name in enumerate(cls.state)]
    after = [f"memory[{{n}}, {k}] = q_{name}" for k, name in enumerate(cls.state)]
    name = "simulate_many" if shape.many else "simulate_one"
    if shape.many:
        statements = {
            "LOAD": "\n".join(load),
            "DECIDE": "\n".join(
                [*(line.format(n="n") for line in before), call, *(line.format(n="n") for line in after)]
            ),
        }
    else:
        statements = {"DECIDE": call}
    sources = ", ".join(f"w_{source}" for source in cls.source_names())
    extra = ", ".join(part for part in ("parameters, depths", sources) if part)
    chosen, constants = switches(cls, shape), pruned(used_arguments(cls), shape.limits or shape.many)
    body = build(name, chosen, constants, not shape.many, statements, extra)
    if not shape.many:
        body = _insert(body, load + [line.format(n="0") for line in before], [line.format(n="0") for line in after])
    rules = outlined(chosen, constants, plain(shape.checked)) if shape.many else ""
    support(flat, [body, rules])
    parts = [
        flat.text(inner(shape.checked, bool(sliced))),
        rules,
        entry(shape.checked),
        body.replace(f"def {name}(", "def simulate("),
    ]
    if not shape.many:
        parts += ["", "", entry(shape.checked), _sweep_text(cls)]
    originals = {cls.kernel_name: cls.the_kernel().function} if interpreted() else {}
    title = f"{cls.__name__}_{'many' if shape.many else 'one'}"
    return Program(title, "\n\n\n".join(parts[:2]) + "\n\n\n" + "\n".join(parts[2:]), flat, originals)


def _insert(body: str, first: list[str], last: list[str]) -> str:
    lines = body.splitlines()
    return "\n".join([lines[0], *(f"    {line}" for line in first), *lines[1:], *(f"    {line}" for line in last)])


def _sweep_text(cls: type[Strategy]) -> str:
    """Many parameter sets of one symbol: metrics land in `results`; indicator rows are picked from a shared pool."""
    names = cls.source_names()
    arguments = []
    pools = 0
    for name in names:
        if cls.bindings()[name][0] == "input":
            arguments.append(f"w_{name}")
        else:
            arguments.append(f"pool[picks[j, {pools}]]")
            pools += 1
    columns = ", ".join(f"w_{name}" for name in names if cls.bindings()[name][0] == "input")
    return f"""def sweep(start, stop, first, last, begin, opens, highs, lows, closes, terms, results, blank, book,
          memory, ledger, levels, parameters, depths, picks, pool{", " + columns if columns else ""}):
    for j in range(start, stop):
        book[0] = blank[0]
        memory[:] = np.nan
        simulate(first, last, 1, begin, opens, highs, lows, closes, terms, results[j:j + 1], book, memory, ledger,
                 levels, parameters[j], depths[j]{", " + ", ".join(arguments) if arguments else ""})"""


@one_program
def decision_program(cls: type[Strategy], checked: bool = False) -> Program:
    """`decide(table, place, bar, symbol, book, memory, parameters, depths, out)` for hosts.

    table[k, place] is source k (order of `source_names`) on this bar; the intent is written to `out`.
    """
    flat = _author_text(cls)
    plan = _plan(cls, flat)
    names = cls.source_names()
    lines = ["b = book[symbol]", "i = float(bar)"]
    for name, (kind, _) in cls.bindings().items():
        if kind == "parameter":
            lines.append(f"q_{name} = {_read_parameter(cls, name)}")
    lines += [f"q_{name} = memory[symbol, {k}]" for k, name in enumerate(cls.state)]
    lines += [f"w_{name} = table[{names.index(name)}]" for name in names]
    lines += [f"d_{name} = int(depths[{names.index(name)}])" for name in _sliced(cls, plan)]
    lines += _position_lines(cls)
    results = ", ".join(["intent", *(f"q_{name}" for name in cls.state)])
    lines.append(f"{results} = {cls.kernel_name}({', '.join(_arguments(cls, plan, 'w_{}', 'place'))})")
    lines += [f"memory[symbol, {k}] = q_{name}" for k, name in enumerate(cls.state)]
    lines += [f"out[{k}] = intent.{field}" for k, field in enumerate(Intent._fields)]
    body = "def decide_bar(table, place, bar, symbol, book, memory, parameters, depths, out):\n    " + "\n    ".join(
        lines
    )
    support(flat, [body])
    flat.preamble.setdefault("nan", "from math import nan")
    originals = {cls.kernel_name: cls.the_kernel().function} if interpreted() else {}
    kernels = flat.text(inner(checked, bool(_sliced(cls, plan))))
    return Program(f"{cls.__name__}_decision", f"{kernels}\n\n\n{entry(checked)}\n{body}", flat, originals)


@cache
def account_program() -> Program:
    """`match`, `place` and `finish` for hosts: the same rules as in `simulate`, one stamp at a time."""
    rules = outlined(EVERYTHING, {}, plain(False))
    values = ", ".join(f"intent_values[{k}]" for k in range(len(Intent._fields)))
    bodies = [
        build(name, EVERYTHING, {}, False, {"INTENT": f"intent = Intent({values})"}, "")
        for name in ("match", "place", "finish")
    ]
    flat = Flat()
    support(flat, [*bodies, rules])
    flat.preamble.setdefault(
        "Intent", f"from collections import namedtuple\nIntent = namedtuple('Intent', {list(Intent._fields)!r})"
    )
    text = f"{flat.text(inner(False))}\n\n\n{rules}" + "".join(f"\n\n\n{entry(False)}\n{body}" for body in bodies)
    return Program("account", text, flat)


assert TERMS.names is not None
