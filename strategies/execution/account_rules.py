"""The execution convention, rule by rule: the account. docs/execution.md, sections 4 (step 4), 6 and 8.

Text for builder.py, as exit_rules.py is, with the same names. Even a row of the ledger is pasted: a call that takes an
array counts references to it, and clears the processor's registers for that.
"""

# fmt: off
# ruff: noqa: F821, F841
# mypy: ignore-errors

from strategies.execution.exit_rules import close_out
from strategies.execution.records import LIQUIDATION, RUIN


def write_row():
    """A row of the ledger when there is room: x_side, x_quantity at x_price for x_reason, x_fee paid, order x_order."""
    x_k = int(a.rows)
    if x_k < len(ledger):
        x_entry = ledger[x_k]
        x_entry.stamp = t
        x_entry.symbol = s
        x_entry.side = x_side
        x_entry.quantity = x_quantity
        x_entry.price = x_price
        x_entry.fee = x_fee
        x_entry.order = x_order
        x_entry.reason = x_reason
        x_entry.position_after = b.quantity
    a.rows += 1.0


def mark_metrics():
    """Running statistics of the equity curve, from its change since the stamp before (x_before).

    x_keep = 1 - largest drawdown so far: a new one shows as equity below peak * x_keep, without a division per bar.
    What is random from bar to bar has no branch: a wrong guess of the processor costs more than the arithmetic.
    """
    if x_before != 0.0:
        x_return = a.equity / x_before - 1.0
        a.sum_r += x_return
        a.sum_rr += x_return * x_return
        x_down = min(x_return, 0.0)
        a.sum_dd += x_down * x_down
    a.peak = a.equity if a.equity > a.peak else a.peak
    if a.equity < a.peak * x_keep:
        x_drop = 1.0 - a.equity / a.peak
        if x_drop > a.drawdown:
            a.drawdown = x_drop
            x_keep = 1.0 - x_drop
    x_before = a.equity


def keep_levels():
    """Levels in force after a bar, for charts (off when `levels` is empty)."""
    if len(levels) > 0:
        if b.quantity != 0.0:
            levels[x_row, 0] = b.stop
            levels[x_row, 1] = b.target_1
            levels[x_row, 2] = b.target_2
            levels[x_row, 3] = b.target_3
            levels[x_row, 4] = b.target_4


def may_fill():
    """Whether steps 1 to 3 of section 4 can do anything on a bar: x_fills.

    The open lies between low and high, so they tell for the gaps too. Levels of a flat book are NaN: never reached.
    """
    x_fills = b.p_side != 0.0 or b.exit_reason != 0.0
    if STOPS:
        x_fills |= l <= b.stop if not SHORTS or b.quantity > 0.0 else h >= b.stop
    if TARGETS:
        if not SHORTS or b.quantity > 0.0:
            x_fills |= h >= b.target_1 or h >= b.target_2 or h >= b.target_3 or h >= b.target_4
        else:
            x_fills |= l <= b.target_1 or l <= b.target_2 or l <= b.target_3 or l <= b.target_4


def value_one():
    """Equity of an account with one symbol at the close `cl`."""
    a.equity = a.cash + b.quantity * cl * c.multiplier


def mark_one():
    """Section 4, step 4, for one symbol that traded or holds a position; ruin is left to the loop."""
    value_one()
    if LIMITS:
        a.skip = 0.0
        if b.quantity != 0.0 and a.margin == 1.0:
            if c.maintenance > 0.0:
                x_needed = abs(b.quantity) * c.maintenance
            else:
                x_needed = a.maintenance * abs(b.quantity) * cl * c.multiplier
            if a.equity < x_needed:
                a.skip = 1.0
                b.exit_reason = 1.0 * LIQUIDATION
                b.p_side = 0.0


def mark_many():
    """Section 4, step 4, over all symbols."""
    x_value = a.cash
    x_needed = 0.0
    x_held = False
    for n in range(len(book)):
        b = book[n]
        c = terms[n]
        x_row = rows[k, n]
        if x_row >= 0:
            b.last = closes[x_row]
        if b.quantity != 0.0:
            x_held = True
            x_value += b.quantity * b.last * c.multiplier
            if a.margin == 1.0:
                if c.maintenance > 0.0:
                    x_needed += abs(b.quantity) * c.maintenance
                else:
                    x_needed += a.maintenance * abs(b.quantity) * b.last * c.multiplier
    a.equity = x_value
    if LIMITS:
        a.skip = 0.0
        if x_held and a.equity < x_needed:
            a.skip = 1.0
            for n in range(len(book)):
                b = book[n]
                b.p_side = 0.0
                if b.quantity != 0.0:
                    b.exit_reason = 1.0 * LIQUIDATION
    if a.equity <= 0.0:
        for n in range(len(book)):
            b = book[n]
            c = terms[n]
            s = float(n)
            i = b.entry_bar
            b.p_side = 0.0
            x_reason = 1.0 * RUIN
            close_out()
        a.equity = 0.0
        a.ruined = 1.0
