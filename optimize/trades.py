"""Round trips: what a position earned from flat to flat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from feeds.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from feeds.bars import Bars

COLUMNS = (
    "symbol", "side", "entry_time", "exit_time", "quantity", "entry_price", "exit_price", "fees", "pnl", "return",
    "bars_held", "exit_reason", "legs",
)  # fmt: skip


def round_trips(fills: pd.DataFrame, bars: Mapping[str, Bars]) -> pd.DataFrame:
    """Closed trades of a ledger without its rejections, in the order in which they ended.

    One row per round trip of a symbol, flat to flat: side ("long" or "short"), quantity entered, average entry_price
    and exit_price, fees and pnl [money, costs included], return (pnl over the money entered), bars_held (bars of the
    symbol from entry to exit; 0 within one bar), exit_reason of the last leg, legs (number of exit fills). A position
    still open at the end of the ledger is no trade yet. Multipliers come from `bars`. Raises DataError, naming the
    row, for a fill that turns a position around or disagrees with position_after.
    """
    import pandas as pd

    found: list[dict[str, Any]] = []
    open_legs: dict[str, list[Any]] = {}
    held: dict[str, float] = {}
    for row in fills.itertuples(index=True):
        symbol = str(row.symbol)
        before, after = held.get(symbol, 0.0), float(cast("float", row.position_after))
        _check(row, before, after)
        open_legs.setdefault(symbol, []).append(row)
        held[symbol] = after
        if after == 0:
            found.append(_trade(symbol, open_legs.pop(symbol), bars[symbol]))
    table = pd.DataFrame(found, columns=list(COLUMNS))
    return table if found else _typed(table)


def exit_legs(fills: pd.DataFrame, bars: Mapping[str, Bars]) -> pd.DataFrame:
    """What each exit fill of the closed trades earned: symbol, time, reason, quantity, pnl [money].

    pnl: against the trade's average entry, less its own fee and its share of the entry fees. The legs of a trade add up
    to the trade's pnl.
    """
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    waiting: dict[str, list[Any]] = {}
    for row in fills.itertuples(index=True):
        legs = waiting.setdefault(str(row.symbol), [])
        legs.append(row)
        if row.position_after == 0:
            rows += _legs(legs, bars[str(row.symbol)].instrument.multiplier)
            legs.clear()
    return pd.DataFrame(rows, columns=["symbol", "time", "reason", "quantity", "pnl"])


def _legs(legs: list[Any], multiplier: float) -> list[tuple[Any, ...]]:
    into = [leg for leg in legs if leg.side == legs[0].side]
    entered = sum(leg.quantity for leg in into)
    price, fee = sum(leg.quantity * leg.price for leg in into) / entered, sum(leg.fee for leg in into) / entered
    sign = multiplier if legs[0].side == "buy" else -multiplier
    return [
        (
            leg.symbol,
            leg.time,
            leg.reason,
            leg.quantity,
            sign * (leg.price - price) * leg.quantity - leg.fee - fee * leg.quantity,
        )
        for leg in legs
        if leg.side != legs[0].side
    ]


def _check(row: Any, before: float, after: float) -> None:
    change = row.quantity if row.side == "buy" else -row.quantity
    where = f"ledger row {row.Index} ({row.time}, {row.side} {row.quantity!r} {row.symbol})"
    if abs(before + change - after) > 1e-9 * max(abs(before), abs(after), row.quantity):
        raise DataError(f"{where}: position {before!r} becomes {after!r}; rows are missing or in the wrong order")
    if before * after < 0:
        raise DataError(f"{where}: turns {before!r} into {after!r}; write the exit and the entry as two rows")


def _trade(symbol: str, legs: list[Any], bars: Bars) -> dict[str, Any]:
    opening = legs[0].side
    into = [leg for leg in legs if leg.side == opening]
    out = [leg for leg in legs if leg.side != opening]
    entered, left = (float(sum(leg.quantity for leg in part)) for part in (into, out))
    paid, received = (float(sum(leg.quantity * leg.price for leg in part)) for part in (into, out))
    fees = float(sum(leg.fee for leg in legs))
    sign = 1.0 if opening == "buy" else -1.0
    multiplier = bars.instrument.multiplier
    pnl = sign * (received - paid) * multiplier - fees
    first, last = bars.times.searchsorted([legs[0].time, legs[-1].time], side="right")
    return {
        "symbol": symbol, "side": "long" if sign > 0 else "short",
        "entry_time": legs[0].time, "exit_time": legs[-1].time, "quantity": entered,
        "entry_price": paid / entered, "exit_price": received / left, "fees": fees, "pnl": pnl,
        "return": pnl / (abs(paid) * multiplier) if paid else np.nan, "bars_held": int(last - first),
        "exit_reason": str(legs[-1].reason), "legs": len(out),
    }  # fmt: skip


def _typed(empty: pd.DataFrame) -> pd.DataFrame:
    kinds = {"symbol": "str", "side": "str", "exit_reason": "str", "bars_held": "int64", "legs": "int64"}
    kinds |= dict.fromkeys(("entry_time", "exit_time"), "datetime64[ns, UTC]")
    kinds |= dict.fromkeys(("quantity", "entry_price", "exit_price", "fees", "pnl", "return"), "float64")
    return empty.astype(kinds)
