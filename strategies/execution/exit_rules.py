"""The execution convention, rule by rule: exits. docs/execution.md, sections 2 and 4.

These functions are never called. Their bodies are pasted into the drivers (see builder.py) where a call to them
stands, because a call that takes arrays inside the bar loop costs several times the whole rule. Names mean the same in
all of them: `b` book entry, `c` contract terms, `a` account, `i` the symbol's own bar number, `t` stamp, `s` symbol,
`o h l cl` prices of the bar, `x_*` scratch. Capital names (SHORTS, TARGETS, RESTING, MANY, LIMITS, ...) are switches
that are known when the driver is written. A pasted rule may not return.
"""

# fmt: off
# ruff: noqa: F821, F841
# mypy: ignore-errors

from math import nan

from strategies.execution.arithmetic import nearest_target
from strategies.execution.prices import fill_price, round_down, round_up
from strategies.execution.records import EVEN, STOP, TARGET, TIME, TRAIL


def exit_fill():
    """Close x_quantity at x_price before costs, x_costly for market and stop fills, for x_reason."""
    x_buys = SHORTS and b.quantity < 0.0
    x_price = fill_price(x_price, x_buys, x_costly, c.slip, c.slip_money, c.tick_num, c.tick_den)
    x_value = x_quantity * x_price * c.multiplier
    x_fee = x_value * c.fee + x_quantity * c.commission
    x_left = abs(b.quantity) - x_quantity
    if x_left < 1e-9 * b.entry_quantity:
        x_left = 0.0
    if x_buys:
        a.cash -= x_value + x_fee
        b.trade -= x_value + x_fee
        b.quantity = -x_left
    else:
        a.cash += x_value - x_fee
        b.trade += x_value - x_fee
        b.quantity = x_left
    a.fees += x_fee
    x_side = 1.0 if x_buys else -1.0
    x_order = b.order
    write_row()
    if x_left == 0.0:
        b.quantity = 0.0
        b.exit_bar = i
        b.exit_reason = 0.0
        b.stop = nan
        b.target_1 = nan
        b.target_2 = nan
        b.target_3 = nan
        b.target_4 = nan
        a.trades += 1.0
        if b.trade > 0.0:
            a.wins += 1.0
            a.gain += b.trade
        else:
            a.loss -= b.trade


def fill_targets():
    """Fill every target that x_limit reaches, nearest first; at the open when x_open, else at its own price."""
    while b.quantity != 0.0:
        x_k = nearest_target(not SHORTS or b.quantity > 0.0, x_limit, b.target_1, b.target_2, b.target_3, b.target_4)
        if x_k == 0:
            break
        if x_k == 1:
            x_price = b.target_1
            x_quantity = b.target_quantity_1
            b.target_1 = nan
        elif x_k == 2:
            x_price = b.target_2
            x_quantity = b.target_quantity_2
            b.target_2 = nan
        elif x_k == 3:
            x_price = b.target_3
            x_quantity = b.target_quantity_3
            b.target_3 = nan
        else:
            x_price = b.target_4
            x_quantity = b.target_quantity_4
            b.target_4 = nan
        if x_open:
            x_price = o
        x_quantity = min(x_quantity, abs(b.quantity))
        if abs(b.quantity) - x_quantity < 1e-9 * b.entry_quantity:
            x_quantity = abs(b.quantity)
        x_costly = False
        x_reason = TARGET - 1.0 + x_k
        exit_fill()


def exits_at_open():
    """Section 4, step 1."""
    if b.quantity != 0.0:
        x_reason = b.exit_reason
        if x_reason == 0.0 and STOPS:
            if o <= b.stop if not SHORTS or b.quantity > 0.0 else o >= b.stop:
                x_reason = b.stop_reason
        if x_reason != 0.0:
            x_price = o
            x_quantity = abs(b.quantity)
            x_costly = True
            exit_fill()
        elif TARGETS:
            x_limit = o
            x_open = True
            fill_targets()


def exits_inside():
    """Section 4, step 3, second half."""
    if b.quantity != 0.0:
        x_reason = 0.0
        if STOPS:
            if l <= b.stop if not SHORTS or b.quantity > 0.0 else h >= b.stop:
                x_reason = b.stop_reason
        if x_reason != 0.0:
            x_price = b.stop
            x_quantity = abs(b.quantity)
            x_costly = True
            exit_fill()
        elif TARGETS:
            if b.inside == 0.0 or b.entry_bar != i:
                x_limit = h if not SHORTS or b.quantity > 0.0 else l
                x_open = False
                fill_targets()


def close_out():
    """End of a window or ruin: close the position at its last close, for x_reason.

    `exposed`, which one symbol's drivers count, is of stamps that end with a position: this one does not.
    """
    if b.quantity != 0.0:
        a.exposed -= 1.0
        x_price = b.last
        x_quantity = abs(b.quantity)
        x_costly = True
        exit_fill()


