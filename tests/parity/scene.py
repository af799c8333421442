"""A scene: bars, an account and a script of intents. Any engine can act it; its ledger is the outcome."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from feeds.instrument import Instrument
from strategies.execution.account import Account

HOLD, LONG, SHORT, LEAVE = 0, 1, -1, 2

ARGUMENTS: dict[str, float] = {
    **dict.fromkeys(("at_stop", "at_limit", "expiry", "stop", "stop_pct", "trail", "trail_pct"), 0.0),
    **dict.fromkeys(("trail_after", "trail_after_pct", "even_after", "even_after_pct"), 0.0),
    **dict.fromkeys(("even_offset", "even_offset_pct"), 0.0),
    **{f"target_{k}{form}": 0.0 for k in (1, 2, 3, 4) for form in ("", "_pct")},
    **{f"part_{k}": 1.0 for k in (1, 2, 3, 4)},
    "time_stop": 0.0,
    "weight": 1.0,
    "volatility": 0.0,
    "on_high": 0.0,
}
"""Every argument of an entry (docs/execution.md, section 2) with its default."""

LEVELS: dict[str, float] = {"level_stop": float("nan"), "level_target": float("nan")}
"""The prices of hold(stop=, target=); NaN = not given."""

SCRIPT_COLUMNS: dict[str, float] = {"action": 0.0, **ARGUMENTS, **LEVELS}


@dataclass(frozen=True)
class Scene:
    """What happens and what is decided; the whole span is the research window.

    bars: per symbol, in declared order; index = aware-UTC close times; open high low close volume. Symbols may miss
    stamps, start late and end early. script: per symbol, same index as its bars; `action` 0 hold, 1 enter_long,
    -1 enter_short, 2 leave, and one column for each of SCRIPT_COLUMNS. reverse: the strategy declares reverse = True.
    cooldown: the scripted strategy says hold() instead of an entry while since_exit < cooldown; since_exit = bars of
    that symbol since its last exit to flat, infinite before the first.
    """

    bars: dict[str, pd.DataFrame]
    instruments: dict[str, Instrument]
    account: Account
    script: dict[str, pd.DataFrame]
    reverse: bool = False
    cooldown: int = 0


@dataclass(frozen=True)
class Row:
    """One ledger row: a fill, or a rejection (reason "rejected-...")."""

    time: pd.Timestamp
    symbol: str
    side: str
    quantity: float
    price: float
    fee: float
    order_id: int
    reason: str
    position_after: float

    def __str__(self) -> str:
        return (
            f"{self.time:%m-%d %H:%M} {self.symbol} {self.side} {self.quantity:.10g} @ {self.price:.10g} {self.reason}"
            f" fee {self.fee:.6g} #{self.order_id} position {self.position_after:.10g}"
        )


def same(one: Row, other: Row, tolerance: float = 1e-9, money: float = 1e-6) -> bool:
    """Equal words, order number and time; quantities and prices to `tolerance` (relative), fees to `money`."""
    words = ("time", "symbol", "side", "order_id", "reason")
    if any(getattr(one, name) != getattr(other, name) for name in words):
        return False
    pairs = [(getattr(one, n), getattr(other, n)) for n in ("quantity", "price", "position_after")]
    return all(abs(a - b) <= tolerance * max(1.0, abs(b)) for a, b in pairs) and abs(one.fee - other.fee) <= money


def difference(rows: list[Row], expected: list[Row], context: int = 4) -> str:
    """Empty when the ledgers are the same; else the first row that differs, with what went before it."""
    for k in range(max(len(rows), len(expected))):
        got = rows[k] if k < len(rows) else None
        want = expected[k] if k < len(expected) else None
        if got is None or want is None or not same(got, want):
            before = [f"        {row}" for row in expected[max(0, k - context) : k]]
            return "\n".join([f"ledgers differ at row {k}", *before, f"  want  {want}", f"  got   {got}"])
    return ""
