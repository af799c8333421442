"""One rule set, three implementations: ours, vectorbt's `from_signals` in Rust, a loop in C.

The rules. EMA(fast) crosses above EMA(slow) on the close of a bar (above it now, not above it one bar before): buy at
the next open with `FRACTION` of the equity at that close's price. A stop `trail` under the fill is live at once; from
the next bar on it trails `trail` under the highest high since the fill, the fill's own bar included. It fills at the
stop, or at the open when the bar opens beyond it. Every fill pays `FEE` of its value. No slippage.
"""

# mypy: disable-error-code="no-untyped-def, index"

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import native
from benchmarks.sweeping import Swept
from feeds.bars import Bars
from indicators.ema import Ema
from indicators.engines.batch import arrays
from optimize.grid import Grid
from optimize.parameter_sets import ParameterSets
from strategies.base import Float, Int, Strategy, enter_long, hold, kernel
from strategies.execution.account import Account, Costs, Sizing

FEE, FRACTION, CASH = 0.001, 0.95, 10_000.0
PERIODS = 365.0 * 24.0  # hours of a year, for Sharpe
ACCOUNT = Account(cash=CASH, costs=Costs(fee=FEE, slippage_bps=0.0), sizing=Sizing.fraction(FRACTION), cap=1.0)
FIGURES = ("total return", "max drawdown", "Sharpe")
TRADE = ("entry_bar", "entry_price", "exit_bar", "exit_price", "quantity", "fees")


class EmaCrossTrail(Strategy):
    """Buys when a fast EMA crosses above a slow one; leaves by a trailing stop, `trail` of the price under the high."""

    fast, slow = Int(10, 2, 100), Int(30, 5, 300)
    trail = Float(0.05, 0.001, 0.5)
    ema_fast, ema_slow = Ema(period=fast), Ema(period=slow)

    @kernel
    def decide(ema_fast, ema_slow, position, trail):
        if position == 0.0 and ema_fast[-1] > ema_slow[-1] and ema_fast[-2] <= ema_slow[-2]:
            return enter_long(stop_pct=trail, trail_pct=trail, on_high=1)
        return hold()


def grid(sets: int) -> Grid:
    """At least `sets` combinations: 5 fast x 5 slow x as many trails from 1 % to 8 % as it takes."""
    trails = np.round(np.linspace(0.01, 0.08, max(1, -(-sets // 25))), 6)
    return Grid(EmaCrossTrail, {"fast": (5, 8, 12, 16, 20), "slow": (30, 45, 60, 90, 120), "trail": trails})


class Ours:
    """EmaCrossTrail through the product's sweep.

    pool: each average once, one row each; averages[j]: the rows of `pool` that set j reads, fast and slow. C and
    vectorbt take them from here.
    """

    def __init__(self, sets: int, bars: Bars) -> None:
        self.swept = Swept(grid(sets), bars, ACCOUNT, PERIODS)
        self.bars, self.first, self.last = bars, self.swept.first, self.swept.last
        self.pool = average_rows(self.swept.sets, bars)
        self.averages = self.swept.batch.picks
        self.trails = np.array([self.swept.grid.values(int(j))["trail"] for j in self.swept.numbers])

    def run(self) -> np.ndarray:
        """FIGURES of every set, one row each."""
        found = self.swept.run()
        return np.column_stack([found["total_return"], -found["max_drawdown"], found["sharpe"]])

    def trades(self, j: int) -> np.ndarray:
        """Trades of set j in `backtest`, one row of TRADE each."""
        rows = self.swept.backtest(j).ledger
        entries, exits = rows[rows["side"] == "buy"], rows[rows["side"] == "sell"]
        if len(entries) != len(exits) or (entries["reason"] != "entry").any():
            raise AssertionError(f"set {j}: an entry was rejected, so buys and sales do not pair up")
        bought, sold = (self.bars.times.get_indexer(side["time"]) for side in (entries, exits))
        fees = entries["fee"].to_numpy() + exits["fee"].to_numpy()
        return np.column_stack([bought, entries["price"], sold, exits["price"], exits["quantity"], fees])


def average_rows(sets: ParameterSets, bars: Bars) -> np.ndarray:
    """The averages that `sets` picks from, one row each."""
    cached: dict[Any, list[np.ndarray]] = {}
    return np.array([arrays(source[0], bars, cached)[source[1]] for source in sets.sources if source is not None])


class Native:
    """The loop of ema_cross.c."""

    def __init__(self, ours: Ours, library: ctypes.CDLL) -> None:
        self.ours, self.library, self.trails = ours, library, ours.trails
        self.library.sweep.restype = None
        self.rows = np.ascontiguousarray(ours.averages, dtype=np.int64)
        self.prices = [ours.bars.column(name) for name in ("open", "high", "low", "close")]

    @classmethod
    def build(cls, ours: Ours) -> Native | None:
        """Compile the C file; None without a compiler."""
        library = native.load(Path(__file__).with_name("ema_cross.c"))
        return None if library is None else cls(ours, library)

    def _sweep(self, start: int, stop: int, results: np.ndarray, trades: np.ndarray | None) -> None:
        p = self.ours
        whole, real = ctypes.c_long, ctypes.c_double

        def at(array: np.ndarray) -> Any:
            return ctypes.c_void_p(array.ctypes.data)

        self.library.sweep(
            whole(start),
            whole(stop),
            whole(p.first),
            whole(p.last),
            *map(at, self.prices),
            at(p.pool),
            whole(p.last),
            at(self.rows),
            at(self.trails),
            real(CASH),
            real(FRACTION),
            real(FEE),
            real(PERIODS),
            at(results),
            None if trades is None else at(trades),
        )

    def results(self) -> np.ndarray:
        """FIGURES, number of trades and of trades stopped on their entry bar, one row per set."""
        found = np.zeros((len(self.trails), 5))
        self._sweep(0, len(self.trails), found, None)
        return found

    def run(self) -> np.ndarray:
        """FIGURES of every set, one row each."""
        return self.results()[:, :3]

    def trades(self, j: int) -> np.ndarray:
        """Trades of set j, one row of TRADE each."""
        results, room = np.zeros((len(self.trails), 5)), np.zeros((self.ours.last, len(TRADE)))
        self._sweep(j, j + 1, results, room)
        return room[: int(results[j, 3])]


def quiet_end(bars: Bars, sets: int) -> Bars:
    """The bars without their last few: no set may buy on the last bar, which vectorbt cannot both buy and sell on."""
    combinations = ParameterSets(grid(sets))
    pool = average_rows(combinations, bars)
    pairs = {tuple(row) for row in combinations.of(np.arange(len(combinations.grid))).picks}
    last = len(bars)
    while any(_crosses(pool, fast, slow, last - 2) for fast, slow in pairs):
        last -= 1
    return bars if last == len(bars) else bars.window(end=bars.times[last - 1])


def _crosses(pool: np.ndarray, fast: int, slow: int, at: int) -> bool:
    return bool(pool[fast, at] > pool[slow, at] and pool[fast, at - 1] <= pool[slow, at - 1])
