"""Writes the driver of an indicator class: one loop over bars around the author's kernel."""

from __future__ import annotations

from indicators.base import Indicator
from indicators.compiler import Program, entry, inner, interpreted, one_program
from indicators.flatten import flatten, scalarise


@one_program
def indicator_program(cls: type[Indicator], checked: bool = False) -> Program:
    """The program whose `run` computes outputs for bars start … stop - 1 and carries the state on.

    run(start, stop, call_from, ready_from, depth, state, parameters, *sources, *outputs): sources in the order of
    `source_names(cls)`; `state` is read at the start and written back at the end.
    """
    flat = flatten(cls.the_kernel(), owner=cls.__name__)
    bindings = cls.bindings()
    windows = {name for name, (kind, _) in bindings.items() if kind in ("input", "part")}
    plan = [(name, None) for name in bindings] if interpreted() else scalarise(flat, cls.kernel_name, windows)
    names = source_names(cls)
    arguments = []
    for name, back in plan:
        kind, _ = bindings[name]
        if kind in ("state", "parameter"):
            arguments.append(f"_q_{name}")
        elif back is None:
            arguments.append(f"_x_{name}[_i + 1 - _depth:_i + 1]")
        else:
            arguments.append(f"_x_{name}[_i]" if back == 1 else f"_x_{name}[_i - {back - 1}]")
    results = [f"_r{k}" for k in range(len(cls.outputs))] + [f"_q_{name}" for name in cls.state]
    loads = [f"_q_{name} = _state[{k}]" for k, name in enumerate(cls.state)]
    loads += [f"_q_{name} = {_typed(cls, name, k)}" for k, name in enumerate(cls.declared)]
    blank = "\n            ".join(f"_y{k}[_i] = np.nan" for k in range(len(cls.outputs)))
    write = "\n            ".join(f"_y{k}[_i] = _r{k}" for k in range(len(cls.outputs)))
    save = "\n    ".join(f"_state[{k}] = _q_{name}" for k, name in enumerate(cls.state)) or "pass"
    signature = ", ".join([*(f"_x_{name}" for name in names), *(f"_y{k}" for k in range(len(cls.outputs)))])
    looped = any(back is None for name, back in plan if name in windows)  # an index that is known only when it runs
    text = f"""{flat.text(inner(checked, looped))}


{entry(checked)}
def run(_start, _stop, _call_from, _ready_from, _depth, _state, _parameters, {signature}):
    {(chr(10) + "    ").join(loads) or "pass"}
    for _i in range(_start, _stop):
        if _i >= _call_from:
            {", ".join(results)} = {cls.kernel_name}({", ".join(arguments)})
            if _i >= _ready_from:
                {write.replace(chr(10), chr(10) + "    ")}
                continue
        {blank.replace(chr(10) + "    ", chr(10))}
    {save}
"""
    originals = {cls.kernel_name: cls.the_kernel().function} if interpreted() else {}
    return Program(f"{cls.__name__}_indicator", text, flat, originals)


def source_names(cls: type[Indicator]) -> list[str]:
    """Kernel arguments that are windows, in the kernel's order: what `run` of the program takes as sources."""
    return [name for name, (kind, _) in cls.bindings().items() if kind in ("input", "part")]


def _typed(cls: type[Indicator], name: str, index: int) -> str:
    return f"_parameters[{index}]" if cls.declared[name].kind == "float" else f"int(_parameters[{index}])"
