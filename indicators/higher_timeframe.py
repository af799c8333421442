"""Any indicator on completed bars of a longer timeframe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from feeds.errors import ParameterError
from indicators.base import Indicator, suggestion
from indicators.parameters import Parameter, Reference, resolved

if TYPE_CHECKING:
    import numpy as np

    from indicators.engines.higher_timeframe import HigherTimeframeStream

SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds(timeframe: str) -> int:
    """Length of "15min", "4h", "1d", "1w"; ParameterError for anything else."""
    found = re.fullmatch(r"([1-9]\d*)(s|min|h|d|w)", timeframe)
    if not found:
        raise ParameterError(f"{timeframe!r} is no timeframe; write it like '15min', '4h', '1d' or '1w'")
    return int(found[1]) * SECONDS[found[2]]


class _Backtrader:
    """`.bt`: of an instance, a backtrader indicator class that is this instance (`trend.bt(data)`)."""

    def __get__(self, instance: Any, owner: type[Indicator]) -> Any:
        from indicators.engines.higher_timeframe import bound_class

        return bound_class(owner, instance)


class _NoVectorbt:
    def __get__(self, instance: Any, owner: type) -> NoReturn:
        raise AttributeError(
            f"{owner.__name__} has no vectorbt form: it reads columns of two timeframes, which a vectorbt factory does "
            "not pass; use .run(bars), or bars.resample(...) with the inner indicator's .vbt"
        )


class HigherTimeframe(Indicator):
    """An indicator on a longer timeframe, as a trader of the shorter one may know it: completed bars only.

    `HigherTimeframe(Ema(period=18), "4h")` on hourly bars is the 4-hour EMA after the last 4-hour bar that had closed
    by the close of this bar; it stays the same until the next one has closed. The outputs are the inner indicator's.

    Reads the bar columns "4h.close" (and the others the inner one reads) and "4h.count", the number of completed
    longer bars, which `Bars` derives; the inner indicator takes one step per bar on which the count has risen. When a
    gap lets two longer bars complete at once, only the last of them is in the columns: the inner one takes one step,
    as if the other one were missing from the data.

    indicator: any indicator but another HigherTimeframe; it may refer to parameters of the owner. timeframe: "15min",
    "4h", "1d" or "1w", or a parameter (Choice). base: timeframe of the bars it will be used on, needed only to
    declare the warm-up in those bars; not given: "1h" for timeframes above an hour, else "1min". Warm-up: with n =
    timeframe / base, rounded up, n (inner warm-up + 1) - 1 bars, enough wherever within a longer bar the series
    starts. Output: NaN before that and until the inner indicator is ready; gaps, or a base shorter than declared, can
    make it ready later: never trade on NaN. There is no `.vbt`. Raises ParameterError for what does not fit together.
    """

    inputs: ClassVar[tuple[str, ...]] = ()
    verify_exceptions: ClassVar[Mapping[str, str]] = {
        "vectorbt": "columns of two timeframes do not fit a vectorbt factory"
    }
    bt: ClassVar[Any] = _Backtrader()
    vbt: ClassVar[Any] = _NoVectorbt()

    def __new__(cls, indicator: Any = None, *rest: Any, **named: Any) -> HigherTimeframe:
        if not isinstance(indicator, Indicator):
            raise ParameterError(
                f"HigherTimeframe needs an indicator, not {indicator!r}; write HigherTimeframe(Ema(period=20), '4h')"
            )
        if _contains_wrapper(indicator):
            raise ParameterError(f"HigherTimeframe({indicator!r}): a longer timeframe inside another is not possible")
        inner: Any = type(indicator)
        return object.__new__(_form(inner))

    def __init__(
        self,
        indicator: Indicator,
        timeframe: str | Parameter = "",
        base: str | Parameter | None = None,
        **unknown: Any,
    ) -> None:
        for name in unknown:
            raise ParameterError(
                f"HigherTimeframe has no {name!r}{suggestion(name, ['indicator', 'timeframe', 'base'])}"
            )
        if not isinstance(timeframe, Reference):
            timeframe = str(timeframe).lower()
            base = base or ("1h" if seconds(timeframe) > SECONDS["h"] else "1min")
        if isinstance(base, str):
            base = base.lower()
            if isinstance(timeframe, str) and seconds(base) > seconds(timeframe):
                raise ParameterError(f"HigherTimeframe: base {base!r} is longer than the timeframe {timeframe!r}")
        values = {"indicator": indicator, "timeframe": timeframe, "base": base}
        self.__dict__.update(parameters=values, sources={}, _parts={})

    @classmethod
    def example(cls) -> HigherTimeframe:
        """An instance for the conformance kit."""
        from indicators.macd import Macd

        return HigherTimeframe(Macd(fast=3, slow=6, signal_period=4), "4h")

    @property
    def indicator(self) -> Indicator:
        """The inner indicator."""
        return self.parameters["indicator"]

    @property
    def timeframe(self) -> Any:
        """Timeframe of the inner indicator."""
        return self.parameters["timeframe"]

    @property
    def base(self) -> Any:
        """Timeframe of the bars it is used on, as assumed for the warm-up."""
        return self.parameters["base"]

    def on(self, **sources: Any) -> NoReturn:
        """Not possible: the inner indicator says what it reads."""
        raise ParameterError(f"{self!r}: give other data to the inner indicator: HigherTimeframe(Ema().on(...), '4h')")

    def replace(self, **changes: Any) -> HigherTimeframe:
        """The same with another `indicator`, `timeframe` or `base`."""
        return HigherTimeframe(**(self.parameters | changes))

    def check_references(self, owner: str, name: str, declared: Mapping[str, Parameter]) -> None:
        """DefinitionError when this component refers to a parameter that its owner does not declare."""
        super().check_references(owner, name, declared)
        self.indicator.check_references(owner, name, declared)

    def resolve(self, values: dict[str, Any]) -> HigherTimeframe:
        """This template with its references replaced by the owner's parameters."""
        inner = self.indicator.resolve(values)
        return HigherTimeframe(inner, resolved(self.timeframe, values), resolved(self.base, values))

    @property
    def deferred(self) -> bool:
        """True while something in it refers to a parameter of an owner that is not known yet."""
        return self.indicator.deferred or super().deferred

    @classmethod
    def bindings(cls) -> dict[str, tuple[str, Any]]:
        """Empty: there is no kernel of its own."""
        return {}

    @property
    def ratio(self) -> int:
        """Bars of the base timeframe in one of the longer timeframe, rounded up."""
        return -(-seconds(self.timeframe) // seconds(self.base))

    @property
    def total_warmup(self) -> int:
        """Bars of the base timeframe until the first value, wherever within a longer bar the series starts."""
        return self.ratio * (self.indicator.total_warmup + 1) - 1

    def columns(self) -> list[str]:
        """Bar columns that it reads: those of the inner indicator on the longer timeframe, and the count."""
        return [*(f"{self.timeframe}.{column}" for column in self.indicator.columns()), f"{self.timeframe}.count"]

    def compute(self, bars: Any, cached: dict[Any, list[np.ndarray]], checked: bool) -> list[np.ndarray]:
        """All outputs as arrays, one value per base bar."""
        from indicators.engines.higher_timeframe import compute

        return compute(self, bars, checked)

    def open_stream(self, checked: bool = False) -> HigherTimeframeStream:
        """The form that is fed one base bar at a time."""
        from indicators.engines.higher_timeframe import HigherTimeframeStream

        return HigherTimeframeStream(self, checked)

    def stream(self) -> Any:
        """An object with `update(bar)`; a bar has the columns that `columns()` names."""
        return self.open_stream()

    def __reduce__(self) -> tuple[Any, ...]:
        return HigherTimeframe, tuple(self.parameters.values())


@cache
def _form(inner: type[Indicator]) -> type[HigherTimeframe]:
    """The class of wrappers around one class of indicators: it has that class's outputs."""
    body = {"outputs": inner.outputs, "__module__": __name__, "__doc__": HigherTimeframe.__doc__}
    return type("HigherTimeframe", (HigherTimeframe,), body)


def _contains_wrapper(indicator: Indicator) -> bool:
    inside = [*indicator.components.values(), *indicator.sources.values()]
    return isinstance(indicator, HigherTimeframe) or any(
        isinstance(part, Indicator) and _contains_wrapper(part) for part in inside
    )
