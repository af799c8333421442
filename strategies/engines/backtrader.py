"""Strategies as real backtrader strategies: `cerebro.addstrategy(AtrTrend.bt, fast=20)`."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np

from feeds.errors import ConfigError, ParameterError
from indicators.base import suggestion
from indicators.engines.backtrader import line_of
from strategies.base import Strategy
from strategies.engines.stock import exact_from_stock, refuse_sizer
from strategies.execution.drivers import decision_program
from strategies.execution.intent import Intent

SPARE = 2048


class StrategyHost(bt.Strategy):
    """Runs a declared strategy inside backtrader; made per class by `Strategy.bt`.

    On an untouched stock broker it puts the exact broker in its place (cash, commission and slippage taken from it);
    any other foreign broker is refused. Params: the declared parameters; `navale_begin` (one number per feed): the
    first bar that decides.
    """

    declaration: type[Strategy]
    params = (("navale_begin", None),)

    def __init__(self, **unknown: Any) -> None:
        own = list(self.declaration.declared)
        for name in unknown:
            raise ParameterError(f"{self.declaration.__name__} has no parameter {name!r}{suggestion(name, own)}")
        self.strategy = self.declaration(**{name: getattr(self.p, name) for name in own})
        self._take_broker()
        cls = type(self.strategy)
        depths = self.strategy.depths
        names = cls.source_names()
        self._depths = np.array([depths[name] for name in names], dtype=np.float64)
        self._numbers = np.array(self.strategy.numbers(), dtype=np.float64)
        self._memory = np.full((len(self.datas), max(1, len(cls.state))), np.nan)
        self._keep = max([1, *depths.values()]) - 1
        self._capacity = self._keep + SPARE
        self._tables = [np.full((max(1, len(names)), self._capacity), np.nan) for _ in self.datas]
        self._whole = self._least_memory = False
        self._clocks = [data.lines.lines[0] for data in self.datas]
        self._place = [0] * len(self.datas)
        self._fed = [0] * len(self.datas)
        self._begin = self.p.navale_begin or [self.strategy.warmup - 1] * len(self.datas)
        self._out = np.zeros(len(Intent._fields))
        self._action, self._level_stop, self._level_target = (
            self._out[k : k + 1] for k in map(Intent._fields.index, ("action", "level_stop", "level_target"))
        )
        self._program = decision_program(cls)
        self._decide = self._program.module.decide_bar
        self._reads = [self._lines_for(data, names) for data in self.datas]

    def _lines_for(self, data: Any, names: list[str]) -> list[tuple[int, Any]]:
        """Row of the table and the line that fills it; the rows of unused arguments stay NaN."""
        made: dict[Any, Any] = {}
        lines: list[tuple[int, Any]] = []
        for k, name in enumerate(names):
            source = self.strategy.source(name)
            if isinstance(source, str):
                lines.append((k, line_of(data, source, type(self.strategy).__name__)))
            elif source is not None:
                part, output = source
                if part not in made:
                    made[part] = type(part).bt(data, navale=part)  # type: ignore[attr-defined]
                lines.append((k, made[part].lines[output]))
        return lines

    def _take_broker(self) -> None:
        broker = self.cerebro.broker
        if type(broker) is bt.brokers.BackBroker:
            if len(self.cerebro.strats) > 1:
                raise ConfigError(
                    f"{self.declaration.__name__} fills by its own broker, which other strategies of this Cerebro "
                    "would not reach; run it in a Cerebro of its own"
                )
            broker = exact_from_stock(broker, self.declaration.reverse)
            self.cerebro.broker = broker
            broker.start()
            self.broker = broker
        if not hasattr(broker, "decide"):
            raise ConfigError(
                f"{type(broker).__name__} cannot fill {self.declaration.__name__} by our convention; "
                "leave cerebro.broker alone or set it to strategies.engines.broker.ExactBroker(account)"
            )
        broker.reverse = self.declaration.reverse
        broker.attach(self, self.datas)

    def setsizer(self, sizer: Any) -> Any:
        """ConfigError: the account sizes the entries."""
        refuse_sizer(sizer, self.declaration.__name__)

    sizer = property(bt.Strategy.getsizer, setsizer)

    def qbuffer(self, savemem: int = 0, replaying: bool = False) -> None:
        """exactbars=1: feeds keep two bars, because backtrader drops the last one when it finds that there is no other,
        and the window closes at its price."""
        self._least_memory = savemem > 0
        if self._least_memory:
            for data in self.datas:
                for line in data.lines:
                    line.updateminperiod(2)
        super().qbuffer(savemem, replaying)

    def prenext(self) -> None:
        self.next()

    def nextstart(self) -> None:
        self.next()

    def once(self, start: int, end: int) -> None:
        """Whole-array mode: every line is complete before the first bar, so tables hold all bars at once."""
        self._whole = True
        self._tables = [self._whole_table(data, reads) for data, reads in zip(self.datas, self._reads, strict=True)]

    def oncestart(self, start: int, end: int) -> None:
        """Nothing is left to do beside `once`."""

    def _whole_table(self, data: Any, reads: list[tuple[int, Any]]) -> np.ndarray:
        size = data.buflen()
        table = np.full((len(self._tables[0]), size), np.nan)
        for k, line in reads:
            table[k] = np.array(line.array, dtype=np.float64)[:size]
        return table

    def next(self) -> None:
        """Feed every symbol's new bar to its window and, once warm, decide."""
        broker = self.broker
        if broker.ruined:
            return
        fed, out = self._fed, self._out
        if self._least_memory and len({clock.lencount for clock in self._clocks}) > 1:
            raise ConfigError("backtrader's exactbars mode fails on symbols whose stamps differ; run without exactbars")
        for s, clock in enumerate(self._clocks):
            count = clock.lencount
            if count == fed[s]:
                continue
            fed[s] = count
            place = count - 1 if self._whole else self._append(s)
            if count - 1 < self._begin[s]:
                continue
            try:
                self._decide(
                    self._tables[s], place, count - 1, s, broker.book, self._memory, self._numbers, self._depths, out
                )
            except Exception as error:
                fault = self._program.fault(error)
                if fault is error:
                    raise
                raise fault from error
            action, stop, target = self._action.item(), self._level_stop.item(), self._level_target.item()
            if action != 0.0 or stop == stop or target == target:
                broker.decide(self.datas[s], count - 1, out)

    def _append(self, s: int) -> int:
        """Bar-by-bar mode: put a symbol's new bar behind its window; its place in the table."""
        table, place = self._tables[s], self._place[s]
        if place == self._capacity:
            table[:, : self._keep] = table[:, place - self._keep : place].copy()
            place = self._keep
        for k, line in self._reads[s]:
            table[k, place] = line[0]
        self._place[s] = place + 1
        return place

    def stop(self) -> None:
        """Close the window and let analyzers see its last fills."""
        self.broker.finish()
        while True:
            order = self.broker.get_notification()
            if order is None:
                break
            self._addnotification(order, quicknotify=self.cerebro.p.quicknotify)
        self._notify()


def backtrader_class(cls: type[Strategy]) -> type[bt.Strategy]:
    """The backtrader strategy of a declared strategy."""
    params = tuple((name, parameter.default) for name, parameter in cls.declared.items())
    body = {
        "params": params,
        "declaration": cls,
        "__doc__": cls.__doc__,
        "__module__": cls.__module__,
        "__qualname__": f"{cls.__qualname__}.bt",
    }
    return type(cls.__name__, (StrategyHost,), body)


def bound(built: type[bt.Strategy], strategy: Strategy) -> type[bt.Strategy]:
    """The same class with an instance's parameters as defaults."""
    return type(built.__name__, (built,), {"params": tuple(strategy.parameters.items())})
