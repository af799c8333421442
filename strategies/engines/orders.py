"""The exact broker's backtrader side: order objects, positions and notifications that follow from its records."""

from __future__ import annotations

import collections
from typing import Any

import backtrader as bt
import numpy as np
from backtrader.order import BuyOrder, Order, SellOrder
from backtrader.position import Position

from strategies.execution.records import ENTRY, EVEN, REASONS, REJECT_LEVEL, STOP, TARGET, TRAIL

BOOK_READ = ("quantity", "last", "stop", "exit_reason", "p_side", "p_order", "p_quantity", "p_at_stop", "p_at_limit")


class OrderDesk(bt.BrokerBase):
    """Turns ledger rows and book entries into what backtrader's strategies, analyzers and observers see.

    Records are read through views of their columns: reading a field of a record by name costs ten times as much.
    """

    def __init__(self) -> None:
        super().__init__()
        self.datas: list[Any] = []
        self.owner: Any = None
        self.notifications: collections.deque[Any] = collections.deque()
        self.positions: dict[Any, Position] = collections.defaultdict(Position)

    def open_desk(self, owner: Any, datas: list[Any], book: np.ndarray, ledger: np.ndarray) -> None:
        """Start without orders for a host and its feeds."""
        count = len(datas)
        self.owner, self.datas = owner, datas
        self.book, self.ledger, self.delivered = book, ledger, 0
        self.field = {name: book[name] for name in BOOK_READ}
        self._targets_read = [(k, book[f"target_{k}"], book[f"target_quantity_{k}"]) for k in range(1, 5)]
        self.entries: list[Order | None] = [None] * count
        self.exits: list[Order | None] = [None] * count
        self.stops: list[Order | None] = [None] * count
        self.targets: list[dict[int, Order]] = [{} for _ in range(count)]

    # -- what a host sends -----------------------------------------------------------------------------------------

    def buy(
        self,
        owner: Any,
        data: Any,
        size: float,
        price: Any = None,
        plimit: Any = None,
        exectype: Any = None,
        valid: Any = None,
        tradeid: int = 0,
        **kwargs: Any,
    ) -> Order:
        return self._order(BuyOrder, owner, data, size, price, plimit, exectype, tradeid, kwargs)

    def sell(
        self,
        owner: Any,
        data: Any,
        size: float,
        price: Any = None,
        plimit: Any = None,
        exectype: Any = None,
        valid: Any = None,
        tradeid: int = 0,
        **kwargs: Any,
    ) -> Order:
        return self._order(SellOrder, owner, data, size, price, plimit, exectype, tradeid, kwargs)

    def _order(
        self,
        cls: Any,
        owner: Any,
        data: Any,
        size: float,
        price: Any,
        plimit: Any,
        exectype: Any,
        tradeid: int,
        kwargs: dict[str, Any],
    ) -> Order:
        role = kwargs.pop("role", "")
        order = cls(
            owner=owner,
            data=data,
            size=size,
            price=price,
            pricelimit=plimit,
            exectype=exectype,
            tradeid=tradeid,
            simulated=False,
        )
        order.addcomminfo(self.getcommissioninfo(data))
        order.addinfo(role=role)
        if not role:
            order.reject(self)
            order.addinfo(why="only the declared strategy's own intents trade on this broker")
        else:
            order.submit(self)
            self.notify(order)
            order.accept(self)
        self.notify(order)
        return order

    def cancel(self, order: Order) -> bool:
        """Orders follow from intents; a single one cannot be cancelled by hand."""
        return False

    def send_entry(self, s: int) -> None:
        """The order of a new entry in the book."""
        stop, limit = self.field["p_at_stop"].item(s), self.field["p_at_limit"].item(s)
        kind = Order.Market
        if stop and limit:
            kind = Order.StopLimit
        elif stop or limit:
            kind = Order.Stop if stop else Order.Limit
        send = self.owner.buy if self.field["p_side"].item(s) > 0 else self.owner.sell
        self.entries[s] = send(
            data=self.datas[s],
            size=self.field["p_quantity"].item(s),
            exectype=kind,
            price=(stop or limit) or None,
            plimit=limit if stop and limit else None,
            role="entry",
        )

    def send_exit(self, s: int) -> None:
        """The market order of an exit queued in the book."""
        quantity = self.field["quantity"].item(s)
        send = self.owner.sell if quantity > 0 else self.owner.buy
        self.exits[s] = send(
            data=self.datas[s],
            size=abs(quantity),
            exectype=Order.Market,
            role=REASONS[int(self.field["exit_reason"].item(s))],
        )

    # -- what the records say --------------------------------------------------------------------------------------

    def deliver(self, count: int) -> None:
        """Hand the ledger rows up to `count` that are new to backtrader, in order."""
        if count > self.delivered:
            for row in self.ledger[self.delivered : count].tolist():
                _, symbol, side, quantity, price, fee, _, reason, after = row
                if reason >= REJECT_LEVEL:
                    self._deliver_rejection(int(symbol), int(reason), side, quantity, price)
                else:
                    self._deliver_fill(int(symbol), int(reason), quantity * side, price, fee, after)
            self.delivered = count

    def _deliver_rejection(self, s: int, reason: int, side: float, quantity: float, price: float) -> None:
        order = self.entries[s]
        if order is None:
            if not quantity:
                return
            cls = BuyOrder if side > 0 else SellOrder
            order = cls(
                owner=self.owner, data=self.datas[s], size=quantity, price=price, exectype=Order.Market, simulated=False
            )
            order.addcomminfo(self.getcommissioninfo(self.datas[s]))
        order.addinfo(role="entry", why=REASONS[reason])
        order.reject(self)
        self.notify(order)
        self.entries[s] = None

    def _deliver_fill(self, s: int, reason: int, size: float, price: float, fee: float, after: float) -> None:
        order = self._order_for(s, reason, size, price)
        data = self.datas[s]
        comminfo = self.getcommissioninfo(data)
        position = self.positions[data]
        was = position.price
        _, pprice, opened, closed = position.update(size, price, data.datetime.datetime(0))
        position.size = after
        if not after:
            position.price = pprice = 0.0
        pnl = comminfo.profitandloss(-closed, was, price) if closed else 0.0
        order.created.size = size
        order.size = size
        order.executed.remsize = size
        order.execute(
            data.datetime[0],
            size,
            price,
            closed,
            comminfo.getvaluesize(-closed, was),
            fee if closed else 0.0,
            opened,
            comminfo.getvaluesize(opened, price),
            fee if opened else 0.0,
            comminfo.margin,
            pnl,
            after,
            pprice,
        )
        self.notify(order)
        if reason == ENTRY:
            self.entries[s] = None
        elif not after:
            self.cancel_exits(s)

    def _order_for(self, s: int, reason: int, size: float, price: float) -> Order:
        """The order that this fill belongs to, created when the venue side of the convention made it."""
        found: Order | None = None
        if reason == ENTRY:
            found = self.entries[s]
        elif reason in (STOP, TRAIL, EVEN):
            found, self.stops[s] = self.stops[s], None
        elif TARGET <= reason < TARGET + 4:
            found = self.targets[s].pop(reason - TARGET + 1, None)
        else:
            found, self.exits[s] = self.exits[s], None
        if found is None:
            found = self._resting(s, Order.Market, size, price, REASONS[reason])
        found.addinfo(reason=REASONS[reason])
        return found

    def _resting(self, s: int, kind: int, size: float, price: float, role: str) -> Order:
        cls = BuyOrder if size > 0 else SellOrder
        order = cls(owner=self.owner, data=self.datas[s], size=abs(size), price=price, exectype=kind, simulated=False)
        order.addcomminfo(self.getcommissioninfo(self.datas[s]))
        order.addinfo(role=role)
        order.submit(self)
        self.notify(order)
        order.accept(self)
        self.notify(order)
        return order

    def sync_exits(self, s: int, quantity: float) -> None:
        """Stop and target orders of a position at their present levels."""
        level = self.field["stop"].item(s)
        if level == level:
            stop = self.stops[s]
            if stop is None:
                self.stops[s] = self._resting(s, Order.Stop, -quantity, level, "stop")
            elif stop.created.price != level:
                stop.created.price = stop.price = level
        live = self.targets[s]
        for k, levels, quantities in self._targets_read:
            level = levels.item(s)
            if level == level:
                order = live.get(k)
                if order is None:
                    size = min(quantities.item(s), abs(quantity))
                    live[k] = self._resting(s, Order.Limit, -size if quantity > 0 else size, level, f"target-{k}")
                elif order.created.price != level:
                    order.created.price = order.price = level

    def cancel_order(self, orders: list[Order | None], s: int) -> None:
        """Cancel and forget one symbol's order of a kind."""
        order = orders[s]
        if order is not None and order.alive():
            order.cancel()
            self.notify(order)
        orders[s] = None

    def cancel_exits(self, s: int) -> None:
        """Cancel a symbol's stop, exit and targets."""
        self.cancel_order(self.stops, s)
        self.cancel_order(self.exits, s)
        for order in self.targets[s].values():
            if order.alive():
                order.cancel()
                self.notify(order)
        self.targets[s] = {}

    def notify(self, order: Order) -> None:
        self.notifications.append(order.clone())

    def get_notification(self) -> Any:
        return self.notifications.popleft() if self.notifications else None

    def getposition(self, data: Any) -> Position:
        return self.positions[data]
