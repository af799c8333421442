"""Hand-worked candle tables for every rule of docs/execution.md, as data that any engine can run.

A case is a few bars, intents by bar number and the ledger that a trader works out on paper:

    case("gap through the stop", "100 101 99 100 | 100 101 99 100 | 95 96 94 95",
         {1: buy(stop=2)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 95 stop")

Bars are "open high low close", numbered from 1; "-" is a stamp without a bar. Intents are decided on that bar's close.
Expected rows: stamp [symbol] side quantity @ price reason [fee x] [#order]; no fee means 0; no order number means not
looked at. Position after each row is checked by adding the fills up. Unless a case says otherwise: margin account of
10 000, no costs, one lot, no tick. `mirrored` cases run a second time upside down: prices p become 200 - p, buys sells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from parity.scene import HOLD, LEAVE, LONG, SCRIPT_COLUMNS, SHORT, Row, Scene

from feeds.instrument import Instrument
from strategies.execution.account import Account, Costs, Sizing

Intent = Mapping[str, float]
FREE = Costs(fee=0, slippage_bps=0)
PLAIN = Account(cash=10_000, kind="margin", costs=FREE, sizing=Sizing.lots(1), leverage=10)
CASH = replace(PLAIN, kind="cash", leverage=1)
TOLERANCE = 1e-9


def buy(**arguments: float) -> Intent:
    return {"action": LONG, **arguments}


def short(**arguments: float) -> Intent:
    return {"action": SHORT, **arguments}


def hold(stop: float = float("nan"), target: float = float("nan")) -> Intent:
    return {"action": HOLD, "level_stop": stop, "level_target": target}


leave: Intent = {"action": LEAVE}


def bars(text: str) -> pd.DataFrame:
    """Hourly bars of a notation like "100 101 99 100 | - | 95 96 94 95"."""
    cells = text.split("|")
    times = pd.date_range("2024-01-01 01:00", periods=len(cells), freq="h", tz="UTC", name="time").as_unit("ns")
    filled = {t: [float(x) for x in cell.split()] for t, cell in zip(times, cells, strict=True) if cell.strip() != "-"}
    frame = pd.DataFrame.from_dict(filled, orient="index", columns=["open", "high", "low", "close"])
    frame.index = pd.DatetimeIndex(frame.index, name="time")
    return frame.assign(volume=1.0)


def script(frame: pd.DataFrame, intents: Mapping[int, Intent]) -> pd.DataFrame:
    table = pd.DataFrame(SCRIPT_COLUMNS, index=frame.index)
    for number, intent in intents.items():
        time = stamp(number)
        if time not in frame.index:
            raise ValueError(f"bar {number}: no bar there to decide on")
        for name, value in intent.items():
            if name not in SCRIPT_COLUMNS:
                raise ValueError(f"bar {number}: no argument {name!r}")
            table.loc[time, name] = value
    return table


def stamp(number: int) -> pd.Timestamp:
    return pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(hours=number)


@dataclass(frozen=True)
class Expected:
    """One row as written in a case."""

    bar: int
    symbol: str
    side: str
    quantity: float
    price: float
    reason: str
    fee: float = 0.0
    order_id: int = 0

    def __str__(self) -> str:
        number = f" #{self.order_id}" if self.order_id else ""
        words = f"{self.bar} {self.symbol} {self.side} {self.quantity:.10g} @ {self.price:.10g} {self.reason}"
        return words + (f" fee {self.fee:.10g}" if self.fee else "") + number


def rows(text: str) -> tuple[Expected, ...]:
    return tuple(row(line) for line in text.split("|")) if text.strip() else ()


def row(text: str) -> Expected:
    words = text.split()
    symbol = "A" if words[1] in ("buy", "sell") else words.pop(1)
    bar, side, quantity, at, price, reason, *rest = words
    assert at == "@" and side in ("buy", "sell"), text
    extra: dict[str, Any] = {}
    while rest:
        word = rest.pop(0)
        if word == "fee":
            extra["fee"] = float(rest.pop(0))
        else:
            assert word.startswith("#"), text
            extra["order_id"] = int(word[1:])
    return Expected(int(bar), symbol, side, float(quantity), float(price), reason, **extra)


@dataclass(frozen=True)
class Case:
    """A scene with the ledger that the text asks for. `equity`: after the last stamp, None = not looked at."""

    name: str
    scene: Scene
    expected: tuple[Expected, ...]
    equity: float | None = None


def mirror(case: Case) -> Case:
    """The same case upside down: price p becomes 200 - p, long becomes short."""

    def flip(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(
            open=200 - frame["open"], high=200 - frame["low"], low=200 - frame["high"], close=200 - frame["close"]
        )

    def turn(table: pd.DataFrame) -> pd.DataFrame:
        turned = table.copy()
        turned["action"] = table["action"].map({HOLD: HOLD, LONG: SHORT, SHORT: LONG, LEAVE: LEAVE})
        for name in ("at_stop", "at_limit", "level_stop", "level_target"):
            turned[name] = (200 - table[name]).where(table[name] != 0, 0)
        return turned

    scene = replace(
        case.scene,
        bars={symbol: flip(frame) for symbol, frame in case.scene.bars.items()},
        script={symbol: turn(table) for symbol, table in case.scene.script.items()},
    )
    other = {"buy": "sell", "sell": "buy"}
    expected = tuple(replace(row, side=other[row.side], price=200 - row.price) for row in case.expected)
    return Case(case.name + ", mirrored", scene, expected, case.equity)


def compare(ledger: list[Row], case: Case, equity: float | None = None) -> str:
    """Empty when `ledger` is what the case expects; else a readable difference."""
    problems, position = [], dict.fromkeys(case.scene.bars, 0.0)
    for k in range(max(len(ledger), len(case.expected))):
        got = ledger[k] if k < len(ledger) else None
        want = case.expected[k] if k < len(case.expected) else None
        if got is None or want is None or not _as_expected(got, want):
            problems.append(f"  row {k + 1}: want {want}\n          got  {got}")
        if got is not None:
            filled = 0.0 if got.reason.startswith("rejected") else got.quantity
            position[got.symbol] += filled if got.side == "buy" else -filled
            if abs(position[got.symbol] - got.position_after) > TOLERANCE:
                problems.append(f"  row {k + 1}: fills add up to {position[got.symbol]}, position_after in {got}")
    if equity is not None and case.equity is not None and abs(equity - case.equity) > 1e-6:
        problems.append(f"  last equity: want {case.equity}, got {equity}")
    return "\n".join([case.name, *problems]) if problems else ""


def _as_expected(got: Row, want: Expected) -> bool:
    words = (got.time, got.symbol, got.side, got.reason) == (stamp(want.bar), want.symbol, want.side, want.reason)
    order = want.order_id in (0, got.order_id)
    numbers = ((got.quantity, want.quantity), (got.price, want.price), (got.fee, want.fee))
    return words and order and all(abs(a - b) <= TOLERANCE * max(1, abs(b)) for a, b in numbers)


CASES: list[Case] = []


def case(
    name: str,
    text: str | Mapping[str, str],
    intents: Mapping[Any, Any],
    expected: str,
    *,
    account: Account = PLAIN,
    mirrored: bool = False,
    equity: float | None = None,
    tools: Mapping[str, Instrument] | None = None,
    reverse: bool = False,
    cooldown: int = 0,
    **instrument: float,
) -> None:
    """Add a case. One symbol "A": text and intents as they are; several: mappings by symbol."""
    texts = {"A": text} if isinstance(text, str) else dict(text)
    plans = {"A": intents} if isinstance(text, str) else {symbol: intents.get(symbol, {}) for symbol in texts}
    frames = {symbol: bars(line) for symbol, line in texts.items()}
    scene = Scene(
        bars=frames,
        instruments={symbol: (tools or {}).get(symbol, Instrument(symbol, **instrument)) for symbol in texts},
        account=account,
        script={symbol: script(frames[symbol], plans[symbol]) for symbol in texts},
        reverse=reverse,
        cooldown=cooldown,
    )
    CASES.append(Case(name, scene, rows(expected), equity))
    if mirrored:
        CASES.append(mirror(CASES[-1]))
