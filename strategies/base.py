"""Strategies: declarations whose kernel `decide` says, after every closed bar, what state it wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from feeds.errors import ConfigError, DefinitionError
from indicators.base import Choice, Float, Indicator, Int, Switch, kernel
from indicators.declaration import Declaration, Lazy, meanings, once_per_class, part_names, suggestion
from indicators.flatten import argument_names, source_tree, window_depths
from strategies.execution.account import Account
from strategies.execution.intent import enter_long, enter_short, hold, leave

if TYPE_CHECKING:
    from feeds.bars import Bars

__all__ = [
    "Choice",
    "Float",
    "Int",
    "Profile",
    "Strategy",
    "Switch",
    "enter_long",
    "enter_short",
    "hold",
    "kernel",
    "leave",
]

POSITION = ("position", "entry", "held", "since_exit")


@dataclass(frozen=True)
class Profile:
    """A named configuration: parameters, timeframe ("" = as given) and account."""

    parameters: Mapping[str, Any]
    timeframe: str = ""
    account: Account = field(default_factory=Account)


class Strategy(Declaration):
    """Base of strategies. Declare parameters, components, state and the kernel `decide`.

    `decide` takes by name: windows of bar columns (`inputs`) and of component outputs, state, parameters, and
    `position` (signed quantity), `entry` (fill price, NaN when flat), `held` (bars since the entry bar, -1 when flat),
    `since_exit` (bars since the last exit, infinite before the first). It returns an intent built by `enter_long`,
    `enter_short`, `hold` or `leave`, followed by the new state. State starts as NaN.
    `window`: bars a window holds, needed only when the kernel loops over it.
    `reverse = True` allows an opposite entry to turn a position around at one open.
    `refusal(bars)`: override it when some data are too little to run on.
    `unused()`: override it when some parameter values leave components or columns unread.
    `search`: parameters that an optimization varies within their bounds, unless told otherwise; none named: all.
    `verify_bars`: a function that returns bars on which the strategy trades, for `navale verify`.
    """

    kernel_name: ClassVar[str] = "decide"
    inputs: ClassVar[tuple[str, ...]] = ()
    window: Any = None
    reverse: ClassVar[bool] = False
    profiles: ClassVar[Mapping[str, Profile]] = {}
    search: ClassVar[tuple[str, ...]] = ()
    verify_bars: ClassVar[Any] = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.kernel_name in vars(cls):
            cls.bindings()

    @classmethod
    def profile(cls, name: str) -> Profile:
        """One of the class's named configurations; ConfigError for an unknown name."""
        if name not in cls.profiles:
            raise ConfigError(f"{cls.__name__} has no profile {name!r}{suggestion(name, list(cls.profiles))}")
        return cls.profiles[name]

    @classmethod
    @once_per_class
    def bindings(cls) -> dict[str, tuple[str, Any]]:
        """What each kernel argument stands for: ("input"|"part"|"state"|"parameter"|"position", detail)."""
        columns = ("open", "high", "low", "close", "volume", *cls.inputs)
        known = meanings(cls, {
            "what the kernel is told of the position": {name: ("position", name) for name in POSITION},
            "a bar column": {name: ("input", name) for name in columns},
            "a state": {name: ("state", name) for name in cls.state},
            "a parameter": {name: ("parameter", name) for name in cls.declared},
            "an output of a component": part_names(cls),
        })  # fmt: skip
        node, file = source_tree(cls.the_kernel())
        found = {}
        for argument in argument_names(node):
            if argument not in known:
                raise DefinitionError(
                    f"{file}:{node.lineno}: {cls.__name__}.decide reads {argument!r}, which is no bar "
                    f"column, component, state or parameter{suggestion(argument, list(known))}"
                )
            found[argument] = known[argument]
        return found

    @classmethod
    def source_names(cls) -> list[str]:
        """Kernel arguments that are windows, in the kernel's order."""
        return [name for name, (kind, _) in cls.bindings().items() if kind in ("input", "part")]

    def unused(self) -> tuple[str, ...]:
        """Components and bar columns that `decide` leaves unread under these parameters; none unless overridden.

        They need no data and no warm-up: the kernel is given NaN in their place, in every engine.
        """
        return ()

    def refusal(self, bars: Bars) -> str:
        """Why these bars hold too little to run on; "" when they hold enough, as they do unless overridden.

        `backtest` raises DataError with it when no symbol holds enough, instead of a run without trades.
        """
        return ""

    def source(self, name: str) -> str | tuple[Indicator, int] | None:
        """What window argument `name` reads: a bar column, an indicator and the number of its output, or None (NaN)."""
        cls = type(self)
        kind, detail = cls.bindings()[name]
        if kind == "input":
            return None if detail in self._unread else str(detail)
        return None if detail[0] in self._unread else (self.part(detail[0]), detail[1])

    @cached_property
    def _unread(self) -> tuple[str, ...]:
        cls = type(self)
        unused = self.unused()
        for word in unused:
            if word not in cls.components and ("input", word) not in cls.bindings().values():
                raise DefinitionError(
                    f"{cls.__name__}.unused names {word!r}, which is no component and no bar column of "
                    f"its kernel{suggestion(word, [*cls.components, *cls.source_names()])}"
                )
        return unused

    @property
    def parts(self) -> list[Indicator]:
        """The components that the kernel reads under these parameters, once each."""
        found = [source[0] for source in map(self.source, type(self).source_names()) if isinstance(source, tuple)]
        return list(dict.fromkeys(found))

    @property
    def depths(self) -> dict[str, int]:
        """Bars back that each window argument is read."""
        depths = self._read_depths()
        return {name: self.number("window") if depth is None else depth or 1 for name, depth in depths.items()}

    @classmethod
    @once_per_class
    def _read_depths(cls) -> dict[str, int | None]:
        names = cls.source_names()
        node, file = source_tree(cls.the_kernel())
        depths = window_depths(node, set(names))
        loose = [name for name in names if depths[name] is None]
        if loose and cls.window is None:
            raise DefinitionError(
                f"{file}:{node.lineno}: {cls.__name__} loops over {loose[0]!r}; "
                "declare how many bars it needs: window = ..."
            )
        return {name: depths[name] for name in names}

    @property
    def warmup(self) -> int:
        """Bars until the first decision, on bar `warmup - 1` counted from 0. Only what the kernel reads counts."""
        needed = [1]
        for name, depth in self.depths.items():
            source = self.source(name)
            needed.append(source[0].total_warmup + depth - 1 if isinstance(source, tuple) else depth)
        return max(needed)

    def columns(self) -> list[str]:
        """Bar columns that the strategy reads, directly or through indicators."""
        own = [source for source in map(self.source, type(self).source_names()) if isinstance(source, str)]
        return list(dict.fromkeys(own + [column for part in self.parts for column in part.columns()]))


Strategy.bt = Lazy("strategies.engines.backtrader", "backtrader_class")  # type: ignore[attr-defined]
