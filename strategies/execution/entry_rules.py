"""The execution convention, rule by rule: intents and entries. docs/execution.md, sections 2, 3, 4 and 6.

These functions are never called. Their bodies are pasted into the drivers (see builder.py) where a call to them
stands, because a call that takes arrays inside the bar loop costs several times the whole rule. Names mean the same in
all of them: `b` book entry, `c` contract terms, `a` account, `i` the symbol's own bar number, `t` stamp, `s` symbol,
`o h l cl` prices of the bar, `x_*` scratch. Capital names (SHORTS, TARGETS, RESTING, MANY, LIMITS, ...) are switches
that are known when the driver is written. A pasted rule may not return.
"""

# fmt: off
# ruff: noqa: F821, F841
# mypy: ignore-errors

from math import inf, nan

from strategies.execution.arithmetic import acceptable, correlated, entry_size
from strategies.execution.intent import HOLD, LEAVE
from strategies.execution.prices import fill_price, round_down, round_up
from strategies.execution.records import (
    ENTRY,
    REJECT_CASH,
    REJECT_CORRELATION,
    REJECT_EXPOSURE,
    REJECT_LEVEL,
    REJECT_POSITION,
    REJECT_SHORT,
    REJECT_SIZE,
    REJECT_SLOTS,
    SIGNAL,
)


def entry_fill():
    """Fill the pending entry at x_price before costs, or reject it (section 6); x_inside = 1 inside the bar."""
    x_buys = not SHORTS or b.p_side > 0.0
    x_market = x_price
    x_price = fill_price(x_price, x_buys, x_costly, c.slip, c.slip_money, c.tick_num, c.tick_den)
    x_value = b.p_quantity * x_price * c.multiplier
    x_fee = x_value * c.fee + b.p_quantity * c.commission
    x_reason = 1.0 * ENTRY
    if SHORTS and a.margin == 0.0:
        if not x_buys:
            x_reason = 1.0 * REJECT_SHORT
    if LIMITS:
        if x_reason == ENTRY:
            x_open_positions = 0.0
            x_gross = x_value
            if MANY:
                for j in range(len(book)):
                    if book[j].quantity != 0.0:
                        x_open_positions += 1.0
                        x_gross += abs(book[j].quantity) * book[j].last * terms[j].multiplier
            if x_open_positions >= a.slots:
                x_reason = 1.0 * REJECT_SLOTS
            elif MANY and a.correlation <= 1.0 and correlated(book, matrix, int(t), int(s), a.correlation,
                                                             a.correlation_bars):
                x_reason = 1.0 * REJECT_CORRELATION
            elif x_gross > a.exposure * a.equity:
                x_reason = 1.0 * REJECT_EXPOSURE
    if x_reason == ENTRY:
        if LIMITS and a.margin == 1.0:
            x_free = a.cash
            if MANY:
                for j in range(len(book)):
                    if book[j].quantity != 0.0:
                        x_free += book[j].quantity * book[j].last * terms[j].multiplier
                x_used = 0.0
                for j in range(len(book)):
                    if book[j].quantity != 0.0:
                        if terms[j].initial > 0.0:
                            x_used += abs(book[j].quantity) * terms[j].initial
                        else:
                            x_used += abs(book[j].quantity) * book[j].entry * terms[j].multiplier / a.leverage
                x_free -= x_used
            x_margin = b.p_quantity * c.initial if c.initial > 0.0 else x_value / a.leverage
            if x_margin + x_fee > x_free:
                x_reason = 1.0 * REJECT_CASH
        elif x_value + x_fee > a.cash:
            x_reason = 1.0 * REJECT_CASH
    x_side = 1.0 if x_buys else -1.0
    x_quantity = b.p_quantity
    x_order = b.p_order
    if x_reason == ENTRY:
        if x_buys:
            b.trade = -(x_value + x_fee)
            a.cash -= x_value + x_fee
            b.quantity = b.p_quantity
        else:
            b.trade = x_value - x_fee
            a.cash += x_value - x_fee
            b.quantity = -b.p_quantity
        a.fees += x_fee
        b.entry = x_price
        b.entry_quantity = b.p_quantity
        b.entry_bar = i
        b.order = b.p_order
        b.last = x_price
        b.best = x_price
        b.inside = x_inside
    else:
        x_fee = 0.0
    write_row()
    if x_reason == ENTRY:
        attach_exits()
    b.p_side = 0.0


def entries_at_open():
    """Section 4, step 2."""
    if b.p_side != 0.0 and b.quantity == 0.0:
        x_buys = not SHORTS or b.p_side > 0.0
        x_fills = True
        x_costly = True
        if RESTING:
            if b.p_at_stop > 0.0 and b.p_at_limit > 0.0:
                if o >= b.p_at_stop if x_buys else o <= b.p_at_stop:
                    b.p_triggered = 1.0
                x_costly = False
                x_fills = b.p_triggered == 1.0 and (o <= b.p_at_limit if x_buys else o >= b.p_at_limit)
            elif b.p_at_stop > 0.0:
                x_fills = o >= b.p_at_stop if x_buys else o <= b.p_at_stop
            elif b.p_at_limit > 0.0:
                x_costly = False
                x_fills = o <= b.p_at_limit if x_buys else o >= b.p_at_limit
        if x_fills:
            x_price = o
            x_inside = 0.0
            entry_fill()


