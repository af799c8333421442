"""The original's function names, its published examples recomputed, and its overlay (O13)."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from gex.chains_by_hand import good_run

from feeds.chains.files import write_chain
from feeds.errors import ConfigError, DataError
from indicators.gex import compat_v22
from indicators.gex.export import sierra_csv
from indicators.gex.sanity import check
from indicators.gex.snapshot import snapshot

HEADER = (
    "symbol,trade_datetime_utc,spot,gex_total,gex_regime,gex0_vol_trigger,gex1_flip,gex2_call_wall,gex3_put_wall,"
    "gex4_max_pain,gex5_pin1,gex6_pin2,window_pct,min_gap_pts,market_status,stale_minutes,source,version"
)


def published() -> dict[str, Any]:
    """The snapshot of the original's document, with the spot of its own overlay row."""
    return {
        "snapshot_id": "20250829_213000",
        "symbol": "SPX",
        "timestamp": "2025-08-29T21:30:00+00:00",
        "data_source": "POLYGON_API",
        "analysis": {
            "underlying_price": 6500.0,
            "levels": {
                "call_wall": {"strike": 6550, "oi": 2500},
                "put_wall": {"strike": 6450, "oi": 1800},
                "gamma_flip": {"gamma_flip_strike": 6475, "cumulative_gamma_at_flip": -1.2e11, "quality": "clear"},
                "max_pain": 6525,
                "vol_trigger": {"vol_trigger_strike": 6500},
                "gamma_pins": [{"strike": 6510, "strength": 1.8}],
            },
            "gex": {"gex_total_signed": -2.3e12, "gex_total_normalized": -2.3, "net_gamma": -2.3e12},
            "meta_overlay": {"timestamp": "2025-08-29T21:30:00+00:00", "validation_errors": []},
        },
    }


def ours(minutes: float = 1) -> dict[str, Any]:
    chain, analysis, levels = good_run()
    now = chain.asof + timedelta(minutes=minutes)
    return snapshot(chain, analysis, levels, check(chain, analysis, levels, now), now)


def test_o13_the_overlay_of_the_published_snapshot():
    """Recomputed: the pin is gone (B11), the market is closed (B14), all else as printed."""
    text = compat_v22.generate_csv_overlay(published(), datetime(2025, 8, 29, 21, 35, tzinfo=UTC))
    header, row = text.splitlines()
    assert header == HEADER
    assert row == (
        "SPX,2025-08-29T21:30:00+00:00,6500.00,-2.30e+12,NEG,6500.00,6475.00,6550.00,6450.00,6525.00,,,0.030,20,"
        "CLOSED,5,Polygon.io/Complete,polygon_v2.2"
    )


def test_o13_what_is_written_can_be_read():
    told = ours()
    text = compat_v22.generate_csv_overlay(told)
    row = sierra_csv.read(text)
    slots = told["processed_levels"]["slots"]
    keys = ("vol_trigger", "flip", "call_wall", "put_wall", "max_pain", "pin1", "pin2")
    for key, price in zip(keys, slots.values(), strict=True):
        assert getattr(row, key) == (None if price is None else pytest.approx(price, abs=0.005))
    assert sierra_csv.write(row) == text
    assert row.time == datetime(2026, 3, 3, 16, tzinfo=UTC) and row.stale_minutes == 1
    assert slots["gex4"] is None and ",," in text


def test_b10_the_published_verdict_recomputed():
    """95 with no warning was printed: negative gamma with the flip 25 points below the spot is the warning."""
    verdict = compat_v22.run_sanity_checks(published())
    assert verdict["score"] == 95 and verdict["warnings"] == ["FLIP_GEX_UNUSUAL"]
    assert verdict["status"] == "GO" and verdict["errors"] == []
    analysis = published()["analysis"] | {"put_call_ratio_oi": 1.6, "iv_skew_puts_minus_calls": 0.06, "vix": 20}
    bias = compat_v22.calculate_dealers_bias_robust(analysis)
    assert bias["components"]["gex_bias"] == 0.30
    assert bias["score"] == pytest.approx(0.4175 - 0.15 * 0.15)


