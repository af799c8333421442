"""What indicators and strategies have in common: immutable values with typed parameters, components and one kernel."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

from feeds.errors import DefinitionError, ParameterError
from indicators.kernels import Kernel
from indicators.parameters import Parameter, Reference, resolved

if TYPE_CHECKING:
    from indicators.base import Indicator

Value = TypeVar("Value")


def suggestion(word: str, among: list[str]) -> str:
    """`; did you mean 'x'?` or the empty string."""
    near = difflib.get_close_matches(word, among, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(among)}" if among else ""


def once_per_class(function: Callable[..., Value]) -> Callable[..., Value]:
    """Remember what a function of a class returns: reading a kernel's source takes milliseconds."""
    return cache(function)


class Declaration:
    """Base of indicators and strategies: immutable, equal by value, `repr` is code, typos fail at construction."""

    kernel_name: ClassVar[str] = ""
    declared: ClassVar[dict[str, Parameter]] = {}
    components: ClassVar[dict[str, Indicator]] = {}
    state: ClassVar[tuple[str, ...]] = ()
    verify_exceptions: ClassVar[Mapping[str, str]] = {}

    parameters: dict[str, Any]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        declared = dict(cls.declared)
        components = dict(cls.components)
        for name, value in list(vars(cls).items()):
            if isinstance(value, Parameter) and value.name == name:
                declared[name] = value
            elif isinstance(value, Declaration):
                components[name] = cast("Indicator", value)
        cls.declared, cls.components = declared, components
        for name, component in components.items():
            component.check_references(cls.__name__, name, declared)
        cls._check_names()

    @classmethod
    def _check_names(cls) -> None:
        for name in (*cls.declared, *cls.components, *cls.state):
            if name.startswith(("_", "navale")):
                prefix = "an underscore" if name.startswith("_") else "'navale'"
                raise DefinitionError(f"{cls.__name__}: {name!r} may not start with {prefix}")
            if hasattr(Declaration, name) or cls._is_taken(name):
                raise DefinitionError(
                    f"{cls.__name__}: the name {name!r} is taken by the authoring API; choose another"
                )
        shared = set(cls.declared) & set(cls.components) or set(cls.state) & (set(cls.declared) | set(cls.components))
        if shared:
            raise DefinitionError(f"{cls.__name__}: {sorted(shared)[0]!r} is declared twice")

    @classmethod
    def _is_taken(cls, name: str) -> bool:
        """True for members of Indicator and Strategy, save those that an author sets (`window`, `warmup`)."""
        ours = [vars(base) for base in cls.__mro__ if base.__module__ in ("indicators.base", "strategies.base")]
        return any(members.get(name) is not None for members in ours)

    def __init__(self, **given: Any) -> None:
        owner = type(self).__name__
        values: dict[str, Any] = {}
        for name in given:
            if name not in self.declared:
                raise ParameterError(f"{owner} has no parameter {name!r}{suggestion(name, list(self.declared))}")
        for name, parameter in self.declared.items():
            value = given.get(name, parameter.default)
            values[name] = value if isinstance(value, Reference) else parameter.check(owner, value)
        object.__setattr__(self, "parameters", values)
        object.__setattr__(self, "_parts", {})
        if not self.deferred and not self.valid():
            raise ParameterError(
                f"{self!r} is not a valid combination of parameters"
                + (f": {self.valid.__doc__.strip()}" if self.valid.__doc__ else "")
            )

    def valid(self) -> bool:
        """Override to rule out combinations of parameters (also prunes sweeps and searches)."""
        return True

    @property
    def deferred(self) -> bool:
        """True while some parameter refers to a parameter of an owner that is not known yet."""
        return any(isinstance(value, Reference) for value in self.parameters.values())

    def replace(self, **changes: Any) -> Self:
        """The same declaration with other parameters."""
        return type(self)(**(self.parameters | changes))

    def part(self, name: str) -> Indicator:
        """Component `name` with this instance's parameters filled in."""
        parts: dict[str, Indicator] = self.__dict__["_parts"]
        if name not in parts:
            parts[name] = self.components[name].resolve(self.parameters)
        return parts[name]

    def numbers(self) -> list[float]:
        """Parameter values as kernels see them, in declared order."""
        return [self.declared[name].number(value) for name, value in self.parameters.items()]

    @classmethod
    def the_kernel(cls) -> Kernel:
        """The declaration's kernel."""
        found = getattr(cls, cls.kernel_name, None)
        if not isinstance(found, Kernel):
            raise DefinitionError(f"{cls.__name__} needs a function {cls.kernel_name!r} marked with @kernel")
        return found

    def number(self, name: str) -> int:
        """An integer attribute (`window`, `warmup`), resolved with this instance's parameters."""
        value = resolved(getattr(self, name), self.parameters)
        if not isinstance(value, int) or value < 0:
            raise DefinitionError(f"{type(self).__name__}.{name} must be a whole number, not {value!r}")
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable; use .replace({name}=...)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def _identity(self) -> tuple[Any, ...]:
        return (type(self).__qualname__, type(self).__module__, tuple(self.parameters.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Declaration) and type(self) is type(other) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.parameters.items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), dict(self.parameters))


def _rebuild(cls: type[Declaration], parameters: dict[str, Any]) -> Declaration:
    return cls(**parameters)


def part_names(cls: type[Declaration]) -> dict[str, tuple[str, Any]]:
    """Kernel argument names of a class's components: `atr`, or `macd_histogram` when there are several outputs."""
    names: dict[str, tuple[str, Any]] = {}
    for name, component in cls.components.items():
        several = len(component.outputs) > 1
        for index, output in enumerate(component.outputs):
            word = f"{name}_{output}" if several else name
            if word in names:
                raise DefinitionError(f"{cls.__name__}: two components give the kernel {word!r}; rename one of them")
            names[word] = ("part", (name, index))
    return names


def meanings(cls: type[Declaration], groups: dict[str, dict[str, tuple[str, Any]]]) -> dict[str, tuple[str, Any]]:
    """All kernel argument names with what they stand for; DefinitionError when a name has two meanings.

    groups: names by what they are in plain words, such as "a bar column".
    """
    found: dict[str, tuple[str, Any]] = {}
    said: dict[str, str] = {}
    for what, names in groups.items():
        for name, meaning in names.items():
            if name in said:
                raise DefinitionError(f"{cls.__name__}: {name!r} is {said[name]} and {what}; rename the latter")
            found[name], said[name] = meaning, what
    return found


class Lazy:
    """`.bt` / `.vbt`: the engine's own class, made on first use; of an instance, with its parameters as defaults."""

    def __init__(self, module: str, function: str) -> None:
        self.module, self.function = module, function

    def __get__(self, instance: Any, owner: type) -> Any:
        module = importlib.import_module(self.module)
        attribute = f"_{self.function}"
        if attribute not in vars(owner):
            setattr(owner, attribute, getattr(module, self.function)(owner))
        built = vars(owner)[attribute]
        if instance is None:
            return built
        if not hasattr(module, "bound"):
            raise AttributeError(f"ask the class, not an instance: {owner.__name__}, and give the parameters to run()")
        return module.bound(built, instance)