def entries_inside():
    """Section 4, step 3, first half; then expiry."""
    if b.p_side != 0.0 and b.quantity == 0.0:
        x_buys = not SHORTS or b.p_side > 0.0
        x_fills = False
        x_costly = True
        x_price = nan
        if b.p_at_limit > 0.0:
            x_costly = False
            x_price = b.p_at_limit
            if b.p_at_stop == 0.0 or b.p_triggered == 1.0:
                x_fills = l <= b.p_at_limit if x_buys else h >= b.p_at_limit
            elif h >= b.p_at_stop if x_buys else l <= b.p_at_stop:
                b.p_triggered = 1.0
        elif b.p_at_stop > 0.0:
            x_price = b.p_at_stop
            x_fills = h >= b.p_at_stop if x_buys else l <= b.p_at_stop
        if x_fills:
            x_inside = 1.0
            entry_fill()
    if b.p_side != 0.0 and i >= b.p_expires:
        b.p_side = 0.0


def new_entry():
    """Number, check, size and queue an entry decided on this close (sections 2 and 3)."""
    a.orders += 1.0
    x_buys = not SHORTS or intent.action > 0.0
    x_reason = 0.0
    x_quantity = 0.0
    x_price = cl
    x_at_stop = 0.0
    x_at_limit = 0.0
    if b.quantity != 0.0 and a.reverse == 0.0:
        x_reason = 1.0 * REJECT_POSITION
    elif not acceptable(intent):
        x_reason = 1.0 * REJECT_LEVEL
    else:
        if RESTING:
            x_at_stop = intent.at_stop
            x_at_limit = intent.at_limit
            if x_at_stop > 0.0:
                if x_buys:
                    x_at_stop = round_up(x_at_stop, c.tick_num, c.tick_den)
                else:
                    x_at_stop = round_down(x_at_stop, c.tick_num, c.tick_den)
                x_price = x_at_stop
            if x_at_limit > 0.0:
                if x_buys:
                    x_at_limit = round_down(x_at_limit, c.tick_num, c.tick_den)
                else:
                    x_at_limit = round_up(x_at_limit, c.tick_num, c.tick_den)
                if x_price > 0.0:
                    x_price = x_at_limit
        if x_price <= 0.0 or (b.quantity != 0.0 and (x_at_stop > 0.0 or x_at_limit > 0.0)):
            x_reason = 1.0 * REJECT_LEVEL
        else:
            x_quantity = entry_size(
                a.sizing, a.size_value, a.equity, x_price, intent.stop + intent.stop_pct * x_price, intent.volatility,
                intent.weight, a.cap, a.leverage, c.multiplier, c.fee, c.slip, c.slip_money, c.commission,
                c.lot_num, c.lot_den)
            if x_quantity < 0.0:
                x_quantity = 0.0
                x_reason = 1.0 * REJECT_LEVEL
            elif x_quantity == 0.0 or x_quantity * x_price * c.multiplier < c.minimum:
                x_reason = 1.0 * REJECT_SIZE
    if x_reason != 0.0:
        x_side = 1.0 if x_buys else -1.0
        x_price = cl
        x_fee = 0.0
        x_order = a.orders
        write_row()
        b.p_side = 0.0
    else:
        b.p_side = 1.0 if x_buys else -1.0
        b.p_quantity = x_quantity
        b.p_order = a.orders
        b.p_expires = i + intent.expiry if intent.expiry > 0.0 else inf
        b.p_triggered = 0.0
        b.p_at_stop = x_at_stop
        b.p_at_limit = x_at_limit
        copy_exits()


def copy_exits():
    """Keep the exits of the intent until the entry fills."""
    b.p_stop = intent.stop
    b.p_stop_pct = intent.stop_pct
    b.p_trail = intent.trail
    b.p_trail_pct = intent.trail_pct
    b.p_trail_after = intent.trail_after
    b.p_trail_after_pct = intent.trail_after_pct
    b.p_even_after = intent.even_after
    b.p_even_after_pct = intent.even_after_pct
    b.p_even_offset = intent.even_offset
    b.p_even_offset_pct = intent.even_offset_pct
    b.p_target_1 = intent.target_1
    b.p_target_2 = intent.target_2
    b.p_target_3 = intent.target_3
    b.p_target_4 = intent.target_4
    b.p_target_1_pct = intent.target_1_pct
    b.p_target_2_pct = intent.target_2_pct
    b.p_target_3_pct = intent.target_3_pct
    b.p_target_4_pct = intent.target_4_pct
    b.p_part_1 = intent.part_1
    b.p_part_2 = intent.part_2
    b.p_part_3 = intent.part_3
    b.p_part_4 = intent.part_4
    b.p_time_stop = intent.time_stop
    b.p_on_high = intent.on_high


def apply_intent():
    """Make the intent of this close the orders of the next bar (section 2)."""
    if a.skip == 0.0 and b.exit_reason == 0.0:
        if intent.action == HOLD:
            if HOLD_LEVELS:
                if b.quantity != 0.0:
                    tighten()
        elif intent.action == LEAVE:
            b.p_side = 0.0
            if b.quantity != 0.0:
                b.exit_reason = 1.0 * SIGNAL
        elif b.quantity == 0.0:
            new_entry()
        elif SHORTS:
            if (intent.action > 0.0) != (b.quantity > 0.0):
                new_entry()
                if a.reverse == 1.0:
                    b.exit_reason = 1.0 * SIGNAL
