"""What the cells of the matrix reach: exit reasons, refusals and kinds of entry orders, counted in vector and event."""

from __future__ import annotations

from collections import Counter
from typing import Any

import backtrader as bt
import numpy as np

from strategies.execution.records import ENTRY, REASONS

EXITS = tuple(reason for reason in REASONS.values() if reason != "entry" and not reason.startswith("rejected"))
REFUSALS = tuple(reason for reason in REASONS.values() if reason.startswith("rejected"))
ORDERS = {
    bt.Order.Market: "market", bt.Order.Stop: "stop", bt.Order.Limit: "limit", bt.Order.StopLimit: "stop-limit",
}  # fmt: skip
ENTRIES = tuple(f"{kind} {side}" for kind in ORDERS.values() for side in ("buy", "sell"))
TABLE = {"exits": EXITS, "filled entries": (*ENTRIES, "reversal"), "refusals": REFUSALS}
WANTED = 100


def reasons(rows: np.ndarray) -> Counter[str]:
    """Ledger rows by reason, and reversals: an entry that follows an exit by signal at the same open."""
    counts = Counter(REASONS[int(reason)] for reason in rows["reason"])
    entries = np.flatnonzero(rows["reason"] == ENTRY)
    left = {(row["stamp"], row["symbol"], row["side"]) for row in rows if REASONS[int(row["reason"])] == "signal"}
    counts["reversal"] = sum((rows[k]["stamp"], rows[k]["symbol"], rows[k]["side"]) in left for k in entries)
    return counts


def entry_counter(counts: Counter[str]) -> type[bt.Analyzer]:
    """A backtrader analyzer that adds the filled entry orders to `counts`, by kind and side."""

    class Entries(bt.Analyzer):
        def notify_order(self, order: Any) -> None:
            if order.status == order.Completed and order.info.role == "entry":
                counts[f"{ORDERS[order.exectype]} {'buy' if order.isbuy() else 'sell'}"] += 1

    return Entries


def missing(counts: Counter[str]) -> list[str]:
    """What the whole matrix reached too seldom."""
    names = [name for names in TABLE.values() for name in names]
    return [f"{name}: {counts[name]}, fewer than {WANTED}" for name in names if counts[name] < WANTED]


def text(counts: Counter[str]) -> str:
    lines = []
    for title, names in TABLE.items():
        lines.append(f"{title}:")
        lines += [f"  {name:<22}{counts[name]:>10,}" for name in names]
    return "\n".join(lines)
