"""The loops around the rules: one symbol, several symbols, and the single steps that a host calls.

Like the rules, this is text for builder.py: calls to rules are pasted, capital names are decided when a driver is
written, and DECIDE(), LOAD() and STORE() stand for statements that depend on the strategy class.
"""

# fmt: off
# ruff: noqa: F821, F841
# mypy: ignore-errors

import numpy as np

from strategies.execution.account_rules import keep_levels, mark_many, mark_metrics, mark_one, may_fill, value_one
from strategies.execution.entry_rules import apply_intent, entries_at_open, entries_inside
from strategies.execution.exit_rules import close_out, exits_at_open, exits_inside, update_levels
from strategies.execution.intent import HOLD
from strategies.execution.records import RUIN, WINDOW_END


def simulate_one(first, last, closing, begin, opens, highs, lows, closes, terms, account, book, memory, ledger, levels):
    """Bars first … last - 1 of one symbol; decisions from bar `begin` on. closing: 1 when the window ends there.

    On most bars no order can fill and the decision is to hold. An inner loop goes from one of these to the next; cash
    and quantity stay what they are on the way, so the statistics of the whole stretch follow in a loop of their own.
    Small loops fit into the processor's registers, one that also carries fills and entries does not. A flat stretch
    has no statistics: its equity does not move, and each sum would grow by 0. With `levels` a stretch is one bar.
    Bars are read at unsigned places (x_at): signed ones make the compiler handle counting from the end.
    """
    LOAD()
    s = 0.0
    x_before = a.equity
    x_keep = 1.0 - a.drawdown
    x_ruined = False
    x_row = max(first, begin)
    while x_row < last:
        t = float(x_row)
        i = t
        x_at = np.uint64(x_row)
        h = highs[x_at]
        l = lows[x_at]
        x_traded = b.quantity != 0.0 or b.p_side != 0.0
        if x_traded:
            o = opens[x_at]
            exits_at_open()
            entries_at_open()
            if RESTING:
                entries_inside()
            exits_inside()
        x_from = x_row
        x_stop = x_row + 1 if x_traded else x_row
        x_acts = False
        while True:
            cl = closes[x_at]
            if x_traded or b.quantity != 0.0:
                mark_one()
                if a.equity <= 0.0:
                    break
                if STOPS or TIMED:
                    update_levels()
                x_traded = False
            DECIDE()
            x_acts = intent.action != HOLD or (HOLD_LEVELS and b.quantity != 0.0)
            if x_acts:
                break
            if x_row + 1 >= last or len(levels) > 0:
                break
            x_at = np.uint64(x_row + 1)
            h = highs[x_at]
            l = lows[x_at]
            may_fill()
            if x_fills:
                break
            x_row += 1
            t = float(x_row)
            i = t
        if b.quantity != 0.0:
            x_stop = x_row + 1
            a.exposed += x_stop - x_from
            b.last = cl
        x_ruined = a.equity <= 0.0
        if x_ruined:
            x_stop = x_row
        for x_past in range(x_from, min(x_stop, last - closing)):
            cl = closes[np.uint64(x_past)]
            value_one()
            mark_metrics()
        if x_ruined:
            break
        cl = closes[np.uint64(x_row)]
        value_one()
        if x_acts:
            apply_intent()
        keep_levels()
        x_row += 1
    a.stamps += last - first
    if x_ruined or closing == 1:
        x_reason = 1.0 * RUIN
        if not x_ruined:
            x_reason = 1.0 * WINDOW_END
            t = float(last - 1)
            i = t
        close_out()
        a.equity = a.cash
        if x_ruined:
            a.equity = 0.0
            a.ruined = 1.0
            b.p_side = 0.0
        mark_metrics()
    STORE()


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
