"""One cell of the parity matrix: the same strategy on the same bars in every engine."""

from __future__ import annotations

from collections import Counter

import numpy as np
from parity.counting import entry_counter, reasons
from parity.markets import Market, in_step

from strategies.base import Strategy
from strategies.engines import event, vector
from strategies.engines.result import Result
from strategies.engines.window import make_window
from strategies.execution.account import Account
from strategies.execution.ledger import fills_only, to_frame

FILLS = 30


def cell(strategy: Strategy, market: Market, account: Account, part: Market | None = None) -> Counter[str]:
    """Vector and event (runonce) on all bars; also next and, on stamps in step, exactbars on `part`.

    Ledgers must be equal to the last bit, money too. Returns what was counted on all bars.
    """
    counts: Counter[str] = Counter()
    window = make_window(strategy, market)
    ours = vector.run(strategy, window, account)
    same(ours, event.run(strategy, window, account, "runonce", [entry_counter(counts)]), "runonce")
    traded = len(fills_only(ours.rows))
    assert traded >= FILLS or ours.ruined, f"{strategy!r}: {traded} fills on {list(market)}, fewer than {FILLS}"
    if part is not None:
        window = make_window(strategy, part)
        same(vector.run(strategy, window, account), event.run(strategy, window, account, "next"), "next")
        window = make_window(strategy, in_step(part))
        same(vector.run(strategy, window, account), event.run(strategy, window, account, "exactbars"), "exactbars")
    counts.update(reasons(ours.rows))
    return counts


def same(ours: Result, theirs: Result, mode: str) -> None:
    """Equal rows and equal money, bit for bit."""
    for k in range(max(len(ours.rows), len(theirs.rows))):
        if ours.rows[k : k + 1].tobytes() != theirs.rows[k : k + 1].tobytes():
            tables = [
                to_frame(r.rows, r.window.stamps, r.window.symbols).iloc[max(0, k - 3) : k + 1] for r in (ours, theirs)
            ]
            raise AssertionError(f"row {k} differs\nvector\n{tables[0].to_string()}\n{mode}\n{tables[1].to_string()}")
    for name in ("cash", "orders", "ruined"):
        assert np.array_equal(ours.account[name], theirs.account[name]), (mode, name, ours.account, theirs.account)
