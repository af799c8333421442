"""Which levels are drawn: priorities, one gap between all, the window, at most two pins."""

from __future__ import annotations

import dataclasses
import itertools
import math

import pytest
from gex.chains_by_hand import analysed, good_chain, good_run
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import ConfigError
from indicators.gex.levels import Level, choose, minimum_gap, process, title

PRIORITY = ("gamma_flip", "call_wall", "put_wall", "max_pain")


def level(name: str, price: float | None, strength: float | None = None) -> Level:
    return Level(name, "", price, price, False, False, strength=strength)


def levels(flip=None, call=None, put=None, pain=None, pins=()) -> list[Level]:
    named = [level(name, price) for name, price in zip(PRIORITY, (flip, call, put, pain), strict=True)]
    return named + [level(f"pin{i}", price, 2.0) for i, price in enumerate(pins, 1)]


def drawn(chosen) -> dict[str, float]:
    return {one.name: one.place for one in chosen if one.drawn}


def dropped(chosen) -> dict[float, str]:
    return {one.price: one.drop for one in chosen if not one.drawn}


def test_the_worked_case_of_the_original():
    """Flip 6500, walls 6505/6450, max pain 6520, pins 6510/6502/6455, gap 20: a gap of exactly 20 is kept."""
    chosen = choose(levels(6500, 6505, 6450, 6520, (6510, 6502, 6455)), 6500, 20)
    assert drawn(chosen) == {"gamma_flip": 6500, "put_wall": 6450, "max_pain": 6520}
    assert dropped(chosen) == {6505: "gap", 6510: "gap", 6502: "gap", 6455: "gap"}


def test_b11_the_published_row_loses_its_pin():
    """Flip 6475, walls 6550/6450, max pain 6525, pin 6510: the pin is 15 from max pain, less than 20."""
    chosen = choose(levels(6475, 6550, 6450, 6525, (6510,)), 6500, 20)
    assert drawn(chosen) == {"gamma_flip": 6475, "call_wall": 6550, "put_wall": 6450, "max_pain": 6525}
    assert dropped(chosen) == {6510: "gap"}


def test_b13_the_wall_that_is_dropped_says_so_and_where_it_went():
    """The original's test printed this expectation and never asserted it."""
    chosen = {one.name: one for one in choose(levels(6500, 6505, 6450, 6520), 6500, 20)}
    wall = chosen["call_wall"]
    assert (wall.drawn, wall.drop, wall.merged_into, wall.price) == (False, "gap", "gamma_flip", 6505)
    assert chosen["gamma_flip"].label == "Gamma Flip / Call Wall"
    assert chosen["max_pain"].label == "Max Pain"


def test_a_level_merges_into_the_nearest_drawn_one():
    chosen = {one.name: one for one in choose(levels(6500, 6525, None, 6514), 6500, 20)}
    assert chosen["max_pain"].merged_into == "call_wall"


def test_equal_walls_become_one():
    chosen = {one.name: one for one in choose(levels(6440, 6500, 6500), 6500, 20)}
    assert chosen["call_wall"].drawn and chosen["put_wall"].merged_into == "call_wall"


def test_the_window_blanks_a_slot_and_blocks_nobody():
    chosen = choose(levels(6000, 6015, 6450), 6200, 20, 0.03)
    assert drawn(chosen) == {"call_wall": 6015}
    assert dropped(chosen) == {6000: "window", 6450: "window", None: "null"}
    assert [one.in_window for one in chosen] == [False, True, False, False]


def test_at_most_two_pins_and_only_after_the_others():
    chosen = choose(levels(6500, pins=(6505, 6550, 6450, 6600)), 6500, 20)
    assert drawn(chosen) == {"gamma_flip": 6500, "pin1": 6550, "pin2": 6450}
    assert [one.slot for one in chosen if one.drawn] == ["", "gex5", "gex6"]
    assert dropped(chosen) == {6505: "gap", 6600: "max_pins", None: "null"}


def test_nothing_that_is_not_a_number_is_drawn():
    chosen = choose(levels(math.nan, math.inf, None, 6500), 6500, 20)
    assert drawn(chosen) == {"max_pain": 6500}


@pytest.mark.parametrize(
    ("symbol", "price", "gap"),
    [("SPX", 6500, 20), ("ES", 6500, 20), ("NDX", 23000, 60), ("NQ", 23000, 60), ("RUT", 2300, 10), ("SPY", 650, 1.95),
     ("QQQ", 600, 1.8), ("spx", 6500, 20)],
)  # fmt: skip
def test_the_gap_belongs_to_the_symbol(symbol, price, gap):
    assert minimum_gap(symbol, price) == pytest.approx(gap)