def update_levels():
    """Section 4, step 5: trailing and break-even with this close; then a due time stop.

    Levels depend on the fill and on best alone, so they can only move when best does, or on the entry bar.
    """
    if b.quantity != 0.0:
        if TRAILS:
            x_high = b.on_high == 1.0 and (b.inside == 0.0 or b.entry_bar != i)
            if not SHORTS or b.quantity > 0.0:
                x_mark = h if x_high else cl
                if x_mark > b.best or i == b.entry_bar:
                    b.best = max(b.best, x_mark)
                    x_move = b.best - b.entry
                    if b.even_after > 0.0 and x_move >= b.even_after:
                        b.even_after = 0.0
                        x_level = round_down(b.entry + b.even_offset, c.tick_num, c.tick_den)
                        if not x_level <= b.stop:
                            b.stop = x_level
                            b.stop_reason = 1.0 * EVEN
                    if (b.trail > 0.0 or b.trail_pct > 0.0) and x_move >= b.trail_after:
                        x_level = round_down(b.best - (b.trail + b.trail_pct * b.best), c.tick_num, c.tick_den)
                        if not x_level <= b.stop:
                            b.stop = x_level
                            b.stop_reason = 1.0 * TRAIL
            else:
                x_mark = l if x_high else cl
                if x_mark < b.best or i == b.entry_bar:
                    b.best = min(b.best, x_mark)
                    x_move = b.entry - b.best
                    if b.even_after > 0.0 and x_move >= b.even_after:
                        b.even_after = 0.0
                        x_level = round_up(b.entry - b.even_offset, c.tick_num, c.tick_den)
                        if not x_level >= b.stop:
                            b.stop = x_level
                            b.stop_reason = 1.0 * EVEN
                    if (b.trail > 0.0 or b.trail_pct > 0.0) and x_move >= b.trail_after:
                        x_level = round_up(b.best + (b.trail + b.trail_pct * b.best), c.tick_num, c.tick_den)
                        if not x_level >= b.stop:
                            b.stop = x_level
                            b.stop_reason = 1.0 * TRAIL
        if b.time_stop > 0.0 and i - b.entry_bar >= b.time_stop and b.exit_reason == 0.0:
            b.exit_reason = 1.0 * TIME


def tighten():
    """`hold(stop=, target=)` in a position."""
    if intent.level_stop > 0.0:
        if not SHORTS or b.quantity > 0.0:
            x_level = round_down(intent.level_stop, c.tick_num, c.tick_den)
            if not x_level <= b.stop:
                b.stop = x_level
                b.stop_reason = 1.0 * STOP
        else:
            x_level = round_up(intent.level_stop, c.tick_num, c.tick_den)
            if not x_level >= b.stop:
                b.stop = x_level
                b.stop_reason = 1.0 * STOP
    if TARGETS:
        if intent.level_target > 0.0:
            x_is_long = not SHORTS or b.quantity > 0.0
            if x_is_long:
                x_level = round_up(intent.level_target, c.tick_num, c.tick_den)
            else:
                x_level = round_down(intent.level_target, c.tick_num, c.tick_den)
            x_far = 1e300 if x_is_long else -1e300
            x_k = nearest_target(x_is_long, x_far, b.target_1, b.target_2, b.target_3, b.target_4)
            if x_k == 0:
                b.target_1 = x_level
                b.target_quantity_1 = abs(b.quantity)
            elif x_k == 1:
                b.target_1 = x_level
            elif x_k == 2:
                b.target_2 = x_level
            elif x_k == 3:
                b.target_3 = x_level
            else:
                b.target_4 = x_level

def attach_exits():
    """Turn the distances of the entry into levels around its fill x_price; x_market is its price before costs."""
    b.stop = nan
    b.stop_reason = 1.0 * STOP
    x_distance = b.p_stop + b.p_stop_pct * x_price
    if x_distance > 0.0:
        if x_buys:
            b.stop = round_down(min(x_price - x_distance, x_market), c.tick_num, c.tick_den)
        else:
            b.stop = round_up(max(x_price + x_distance, x_market), c.tick_num, c.tick_den)
    b.trail = b.p_trail
    b.trail_pct = b.p_trail_pct
    b.trail_after = b.p_trail_after + b.p_trail_after_pct * x_price
    b.even_after = b.p_even_after + b.p_even_after_pct * x_price
    b.even_offset = b.p_even_offset + b.p_even_offset_pct * x_price
    b.time_stop = b.p_time_stop
    b.on_high = b.p_on_high
    b.target_1 = nan
    b.target_2 = nan
    b.target_3 = nan
    b.target_4 = nan
    if TARGETS:
        x_distance = b.p_target_1 + b.p_target_1_pct * x_price
        if x_distance > 0.0:
            x_part = b.p_part_1
            target_level()
            if x_placed:
                b.target_1 = x_level
                b.target_quantity_1 = x_quantity
        x_distance = b.p_target_2 + b.p_target_2_pct * x_price
        if x_distance > 0.0:
            x_part = b.p_part_2
            target_level()
            if x_placed:
                b.target_2 = x_level
                b.target_quantity_2 = x_quantity
        x_distance = b.p_target_3 + b.p_target_3_pct * x_price
        if x_distance > 0.0:
            x_part = b.p_part_3
            target_level()
            if x_placed:
                b.target_3 = x_level
                b.target_quantity_3 = x_quantity
        x_distance = b.p_target_4 + b.p_target_4_pct * x_price
        if x_distance > 0.0:
            x_part = b.p_part_4
            target_level()
            if x_placed:
                b.target_4 = x_level
                b.target_quantity_4 = x_quantity


def target_level():
    """Price and quantity of a target x_distance from the fill, closing share x_part."""
    if x_buys:
        x_level = round_up(x_price + x_distance, c.tick_num, c.tick_den)
    else:
        x_level = round_down(x_price - x_distance, c.tick_num, c.tick_den)
    x_quantity = round_down(x_part * b.entry_quantity, c.lot_num, c.lot_den)
    x_whole = x_quantity >= b.entry_quantity
    x_placed = x_quantity > 0.0 and (x_whole or x_quantity * x_level * c.multiplier >= c.minimum)
