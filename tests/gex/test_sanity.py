"""Every sanity rule, its penalty and its refusal; O12: the score is 100 less the penalties, for every combination."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from gex.chains_by_hand import ASOF, changed, good_chain, good_run, judged, verdict_with

from feeds.errors import ConfigError, DataError
from indicators.gex.levels import process
from indicators.gex.sanity import check, level_rules
from indicators.gex.verdict import ERROR, FATAL, WARNING, Check, could_not, judge

GOOD = {
    "call_wall": 6550.0, "put_wall": 6450.0, "flip": 6490.0, "flip_status": "ok", "spot": 6500.0, "gex": 1e12,
    "normalized": 1.0, "pins": 2, "vol_trigger": 6500.0, "validation_errors": (),
}  # fmt: skip
BREAKS = [  # code, what breaks it, penalty
    ("MISSING_CALL_WALL", {"call_wall": None}, 20),
    ("MISSING_PUT_WALL", {"put_wall": None}, 20),
    ("MISSING_GAMMA_FLIP", {"flip": None, "flip_status": "weak_only"}, 25),
    ("ONE_SIDED_PROFILE", {"flip": None, "flip_status": "one_sided_positive"}, 5),
    ("WALLS_IDENTICAL", {"call_wall": 6500.0, "put_wall": 6500.0}, 15),
    ("FLIP_GEX_UNUSUAL", {"flip": 6530.0}, 5),
    ("GEX_NORM_HIGH", {"normalized": -50.5}, 5),
    ("TOO_MANY_PINS", {"pins": 3}, 5),
    ("VOL_TRIGGER_FAR", {"vol_trigger": 7200.0}, 3),
    ("VALIDATION_A", {"validation_errors": ("A",)}, 2),
    ("VALIDATION_B", {"validation_errors": ("A", "B")}, 4),
]


def failed(rules) -> set[str]:
    return {rule.code for rule in rules if not rule.passed}


def test_good_values_pass():
    assert failed(level_rules(**GOOD)) == set()
    assert judge(level_rules(**GOOD)).status == "GO"


@pytest.mark.parametrize(("code", "change", "penalty"), BREAKS)
def test_each_rule_has_its_penalty(code, change, penalty):
    rules = level_rules(**GOOD | change)
    assert code in failed(rules)
    assert judge(rules).score == 100 - penalty


def test_o12_the_score_is_100_less_the_penalties_in_every_combination():
    seen = 0
    for size in range(len(BREAKS) + 1):
        for combination in itertools.combinations(BREAKS, size):
            keys = [key for _, change, _ in combination for key in change if key != "flip_status"]
            if len(keys) != len(set(keys)):
                continue  # a value cannot be broken in two ways
            change = {key: value for _, one, _ in combination for key, value in one.items()}
            verdict = judge(level_rules(**GOOD | change))
            expected = max(0, 100 - sum(penalty for _, _, penalty in combination))
            assert verdict.score == expected
            assert verdict.status == ("GO" if expected >= 80 else "CAUTION" if expected >= 60 else "NO_GO")
            seen += 1
    assert seen > 300


def test_the_score_stays_within_0_and_100():
    many = [Check("X", WARNING, False, None, None, 40, "") for _ in range(4)]
    assert (judge(many).score, judge(many).status) == (0, "NO_GO")
    assert judge([]).score == 100


def test_a_fatal_check_forbids_whatever_the_score():
    verdict = judge([Check("X", FATAL, False, None, None, 0, ""), Check("Y", ERROR, True, None, None, 25, "")])
    assert (verdict.status, verdict.score, verdict.errors, verdict.fatal) == ("NO_GO", 100, ("X",), ("X",))


@pytest.mark.parametrize(
    ("gex", "flip", "unusual"),
    [(1e12, 6530, True), (1e12, 6519, False), (1e12, 6519.6, True), (1e12, 6400, False), (-1e12, 6400, True),
     (-1e12, 6481, False), (-1e12, 6600, False), (0.0, 6600, False), (1e12, None, False)],
)  # fmt: skip
def test_flip_and_gex_must_agree_on_both_sides_beyond_a_third_of_a_percent(gex, flip, unusual):
    """0.3 % of 6500 is 19.5 points."""
    assert ("FLIP_GEX_UNUSUAL" in failed(level_rules(**GOOD | {"gex": gex, "flip": flip}))) == unusual


def test_errors_that_ended_the_computation():
    verdict = could_not(DataError("x.csv: no contracts"))
    assert (verdict.status, verdict.score) == ("ERROR", 0)
    assert verdict.failed[0].message == "x.csv: no contracts"


def test_a_good_chain_is_go_without_any_warning():
    verdict = judged(good_chain())
    assert (verdict.status, verdict.score, verdict.failed) == ("GO", 100, ())
    assert len({one.code for one in verdict.checks}) == len(verdict.checks) > 25


def later(**more: float) -> datetime:
    return ASOF + timedelta(**more)


@pytest.mark.parametrize(
    ("code", "now", "change"),
    [
        ("NAIVE_TIMESTAMP", None, {"asof": ASOF.replace(tzinfo=None)}),
        ("NAIVE_TIMESTAMP", None, {"spot_ts": ASOF.replace(tzinfo=None)}),
        ("FUTURE_DATA", later(minutes=-1), {}),
        ("FUTURE_DATA", None, {"spot_ts": later(hours=1)}),
        ("DATA_TOO_OLD", later(minutes=31), {}),
        ("DATA_TOO_OLD", later(minutes=16), {"feed": "DELAYED"}),
        ("DATA_TOO_OLD", later(days=4), {}),
        ("LOOK_AHEAD_OI", None, {"rows": good_chain().rows.assign(oi_date=pd.Timestamp("2026-03-03"))}),
        ("SPOT_FAR_FROM_PREV_CLOSE", None, {"prev_close": 6190.0}),
        ("SYNTHETIC_DATA", None, {"source": "synthetic"}),
        ("DUPLICATE_CONTRACTS", None, {"rows": pd.concat([good_chain().rows, good_chain().rows.iloc[[5]]])}),
    ],
)
def test_what_the_chain_says_can_forbid(code, now, change):
    verdict = verdict_with(now, dataclasses.replace(good_chain(), **change))
    assert code in verdict.fatal
    assert verdict.status == "NO_GO"


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("PROFILE_MISMATCH", {"profile_error": 0.2}),
        ("PROFILE_MISMATCH", {"profile_error": float("nan")}),
        ("OI_NOT_REPORTED", {"oi_confidence": "proxy_volume"}),
        ("OI_NOT_REPORTED", {"oi_confidence": "missing"}),
    ],
)
def test_what_the_analysis_says_can_forbid(code, change):
    assert code in verdict_with(**change).fatal


def with_surface(**fields: object):
    _, analysis, _ = good_run()
    return {"surface": dataclasses.replace(analysis.surface, **fields)}


def test_the_surface_can_forbid():
    _, analysis, _ = good_run()
    surface = analysis.surface
    puts_only = np.where(surface.is_call, 0.0, surface.oi)
    assert "ONE_SIDED_CHAIN" in verdict_with(**with_surface(oi=puts_only)).fatal
    assert "ONE_SIDED_CHAIN" in verdict_with(**with_surface(oi=surface.oi * 0)).fatal
    assert "PARITY_VIOLATIONS" in verdict_with(**with_surface(parity_violations=0.021)).fatal
    assert "PARITY_VIOLATIONS" not in verdict_with(**with_surface(parity_violations=float("nan"))).fatal
    assert "TOO_FEW_STRIKES" in verdict_with(**with_surface(strike=np.full_like(surface.strike, 6500.0))).fatal
    assert "VENDOR_GAMMA" in verdict_with(**with_surface(gamma=surface.gamma * 1.1)).fatal
    assert "CLAMPED_VOLATILITY" in verdict_with(**with_surface(sigma=np.maximum(surface.sigma, 0.17))).fatal


def test_walls_on_the_wrong_side_forbid_in_the_modes_with_a_side():
    _, analysis, _ = good_run()
    wall = dataclasses.replace(analysis.call_wall, strike=6400.0)
    assert "WALL_WRONG_SIDE" in verdict_with(call_wall=wall).fatal
    wall = dataclasses.replace(analysis.put_wall, strike=6600.0)
    assert "WALL_WRONG_SIDE" in verdict_with(put_wall=wall).fatal
    free = dataclasses.replace(analysis.settings, wall_mode="oi")
    assert "WALL_WRONG_SIDE" not in verdict_with(put_wall=wall, settings=free).fatal


def test_a_level_that_is_not_a_number_forbids():
    chain, analysis, levels = good_run()
    trigger = dataclasses.replace(levels.vol_trigger, place=float("nan"))
    broken = dataclasses.replace(levels, vol_trigger=trigger)
    assert "LEVEL_NOT_FINITE" in check(chain, analysis, broken, later(minutes=1)).fatal


def test_b07_strikes_and_spot_of_different_underlyings_are_refused():
    """SPY strikes around 650 with a spot of 6500: the original mixed them and reported a score of 0.100."""
    spy = changed(rows={"strike": lambda rows: rows["strike"] / 10.0})
    _, analysis, levels = good_run()
    verdict = check(spy, analysis, levels, later(minutes=1))
    assert {"STRIKE_UNITS", "SPOT_FAR_FROM_QUOTES"} <= set(verdict.fatal)


def test_b07_constant_quotes_and_sizes_are_refused():
    verdict = verdict_with(None, changed(rows={"bid": 0.01, "ask": 0.02, "oi": 100.0}))
    constant = next(one for one in verdict.failed if one.code == "CONSTANT_COLUMN")
    assert constant.severity == FATAL and constant.value == "bid, ask, oi"


def test_b09_ladders_of_strikes_that_nobody_lists_are_refused():
    """Strikes 6438.5 + 5 n, as in the published files."""
    rows = good_chain().rows
    rows = rows.assign(strike=6438.5 + 5.0 * (np.arange(len(rows)) % 21))
    assert "UNLISTED_STRIKES" in verdict_with(None, changed(rows={"strike": rows["strike"]})).fatal


def test_b09_bids_on_a_ladder_are_refused():
    """Put bids that fall by five points from strike to strike, whatever the strike."""
    strikes = np.arange(6200.0, 6800.0, 25.0)
    expiries = good_chain().rows["expiry_ts_utc"].unique()[2:5]
    base = good_chain().rows.iloc[[0]]
    made = [
        base.assign(expiry_ts_utc=expiry, strike=strike, right=right, root="SPXW", bid=50 + 0.2 * abs(strike - 6500),
                    ask=60 + 0.2 * abs(strike - 6500))
        for expiry in expiries for strike in strikes for right in ("C", "P")
    ]  # fmt: skip
    chain = dataclasses.replace(good_chain(), rows=pd.concat(made, ignore_index=True))
    assert "QUOTE_LADDER" in verdict_with(None, chain).fatal


def test_b02_generated_data_are_never_go_unless_a_demonstration_says_so():
    assert "SYNTHETIC_DATA" in verdict_with(None, changed(rows={"iv_source": "synthetic"})).fatal
    made = changed(source="synthetic")
    assert "SYNTHETIC_DATA" in judged(made).fatal
    _, analysis, levels = good_run()
    shown = check(made, analysis, levels, later(minutes=1), accept_synthetic=True)
    assert (shown.status, shown.warnings) == ("GO", ("SYNTHETIC_DATA",))


def test_half_of_the_fields_missing_is_refused():
    rows = good_chain().rows
    hole = np.arange(len(rows)) % 2 == 0
    lost = changed(rows={name: rows[name].mask(hole) for name in ("bid", "ask", "mid", "iv", "gamma")})
    assert "INCOMPLETE_FIELDS" in verdict_with(None, lost).fatal
    unknown = changed(rows={"oi": rows["oi"].mask(hole)})
    assert "INCOMPLETE_FIELDS" in verdict_with(None, unknown).fatal


def test_new_listings_without_open_interest_are_no_hole():
    rows = good_chain().rows
    new = np.arange(len(rows)) % 2 == 0
    listed = {name: rows[name].mask(new) for name in ("bid", "ask", "mid", "iv", "gamma")}
    assert "INCOMPLETE_FIELDS" not in verdict_with(None, changed(rows=listed | {"oi": rows["oi"].mask(new, 0.0)})).fatal


def test_open_interest_that_cannot_be_priced_is_a_warning():
    rows = good_chain().rows
    big = rows["oi"] > rows["oi"].quantile(0.9)
    lost = changed(rows={"oi": rows["oi"].mask(big, rows["oi"] * 3)})
    verdict = verdict_with(None, lost)
    assert "VALIDATION_UNPRICED_OI" in verdict.warnings and verdict.score == 98


def test_stale_open_interest_is_a_warning():
    verdict = verdict_with(oi_confidence="stale")
    assert (verdict.status, verdict.score, verdict.warnings) == ("GO", 95, ("STALE_OI",))


def test_quotes_that_imply_another_spot_are_named():
    rows = good_chain().rows
    apart = rows["mid"] + np.where(rows["right"] == "C", 50.0, 0.0)
    assert "VALIDATION_SPOT_AND_QUOTES_APART" in verdict_with(None, changed(rows={"mid": apart})).warnings
    far = rows["mid"] + np.where(rows["right"] == "C", 500.0, 0.0)
    assert "SPOT_FAR_FROM_QUOTES" in verdict_with(None, changed(rows={"mid": far})).fatal


def test_the_clock_must_be_aware():
    chain, analysis, levels = good_run()
    with pytest.raises(ConfigError, match="now"):
        check(chain, analysis, levels, ASOF.replace(tzinfo=None))


def test_pins_beyond_two_are_counted_as_drawn():
    chain, analysis, _ = good_run()
    many = process(analysis, dataclasses.replace(analysis.settings, max_pins=5, min_gap_pts=1.0))
    assert "TOO_MANY_PINS" in check(chain, analysis, many, later(minutes=1)).warnings
