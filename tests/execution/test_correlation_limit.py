"""A correlation above 1 does not exist: such a limit is the same as none."""

from __future__ import annotations

import pytest

from feeds.synthetic import martingale
from optimize.backtest import backtest
from strategies.base import Strategy, enter_long, hold, kernel, leave
from strategies.execution.account import Account, Sizing


class InAndOut(Strategy):
    """In on one bar, out on the next."""

    @kernel
    def decide(close, position):
        return enter_long() if position == 0.0 else leave() if close[-1] > 0.0 else hold()


@pytest.mark.parametrize("limit", [1.5, 2.0])
def test_a_limit_above_one_is_no_limit(limit):
    bars = {"A": martingale(bars=60, seed=1), "B": martingale(bars=60, seed=2)}
    found, free = (
        backtest(InAndOut(), bars, account=Account(sizing=Sizing.fraction(0.4), max_correlation=value))
        for value in (limit, float("inf"))
    )
    assert len(found.fills) > 50
    assert found.ledger.equals(free.ledger)
