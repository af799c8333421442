"""The execution convention (docs/execution.md) in plain Python, written from its text alone: the third opinion.

It shares nothing with the engines but Account and Instrument. Numbers after `#` are sections of that page. `side` is +1
for what buys and -1 for what sells, so that one line serves longs and shorts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from parity.scene import ARGUMENTS, HOLD, LEAVE, Row, Scene

from feeds.instrument import Instrument

Numbers = dict[str, float]


@dataclass
class Trade:
    """An entry order and, after its fill, the position it opened."""

    number: int
    side: int
    quantity: float  # asked for; a fill is always whole
    at_stop: float  # order prices, 0 = none
    at_limit: float
    plan: Numbers  # every argument of the entry
    expires: float  # last bar of the symbol on which it can fill
    triggered: bool  # no stop to wait for, or it was touched
    left: float = 0.0  # quantity still held
    fill: float = math.nan
    entered: int = 0  # bar of the fill
    live: int = 0  # first bar on which targets and highs count: the next one after a fill inside the bar
    best: float = math.nan
    stop: float = math.nan  # NaN = none
    stop_reason: str = "stop"
    targets: dict[int, tuple[float, float]] = field(default_factory=dict)  # number: price, quantity
    queued: str = ""  # reason of the exit that waits for the next open


@dataclass
class Book:
    """One symbol: its bars, each with the intent decided on its close, and its present state."""

    symbol: str
    tool: Instrument
    bars: dict[Any, Numbers]
    last: float = math.nan  # last close, or the entry fill of a position opened since
    bar: int = -1  # number of the present bar, from 0
    exited: float = -math.inf  # bar of the last exit to flat
    order: Trade | None = None
    held: Trade | None = None


def on_grid(value: float, step: float, up: bool) -> float:
    """Round to a multiple of `step`; within 1e-9 relative of one is on it. The float nearest to the decimal number."""
    if step == 0:
        return value
    nearest = round(value / step)
    if abs(nearest * step - value) > 1e-9 * abs(value):
        nearest = math.ceil(value / step) if up else math.floor(value / step)
    return float(Decimal(str(step)) * nearest)


def distance(plan: Numbers, name: str, price: float) -> float:
    return plan[name] + plan[name + "_pct"] * price


def beyond(side: int, price: float, level: float) -> bool:
    """`price` has reached `level` when moving up (+1) or down (-1); never when the level is NaN."""
    return price >= level if side > 0 else price <= level


def reach(bar: Numbers, side: int, at_open: bool) -> float:
    """How far up (+1) or down (-1) prices go: at the open, or inside the bar."""
    return bar["open"] if at_open else bar["high" if side > 0 else "low"]


class Reference:
    def __init__(self, scene: Scene) -> None:
        self.scene, self.account, self.costs = scene, scene.account, scene.account.costs
        self.books = [
            Book(symbol, scene.instruments[symbol], frame.join(scene.script[symbol]).to_dict("index"))
            for symbol, frame in scene.bars.items()
        ]
        self.cash = self.marked = self.account.cash
        self.rows: list[Row] = []
        self.equity: list[float] = []
        self.entries = 0

    def run(self) -> tuple[list[Row], list[float]]:  # 4 order within a bar, 7 windows
        """The ledger, and the equity after each stamp (the union of the symbols' times)."""
        stamps = sorted(set().union(*(book.bars for book in self.books)))
        for self.now in stamps:
            here = [(book, book.bars[self.now]) for book in self.books if self.now in book.bars]
            for book, _ in here:
                book.bar += 1
            for step, at_open in ((self.exit, True), (self.enter, True), (self.enter, False), (self.exit, False)):
                for book, bar in here:
                    step(book, bar, at_open)
            called = self.mark(here)
            if self.marked <= 0:
                break
            for book, bar in here:
                if book.held:
                    self.follow(book, book.held, bar)
                if not called:
                    self.decide(book, book.held, bar)
        ruined = self.marked <= 0
        for book, held in self.open():
            self.leave(book, held, held.left, book.last, "ruin" if ruined else "window-end")
        self.equity[-1] = 0.0 if ruined else self.cash
        return self.rows, self.equity + [0.0] * (len(stamps) - len(self.equity))

    def exit(self, book: Book, bar: Numbers, at_open: bool) -> None:  # 4.1 and 4.3
        if (held := book.held) is None:
            return
        good, bad = reach(bar, held.side, at_open), reach(bar, -held.side, at_open)
        if held.queued and at_open:
            self.leave(book, held, held.left, bad, held.queued)
        elif beyond(-held.side, bad, held.stop):
            self.leave(book, held, held.left, bad if at_open else held.stop, held.stop_reason)
        elif book.bar >= held.live:
            for k in sorted(held.targets, key=lambda k: (held.side * held.targets[k][0], k)):
                if held.left and beyond(held.side, good, held.targets[k][0]):
                    price, quantity = held.targets.pop(k)
                    whole = held.left - quantity < 1e-9 * held.quantity
                    self.leave(book, held, held.left if whole else quantity, good if at_open else price, f"target-{k}")

    def enter(self, book: Book, bar: Numbers, at_open: bool) -> None:  # 4.2 and 4.3
        if (order := book.order) is None:
            return
        waited = not order.triggered
        order.triggered = order.triggered or beyond(order.side, reach(bar, order.side, at_open), order.at_stop)
        later = waited and order.at_limit and not at_open  # a stop-limit touched inside the bar: a limit from the next
        at_price = not order.at_limit or beyond(-order.side, reach(bar, -order.side, at_open), order.at_limit)
        if order.triggered and at_price and not later:
            self.fill(book, order, bar["open"] if at_open else order.at_limit or order.at_stop, inside=not at_open)
        if not at_open and book.bar >= order.expires:
            book.order = None

    def mark(self, here: list[tuple[Book, Numbers]]) -> bool:  # 4.4; 6: true is a margin call
        for book, bar in here:
            book.last = bar["close"]
        self.marked = self.worth()
        self.equity.append(max(self.marked, 0.0))
        needed = sum(self.margin(book, held.left, book.last, initial=False) for book, held in self.open())
        called = self.account.kind == "margin" and self.marked < needed
        for book in self.books if called else ():
            book.order = None
            if book.held:
                book.held.queued = "liquidation"
        return called

    def decide(self, book: Book, held: Trade | None, bar: Numbers) -> None:  # 4.5, 2 intents
        action = bar["action"]
        if held and held.plan["time_stop"] and book.bar - held.entered >= held.plan["time_stop"]:
            held.queued = "time"
        elif action == LEAVE:
            book.order = None
            if held:
                held.queued = "signal"
        elif action == HOLD and held:
            self.hold(book, held, bar["level_stop"], bar["level_target"])
        elif action != HOLD and book.bar - book.exited >= self.scene.cooldown and not (held and held.side == action):
            self.order(book, held, int(action), bar)

    def follow(self, book: Book, held: Trade, bar: Numbers) -> None:  # 4 break-even, then trailing
        plan, side = held.plan, held.side
        seen = reach(bar, side, False) if plan["on_high"] and book.bar >= held.live else bar["close"]
        held.best = max(held.best, seen) if side > 0 else min(held.best, seen)
        gain = side * (held.best - held.fill)
        if 0 < distance(plan, "even_after", held.fill) <= gain:  # a second time changes nothing
            self.tighten(book, held, held.fill + side * distance(plan, "even_offset", held.fill), "break-even")
        if distance(plan, "trail", held.best) > 0 and gain >= distance(plan, "trail_after", held.fill):
            self.tighten(book, held, held.best - side * distance(plan, "trail", held.best), "trail")

    def tighten(self, book: Book, held: Trade, level: float, reason: str) -> None:
        level = on_grid(level, book.tool.tick, up=held.side < 0)
        if math.isnan(held.stop) or held.side * level > held.side * held.stop:
            held.stop, held.stop_reason = level, reason

    def hold(self, book: Book, held: Trade, stop: float, target: float) -> None:  # 2
        if not math.isnan(stop):
            self.tighten(book, held, stop, "stop")
        if not math.isnan(target):
            k = min(held.targets, key=lambda k: (held.side * held.targets[k][0], k), default=1)
            quantity = held.targets[k][1] if held.targets else held.left
            held.targets[k] = on_grid(target, book.tool.tick, up=held.side > 0), quantity

    def order(self, book: Book, held: Trade | None, side: int, intent: Numbers) -> None:  # 2: or a rejected row
        self.entries += 1
        book.order = None
        plan, tick = {name: intent[name] for name in ARGUMENTS}, book.tool.tick
        stop, limit, quantity, reason = 0.0, 0.0, 0.0, "rejected-level"
        if held and not self.scene.reverse:
            reason = "rejected-position"
        elif all(math.isfinite(value) and value >= 0 for value in plan.values()) and plan["weight"] <= 1:
            stop, limit = on_grid(plan["at_stop"], tick, up=side > 0), on_grid(plan["at_limit"], tick, up=side < 0)
            lost = (plan["at_stop"] and not stop) or (plan["at_limit"] and not limit)  # rounded to nothing
            if not lost and not (held and (stop or limit)):
                quantity, reason = self.size(book, plan, limit or stop or intent["close"])
        if held and self.scene.reverse:
            held.queued = "signal"
        if reason:
            self.post(book, side, quantity, intent["close"], self.entries, reason)
        else:
            expires = book.bar + (plan["expiry"] or math.inf)
            book.order = Trade(self.entries, side, quantity, stop, limit, plan, expires, triggered=not stop)

    def size(self, book: Book, plan: Numbers, price: float) -> tuple[float, str]:  # 3: budget / use of one unit
        sizing, costs, tool, worth = self.account.sizing, self.costs, book.tool, self.marked
        stop, one = distance(plan, "stop", price), price * tool.multiplier
        costs_in_price = price * 2 * (costs.fee + costs.slippage_bps / 10000) + 2 * costs.slippage_ticks * tool.tick
        loss = (stop + costs_in_price) * tool.multiplier + 2 * costs.commission if stop else 0.0
        takes = {"fraction": one, "notional": one, "risk": loss, "volatility": plan["volatility"] * tool.multiplier}
        unit = takes.get(sizing.mode, 1.0)
        if not unit:
            return 0.0, "rejected-level"
        quantity = sizing.value * (1.0 if sizing.mode in ("notional", "lots") else worth) / unit * plan["weight"]
        if sizing.mode != "lots":
            quantity = min(quantity, self.account.cap * worth * self.account.leverage / one)
        quantity = on_grid(quantity, tool.lot_step, up=False)
        return quantity, "rejected-size" if quantity <= 0 or quantity * one < tool.minimum_notional else ""

    def fill(self, book: Book, order: Trade, price: float, inside: bool) -> None:  # 4, 5
        book.order, plan, side, tool = None, order.plan, order.side, book.tool
        market, price = price, self.paid(book, side, price, slips=not order.at_limit)
        refused = self.refuse(book, order, price)
        if not refused:
            book.held, book.last = order, price
            order.fill, order.best, order.left = price, price, order.quantity
            order.entered, order.live = book.bar, book.bar + inside
            if distance(plan, "stop", price) > 0:
                level = price - side * distance(plan, "stop", price)
                self.tighten(book, order, min(level, market) if side > 0 else max(level, market), "stop")
            for k in (1, 2, 3, 4):
                level = on_grid(price + side * distance(plan, f"target_{k}", price), tool.tick, up=side > 0)
                part = min(on_grid(plan[f"part_{k}"] * order.quantity, tool.lot_step, up=False), order.quantity)
                enough = part == order.quantity or part * level * tool.multiplier >= tool.minimum_notional
                if distance(plan, f"target_{k}", price) > 0 and part > 0 and enough:
                    order.targets[k] = level, part
        self.post(book, side, order.quantity, price, order.number, refused or "entry")

    def leave(self, book: Book, held: Trade, quantity: float, price: float, reason: str) -> None:
        price = self.paid(book, -held.side, price, slips=not reason.startswith("target"))
        held.left -= quantity
        if held.left == 0:
            book.held, book.exited = None, book.bar
        self.post(book, -held.side, quantity, price, held.number, reason)

    def paid(self, book: Book, side: int, price: float, slips: bool) -> float:  # 5
        if slips:
            price *= 1 + side * self.costs.slippage_bps / 10000
            price += side * self.costs.slippage_ticks * book.tool.tick
        return max(on_grid(price, book.tool.tick, up=side > 0), 0.0)

    def post(self, book: Book, side: int, quantity: float, price: float, number: int, reason: str) -> None:  # 6, 8
        traded = 0.0 if reason.startswith("rejected") else quantity
        fee = traded * price * book.tool.multiplier * self.costs.fee + traded * self.costs.commission
        self.cash -= side * traded * price * book.tool.multiplier + fee
        after, word = book.held.side * book.held.left if book.held else 0.0, "buy" if side > 0 else "sell"
        self.rows.append(Row(self.now, book.symbol, word, quantity, price, fee, number, reason, after))

    def open(self) -> list[tuple[Book, Trade]]:
        return [(book, book.held) for book in self.books if book.held]

    def worth(self) -> float:
        return self.cash + sum(held.side * held.left * b.last * b.tool.multiplier for b, held in self.open())

    def margin(self, book: Book, quantity: float, price: float, initial: bool) -> float:  # 6
        fixed = book.tool.initial_margin if initial else book.tool.maintenance_margin
        share = 1 / self.account.leverage if initial else self.account.maintenance
        return quantity * fixed if fixed else quantity * price * book.tool.multiplier * share

    def refuse(self, book: Book, order: Trade, price: float) -> str:  # 6 account checks, the first that fails
        account, open_now, value = self.account, self.open(), order.quantity * price * book.tool.multiplier
        gross = value + sum(held.left * other.last * other.tool.multiplier for other, held in open_now)
        tied = sum(self.margin(other, held.left, held.fill, initial=True) for other, held in open_now)
        is_cash, need = account.kind == "cash", self.margin(book, order.quantity, price, initial=True)
        need, free = (value, self.cash) if is_cash else (need, self.worth() - tied)
        checks = {
            "rejected-short": is_cash and order.side < 0,
            "rejected-slots": 0 < account.max_positions <= len(open_now),
            "rejected-correlation": any(self.too_close(book, other) for other, _ in open_now),
            "rejected-exposure": gross > account.max_exposure * self.marked,
            "rejected-cash": need + value * self.costs.fee + order.quantity * self.costs.commission > free,
        }
        return next((reason for reason, failed in checks.items() if failed), "")

    def too_close(self, one: Book, other: Book) -> bool:  # 6 correlation guard
        n, limit = self.account.correlation_bars, self.account.max_correlation
        common = [time for time in one.bars if time in other.bars and time < self.now][-n - 1 :]
        moves = [np.diff(np.log([book.bars[time]["close"] for time in common])) for book in (one, other)]
        with np.errstate(invalid="ignore"):  # NaN for a symbol that never moved
            return limit < math.inf and (len(common) < n + 1 or not abs(np.corrcoef(*moves)[0, 1]) <= limit)