def test_missing_levels_cost_what_they_cost():
    told = published()
    told["analysis"]["levels"] |= {"call_wall": None, "gamma_flip": None}
    verdict = compat_v22.run_sanity_checks(told)
    assert set(verdict["errors"]) == {"MISSING_CALL_WALL", "MISSING_GAMMA_FLIP"}
    assert (verdict["score"], verdict["status"]) == (55, "NO_GO")
    assert "check the open interest of the calls" in verdict["recommendations"]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"timestamp": "2025-08-29T21:30:00"}, "NAIVE_TIMESTAMP"), ({"data_source": "SYNTHETIC"}, "SYNTHETIC_DATA")],
)
def test_b02_generated_or_naive_data_are_never_go(change, code):
    verdict = compat_v22.run_sanity_checks(published() | change)
    assert verdict["status"] == "NO_GO" and code in verdict["errors"]


def test_a_fatal_check_of_our_own_snapshot_stays():
    assert compat_v22.run_sanity_checks(ours())["status"] == "GO"
    old = ours(minutes=60 * 24 * 4)
    assert compat_v22.run_sanity_checks(old)["errors"] == ["DATA_TOO_OLD"]
    assert compat_v22.run_sanity_checks(old)["status"] == "NO_GO"


def test_b24_quick_check_unpacks_into_two_and_takes_the_gap_from_the_row():
    told = ours()
    text = compat_v22.generate_csv_overlay(told)
    passed, details = compat_v22.quick_check(told, text)
    assert passed is True and len(details) == 5
    wide = text.replace(",0.030,20,", ",0.030,150,")
    assert wide != text
    result = compat_v22.quick_check(told, wide)
    assert (result.passed, result.verdict) == (False, "STOP")
    failing = [point.number for point in result.details if not point.passed]
    assert failing == [2]


def test_b24_pins_outside_the_window_fail_the_quick_check():
    told = ours()
    text = compat_v22.generate_csv_overlay(told).replace(",0.030,20,", ",0.001,20,")
    assert [point.number for point in compat_v22.quick_check(told, text).details if not point.passed] == [3]


def test_a_snapshot_without_spot_has_no_overlay():
    told = published()
    del told["analysis"]["underlying_price"]
    with pytest.raises(DataError, match="spot"):
        compat_v22.generate_csv_overlay(told)
    with pytest.raises(DataError, match="offset"):
        compat_v22.generate_csv_overlay(published() | {"timestamp": "2025-08-29T21:30:00"})


def options() -> dict[str, Any]:
    """Calls at 6600 and puts at 6400 hold the open interest; quotes by a flat volatility of 16 % are not needed."""

    def side(oi: float) -> dict[str, float]:
        return {"volume": 10, "open_interest": oi, "iv": 0.16}

    strikes = {
        6300.0 + 25 * i: {"call": side(100 if i != 12 else 5000), "put": side(100 if i != 4 else 5000)}
        for i in range(17)
    }
    return {"symbol": "SPX", "current_price": 6500.0, "strikes": strikes}


WHEN: dict[str, Any] = {"expiry": "20250919", "timestamp": "2025-08-29T15:30:00+00:00"}


def test_metrics_of_a_dictionary_of_options():
    analysis = compat_v22.calculate_option_metrics(options(), **WHEN)
    levels = analysis["levels"]
    assert (levels["call_wall"]["strike"], levels["put_wall"]["strike"]) == (6600.0, 6400.0)
    assert levels["call_wall"]["oi"] == 5000
    assert 6400 < levels["gamma_flip"]["gamma_flip_strike"] < 6600
    assert analysis["put_call_ratio_oi"] == pytest.approx(1.0)
    assert analysis["gex"]["gex_total_signed"] == pytest.approx(100 * analysis["gex"]["net_usd_per_1pct"])
    same = compat_v22.calculate_option_metrics(options() | WHEN)
    assert same == analysis


