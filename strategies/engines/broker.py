"""The backtrader broker that follows docs/execution.md: every fill comes from the same rules as the vector engine."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np

from feeds.errors import ConfigError
from strategies.engines.feed import instrument_of
from strategies.engines.feed_checks import check_bar, check_feeds
from strategies.engines.orders import OrderDesk
from strategies.execution.account import Account
from strategies.execution.drivers import account_program
from strategies.execution.records import LEDGER
from strategies.execution.setup import account_record, empty_book, terms_of


class ExactBroker(OrderDesk):
    """Keeps the account's records, matches them against every new bar and tells backtrader what follows."""

    def __init__(self, account: Account | None = None, reverse: bool = False) -> None:
        super().__init__()
        self.terms_of_account = account or Account()
        self.startingcash = self.cash = self.terms_of_account.cash
        self.reverse = reverse
        self.fundmode = False
        self.stamp = -1

    def attach(self, owner: Any, datas: list[Any]) -> None:
        """Bind to the host strategy and its feeds, in declared order; empties all records. ConfigError for a second
        host in the same run (one account would have two owners), and what `check_feeds` raises."""
        if self.owner is not None:
            raise ConfigError(
                f"{type(owner).__name__}: this Cerebro's account already trades for {type(self.owner).__name__}; "
                "run each declared strategy in a Cerebro of its own"
            )
        self._unchecked = check_feeds(owner, datas)
        account = self.terms_of_account
        count = len(datas)
        self.index = {data: s for s, data in enumerate(datas)}
        instruments = [instrument_of(data) for data in datas]
        self.terms = terms_of(instruments, account)
        self.record = account_record(account, self.reverse)
        self.open_desk(owner, list(datas), empty_book(count), np.zeros(4096, dtype=LEDGER))
        self._cash, self._equity = self.record["cash"], self.record["equity"]
        self._total, self._ruin = self.record["rows"], self.record["ruined"]
        program = account_program().module
        self._match, self._place, self._finish = program.match, program.place, program.finish
        self._rows = np.full((1, count), -1, dtype=np.int64)
        self._starts = np.zeros(count, dtype=np.int64)
        self._prices = [np.full(count, np.nan) for _ in range(4)]
        self._lines = [(data.open, data.high, data.low, data.close) for data in datas]
        self._clocks = [data.lines.lines[0] for data in datas]
        self._matrix = np.full((1024, count), np.nan) if account.max_correlation <= 1 else np.zeros((0, count))
        self._seen, self._fresh = [0] * count, [False] * count
        self._active = [False] * count
        self.busy = self.ruined = False
        self.stamp = -1
        for data, instrument in zip(datas, instruments, strict=True):
            self.comminfo[getattr(data, "_name", None)] = bt.CommissionInfo(
                mult=instrument.multiplier, commission=account.costs.fee
            )

    def start(self) -> None:
        """A new run of Cerebro: whoever traded before is gone."""
        super().start()
        self.owner = None

    # -- one bar ---------------------------------------------------------------------------------------------------

    def next(self) -> None:
        """Called by Cerebro before the strategy on every stamp: match what is resting against the new bars."""
        fresh, seen = self._fresh, self._seen
        for s, clock in enumerate(self._clocks):
            count = clock.lencount
            fresh[s] = count > seen[s]
            if fresh[s]:
                seen[s] = count
        if True not in fresh:
            return
        for s in self._unchecked:
            if fresh[s]:
                check_bar(self.datas[s])
        self.stamp += 1
        if len(self._matrix):
            self._remember_closes()
        if self.busy and not self.ruined:
            self._match_bars()

    def _match_bars(self) -> None:
        """Let the rules fill, mark and move levels, then bring backtrader's orders in line with the book."""
        rows, starts = self._rows, self._starts
        for s, count in enumerate(self._seen):
            if self._fresh[s]:
                rows[0, s] = s
                starts[s] = s - (count - 1)
                for values, line in zip(self._prices, self._lines[s], strict=True):
                    values[s] = line[0]
            else:
                rows[0, s] = -1
        self._make_room()
        self.deliver(
            int(
                self._match(
                    float(self.stamp),
                    rows,
                    starts,
                    self._matrix,
                    *self._prices,
                    self.terms,
                    self.record,
                    self.book,
                    self.ledger,
                )
            )
        )
        self.ruined = bool(self._ruin.item())
        field = self.field
        for s in range(len(rows[0])):
            pending, quantity = field["p_side"].item(s), field["quantity"].item(s)
            if not pending and self.entries[s] is not None:
                self.cancel_order(self.entries, s)
            if quantity:
                if self.exits[s] is None and field["exit_reason"].item(s):
                    self.send_exit(s)
                self.sync_exits(s, quantity)
            self._active[s] = bool(pending or quantity)
        self.busy = True in self._active
        self.cash = self._cash.item()

    def _remember_closes(self) -> None:
        if self.stamp >= len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.full_like(self._matrix, np.nan)])
        for s, fresh in enumerate(self._fresh):
            if fresh:
                self._matrix[self.stamp, s] = self._lines[s][3][0]

    def _make_room(self) -> None:
        if len(self.ledger) - self.delivered < 16 * (1 + len(self.datas)):
            self.ledger = np.concatenate([self.ledger, np.zeros_like(self.ledger)])

    def decide(self, data: Any, bar: int, intent: np.ndarray) -> None:
        """Apply a strategy's intent on this bar's close and send the orders that follow from it."""
        s, field = self.index[data], self.field
        side, order, leaving = field["p_side"].item(s), field["p_order"].item(s), field["exit_reason"].item(s)
        self._make_room()
        count = int(
            self._place(
                float(self.stamp), s, bar, self._lines[s][3][0], self.terms, self.record, self.book, self.ledger, intent
            )
        )
        pending, replaced = field["p_side"].item(s), field["p_order"].item(s) != order
        if side and (not pending or replaced):
            self.cancel_order(self.entries, s)
        if pending and replaced:
            self.send_entry(s)
        if not leaving and field["exit_reason"].item(s):
            self.send_exit(s)
        self.deliver(count)
        quantity = field["quantity"].item(s)
        if quantity:
            self.sync_exits(s, quantity)
        self._active[s] = bool(pending or quantity)
        self.busy = True in self._active

    def finish(self) -> None:
        """End of the window: close what is open at its last close."""
        if self.stamp >= 0:
            self._make_room()
            self.deliver(int(self._finish(float(self.stamp), self.terms, self.record, self.book, self.ledger)))
            for s in range(len(self.datas)):
                self.cancel_order(self.entries, s)
                self.cancel_exits(s)

    # -- settings that the account holds ---------------------------------------------------------------------------

    def setcommission(self, *args: Any, **kwargs: Any) -> None:
        """Refused: costs, leverage and margins are the account's and the instruments'."""
        raise ConfigError(
            "ExactBroker takes no setcommission; give it ExactBroker(Account(costs=Costs(fee=0.001))), leverage as "
            "Account(kind='margin', leverage=...), multiplier and margins as the feed's Instrument"
        )

    addcommissioninfo = setcommission

    def set_fundmode(self, fundmode: bool, fundstartval: float | None = None) -> None:
        """Refused but for False: the account is valued as a whole."""
        if fundmode or fundstartval is not None:
            raise ConfigError(
                f"ExactBroker takes no set_fundmode({fundmode}); leave it out: returns follow from getvalue()"
            )

    # -- money -----------------------------------------------------------------------------------------------------

    def getcash(self) -> float:
        return self._cash.item() if self.datas else self.cash

    get_cash = getcash

    def getvalue(self, datas: Any = None) -> float:
        """Equity: cash plus positions at their last close (of the account, or of the given feeds alone)."""
        if not self.datas:
            return self.cash
        if not datas:
            return self._equity.item()
        value = 0.0
        for data in datas:
            s = self.index[data]
            quantity = self.field["quantity"].item(s)
            if quantity:
                value += quantity * self.field["last"].item(s) * float(self.terms[s]["multiplier"])
        return value

    get_value = getvalue

    def get_fundvalue(self) -> float:
        return self.getvalue()

    def get_fundshares(self) -> float:
        return 1.0

    fundvalue = property(get_fundvalue)
    fundshares = property(get_fundshares)
