"""The synthetic history does what it says: an effect where it is planted, none where it is not, no future anywhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from feeds import load, martingale
from feeds.errors import ConfigError
from feeds.synthetic_dealer import COLUMNS, Draws, dealer_history, levels_for, third_friday

SEEDS = range(8)


def moves(strength, seed, damping=0.25):
    """Log return of each bar in units of its volatility above the flip, and what the bar before knew."""
    bars, table = dealer_history(120, seed, strength, damping)
    joined = bars.join(table, prefix="gex").frame
    opened = joined["open"]
    known = joined["gex_flip"].notna()
    place = (2 * opened - joined["gex_call_wall"] - joined["gex_put_wall"]) / (
        joined["gex_call_wall"] - joined["gex_put_wall"]
    )
    result = np.log(joined["close"] / opened)
    above = opened >= joined["gex_flip"]
    return result[known & above], place[known & above], result[known & ~above], place[known & ~above]


def pooled(strength):
    parts = [moves(strength, seed) for seed in SEEDS]
    return [np.concatenate([part[k].to_numpy() for part in parts]) for k in range(4)]


def t_value(values):
    return values.mean() / values.std(ddof=1) * np.sqrt(len(values))


def test_the_effect_is_where_it_is_planted():
    damped, place, amplified, beyond = pooled(0.5)
    assert t_value(damped[place > 0.8]) < -4
    assert t_value(damped[place < -0.8]) > 4
    assert abs(t_value(damped[np.abs(place) < 0.4])) < 3
    assert t_value(amplified[beyond < -1]) < -4


def test_without_strength_there_is_none():
    damped, place, amplified, beyond = pooled(0.0)
    for values in (damped[place > 0.8], damped[place < -0.8], amplified[beyond < -1], damped, amplified):
        assert abs(t_value(np.expm1(values))) < 3  # simple returns of a martingale have mean 0
    assert damped.std() == pytest.approx(0.75 * 0.01 / np.sqrt(13), rel=0.05)
    assert amplified.std() == pytest.approx(1.25 * 0.01 / np.sqrt(13), rel=0.05)


def test_levels_have_the_same_shapes_at_every_strength():
    shapes = []
    for strength in (0.0, 0.5):
        table = dealer_history(40, 3, strength)[1]
        shapes.append((table["flip"] / table["spot"]).to_numpy())
    np.testing.assert_allclose(shapes[0], shapes[1], rtol=1e-12)


def test_levels_are_known_after_the_close_they_come_from_and_before_the_next_open():
    bars, table = dealer_history(60, 1)
    new_york = table.index.tz_convert("America/New_York")
    assert set(new_york.strftime("%H:%M")) == {"06:30"}
    closes = bars.column("close")
    for known, spot in table["spot"].items():
        assert closes[bars.times.searchsorted(known) - 1] == spot


def test_bars_are_whole_sessions_of_consistent_prices():
    bars, _ = dealer_history(260, 2, start="2024-01-02")
    frame = bars.frame
    assert (frame["high"] >= frame[["open", "close"]].max(axis=1)).all()
    assert (frame["low"] <= frame[["open", "close"]].min(axis=1)).all()
    assert (frame["open"].to_numpy()[1:] == frame["close"].to_numpy()[:-1]).all()
    assert str(bars.gaps) == "no gaps"
    counts = frame.groupby(frame.index.date).size()
    assert set(counts) == {13, 7}  # 6.5 hours, and half days such as 2024-07-03
    assert counts[pd.Timestamp("2024-07-03").date()] == 7


def test_it_is_labelled_and_repeats():
    one, other = load("synthetic:dealer?days=30&seed=4"), load("synthetic:dealer?days=30&seed=4")
    assert one == other and one.synthetic and "synthetic, not a market" in one.notes[0]
    assert one != load("synthetic:dealer?days=30&seed=5")
    assert {f"gex_{name}" for name in COLUMNS} < set(one.columns)
    assert one.calendar == "XNYS"


def test_levels_for_prices_do_not_change_with_later_prices():
    bars = martingale(600, 5)
    changed = bars.frame
    changed.loc[changed.index[301] :, ["open", "high", "low", "close"]] *= 1.3
    other = type(bars)(changed, bars.instrument, "changed", bars.timeframe, synthetic=True)
    ours, theirs = (bars.join(levels_for(one), prefix="gex").frame for one in (bars, other))
    names = [f"gex_{name}" for name in COLUMNS]
    pd.testing.assert_frame_equal(ours[names].iloc[:301], theirs[names].iloc[:301])
    assert not ours[names].iloc[340:].equals(theirs[names].iloc[340:])


def test_shapes_of_the_first_sessions_do_not_depend_on_how_many_follow():
    few, many = Draws.make(3, 10), Draws.make(3, 50)
    np.testing.assert_array_equal(few.flip, many.flip[:10])
    np.testing.assert_array_equal(few.call, many.call[:10])


@pytest.mark.parametrize(
    ("after", "settles"),
    [
        ("2024-01-02", "2024-01-19 21:00"),  # third Fridays of the exchange's calendar, 16:00 New York
        ("2024-01-19 20:59", "2024-01-19 21:00"),
        ("2024-01-19 21:00", "2024-02-16 21:00"),
        ("2024-03-05", "2024-03-15 20:00"),
        ("2024-11-30", "2024-12-20 21:00"),
    ],
)
def test_monthly_settlement(after, settles):
    assert third_friday(pd.Timestamp(after, tz="UTC")) == pd.Timestamp(settles, tz="UTC")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"days": 1}, "days=1"),
        ({"seed": -1}, "seed=-1"),
        ({"strength": float("nan")}, "strength=nan"),
        ({"damping": 1.0}, "damping=1.0"),
        ({"timeframe": "6h"}, "two bars"),
    ],
)
def test_settings_that_make_no_sense(wrong, told):
    with pytest.raises(ConfigError, match=told):
        dealer_history(**({"days": 20} | wrong))
