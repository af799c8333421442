"""The rules of ema_cross.py in vectorbt, said so that it trades the same.

- Signals sit one row later than the close that gave them, at the price `open`: the next open. Its rows begin one bar
  after ours, on the first bar that can buy, so that both have a return per row.
- Size: we fix the quantity on the close that decides, FRACTION x equity / close. vectorbt sizes at the fill, so its
  percent of cash is FRACTION x open / close x (1 + fee): the same quantity.
- Trailing stop: vectorbt's follows highs, from the row after the entry's. Its first reference price is the entry's
  valuation price, given as the high of the entry bar: from then on it is ours.
- End: a position is sold on the last row at the close, as ours is.
- What it has no word for: a stop that is live on the entry bar. Those trades are counted and left out.

In its favour: signals are ready before the clock starts (we and C look for the cross while timed), arrays in the
order that its loop reads, indexes without dates, the Rust engine, as many columns at once as run fastest, every cache
on; and beside the methods of Portfolio, which spend a third of the time wrapping tables, the functions under them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt
from vectorbt.portfolio import dispatch
from vectorbt.returns import dispatch as figures

from benchmarks.ema_cross import CASH, FEE, FRACTION, PERIODS, Ours

CHUNK = 50
RUST: dict[str, Any] = {"engine": "rust"}


class Peer:
    """vectorbt's Portfolio.from_signals in Rust, `chunk` parameter sets at a time."""

    def __init__(self, ours: Ours, chunk: int = CHUNK) -> None:
        self.ours = ours
        first, last = ours.first + 1, ours.last
        columns = (ours.bars.column(name)[first:last] for name in ("open", "high", "low", "close"))
        self.open, self.high, self.low, self.close = (np.ascontiguousarray(column.reshape(-1, 1)) for column in columns)
        before = ours.bars.column("close")[first - 1 : last - 1].reshape(-1, 1)
        self.share = FRACTION * self.open / before * (1.0 + FEE)
        if self.share.max() > 1.0:
            row = int(self.share.argmax())
            raise ValueError(f"row {row} gaps up too far to buy with {FRACTION} of the cash; use calmer bars")
        self.price, self.exits = self.open.copy(), np.zeros(self.open.shape, dtype=bool)
        self.price[-1], self.exits[-1] = self.close[-1], True
        self.entries = np.asfortranarray(self._signals())
        self.trails = ours.trails.reshape(1, -1)
        self.closes = [
            self._close(start, min(start + chunk, self.trails.size)) for start in range(0, self.trails.size, chunk)
        ]

    def _signals(self) -> np.ndarray:
        o = self.ours
        fast, slow = (o.pool[o.averages[:, k], o.first - 1 : o.last - 1] for k in (0, 1))
        above = fast > slow
        return (above[:, 1:] & ~above[:, :-1]).T

    def _close(self, start: int, stop: int) -> pd.DataFrame:
        wide = np.asfortranarray(np.broadcast_to(self.close, (len(self.close), stop - start)))
        return pd.DataFrame(wide, columns=pd.RangeIndex(start, stop))

    def portfolios(self) -> Iterator[Any]:
        """One Portfolio after the other; together they hold all sets."""
        for close in self.closes:
            sets = slice(int(close.columns[0]), int(close.columns[0]) + close.shape[1])
            yield vbt.Portfolio.from_signals(
                close,
                entries=self.entries[:, sets],
                exits=self.exits,
                size=self.share,
                size_type="percent",
                price=self.price,
                val_price=self.high,
                fees=FEE,
                open=self.open,
                high=self.high,
                low=self.low,
                sl_stop=self.trails[:, sets],
                sl_trail=True,
                stop_entry_price="valprice",
                stop_exit_price="stoplimit",
                init_cash=CASH,
                freq="1h",
                direction="longonly",
                engine="rust",
            )

    def simulate(self) -> None:
        """The simulation alone, without any figure."""
        for _ in self.portfolios():
            pass

    def run(self) -> np.ndarray:
        """FIGURES of every set, one row each, from the methods of Portfolio: as a user writes it."""
        year = f"{PERIODS:.0f}h"
        return np.concatenate(
            [
                np.column_stack([pf.total_return(), -pf.max_drawdown(), pf.sharpe_ratio(year_freq=year)])
                for pf in self.portfolios()
            ]
        )

    def run_functions(self) -> np.ndarray:
        """The same from the Rust functions under those methods, without a table in between."""
        return np.concatenate([self._figures(pf) for pf in self.portfolios()])

    def _figures(self, pf: Any) -> np.ndarray:
        shape, orders = pf.wrapper.shape_2d, pf.orders
        places = orders.col_mapper.col_map
        cash = np.full(shape[1], CASH)
        both = 2  # direction: long and short
        assets = dispatch.assets(dispatch.asset_flow(shape, orders.values, places, both, **RUST), **RUST)
        flow = dispatch.cash_flow(shape, orders.values, places, False, **RUST)
        held = dispatch.asset_value(pf.close.to_numpy(), assets, **RUST)
        value = dispatch.value(dispatch.cash(flow, cash, **RUST), held, **RUST)
        returns = figures.returns(value, cash, **RUST)
        sharpe = figures.sharpe_ratio(returns, PERIODS, 0.0, 1, **RUST)
        return np.column_stack([value[-1] / CASH - 1.0, -figures.max_drawdown(returns, **RUST), sharpe])

    def trades(self) -> list[np.ndarray]:
        """Trades of every set, one row of ema_cross.TRADE each."""
        found: list[np.ndarray] = []
        first = self.ours.first + 1
        for pf in self.portfolios():
            orders = pf.orders.values
            for column in range(pf.wrapper.shape_2d[1]):
                rows = orders[orders["col"] == column]
                entries, exits = rows[rows["side"] == 0], rows[rows["side"] == 1]
                if len(entries) != len(exits):
                    raise AssertionError(f"vectorbt left set {len(found)} with an open position")
                bars, fees = (entries["idx"] + first, exits["idx"] + first), entries["fees"] + exits["fees"]
                prices = (entries["price"], exits["price"])
                found.append(np.column_stack([bars[0], prices[0], bars[1], prices[1], exits["size"], fees]))
        return found
