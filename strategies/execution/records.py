"""The four records that hold a simulation: contract terms, account, one book entry per symbol, ledger rows.

All fields are float64. A generated driver that serves one symbol keeps them in local variables; the event broker keeps
them in these arrays. `BOOK_NEEDS` says which fields a strategy can touch at all, so that a driver carries only what its
strategy uses.
"""

from __future__ import annotations

import numpy as np

ENTRY, SIGNAL, STOP, TRAIL, EVEN, TARGET, TIME, LIQUIDATION, RUIN, WINDOW_END = 1, 2, 3, 4, 5, 6, 10, 11, 12, 13
REJECT_LEVEL, REJECT_SIZE, REJECT_POSITION, REJECT_SHORT, REJECT_SLOTS = 20, 21, 22, 23, 24
REJECT_CORRELATION, REJECT_EXPOSURE, REJECT_CASH = 25, 26, 27

REASONS = {
    ENTRY: "entry",
    SIGNAL: "signal",
    STOP: "stop",
    TRAIL: "trail",
    EVEN: "break-even",
    TARGET: "target-1",
    TARGET + 1: "target-2",
    TARGET + 2: "target-3",
    TARGET + 3: "target-4",
    TIME: "time",
    LIQUIDATION: "liquidation",
    RUIN: "ruin",
    WINDOW_END: "window-end",
    REJECT_LEVEL: "rejected-level",
    REJECT_SIZE: "rejected-size",
    REJECT_POSITION: "rejected-position",
    REJECT_SHORT: "rejected-short",
    REJECT_SLOTS: "rejected-slots",
    REJECT_CORRELATION: "rejected-correlation",
    REJECT_EXPOSURE: "rejected-exposure",
    REJECT_CASH: "rejected-cash",
}

FRACTION, RISK, NOTIONAL, VOLATILITY, LOTS = 0, 1, 2, 3, 4


def _floats(names: str) -> np.dtype:
    return np.dtype([(name, np.float64) for name in names.split()])


TERMS = _floats(
    "multiplier tick_num tick_den lot_num lot_den minimum fee commission slip slip_money initial maintenance"
)

ACCOUNT = _floats(
    "cash equity start_cash margin leverage cap reverse sizing size_value maintenance slots exposure correlation "
    "correlation_bars ruined skip orders rows peak drawdown sum_r sum_rr sum_dd stamps trades wins gain "
    "loss fees exposed"
)

PENDING = (
    "p_side p_quantity p_order p_expires p_triggered p_at_stop p_at_limit p_stop p_stop_pct p_trail p_trail_pct "
    "p_trail_after p_trail_after_pct p_even_after p_even_after_pct p_even_offset p_even_offset_pct p_target_1 "
    "p_target_2 p_target_3 p_target_4 p_target_1_pct p_target_2_pct p_target_3_pct p_target_4_pct p_part_1 "
    "p_part_2 p_part_3 p_part_4 p_time_stop p_on_high"
)
BOOK = _floats(
    "quantity entry entry_quantity entry_bar exit_bar last order inside trade exit_reason stop stop_reason best "
    "trail trail_pct trail_after even_after even_offset target_1 target_2 target_3 target_4 "
    "target_quantity_1 target_quantity_2 target_quantity_3 target_quantity_4 time_stop on_high " + PENDING
)

LEDGER = _floats("stamp symbol side quantity price fee order reason position_after")

LEVELS = _floats("stop target_1 target_2 target_3 target_4")


def _book_needs() -> dict[str, tuple[tuple[str, ...], float]]:
    """Book field -> (verb arguments that make it live, its constant value when none of them is used)."""
    nan, inf = float("nan"), float("inf")
    stops = ("stop", "stop_pct", "trail", "trail_pct", "even_after", "even_after_pct", "hold.stop")
    trails, evens = ("trail", "trail_pct"), ("even_after", "even_after_pct")
    needs: dict[str, tuple[tuple[str, ...], float]] = {
        "stop": (stops, nan),
        "stop_reason": (stops, float(STOP)),
        "best": (trails + evens, 0.0),
        "trail": (("trail",), 0.0),
        "trail_pct": (("trail_pct",), 0.0),
        "trail_after": (("trail_after", "trail_after_pct"), 0.0),
        "even_after": (evens, 0.0),
        "even_offset": (("even_offset", "even_offset_pct"), 0.0),
        "inside": (("at_stop", "at_limit"), 0.0),
        "time_stop": (("time_stop",), 0.0),
        "on_high": (("on_high",), 0.0),
        "p_expires": (("expiry",), inf),
        "p_triggered": (("at_stop+at_limit",), 0.0),
    }
    for k in "1234":
        own = (f"target_{k}", f"target_{k}_pct") + (("hold.target",) if k == "1" else ())
        needs[f"target_{k}"] = (own, nan)
        needs[f"target_quantity_{k}"] = (own, 0.0)
    for name in PENDING.split():
        argument = name[2:]
        if name not in needs and argument not in ("side", "quantity", "order"):
            needs[name] = ((argument,), 1.0 if argument.startswith("part_") else 0.0)
    return needs


BOOK_NEEDS = _book_needs()
