"""Bootstrap intervals: coverage on returns whose truth is known, and the order of trades."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from feeds.errors import ConfigError, DataError
from optimize.evidence.resampling import bootstrap, shuffled_trades


@pytest.mark.slow
def test_the_interval_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(2)
    true = 0.1 * math.sqrt(252)
    inside = 0
    for seed in range(200):
        found = bootstrap(random.normal(0.001, 0.01, 250), 252.0, draws=200, level=0.9, seed=seed)["sharpe"]
        inside += found.low <= true <= found.high
    assert inside / 200 == pytest.approx(0.9, abs=0.07)


def test_figures_and_order():
    returns = np.random.default_rng(4).normal(0.0005, 0.01, 500)
    found = bootstrap(returns, 252.0, draws=300)
    assert found["sharpe"].value == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(252))
    assert found["total_return"].value == pytest.approx(np.prod(1 + returns) - 1)
    for one in found.values():
        assert one.low < one.high
    assert found["max_drawdown"].high < 0
    assert bootstrap(returns, 252.0, draws=300) == found
    assert bootstrap(returns, 252.0, draws=300, seed=2) != found


def test_the_share_of_draws_above_zero():
    """By the central limit theorem about Φ(mean √n / deviation) of them; drawdowns never are."""
    random = np.random.default_rng(6)
    returns = random.normal(0, 0.01, 400)
    returns += 0.01 / math.sqrt(400) - returns.mean()  # one standard error above zero: Φ(1) = 0.841
    found = bootstrap(returns, 252.0, draws=2000)
    assert found["sharpe"].positive == pytest.approx(0.841, abs=0.05)
    assert found["max_drawdown"].positive == 0.0
    assert bootstrap(returns + 0.05, 252.0, draws=100)["sharpe"].positive == 1.0


def test_all_orders_of_four_trades():
    trades = np.array([0.1, -0.05, 0.2, -0.1])
    depths = []
    for order in itertools.permutations(trades):
        equity = [1.0]
        for trade in order:
            equity.append(equity[-1] * (1 + trade))
        depths.append(min(value / max(equity[: k + 1]) - 1 for k, value in enumerate(equity)))
    found = shuffled_trades(trades, draws=4_000, level=0.98)
    assert found.value == pytest.approx(-0.1)
    assert found.low == pytest.approx(min(depths))
    assert found.high == pytest.approx(max(depths))


def test_too_little_to_draw_from():
    for wrong in (np.zeros(50), np.ones(5), np.array([0.1] * 30 + [np.nan])):
        with pytest.raises(DataError):
            bootstrap(wrong, 252.0)
    with pytest.raises(ConfigError):
        bootstrap(np.random.default_rng(1).normal(size=50), 252.0, level=1.0)
    with pytest.raises(DataError):
        shuffled_trades(np.array([0.1, -1.0]))
