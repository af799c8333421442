"""Random scenes that reach every rule of docs/execution.md often, and a count of what they reach.

Prices of many scenes lie on a coarse grid, so that exact touches are frequent; levels are given as bars would be read
from a file: the float nearest to the decimal number.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pandas as pd
from parity.reference import Book, Numbers, Reference, Trade
from parity.scene import HOLD, LEAVE, LONG, SCRIPT_COLUMNS, SHORT, Scene

from feeds.instrument import Instrument
from strategies.execution.account import Account, Costs, Sizing

TICKS = (0.0, 0.01, 0.05, 0.25, 1 / 32)
PARTS = (0.1, 0.2, 0.25, 1 / 3, 0.5, 0.7, 1.0)


class Draw:
    """Random choices of one scene."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def one_of(self, *choices: float) -> float:
        return choices[int(self.rng.integers(len(choices)))]

    def whole(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def normal(self, sigma: float = 1.0) -> float:
        return float(self.rng.normal(0.0, sigma))


class Market:
    """Bars of one symbol: `price` at the start, `move` = usual move of a bar, `grid` = price grid (0 = none)."""

    def __init__(self, draw: Draw, symbol: str) -> None:
        self.draw, self.symbol = draw, symbol
        tick = draw.one_of(*TICKS)
        self.price = draw.one_of(20.0, 100.0, 400.0)
        self.move = self.price * draw.between(0.005, 0.03)
        self.grid = tick * draw.one_of(1, 4, 20) if tick else draw.one_of(0.0, 0.5, 1.0)
        if tick and draw.chance(0.15):
            self.grid = 0.1  # bars off the instrument's price grid
        if self.grid:
            self.move = max(self.move, self.grid)
            if draw.chance(0.4):
                self.move = 2 * self.grid  # a few grid steps per bar: exact touches are frequent
        self.instrument = Instrument(
            symbol,
            tick=tick,
            lot_step=draw.one_of(0, 0, 0.001, 0.1, 1),
            multiplier=draw.one_of(1, 1, 1, 5, 50, 0.1),
            minimum_notional=draw.one_of(0, 0, 10, 500),
        )

    def on_grid(self, price: float) -> float:
        floor = max(self.grid, 0.05 * self.price)
        return round(max(round(price / self.grid) * self.grid, floor), 9) if self.grid else max(price, floor)

    def bars(self, times: pd.DatetimeIndex, common: list[float], shared: float) -> pd.DataFrame:
        draw, close, rows = self.draw, self.on_grid(self.price), []
        for k in range(len(times)):
            jump = draw.normal(0.15) * self.price if draw.chance(0.02) else 0.0
            gap = draw.normal(1.0) * self.move if draw.chance(0.3) else 0.0
            opened = self.on_grid(close + gap + jump)
            step = shared * common[k] + math.sqrt(1 - shared**2) * draw.normal()
            close = self.on_grid(opened + step * self.move)
            high = self.on_grid(max(opened, close) + abs(draw.normal(0.6)) * self.move)
            low = self.on_grid(min(opened, close) - abs(draw.normal(0.6)) * self.move)
            rows.append((opened, max(high, opened, close), min(low, opened, close), close, 1.0))
        return pd.DataFrame(rows, index=times, columns=["open", "high", "low", "close", "volume"])

    def some(self, low: float, high: float) -> float:
        """A distance of so many bar moves, on the grid where there is one."""
        wanted = self.draw.between(low, high) * self.move
        return max(round(round(wanted / self.grid) * self.grid, 9), self.grid) if self.grid else wanted

    def near(self, price: float, sigma: float) -> float:
        wanted = price + self.draw.normal(sigma) * self.move
        return self.on_grid(wanted) if self.draw.chance(0.8) else max(wanted, 0.01 * self.price)


def entry(draw: Draw, market: Market, close: float, sizing: str) -> dict[str, float]:
    """One random entry order with its exits."""
    intent: dict[str, float] = {"action": LONG if draw.chance(0.5) else SHORT}
    kind = draw.one_of(0, 0, 1, 2, 3)
    if kind in (1, 3):
        intent["at_stop"] = market.near(close, 1.0)
    if kind in (2, 3):
        intent["at_limit"] = market.near(close, 1.0)
    if draw.chance(0.4):
        intent["expiry"] = draw.whole(1, 6)

    def give(name: str, low: float, high: float) -> None:
        form = draw.whole(0, 3)
        if form != 1:
            intent[name] = market.some(low, high)
        if form in (1, 2):
            intent[name + "_pct"] = round(draw.between(low, high) * market.move / market.price, 4)

    if draw.chance(0.95 if sizing == "risk" else 0.5):
        give("stop", 0.5, 5)
        if draw.chance(0.06):  # nearer than the slippage
            intent["stop"], intent["stop_pct"] = 0.02 * market.move, 0.0
    if draw.chance(0.3):
        give("trail", 0.5, 4)
        if draw.chance(0.5):
            give("trail_after", 0.5, 3)
    if draw.chance(0.35):
        give("even_after", 0.3, 2)
        if draw.chance(0.5):
            give("even_offset", 0.1, 0.5)
    if draw.chance(0.55):
        for k in range(1, 5):
            if draw.chance(0.75):
                give(f"target_{k}", 0.3, 3)
                intent[f"part_{k}"] = draw.one_of(*PARTS)
    if draw.chance(0.15):
        intent["time_stop"] = draw.whole(1, 10)
    if draw.chance(0.25):
        intent["weight"] = draw.one_of(0.25, 0.5, 0.9, 0.25, 0.5, 0.9, 1.25)
    if sizing == "volatility" and draw.chance(0.97):
        intent["volatility"] = market.move * draw.between(0.5, 2)
    intent["on_high"] = draw.one_of(0, 0, 1)
    if draw.chance(0.02):
        names = [name for name in SCRIPT_COLUMNS if name != "action" and not name.startswith("level")]
        intent[names[draw.whole(0, len(names) - 1)]] = draw.one_of(math.nan, -1.0, -0.01, math.inf)
    return intent


def script(draw: Draw, market: Market, frame: pd.DataFrame, sizing: str, reckless: bool) -> pd.DataFrame:
    table = {name: np.full(len(frame), default) for name, default in SCRIPT_COLUMNS.items()}
    entries, levels, leaves = draw.between(0.1, 0.6), draw.between(0, 0.2), draw.between(0, 0.02 if reckless else 0.1)
    for k, close in enumerate(frame["close"]):
        lot = draw.between(0, 1)
        intent: dict[str, float] = {}
        if lot < entries:
            intent = entry(draw, market, close, sizing)
            if reckless and draw.chance(0.8):
                intent = {"action": intent["action"], "time_stop": intent.get("time_stop", 0)}
        elif lot < entries + levels:
            intent = {"action": HOLD}
            if draw.chance(0.6):
                intent["level_stop"] = market.near(close, 2.0)
            if draw.chance(0.4):
                intent["level_target"] = market.near(close, 2.0)
        elif lot < entries + levels + leaves:
            intent = {"action": LEAVE}
        for name, value in intent.items():
            table[name][k] = value
    return pd.DataFrame(table, index=frame.index)


def account(draw: Draw, markets: list[Market], reckless: bool) -> Account:
    cash = draw.one_of(1_000, 10_000, 100_000)
    margin = reckless or draw.chance(0.7)
    leverage = draw.one_of(1, 2, 10, 25, 50, 100) if margin else 1
    some = markets[draw.whole(0, len(markets) - 1)]
    unit = some.price * some.instrument.multiplier
    share = draw.one_of(0.1, 0.4, 0.95, 1.0, 0.3 * leverage, 0.9 * leverage)
    cap, safety = draw.one_of(0.3, 0.95, 1.0), draw.one_of(0, 0.25, 0.5)
    if reckless:
        leverage = draw.one_of(10, 25, 50)
        share, cap, safety = draw.between(0.4, 0.9) * leverage / len(markets) ** 0.5, 0.95, draw.one_of(0, 0, 0.5, 0.7)
    lots = share * cash / unit
    sizing = (
        Sizing.fraction(share),
        Sizing.risk(draw.between(0.002, 0.02)),
        Sizing.notional(0.987 * share * cash),  # rounder amounts can lie 1e-9 from a lot step to the last digit
        Sizing.volatility(draw.one_of(0.002, 0.01, 0.1, 0.5)),
        Sizing.lots(max(float(round(lots)), 1.0) if draw.chance(0.7) else lots),
    )[int(draw.one_of(0, 2, 4)) if reckless else draw.whole(0, 4)]
    several = len(markets) > 1
    ticks = draw.one_of(0, 0, 0, 1, 2.5) if all(market.instrument.tick for market in markets) else 0
    return Account(
        cash=cash,
        kind="margin" if margin else "cash",
        costs=Costs(
            fee=draw.one_of(0, 0, 0.0004, 0.001),
            slippage_bps=draw.one_of(0, 0, 2, 10),
            slippage_ticks=ticks,
            commission=draw.one_of(0, 0, 0, 0.5),
        ),
        sizing=sizing,
        cap=cap,
        leverage=leverage,
        maintenance=safety / leverage if margin else 0.0,
        max_positions=draw.whole(1, len(markets)) if several and draw.chance(0.4) else 0,
        max_exposure=draw.one_of(0.5, 1, 2) * leverage**0.5 if not reckless and draw.chance(0.3) else math.inf,
        max_correlation=draw.between(0.1, 0.9) if several and draw.chance(0.35) else math.inf,
        correlation_bars=draw.whole(10, 20),
    )


def random_scene(seed: int) -> Scene:
    """The scene of this seed, always the same one."""
    draw = Draw(seed)
    symbols = ["A", "B", "C", "D", "E"][: int(draw.one_of(1, 1, 2, 3, 5))]
    times = pd.date_range("2024-01-01 01:00", periods=draw.whole(40, 150), freq="h", tz="UTC", name="time")
    times = times.as_unit("ns")
    common, shared = [draw.normal() for _ in times], draw.one_of(0.0, 0.5, 0.9)
    markets = [Market(draw, symbol) for symbol in symbols]
    reckless = draw.chance(0.5)  # margin calls and ruin
    wallet = account(draw, markets, reckless)
    instruments, bars, scripts = {}, {}, {}
    for market in markets:
        frame = market.bars(times, common, shared)
        if len(symbols) > 1:
            start = draw.whole(0, len(times) // 4) if draw.chance(0.3) else 0
            end = draw.whole(len(times) * 3 // 4, len(times)) if draw.chance(0.3) else len(times)
            frame = frame.iloc[start:end]
        if draw.chance(0.4):
            frame = frame[draw.rng.random(len(frame)) > 0.1]
        tool = market.instrument
        if wallet.kind == "margin" and draw.chance(0.25):
            each = market.price * tool.multiplier / wallet.leverage
            tool = Instrument(
                tool.symbol, tool.tick, tool.lot_step, tool.multiplier, tool.minimum_notional,
                initial_margin=each, maintenance_margin=each * draw.one_of(0, 0.5, 0.9),
            )  # fmt: skip
        bars[market.symbol], instruments[market.symbol] = frame, tool
        scripts[market.symbol] = script(draw, market, frame, wallet.sizing.mode, reckless)
    return Scene(
        bars=bars,
        instruments=instruments,
        account=wallet,
        script=scripts,
        reverse=draw.chance(0.4),
        cooldown=int(draw.one_of(0, 0, 1, 3)),
    )


class Watched(Reference):
    """Counts what happens in a scene, and where in the bar."""

    def __init__(self, scene: Scene, seen: Counter[str]) -> None:
        super().__init__(scene)
        self.seen, self.place = seen, "at the close"

    def exit(self, book: Book, bar: Numbers, at_open: bool) -> None:
        self.place = "at the open" if at_open else "inside the bar"
        super().exit(book, bar, at_open)
        self.place = "at the close"

    def leave(self, book: Book, held: Trade, quantity: float, price: float, reason: str) -> None:
        super().leave(book, held, quantity, price, reason)
        self.seen[f"{reason} {self.place}"] += 1

    def fill(self, book: Book, order: Trade, price: float, inside: bool) -> None:
        reversal = bool(self.rows) and (self.rows[-1].reason, self.rows[-1].time) == ("signal", self.now)
        super().fill(book, order, price, inside)
        if book.held:
            kind = "-".join(["stop"] * (order.at_stop > 0) + ["limit"] * (order.at_limit > 0)) or "market"
            self.seen[f"{kind} entry"] += 1
            self.seen[f"{kind} entry {'inside the bar' if inside else 'at the open'}"] += 1
            self.seen[f"entry sized by {self.account.sizing.mode}"] += 1
            self.seen["reversal"] += reversal


def coverage(seeds: Iterable[int]) -> Counter[str]:
    """How often each reason, each kind of filled entry and some combinations of rules occur."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        scene = random_scene(seed)
        seen.update(["scene", f"scene of {len(scene.bars)} symbols", f"scene on a {scene.account.kind} account"])
        rows, _ = Watched(scene, seen).run()
        seen.update(row.reason for row in rows)
    return seen
