"""Every form of an indicator gives the same bits as the batch form."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ParameterError
from indicators.base import Indicator
from indicators.engines.batch import arrays, source_array
from indicators.engines.program import source_names
from indicators.flatten import source_tree
from indicators.restrictions import where
from optimize.conformance.bars import kit_bars, table_of
from optimize.conformance.check import CheckFailed, require_same
from optimize.conformance.subject import Subject, as_outputs, read_row

if TYPE_CHECKING:
    from indicators.kernels import Kernel


def streaming(s: Subject) -> str:
    """One bar at a time equals the batch form."""
    stream = s.indicator.stream()
    found = []
    for bar in range(len(s.bars)):
        value = stream.update({name: s.table[name][bar] for name in s.columns})
        found.append([value] if isinstance(value, float) else list(value))
    s.same(as_outputs(found), "one bar at a time")
    return f"{len(s.bars)} bars"


def resumed(s: Subject) -> str:
    """Saved as JSON and restored at random cuts, it goes on with the same bits, and so does the one that was saved."""
    rng, stream = np.random.default_rng(2), s.indicator.stream()
    warmup = s.indicator.total_warmup
    cuts = {0, 1, warmup - 1, warmup, *rng.integers(0, len(s.bars), 8).tolist()}
    found: list[list[float]] = []
    others: list[tuple[int, Any, list[list[float]]]] = []
    for bar in range(len(s.bars)):
        if bar in cuts:
            saved = json.loads(json.dumps(stream.save()))
            others.append((bar, s.indicator.stream().restore(saved), []))
        found.append(stream.feed(read_row(s.table, bar)))
        for _, other, rows in others:
            rows.append(other.feed(read_row(s.table, bar)))
    s.same(as_outputs(found), "after saving")
    for cut, _, rows in others:
        s.same(as_outputs(rows), f"resumed at bar {cut}", [values[cut:] for values in s.batch])
    return f"{len(others)} cuts in {len(s.bars)} bars"


def in_backtrader(s: Subject) -> str:
    """The backtrader indicator shows the same bits in every mode of Cerebro."""
    from strategies.engines.event import MODES
    from strategies.engines.recording import record_indicator

    for mode in MODES:
        s.same(record_indicator(s.indicator, s.bars, mode), f"backtrader, {mode}")
    return ", ".join(MODES)


def in_vectorbt(s: Subject) -> str:
    """The vectorbt factory gives the same bits for several symbols and several parameters at once."""
    cls = type(s.indicator)
    symbols = [s.table, table_of(kit_bars(s.columns, len(s.bars), seed=9), s.columns)]
    inputs = [np.column_stack([table[name] for table in symbols]) for name in s.columns]
    variants = [s.indicator, *_neighbour(s.indicator)]
    lists = {name: [variant.parameters[name] for variant in variants] for name in cls.declared}
    ran = cls.vbt.run(*inputs, **lists)  # type: ignore[attr-defined]
    expected = [arrays(variant, table) for variant in variants for table in symbols]
    for k, name in enumerate(cls.outputs):
        found = np.asarray(getattr(ran, name).to_numpy())
        wanted = np.column_stack([outputs[k] for outputs in expected])
        if found.shape != wanted.shape:
            raise CheckFailed(f"vectorbt: {name!r} has shape {found.shape}, not {wanted.shape}")
        require_same(list(found.T), list(wanted.T), [name] * wanted.shape[1], "vectorbt")
    return f"{len(symbols)} symbols, {len(variants)} parameter sets"


def _neighbour(indicator: Indicator) -> list[Indicator]:
    """The indicator with one parameter changed a little, if it has one."""
    for name, parameter in indicator.declared.items():
        if parameter.kind == "int":
            for value in (indicator.parameters[name] + 1, indicator.parameters[name] - 1):
                try:
                    return [indicator.replace(**{name: value})]
                except ParameterError:
                    continue
    return []


def bounds_checked(s: Subject) -> str:
    """Compiled with bounds checks it gives the same bits: no window is read outside."""
    s.same(arrays(s.indicator, s.table, checked=True), "with bounds checks")
    return f"{len(s.bars)} bars"


def uncompiled(s: Subject) -> str:
    """The kernel as plain Python gives the same bits: what a debugger shows is what runs."""
    indicator = s.indicator
    if hasattr(indicator, "compute"):
        return "no kernel of its own"
    cls, size, depth = type(indicator), len(s.bars), indicator.depth
    windows = {name: source_array(indicator, name, s.table, {}, False).tolist() for name in source_names(cls)}
    numbers = {name: indicator.declared[name].number(value) for name, value in indicator.parameters.items()}
    fixed = {name: value if indicator.declared[name].kind == "float" else int(value) for name, value in numbers.items()}
    state = [float("nan")] * len(cls.state)
    found = [np.full(size, np.nan) for _ in cls.outputs]
    names, kernel = list(cls.bindings()), cls.the_kernel()
    for bar in range(indicator.lead + depth - 1, size):
        given = dict(zip(cls.state, state, strict=True)) | fixed
        given |= {name: values[bar + 1 - depth : bar + 1] for name, values in windows.items()}
        results = kernel(**{name: given[name] for name in names})
        results = results if isinstance(results, tuple) else (results,)
        state = [float(value) for value in results[len(cls.outputs) :]]
        if bar >= indicator.total_warmup - 1:
            for values, result in zip(found, results, strict=False):
                values[bar] = result
    try:
        s.same(found, "as plain Python")
    except CheckFailed as failure:
        raise CheckFailed(f"{failure}{_powers(kernel)}") from failure
    return f"{size} bars"


def _powers(kernel: Kernel) -> str:
    """Where a kernel raises to a power, which compiled code rounds otherwise than Python, and what to write instead."""
    node, file = source_tree(kernel)
    for one in ast.walk(node):
        if isinstance(one, (ast.BinOp, ast.AugAssign)) and isinstance(one.op, ast.Pow):
            return f"; {where(file, one)} raises to a power: write sqrt(x) for x ** 0.5 and x * x for x ** 2"
    return ""
