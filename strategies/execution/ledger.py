"""The ledger: rows of fills and rejections, and the money that follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from strategies.execution.records import REASONS, REJECT_LEVEL

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("time", "symbol", "side", "quantity", "price", "fee", "order_id", "reason", "position_after")


def to_frame(rows: np.ndarray, stamps: pd.DatetimeIndex, symbols: tuple[str, ...]) -> pd.DataFrame:
    """Ledger records as the public table; columns as in COLUMNS."""
    import pandas as pd

    times = stamps[rows["stamp"].astype(np.int64)].as_unit("ns") if len(rows) else stamps[:0].as_unit("ns")
    names = np.array(symbols, dtype=object)
    return pd.DataFrame(
        {
            "time": times,
            "symbol": pd.Series(names[rows["symbol"].astype(np.int64)], dtype="str"),
            "side": pd.Series(np.where(rows["side"] > 0, "buy", "sell"), dtype="str"),
            "quantity": rows["quantity"].copy(),
            "price": rows["price"].copy(),
            "fee": rows["fee"].copy(),
            "order_id": rows["order"].astype(np.int64),
            "reason": pd.Series([REASONS[int(reason)] for reason in rows["reason"]], dtype="str"),
            "position_after": rows["position_after"].copy(),
        },
        columns=list(COLUMNS),
    )


def fills_only(rows: np.ndarray) -> np.ndarray:
    """Ledger records without the rejections."""
    return rows[rows["reason"] < REJECT_LEVEL]


def equity_curve(
    rows: np.ndarray, closes: np.ndarray, first: int, multipliers: np.ndarray, cash: float, ruined: bool
) -> np.ndarray:
    """Equity after each stamp from `first` on: cash plus positions at their last close.

    rows: ledger records. closes: (stamps, symbols), NaN where a symbol has no bar. The arithmetic follows the rows in
    order, so the result equals the engine's own equity to the last bit. Ruin leaves 0 from its stamp on.
    """
    fills = fills_only(rows)
    stamps = fills["stamp"].astype(np.int64)
    symbols = fills["symbol"].astype(np.int64)
    value = fills["quantity"] * fills["price"] * multipliers[symbols]
    moves = np.where(fills["side"] > 0, -(value + fills["fee"]), value - fills["fee"])
    path = np.cumsum(np.concatenate([[cash], moves]))
    total, count = len(closes), len(closes[0])
    equity = path[np.searchsorted(stamps, np.arange(total), side="right")]
    for s in range(count):
        own = symbols == s
        if not own.any():
            continue
        after = np.concatenate([[0.0], fills["position_after"][own]])
        position = after[np.searchsorted(stamps[own], np.arange(total), side="right")]
        held = position != 0
        equity[held] += position[held] * _carried(closes[:, s])[held] * multipliers[s]
    if ruined:
        equity[int(stamps[-1]) :] = 0.0
    return equity[first:]


def _carried(prices: np.ndarray) -> np.ndarray:
    """The last known price at each stamp."""
    known = np.where(np.isnan(prices), -1, np.arange(len(prices)))
    last = np.maximum.accumulate(known)
    return np.where(last >= 0, prices[np.maximum(last, 0)], np.nan)
