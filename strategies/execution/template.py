"""The loops around the rules: one symbol, several symbols, and the single steps that a host calls.

Like the rules, this is text for builder.py: calls to rules are pasted, capital names are decided when a driver is
written, and DECIDE(), LOAD() and STORE() stand for statements that depend on the strategy class.
"""

# fmt: off
# ruff: noqa: F821, F841
# mypy: ignore-errors

import numpy as np

from strategies.execution.entry_rules import apply_intent, entries_at_open, entries_inside
from strategies.execution.exit_rules import close_out, exits_at_open, exits_inside, update_levels
from strategies.execution.records import LIQUIDATION, RUIN, WINDOW_END


def mark_metrics():
    """Running statistics of the equity curve, from its change since the stamp before (x_before).

    x_keep = 1 - largest drawdown so far: a new one shows as equity below peak * x_keep, without a division per bar.
    What is random from bar to bar has no branch: a wrong guess of the processor costs more than the arithmetic.
    """
    if x_before != 0.0:
        x_return = a.equity / x_before - 1.0
        a.sum_r += x_return
        a.sum_rr += x_return * x_return
        x_down = 0.5 * (x_return - abs(x_return))
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


def mark_one():
    """Section 4, step 4, for one symbol that traded or holds a position."""
    if b.quantity != 0.0:
        b.last = cl
        a.exposed += 1.0
        a.equity = a.cash + b.quantity * cl * c.multiplier
    else:
        a.equity = a.cash
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
    if a.equity <= 0.0:
        x_reason = 1.0 * RUIN
        close_out()
        b.p_side = 0.0
        a.equity = 0.0
        a.ruined = 1.0


def simulate_one(first, last, closing, begin, opens, highs, lows, closes, terms, account, book, memory, ledger, levels):
    """Bars first … last - 1 of one symbol; decisions from bar `begin` on. closing: 1 when the window ends there.

    Bars are read at unsigned places (x_at): signed ones make the compiler handle counting from the end.
    """
    LOAD()
    s = 0.0
    x_before = a.equity
    x_keep = 1.0 - a.drawdown
    for x_row in range(first, last):
        t = float(x_row)
        i = t
        x_at = np.uint64(x_row)
        cl = closes[x_at]
        if b.quantity != 0.0 or b.p_side != 0.0:
            o = opens[x_at]
            h = highs[x_at]
            l = lows[x_at]
            exits_at_open()
            entries_at_open()
            if RESTING:
                entries_inside()
            exits_inside()
            mark_one()
            if a.ruined == 1.0:
                mark_metrics()
                break
            if x_row < last - closing:
                mark_metrics()
            if STOPS or TIMED:
                update_levels()
        if x_row >= begin:
            DECIDE()
            apply_intent()
        keep_levels()
    a.stamps += last - first
    if a.ruined == 0.0 and closing == 1:
        t = float(last - 1)
        i = t
        x_reason = 1.0 * WINDOW_END
        close_out()
        a.equity = a.cash
        mark_metrics()
    STORE()


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


def stamp_steps():
    """Section 4, steps 1 to 4 and the levels of step 5, at stamp t; rows[k] says which symbols have a bar."""
    for n in range(len(book)):
        x_row = rows[k, n]
        if x_row >= 0:
            b = book[n]
            c = terms[n]
            s = float(n)
            i = float(x_row - starts[n])
            o = opens[x_row]
            exits_at_open()
    for n in range(len(book)):
        x_row = rows[k, n]
        if x_row >= 0:
            b = book[n]
            c = terms[n]
            s = float(n)
            i = float(x_row - starts[n])
            o = opens[x_row]
            entries_at_open()
    if RESTING:
        for n in range(len(book)):
            x_row = rows[k, n]
            if x_row >= 0:
                b = book[n]
                c = terms[n]
                s = float(n)
                i = float(x_row - starts[n])
                h = highs[x_row]
                l = lows[x_row]
                entries_inside()
    for n in range(len(book)):
        x_row = rows[k, n]
        if x_row >= 0:
            b = book[n]
            c = terms[n]
            s = float(n)
            i = float(x_row - starts[n])
            h = highs[x_row]
            l = lows[x_row]
            exits_inside()
    mark_many()
    if STOPS or TIMED:
        if a.ruined == 0.0:
            for n in range(len(book)):
                x_row = rows[k, n]
                if x_row >= 0:
                    b = book[n]
                    c = terms[n]
                    i = float(x_row - starts[n])
                    h = highs[x_row]
                    l = lows[x_row]
                    cl = closes[x_row]
                    update_levels()


def finish_window():
    """Section 7: close what is open at its last close."""
    for n in range(len(book)):
        b = book[n]
        c = terms[n]
        s = float(n)
        i = b.entry_bar
        x_reason = 1.0 * WINDOW_END
        close_out()
    a.equity = a.cash


def simulate_many(first, last, closing, begin, rows, starts, matrix, opens, highs, lows, closes, terms, account,
                  book, memory, ledger, levels):
    """Stamps first … last - 1 of several symbols (closing: as in simulate_one).

    rows[t, s] is the place of a bar in the stacked columns, or -1.
    """
    a = account[0]
    LOAD()
    x_before = a.equity
    x_keep = 1.0 - a.drawdown
    for k in range(first, last):
        t = float(k)
        stamp_steps()
        if a.ruined == 1.0:
            mark_metrics()
            break
        if k < last - closing:
            mark_metrics()
        for n in range(len(book)):
            x_row = rows[k, n]
            if x_row >= 0:
                b = book[n]
                c = terms[n]
                s = float(n)
                x_bar = x_row - starts[n]
                i = float(x_bar)
                cl = closes[x_row]
                if x_bar >= begin[n]:
                    DECIDE()
                    apply_intent()
                keep_levels()
    a.stamps += last - first
    if a.ruined == 0.0 and closing == 1:
        t = float(last - 1)
        finish_window()
        mark_metrics()


def match(t, rows, starts, matrix, opens, highs, lows, closes, terms, account, book, ledger):
    """One stamp for a host: everything but the decisions. Returns the number of ledger rows so far."""
    a = account[0]
    k = 0
    stamp_steps()
    return a.rows


def place(t, symbol, bar, close, terms, account, book, ledger, intent_values):
    """Apply a decision for one symbol on its bar's close. Returns the number of ledger rows so far."""
    a = account[0]
    b = book[symbol]
    c = terms[symbol]
    s = float(symbol)
    i = float(bar)
    cl = close
    INTENT()
    apply_intent()
    return a.rows


def finish(t, terms, account, book, ledger):
    """End of a window for a host. Returns the number of ledger rows so far."""
    a = account[0]
    if a.ruined == 0.0:
        finish_window()
    return a.rows
