"""Every decision one bar late, and dearer costs: against hand-made tables and a plain loop."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from feeds.errors import ConfigError
from optimize.evidence.stress import costs_times, dearer, one_bar_late
from strategies.base import Strategy, enter_long, hold, kernel, leave
from strategies.engines import vector
from strategies.engines.window import make_window
from strategies.execution.account import Account, Costs, Sizing
from tests.evidence.walks import ACCOUNT, values, walk, waves
from tests.optimize.hand_runs import some_bars

FREE = Account(cash=1000.0, costs=Costs(0, 0), sizing=Sizing.lots(1))


class Above(Strategy):
    """In above 100, out two bars after the entry bar."""

    @kernel
    def decide(close, position, held):
        if position == 0.0 and close[-1] > 100.0:
            return enter_long()
        if held >= 2.0:
            return leave()
        return hold()


def fills(strategy, bars, late, start=None):
    window = make_window(strategy, bars, start)
    return [(int(row["stamp"]), float(row["price"])) for row in vector.run(strategy, window, FREE, late=late).rows]


def test_a_signal_on_bar_2_fills_at_the_open_of_bar_4():
    """Opens are the closes before. The position is known now: `held` reaches 2 on the second bar after the entry bar,
    and the exit comes at the open after it, late or not."""
    bars = some_bars([90, 91, 101, 92, 93, 94, 95, 96, 97, 98])
    assert fills(Above(), bars, 0) == [(3, 101.0), (6, 94.0)]
    assert fills(Above(), bars, 1) == [(4, 92.0), (7, 95.0)]
    assert fills(Above(), bars, 2) == [(5, 93.0), (8, 96.0)]


def test_what_was_seen_before_the_window_is_not_acted_on_within():
    """The first decision of the window, on bar 3, is the first that can be late."""
    bars = some_bars([90, 91, 101, 92, 93, 94, 95, 96, 97, 98])
    assert fills(Above(), bars, 1, start=bars.times[3]) == []
    assert fills(Above(), bars, 1, start=bars.times[2]) == [(4, 92.0), (7, 95.0)]


def test_a_longer_delay_than_history_trades_nothing():
    assert fills(Above(), some_bars([101.0] * 6), 9) == []


def loop(bars, period, late, costs, first, last):
    """AboveMean by hand: returns of the account from bar to bar, decisions `late` bars behind."""
    wanted, opens, closes = 0.0, bars.column("open"), bars.column("close")
    cash, units, equity, plan = 1000.0, 0.0, [1000.0], None
    for t in range(first, last):
        if plan == "in":
            price = opens[t] * (1 + costs.slippage_bps / 1e4)
            cash, units = cash - wanted * price * (1 + costs.fee), wanted
        elif plan == "out":
            cash += units * opens[t] * (1 - costs.slippage_bps / 1e4) * (1 - costs.fee)
            units = 0.0
        plan = None
        if t - late >= first:
            seen = t - late
            edge = closes[seen] / np.mean(closes[seen - period + 1 : seen + 1]) - 1
            plan = "in" if units == 0 and edge > 0 else "out" if units and edge < 0 else None
            wanted = 0.9 * (cash + units * closes[t]) / closes[t]  # docs/execution.md, section 3: on the close now
        equity.append(cash + units * closes[t])
    if units:
        equity[-1] = cash + units * closes[last - 1] * (1 - costs.slippage_bps / 1e4) * (1 - costs.fee)
    return np.diff(equity) / equity[:-1]


@pytest.mark.parametrize(("late", "times"), [(0, 1.0), (1, 1.0), (0, 2.0), (0, 3.0)])
def test_equals_a_plain_loop(late, times):
    record = walk(chosen=(values(8), values(12)))
    costs = dearer(ACCOUNT, times).costs
    found = one_bar_late(record) if late else costs_times(record, times)
    edges = [400, 800, 1200]
    returns = np.concatenate([loop(record.bars, p, late, costs, *edges[k : k + 2]) for k, p in enumerate((8, 12))])
    assert found.trades > 20
    assert found.total_return == pytest.approx(np.prod(1 + returns) - 1, rel=1e-9)
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(365 * 6), rel=1e-9)


def test_usual_costs_in_time_are_the_record():
    record = walk(chosen=(values(8), None, values(12)))
    found = costs_times(record, 1.0)
    for name in ("sharpe", "total_return", "max_drawdown", "profit_factor", "trades"):
        assert getattr(found, name) == pytest.approx(record.figures[name], rel=1e-9), name
    assert one_bar_late(record).sharpe != pytest.approx(found.sharpe)


def test_every_cost_is_multiplied():
    told = dearer(dataclasses.replace(ACCOUNT, costs=Costs(0.001, 5.0, 0.5, 2.0)), 3.0).costs
    assert dataclasses.astuple(told) == pytest.approx((0.003, 15.0, 1.5, 6.0))


def test_costs_beyond_their_bounds_are_refused():
    with pytest.raises(ConfigError, match=r"fee=0\.12"):
        dearer(dataclasses.replace(ACCOUNT, costs=Costs(0.06, 5.0)), 2.0)


def test_dearer_is_worse():
    record = walk(waves(noise=0.001), chosen=(values(8), values(12)))
    sharpes = [costs_times(record, times).sharpe for times in (1.0, 2.0, 3.0)]
    assert sharpes == sorted(sharpes, reverse=True) and sharpes[0] > sharpes[2]


def test_many_symbols_are_late_too():
    one, two = some_bars([90, 91, 101, 92, 93, 94, 95, 96]), some_bars([90, 90, 90, 101, 93, 94, 95, 96], "BBB")
    window = make_window(Above(), {"AAA": one, "BBB": two})
    rows = vector.run(Above(), window, FREE, late=1).rows
    entries = [(int(row["symbol"]), int(row["stamp"]), float(row["price"])) for row in rows if row["side"] > 0]
    assert entries == [(0, 4, 92.0), (1, 5, 93.0)]
    assert isinstance(window.times, pd.DatetimeIndex)
