"""Certainty, regimes, decay and benchmark of a record: against hand-made tables, plain loops and other libraries."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from feeds.errors import DataError
from optimize.evidence.buy_and_hold import buy_and_hold, held_equity
from optimize.evidence.certainty import certainty
from optimize.evidence.decay import decay
from optimize.evidence.regimes import regimes, trailing_volatility, vix_labels, volatility_labels
from optimize.evidence.windows import compounded, shortened
from strategies.execution.account import Costs
from tests.evidence.walks import ACCOUNT, values, walk, waves
from tests.optimize.hand_runs import some_bars


def test_quantstats_gives_the_same_probability():
    """On days and on weeks, to the difference between its corrected sample moments and the plain ones of the paper."""
    import quantstats.stats as oracle

    record = walk()
    found = certainty(record.bars, record.returns)
    for rule, ours in (("D", found.days), ("W-SUN", found.weeks)):
        stamps = record.returns.index - pd.Timedelta("1ns")  # a bar that closes at midnight is of the day before
        series = pd.Series(record.returns.to_numpy(), index=pd.DatetimeIndex(stamps).tz_localize(None))
        grouped = (1 + series).resample(rule).prod() - 1
        assert ours == pytest.approx(oracle.probabilistic_sharpe_ratio(grouped), abs=2e-3)
    assert found.sessions == 134  # 800 bars of 4 hours from 2020-03-07 16:00 on
    assert found.probability == min(found.days, found.weeks)


def test_returns_with_memory_are_less_certain_by_weeks():
    """The same few days of gain and loss, each repeated five times, are fewer observations than they look."""
    random = np.random.default_rng(1)
    days = np.repeat(random.normal(0.0015, 0.01, 150), 5)
    bars = some_bars(100 * np.cumprod(1 + days), start="2020-01-07")  # closes from Tuesday 00:00: Monday's bar
    found = certainty(bars, pd.Series(days, index=bars.times))
    assert 0.5 < found.weeks < found.days
    assert found.probability == found.weeks


@pytest.mark.slow
def test_a_rule_on_prices_without_memory_is_seldom_sure():
    """Positions that follow from the past, held for days, on returns with fat tails: about one in a hundred is."""
    bars = some_bars([100.0] * 1500, step="8h")
    sure = 0
    for seed in range(600):
        random = np.random.default_rng(seed)
        moves = 0.008 * random.standard_t(5, 1500)
        trend = np.convolve(moves, np.ones(30), "full")[:1500]
        position = np.concatenate(([0.0], (trend[:-1] > 0).astype(float)))
        sure += certainty(bars, pd.Series(position * moves, index=bars.times)).probability >= 0.99
    assert 1 <= sure <= 15


def test_a_record_that_never_moves_is_no_evidence():
    bars = some_bars([100.0] * 60)
    with pytest.raises(DataError, match="never differ"):
        certainty(bars, pd.Series(np.zeros(60), index=bars.times))


def test_compounding_by_hand():
    returns = np.array([0.1, -0.1, 0.5, 0.0, 1.0])
    np.testing.assert_allclose(compounded(returns, np.array([3, 3, 4, 6, 6])), [-0.01, 0.5, 1.0])
    np.testing.assert_allclose(shortened(returns[:, None], 3)[:, 0], [-0.01, 0.5, 1.0])
    np.testing.assert_allclose(shortened(returns, 9), returns)


def test_labels_know_only_the_past():
    """Changing every bar from one on leaves all labels up to it as they were."""
    record = walk()
    bars = record.bars
    known = volatility_labels(record)
    assert set(known) == {"low volatility", "middle volatility", "high volatility"}
    at = 900
    frame = bars.frame
    later = np.random.default_rng(9).uniform(50, 150, len(bars) - at)
    for name in ("open", "high", "low", "close"):
        frame.loc[frame.index[at] :, name] = later
    first = int(bars.times.searchsorted(record.equity.index[0]))
    changed = dataclasses.replace(record, bars=dataclasses.replace(bars, _frame=frame))
    new = volatility_labels(changed)
    np.testing.assert_array_equal(new[: at - first + 1], known[: at - first + 1])
    assert (new != known).any()


def test_terciles_by_a_plain_loop():
    record = walk(chosen=(values(8), values(10)))
    closes, length = record.bars.column("close"), 182  # 4-hour bars in a month
    spread = [
        np.std(np.diff(np.log(closes[k - length : k + 1])), ddof=1) if k >= length else math.nan
        for k in range(len(closes))
    ]
    np.testing.assert_allclose(trailing_volatility(record.bars, length), spread)
    expected = []
    for start, end in ((400, 800), (800, 1200)):
        past = sorted(one for one in spread[60:start] if not math.isnan(one))
        low, high = np.quantile(past, [1 / 3, 2 / 3])
        expected += ["low" if spread[k - 1] <= low else "middle" if spread[k - 1] <= high else "high"
                     for k in range(start, end)]  # fmt: skip
    assert [label.split()[0] for label in volatility_labels(record)] == expected


def test_regimes_add_up_to_the_record():
    record = walk()
    table, missing = regimes(record)
    for kind in ("volatility", "year"):
        rows = table[table["kind"] == kind]
        assert rows["bars"].sum() == len(record.equity)
        assert rows["trades"].sum() == len(record.trades)
        assert np.prod(1 + rows["total_return"]) - 1 == pytest.approx(record.figures["total_return"])
    assert list(table[table["kind"] == "year"]["regime"]) == ["2020"]
    assert "the VIX is known for 0% of the test bars" in missing["vix"]
    assert "vix" not in set(table["kind"])


def test_the_vix_that_the_bars_carry():
    bars = waves()
    level = np.where(np.arange(len(bars)) % 300 < 100, 12.0, np.where(np.arange(len(bars)) % 300 < 200, 20.0, 40.0))
    level[1100:] = np.nan
    record = walk(dataclasses.replace(bars, _frame=bars.frame.assign(vix=level)))
    labels = vix_labels(record)
    names = {12.0: "VIX below 15", 20.0: "VIX 15 to 25", 40.0: "VIX above 25"}
    assert list(labels) == [names.get(level[k - 1], "unknown") for k in range(400, 1200)]
    table, missing = regimes(record)
    assert missing == {}
    assert list(table[table["kind"] == "vix"]["regime"]) == [*names.values(), "unknown"]


def test_the_sample_of_the_vix_is_joined_where_it_reaches():
    """Daily bars of 2018 and after: the sample ends on 2019-01-03 and is not carried on."""
    bars = waves(900, step="1D")
    frame = bars.frame
    frame.index = pd.date_range("2017-01-01 21:00", periods=900, freq="1D", tz="UTC", unit="ns", name="time")
    record = walk(dataclasses.replace(bars, _frame=frame), first=300)
    labels = vix_labels(record)
    known = np.array([stamp <= pd.Timestamp("2019-01-08 21:00", tz="UTC") for stamp in record.equity.index])
    assert set(labels[known]) <= {"VIX below 15", "VIX 15 to 25", "VIX above 25"}
    assert set(labels[~known]) == {"unknown"}
    invented = dataclasses.replace(record, bars=dataclasses.replace(record.bars, synthetic=True))
    with pytest.raises(DataError, match="synthetic"):
        vix_labels(invented)


def test_decay_by_hand():
    record = walk(chosen=(values(8), None, values(12)))
    found = decay(record)
    inside = [fold.choice.in_sample["sharpe"] for fold in record.folds if fold.run is not None]
    assert found.in_sample == pytest.approx(np.mean(inside))
    assert found.stitched == record.figures["sharpe"]
    assert found.ratio == pytest.approx(record.figures["sharpe"] / np.mean(inside))
    middle = found.folds[1]
    assert math.isnan(middle.in_sample) and math.isnan(middle.out_of_sample) and math.isnan(middle.ratio)
    assert (middle.total_return, middle.trades) == (0.0, 0)
    first = found.folds[0]
    returns = np.diff(np.concatenate(([1.0], record.folds[0].equity))) / np.concatenate(
        ([1.0], record.folds[0].equity[:-1])
    )
    assert first.out_of_sample == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(365 * 6))
    assert first.ratio == pytest.approx(first.out_of_sample / first.in_sample)


def test_no_ratio_to_a_loss():
    loss = dataclasses.replace(decay(walk()).folds[0], in_sample=-0.5, out_of_sample=1.0)
    assert math.isnan(loss.ratio)


def test_holding_by_hand():
    """In at 100 + 1 % slippage + 0.5, out at 110 - 1 % - 0.5; 2 % fee on both, commission 3 per contract of 10."""
    bars = some_bars([100, 105, 120, 110], multiplier=10.0)
    bars = bars.with_instrument(dataclasses.replace(bars.instrument, tick=0.5))
    costs = Costs(fee=0.02, slippage_bps=100.0, slippage_ticks=1.0, commission=3.0)
    paid = (100 * 1.01 + 0.5) * 1.02 + 0.3
    got = (110 * 0.99 - 0.5) * 0.98 - 0.3
    np.testing.assert_allclose(held_equity(bars, 1, 3, costs), [105 / paid, 120 / paid, got / paid])


def test_the_benchmark_of_a_record():
    record = walk()
    found = buy_and_hold(record)
    closes = record.bars.column("close")[400:]
    own = record.returns.to_numpy()
    costs = (1 + 0.0005) * (1 + 0.001)
    held = closes / record.bars.column("open")[400] / costs
    held[-1] *= (1 - 0.0005) * (1 - 0.001)
    np.testing.assert_allclose(found.equity, held)
    changes = np.diff(np.concatenate(([1.0], held))) / np.concatenate(([1.0], held[:-1]))
    slope, _ = np.polyfit(changes, own, 1)
    assert found.beta == pytest.approx(slope)
    assert found.correlation == pytest.approx(np.corrcoef(changes, own)[0, 1])
    assert found.excess == pytest.approx(record.figures["total_return"] - (held[-1] - 1))
    assert found.sharpe == pytest.approx(changes.mean() / changes.std(ddof=1) * math.sqrt(365 * 6))


def test_a_record_without_a_trade_has_no_beta_of_its_own():
    found = buy_and_hold(walk(chosen=(None, None)))
    assert math.isnan(found.correlation) and found.beta == 0.0
    assert ACCOUNT.costs.fee == 0.001
