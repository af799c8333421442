"""Placebo controls: the planted effect is found, nothing is found where there is none, and chance keeps its rate."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.stats import binom, ttest_rel

from feeds import load
from feeds.errors import ConfigError
from feeds.synthetic_dealer import Draws, dealer_history
from navale import main
from optimize.backtest import backtest
from optimize.placebo import BEATEN, NOT_BEATEN, TOO_LITTLE, placebo
from optimize.placebo_levels import round_numbers, shifted, shuffled, usable
from strategies import AtrTrend, Costs, GexLevels

ACCOUNT = GexLevels.profile("reference").account


def table(spots, **columns):
    found = {"spot": spots, "call_wall": np.multiply(spots, [1.01 + 0.01 * k for k in range(len(spots))]),
             "flip": np.multiply(spots, 0.99), "net_over_gross": np.linspace(-0.5, 0.5, len(spots)),
             "expected_move": np.arange(len(spots)) + 1.0, "status": np.full(len(spots), 2.0)}  # fmt: skip
    return pd.DataFrame(found | columns, dtype=np.float64)


def test_shuffled_levels_lie_as_far_from_the_price_as_on_another_day():
    rows = table([100.0, 110.0, np.nan, 90.0, 105.0, 120.0])
    found = shuffled(rows, np.random.default_rng(1), 1)
    real, other = (one["call_wall"] / one["spot"] for one in (rows, found))
    assert real.isna().tolist() == other.isna().tolist()
    np.testing.assert_allclose(sorted(real.dropna()), sorted(other.dropna()))
    assert not np.allclose(real.dropna(), other.dropna())
    # the day's levels and balance move together; move, price and status stay
    order = [int(np.argmin(np.abs(real.dropna() - value))) for value in other.dropna()]
    np.testing.assert_array_equal(
        found["net_over_gross"][usable(rows)], rows["net_over_gross"][usable(rows)].iloc[order]
    )
    pd.testing.assert_frame_equal(found[["spot", "expected_move", "status"]], rows[["spot", "expected_move", "status"]])


def test_blocks_stay_together_and_every_order_comes():
    rows = table(np.full(8, 100.0))
    orders = Counter()
    for seed in range(400):
        places = np.round((shuffled(rows, np.random.default_rng(seed), 4)["call_wall"] / 100 - 1.01) * 100).astype(int)
        breaks = int((np.diff(places) != 1).sum())
        assert sorted(places) == list(range(8)) and breaks <= 2
        orders[tuple(places)] += 1
    assert len(orders) > 10


def test_shifted_levels_are_those_of_the_usable_row_before():
    found = shifted(table([100.0, 110.0, np.nan, 90.0]))
    real = table([100.0, 110.0, np.nan, 90.0])
    np.testing.assert_array_equal(found["call_wall"], [np.nan, real["call_wall"][0], np.nan, real["call_wall"][1]])
    np.testing.assert_array_equal(found["spot"], real["spot"])


def test_round_numbers_know_the_price_only():
    rows = table([5012.0, 5030.0, 563.2, np.nan], put_wall=[1.0] * 4, max_pain=[1.0] * 4, pin_2=[1.0] * 4)
    found = round_numbers(rows)
    # 1 % of 5012 is nearest to 50, of 563.2 to 5
    np.testing.assert_array_equal(found["call_wall"][:3], [5050, 5050, 565])
    np.testing.assert_array_equal(found["put_wall"][:3], [5000, 5000, 560])
    np.testing.assert_array_equal(found["flip"][:3], [5000, 5050, 565])
    np.testing.assert_array_equal(np.sign(found["net_over_gross"][:3]), [1, -1, -1])
    assert found["pin_2"][:3].isna().all()
    assert found["call_wall"].isna().tolist() == [False, False, False, True]


def test_a_table_needs_its_price():
    with pytest.raises(ConfigError, match="no column 'spot'"):
        usable(table([1.0]).drop(columns="spot"))


@pytest.fixture(scope="module")
def planted():
    return placebo(GexLevels(), load("synthetic:dealer?seed=2&strength=0.8&days=400"), account=ACCOUNT, shuffles=39)


@pytest.fixture(scope="module")
def nothing():
    return placebo(GexLevels(), load("synthetic:dealer?seed=2&strength=0&days=400"), account=ACCOUNT, shuffles=39)


def test_the_planted_effect_is_found(planted):
    assert planted.verdict == BEATEN
    assert [control.name for control in planted.controls] == ["shuffled", "shifted", "round"]
    assert all(control.beaten and control.p <= 0.05 for control in planted.controls)
    assert planted.statistic > 5 and planted.fills >= 30
    assert planted.net_return < planted.gross_return


def test_without_an_effect_none_is_found(nothing):
    assert nothing.verdict == NOT_BEATEN
    assert abs(nothing.statistic) < 3


def test_figures_are_those_of_the_backtest(planted):
    bars = load("synthetic:dealer?seed=2&strength=0.8&days=400")
    free = ACCOUNT.__class__(**{name: getattr(ACCOUNT, name) for name in ACCOUNT.__dataclass_fields__}
                             | {"costs": Costs(fee=0.0, slippage_bps=0.0)})  # fmt: skip
    run = backtest(GexLevels(), bars, account=free)
    ends = run.equity.groupby(run.equity.index.date).last()
    returns = ends.pct_change().dropna().to_numpy()
    assert planted.sessions == len(returns)
    assert planted.statistic == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(len(returns)))
    assert planted.gross_return == pytest.approx(run.equity.iloc[-1] / ACCOUNT.cash - 1)
    # the test against yesterday's levels, by another library
    prices, rows = dealer_history(400, 2, 0.8)
    joined = prices.join(shifted(rows), prefix="gex")
    other = backtest(GexLevels(), joined, account=free).equity
    theirs = other.groupby(other.index.date).last().pct_change().dropna().to_numpy()
    found = next(control for control in planted.controls if control.name == "shifted")
    assert found.p == pytest.approx(ttest_rel(returns, theirs, alternative="greater").pvalue, abs=1e-9)


def test_regimes_and_effective_sessions_are_told(planted):
    by_name = {regime.name: regime for regime in planted.regimes}
    assert by_name["POS"].sessions + by_name["NEG"].sessions + by_name["unknown"].sessions == 400
    assert by_name["POS"].trades + by_name["NEG"].trades + by_name["unknown"].trades == planted.fills // 2
    assert 20 < planted.effective_sessions < 400


def test_trials_are_paid_for():
    bars = load("synthetic:dealer?seed=2&strength=0.8&days=150")
    one = placebo(GexLevels(), bars, account=ACCOUNT, shuffles=39)
    many = placebo(GexLevels(), bars, account=ACCOUNT, shuffles=79, trials=4)
    shuffles = (one.controls[0], many.controls[0])
    assert all(control.beaten == (control.p * trials <= 0.05) for control, trials in zip(shuffles, (1, 4), strict=True))
    with pytest.raises(ConfigError, match=r"39 shuffles cannot reach alpha 0\.05 with 20 trials; give 399 or more"):
        placebo(GexLevels(), bars, account=ACCOUNT, shuffles=39, trials=20)


@pytest.mark.parametrize(
    ("settings", "told"), [({"alpha": 0.0}, "alpha"), ({"trials": 0}, "trials"), ({"block": 0}, "block"),
                           ({"prefix": "opt"}, "reads no column opt_"), ({"shuffles": 5}, "19 or more")],
)  # fmt: skip
def test_settings_that_make_no_sense(settings, told):
    with pytest.raises(ConfigError, match=told):
        placebo(GexLevels(), load("synthetic:dealer?days=100"), account=ACCOUNT, **settings)


def test_strategies_without_levels_are_refused():
    with pytest.raises(ConfigError, match="AtrTrend reads no column gex_"):
        placebo(AtrTrend(), load("synthetic:dealer?days=100"))
    with pytest.raises(ConfigError, match="reads gex_flip"):
        placebo(GexLevels(), load("synthetic:martingale?bars=500"))


def test_too_little_history_gives_no_p_value():
    found = placebo(GexLevels(), load("synthetic:dealer?days=50&strength=0.8"), account=ACCOUNT)
    assert found.verdict == TOO_LITTLE and "49 usable rows" in found.told and not found.controls
    few = placebo(GexLevels(near_wall=0.02, time_stop=500), load("synthetic:dealer?days=62"), account=ACCOUNT)
    assert few.verdict == TOO_LITTLE and "fills, 30 are needed" in few.told


def verdicts(make, seeds):
    return [placebo(GexLevels(), make(seed), account=ACCOUNT, shuffles=19, seed=seed) for seed in seeds]


def at_most(count, of, rate):
    """False when so many would come by chance once in a thousand at that rate."""
    return binom.sf(count - 1, of, rate) > 0.001


@pytest.mark.slow
@pytest.mark.parametrize("damping", [0.0, 0.25])
def test_chance_keeps_its_error_rate(damping):
    """Martingale prices, with and without volatility that follows the regime: each comparison errs in 5 %."""
    found = verdicts(lambda seed: dealer_bars(seed, 0.0, damping), range(60))
    for k, name in enumerate(("shuffled", "shifted", "round")):
        assert at_most(sum(one.controls[k].beaten for one in found), len(found), 0.05), name
    assert at_most(sum(one.verdict == BEATEN for one in found), len(found), 0.05)
    assert abs(np.mean([one.statistic for one in found])) < 0.5


def dealer_bars(seed, strength, damping=0.25):
    return load(f"synthetic:dealer?days=150&seed={seed}&strength={strength}&damping={damping}")


def other_levels(seed):
    """Prices that dealers do move, but not at the levels of the table."""
    bars, rows = dealer_history(150, seed, 0.8)
    draws = Draws.make(seed + 10_000, len(rows))
    spots = rows["spot"].items()
    made = [draws.levels(k, float(spot), known, 0.01) for k, (known, spot) in enumerate(spots)]
    return bars.join(pd.DataFrame(made, index=rows.index), prefix="gex")


@pytest.mark.slow
def test_an_effect_at_other_levels_is_not_credited_to_these():
    found = verdicts(other_levels, range(40))
    assert at_most(sum(one.verdict == BEATEN for one in found), len(found), 0.05)


@pytest.mark.slow
def test_a_strong_effect_is_found_in_most_histories():
    found = verdicts(lambda seed: load(f"synthetic:dealer?days=400&seed={seed}&strength=0.8"), range(10))
    assert sum(one.verdict == BEATEN for one in found) >= 8


def command(*words):
    return CliRunner().invoke(main, ["placebo", "GexLevels", "--profile", "reference", "--shuffles", "19", *words])


def test_the_command_says_what_it_found_and_exits_with_it():
    found = command("--data", "synthetic:dealer?seed=2&strength=0.8&days=400")
    assert found.exit_code == 0, found.output
    assert "verdict: beats" in found.output and "not a market" in found.output and "shuffled" in found.output
    nothing = command("--data", "synthetic:dealer?seed=2&strength=0&days=400", "--json")
    assert nothing.exit_code == 1
    told = json.loads(nothing.output)
    assert told["verdict"] == NOT_BEATEN
    assert {"name", "statistic", "p", "beaten"} <= set(told["controls"][0])
    little = command("--data", "synthetic:dealer?seed=2&days=40")
    assert little.exit_code == 1 and "too little history: 39 usable rows" in little.output


def test_levels_come_from_a_file(tmp_path):
    bars, rows = dealer_history(200, 3, 0.5)
    prices, levels = tmp_path / "prices.parquet", tmp_path / "SPX.parquet"
    bars.frame.reset_index().to_parquet(prices)
    rows.reset_index().to_parquet(levels)
    words = (
        "--data",
        prices,
        "--label",
        "close",
        "--calendar",
        "XNYS",
        "--instrument",
        "tick=0.01",
        "--join",
        f"gex={levels}",
        "--json",
    )
    found = command(*map(str, words))
    expected = placebo(GexLevels(), bars.join(rows, prefix="gex"), account=ACCOUNT, shuffles=19)
    assert json.loads(found.output)["statistic"] == pytest.approx(expected.statistic)
    twice = command(*map(str, words[:-1]), "--data", str(prices))
    assert twice.exit_code == 2
    missing = command("--data", str(prices), "--label", "close", "--join", "gex=absent.parquet")
    assert missing.exit_code == 2 and "no such file" in missing.output