def test_helpers_agree_with_the_metrics():
    levels = compat_v22.calculate_option_metrics(options(), **WHEN)["levels"]
    assert compat_v22.walls(options(), **WHEN)["call_wall"] == levels["call_wall"]
    assert compat_v22.gamma_flip(options(), **WHEN) == levels["gamma_flip"]
    assert compat_v22.vol_trigger(options(), 0.5, **WHEN)["vol_trigger_ratio"] == 0.5
    assert {pin["strike"] for pin in compat_v22.gamma_pins(options(), **WHEN)} == {6400.0, 6600.0}
    assert len(compat_v22.gamma_pins(options(), min_gap_pts=500, **WHEN)) == 1
    assert set(compat_v22.net_gamma_delta(options(), **WHEN)) == {"net_gamma", "net_delta"}
    with pytest.raises(ConfigError, match="Strong"):
        compat_v22.gamma_pins(options(), pins_strength_min="Huge", **WHEN)


def test_time_and_expiry_are_not_guessed():
    with pytest.raises(DataError, match="expiry"):
        compat_v22.calculate_option_metrics(options(), timestamp=WHEN["timestamp"])
    with pytest.raises(DataError, match="offset"):
        compat_v22.calculate_option_metrics(options(), expiry="20250919", timestamp="2025-08-29T15:30:00")
    with pytest.raises(ConfigError, match="20250919"):
        compat_v22.calculate_option_metrics(options(), expiry="19/09/2025", timestamp=WHEN["timestamp"])


def test_flip_quality_by_contrast():
    strikes = [6400.0, 6425.0, 6450.0, 6475.0, 6500.0]

    def quality(own: float, flip: float | None = 6450.0) -> str:
        gammas = dict(zip(strikes, (1.0, 10.0, own, 8.0, 1.0), strict=True))
        return compat_v22.flip_quality(strikes, gammas, flip)

    assert [quality(3.9), quality(4.0), quality(7.6), quality(7.7)] == ["clear", "moderate", "moderate", "ambiguous"]
    assert [quality(1, 6400.0), quality(1, 6500.0), quality(1, None), quality(1, 6451.0)] == [
        "edge", "edge", "unknown", "unknown",
    ]  # fmt: skip


def test_deduplication_by_name():
    levels = published()["analysis"]["levels"]
    found = compat_v22.deduplicate_levels(levels, 20, 6500)
    assert found == {"gamma_flip": 6475, "call_wall": 6550, "put_wall": 6450, "max_pain": 6525}
    assert compat_v22.normalization_factor("NDX", -2.3e12) == 2e12


def test_create_polygon_snapshot_from_a_file(tmp_path):
    chain, _, _ = good_run()
    path = write_chain(chain, tmp_path / "chain.parquet")

    def clock() -> datetime:
        return chain.asof + timedelta(minutes=1)

    made = asyncio.run(compat_v22.create_polygon_snapshot("SPX", source=str(path), folder=tmp_path, clock=clock))
    assert made["sanity_checks"]["status"] == "GO", made["sanity_checks"]["errors"]
    assert json.loads((tmp_path / "SPX.json").read_text())["snapshot_id"] == made["snapshot_id"]
    day = f"{chain.rows['expiry_ts_utc'].iloc[-1]:%Y%m%d}"
    one = asyncio.run(compat_v22.create_polygon_snapshot("SPX", day, False, source=str(path), clock=clock))
    assert len(one["analysis"]["by_expiry"]) == 1
    with pytest.raises(DataError, match="expires on 2031-01-01"):
        asyncio.run(compat_v22.create_polygon_snapshot("SPX", "20310101", False, source=str(path), clock=clock))