def test_b24_the_gap_of_ndx_is_not_that_of_spx():
    close = levels(23000, 23030)
    assert len(drawn(choose(close, 23000, minimum_gap("SPX", 6500)))) == 2
    assert len(drawn(choose(close, 23000, minimum_gap("NDX", 23000)))) == 1


@pytest.mark.parametrize(("spot", "gap", "window"), [(0, 20, 0.03), (math.nan, 20, 0.03), (6500, -1, 0.03),
                                                     (6500, math.nan, 0.03), (6500, 20, -0.1)])  # fmt: skip
def test_settings_out_of_bounds_are_refused(spot, gap, window):
    with pytest.raises(ConfigError):
        choose(levels(6500), spot, gap, window)


prices = st.one_of(st.none(), st.integers(6200, 6800).map(float), st.floats(6200, 6800))
scenes = st.builds(
    levels, prices, prices, prices, prices, st.lists(st.floats(6200, 6800), max_size=6)
)  # fmt: skip
gaps = st.sampled_from([0.0, 1.95, 20.0, 60.0])


@given(scenes, gaps)
def test_o11_drawn_levels_are_apart(scene, gap):
    places = sorted(drawn(choose(scene, 6500, gap)).values())
    assert all(above - below >= gap for below, above in itertools.pairwise(places))


@given(scenes, gaps)
def test_o11_priority_is_never_inverted(scene, gap):
    """Whatever is dropped for the gap lies too close to something drawn that came before it, or to nothing at all."""
    chosen = choose(scene, 6500, gap)
    for place, one in enumerate(chosen):
        before = [other.place for other in chosen[:place] if other.drawn]
        clear = one.place is not None and abs(one.place - 6500) <= 195
        free = clear and all(abs(one.place - other) >= gap for other in before)
        full = one.name.startswith("pin") and sum(other.name.startswith("pin") for other in chosen[:place]
                                                  if other.drawn) >= 2  # fmt: skip
        assert one.drawn == (free and not full)


@given(scenes, gaps)
def test_o11_applying_the_rule_again_changes_nothing(scene, gap):
    chosen = choose(scene, 6500, gap)
    assert choose(chosen, 6500, gap) == chosen
    assert drawn(choose([one for one in chosen if one.drawn], 6500, gap)) == drawn(chosen)


@given(scenes, gaps)
def test_every_drop_has_its_reason(scene, gap):
    for one in choose(scene, 6500, gap):
        assert one.drop in ({""} if one.drawn else {"gap", "window", "null", "max_pins"})
        assert (one.merged_into is not None) == (one.drop == "gap")


def test_the_vol_trigger_is_outside_gap_and_window():
    _, analysis, _ = good_run()
    flip = analysis.flip.level
    for place in (flip, flip * 1.2):
        trigger = dataclasses.replace(analysis.vol_trigger, level=place)
        processed = process(dataclasses.replace(analysis, vol_trigger=trigger))
        assert processed.slots()["gex0"] == place
        assert not processed.vol_trigger.drawn
        assert processed.slots()["gex1"] == flip


def test_a_real_analysis_fills_the_slots():
    _, analysis, processed = good_run()
    slots = processed.slots()
    assert list(slots) == ["gex0", "gex1", "gex2", "gex3", "gex4", "gex5", "gex6"]
    assert slots["gex1"] == analysis.flip.level
    assert slots["gex2"] == analysis.call_wall.strike
    assert processed.min_gap_pts == 20 and processed.chart == "SPX"
    assert processed.named("put_wall").price == analysis.put_wall.strike
    assert all(one.drop for one in processed.dropped)
    assert len(processed.drawn) <= 6


def test_settings_of_the_run_are_used():
    _, narrow = analysed(good_chain(), window_pct=0.005, min_gap_pts=5.0, max_pins=0)
    assert all(abs(one.place - 6500) <= 32.5 for one in narrow.drawn)
    assert not [one for one in narrow.drawn if one.name.startswith("pin")]
    assert narrow.min_gap_pts == 5.0


def test_levels_are_rounded_to_listed_strikes_but_not_the_flip():
    _, analysis, _ = good_run()
    moved = dataclasses.replace(analysis, max_pain=6512.0, call_wall=None, put_wall=None, pins=())
    listed = analysis.strikes.strike
    nearest = min(listed, key=lambda strike: (abs(strike - 6512.0), strike))
    assert process(moved).named("max_pain").price == nearest
    assert process(moved).named("gamma_flip").price == analysis.flip.level


def test_titles():
    assert [title(name) for name in ("gamma_flip", "pin2", "vol_trigger")] == ["Gamma Flip", "Pin 2", "Vol Trigger"]
