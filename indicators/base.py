"""The authoring API: declarations with typed parameters, and indicators.

A declaration is a plain class. Its parameters, components (other indicators), inputs, outputs, state, warm-up and
one kernel are class attributes; everything else (batch, streaming, backtrader and vectorbt forms) follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from feeds.errors import DefinitionError, ParameterError
from indicators.declaration import Declaration, Lazy, meanings, once_per_class, part_names, suggestion
from indicators.flatten import argument_names, source_tree, window_depths
from indicators.kernels import kernel
from indicators.parameters import Choice, Float, Int, Parameter, Switch, resolved

if TYPE_CHECKING:
    from feeds.bars import Bars
    from indicators.engines.stream import Stream

__all__ = ["Choice", "Declaration", "Float", "Indicator", "Int", "Switch", "kernel", "suggestion"]


class Indicator(Declaration):
    """A causal function of bars. Declare `inputs`, `outputs`, `state`, parameters and the kernel `step`.

    `step` takes windows (the inputs and the components' outputs), state and parameters by name and returns the
    outputs and then the new state. `window`: bars a window holds, needed only when the kernel loops over it.
    `warmup`: bars (of its inputs) until the output counts; before that it is NaN. State starts as NaN.
    """

    kernel_name: ClassVar[str] = "step"
    inputs: ClassVar[tuple[str, ...]] = ("close",)
    outputs: ClassVar[tuple[str, ...]] = ()
    window: Any = None
    warmup: Any = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.kernel_name in vars(cls):
            cls.bindings()

    def __init__(self, **given: Any) -> None:
        object.__setattr__(self, "sources", {name: name for name in self.inputs})
        super().__init__(**given)

    def on(self, **sources: Any) -> Self:
        """Read other data: a column name (`Ema(period=9).on(close="vix_close")`) or a single-output indicator."""
        changed = type(self)(**self.parameters)
        for name, source in sources.items():
            if name not in self.inputs:
                raise ParameterError(
                    f"{type(self).__name__} has no input {name!r}{suggestion(name, list(self.inputs))}"
                )
            if isinstance(source, Indicator) and len(source.outputs) != 1:
                raise ParameterError(f"{source!r} has several outputs; {type(self).__name__} needs one for {name!r}")
            if not isinstance(source, (str, Indicator)):
                raise ParameterError(f"{type(self).__name__}.on({name}=...): give a column name or an indicator")
        changed.__dict__["sources"] = self.sources | sources
        return changed

    sources: dict[str, Any]

    def replace(self, **changes: Any) -> Self:
        """The same indicator with other parameters, reading the same data."""
        changed = super().replace(**changes)
        changed.__dict__["sources"] = self.sources
        return changed

    def __get__(self, instance: Declaration | None, owner: type | None = None) -> Indicator:
        if instance is None:
            return self
        name = next(name for name, value in type(instance).components.items() if value is self)
        return instance.part(name)

    def check_references(self, owner: str, name: str, declared: Mapping[str, Parameter]) -> None:
        """DefinitionError when this component refers to a parameter that its owner does not declare."""
        for value in self.parameters.values():
            if isinstance(value, Parameter) and declared.get(value.name) is not value:
                raise DefinitionError(f"{owner}.{name} refers to a parameter that {owner} does not declare")
        for source in self.sources.values():
            if isinstance(source, Indicator):
                source.check_references(owner, name, declared)

    def resolve(self, values: dict[str, Any]) -> Indicator:
        """This template with its references replaced by numbers."""
        found = type(self)(**{name: resolved(value, values) for name, value in self.parameters.items()})
        found.__dict__["sources"] = {
            name: source.resolve(values) if isinstance(source, Indicator) else source
            for name, source in self.sources.items()
        }
        return found

    @property
    def deferred(self) -> bool:
        nested = [source for source in self.__dict__.get("sources", {}).values() if isinstance(source, Indicator)]
        return super().deferred or any(source.deferred for source in nested)

    def _identity(self) -> tuple[Any, ...]:
        return (*super()._identity(), tuple(self.sources.items()))

    def __repr__(self) -> str:
        text = super().__repr__()
        other = {name: source for name, source in self.sources.items() if source != name}
        return text + (f".on({', '.join(f'{name}={source!r}' for name, source in other.items())})" if other else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_indicator, (type(self), dict(self.parameters), dict(self.sources))

    @classmethod
    @once_per_class
    def bindings(cls) -> dict[str, tuple[str, Any]]:
        """What each kernel argument stands for: ("input"|"part"|"state"|"parameter", detail)."""
        found: dict[str, tuple[str, Any]] = {}
        known = meanings(cls, {
            "an input": {name: ("input", name) for name in cls.inputs},
            "a state": {name: ("state", name) for name in cls.state},
            "a parameter": {name: ("parameter", name) for name in cls.declared},
            "an output of a component": part_names(cls),
        })  # fmt: skip
        node, file = source_tree(cls.the_kernel())
        for argument in argument_names(node):
            if argument not in known:
                raise DefinitionError(
                    f"{file}:{node.lineno}: {cls.__name__}.step reads {argument!r}, which is no input, "
                    f"component, state or parameter{suggestion(argument, list(known))}"
                )
            found[argument] = known[argument]
        return found

    @property
    def parts(self) -> list[Indicator]:
        """Indicators this one is computed from: components the kernel reads, and indicators given by `.on`."""
        used = [
            self.part(name)
            for name in dict.fromkeys(detail[0] for kind, detail in type(self).bindings().values() if kind == "part")
        ]
        return used + [source for source in self.sources.values() if isinstance(source, Indicator)]

    @property
    def lead(self) -> int:
        """Bars before the first one on which every part has a value."""
        return max((part.total_warmup - 1 for part in self.parts), default=0)

    @property
    def depth(self) -> int:
        """Bars a window of the kernel holds."""
        return self._read_depth() if self.window is None else self.number("window")

    @classmethod
    @once_per_class
    def _read_depth(cls) -> int:
        windows = {name for name, (kind, _) in cls.bindings().items() if kind in ("input", "part")}
        node, file = source_tree(cls.the_kernel())
        depths = window_depths(node, windows)
        loose = [name for name, depth in depths.items() if depth is None]
        if loose:
            raise DefinitionError(
                f"{file}:{node.lineno}: {cls.__name__} loops over {loose[0]!r}; "
                "declare how many bars it needs: window = ..."
            )
        return max([1, *(depth for depth in depths.values() if depth is not None)])

    @property
    def total_warmup(self) -> int:
        """Bars until the first value, parts included: the first value is on bar `total_warmup - 1`, counted from 0."""
        own = self.depth if self.warmup is None else max(self.depth, self.number("warmup"))
        return self.lead + own

    def columns(self) -> list[str]:
        """Bar columns that this indicator and its parts read."""
        own = [source for name, source in self.sources.items() if isinstance(source, str) and self._reads(name)]
        return list(dict.fromkeys(own + [column for part in self.parts for column in part.columns()]))

    def _reads(self, name: str) -> bool:
        return any(binding == ("input", name) for binding in type(self).bindings().values())

    def run(self, bars: Bars | Mapping[str, Any]) -> Any:
        """Outputs for all bars: one float64 array, or a named tuple of arrays when there are several outputs.

        `bars`: Bars, a DataFrame or a mapping of column name to array. NaN before the warm-up is complete.
        Raises DataError for a missing column.
        """
        from indicators.engines.batch import run

        return run(self, bars)

    def stream(self) -> Stream:
        """An object with `update(bar)` that computes one bar at a time, bit-equal to `run`."""
        from indicators.engines.stream import Stream

        return Stream(self)


def _rebuild_indicator(cls: type[Indicator], parameters: dict[str, Any], sources: dict[str, Any]) -> Indicator:
    found = cls(**parameters)
    found.__dict__["sources"] = sources
    return found


Indicator.bt = Lazy("indicators.engines.backtrader", "backtrader_class")  # type: ignore[attr-defined]
Indicator.vbt = Lazy("indicators.engines.vectorbt", "vectorbt_class")  # type: ignore[attr-defined]
