"""The JSON snapshot: fields, units, times and the published schema."""

from __future__ import annotations

import dataclasses
import json
import math
from datetime import timedelta, timezone

import jsonschema
import pandas as pd
import pytest
from gex.chains_by_hand import ASOF, analysed, changed, good_chain, good_run

from feeds.chains.chain import Chain
from feeds.errors import ConfigError
from indicators.gex.basis import synchronous
from indicators.gex.levels import process
from indicators.gex.sanity import check
from indicators.gex.settings import GexSettings
from indicators.gex.snapshot import config_hash, schema, snapshot, text

NOW = ASOF + timedelta(minutes=1)
VALIDATOR = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())


def made(**fields: object) -> dict:
    chain, analysis, levels = good_run()
    analysis = dataclasses.replace(analysis, **fields)
    return snapshot(chain, analysis, levels, check(chain, analysis, levels, NOW), NOW)


def test_the_schema_is_a_schema_and_strict():
    jsonschema.Draft202012Validator.check_schema(schema())
    extra = made() | {"surprise": 1}
    assert not VALIDATOR.is_valid(extra)
    lacking = made()
    del lacking["analysis"]["levels"]["gamma_flip"]["gamma_flip_strike"]
    assert not VALIDATOR.is_valid(lacking)


def test_a_snapshot_keeps_its_schema():
    VALIDATOR.validate(json.loads(text(made())))


@pytest.mark.parametrize("model", ["naive", "short_all", "short_calls_long_puts", "long_all"])
@pytest.mark.parametrize("mode", ["net_gamma_side", "oi", "gamma", "net_gamma", "oi_side"])
def test_every_model_and_wall_mode_keeps_the_schema(model, mode):
    analysis, levels = analysed(good_chain(), sign_model=model, wall_mode=mode)
    told = snapshot(good_chain(), analysis, levels, check(good_chain(), analysis, levels, NOW), NOW)
    VALIDATOR.validate(json.loads(text(told)))
    assert (told["model"]["sign_model"], told["model"]["wall_mode"]) == (model, mode)


def test_with_a_basis_it_keeps_the_schema_and_both_times():
    chain, analysis, _ = good_run()
    basis = synchronous("ES", 6541.25, ASOF, 6500.0, ASOF - timedelta(seconds=20))
    levels = process(analysis, basis=basis)
    told = json.loads(text(snapshot(chain, analysis, levels, check(chain, analysis, levels, NOW), NOW)))
    VALIDATOR.validate(told)
    assert told["basis"]["points"] == 41.25
    assert told["basis"]["future_ts"] == "2026-03-03T16:00:00+00:00"
    assert told["basis"]["underlying_ts"] == "2026-03-03T15:59:40+00:00"
    assert told["processed_levels"]["chart"] == "ES"
    flip = told["analysis"]["levels"]["gamma_flip"]["gamma_flip_strike"]
    assert told["processed_levels"]["slots"]["gex1"] == round((flip + 41.25) * 4) / 4


def test_the_flip_keeps_its_full_precision():
    _, analysis, _ = good_run()
    told = json.loads(text(made()))
    assert told["analysis"]["levels"]["gamma_flip"]["gamma_flip_strike"] == analysis.flip.level


def test_times_are_utc_and_agree():
    told = made()
    assert told["snapshot_id"] == "20260303_160000"
    assert told["timestamp"] == told["analysis"]["meta_overlay"]["timestamp"] == "2026-03-03T16:00:00+00:00"
    assert told["asof"]["generated_ts"] == "2026-03-03T16:01:00+00:00"
    assert (told["asof"]["stale_minutes"], told["asof"]["market_status"]) == (1, "RTH")
    assert told["asof"]["oi_date"] == "2026-03-02"


def test_another_zone_is_turned_into_utc_and_a_naive_time_refused():
    chain, analysis, levels = good_run()
    verdict = check(chain, analysis, levels, NOW)
    east = NOW.astimezone(timezone(timedelta(hours=9)))
    assert snapshot(chain, analysis, levels, verdict, east) == snapshot(chain, analysis, levels, verdict, NOW)
    with pytest.raises(ConfigError, match="now"):
        snapshot(chain, analysis, levels, verdict, NOW.replace(tzinfo=None))


def test_what_is_unknown_is_null_and_never_nan():
    told = made(pcr_volume=math.nan, pcr_oi=math.inf, z252=None)
    assert told["analysis"]["put_call_ratio_volume"] is None
    assert told["analysis"]["put_call_ratio_oi"] is None
    assert told["analysis"]["vix"] is None
    assert "NaN" not in text(told) and "Infinity" not in text(told)
    with pytest.raises(ValueError, match="JSON"):
        text({"x": math.nan})


def test_b08_units_stand_in_the_names_and_the_old_number_is_100_times_ours():
    gex = made()["analysis"]["gex"]
    assert gex["gex_total_signed"] == pytest.approx(100 * gex["net_usd_per_1pct"])
    assert gex["gross_usd_per_1pct"] == pytest.approx(gex["call_usd_per_1pct"] + gex["put_usd_per_1pct"])
    assert gex["gex_total_normalized"] == pytest.approx(gex["gex_total_signed"] / 1e12)
    assert "1 %" in made()["units"]["usd_per_1pct"]


def test_b06_what_is_stored_comes_from_the_contracts():
    """The published files stored a sign of -1 beside a positive total, a fixed 40/60 split and half the total at the
    flip. Here the sign model is named and each part adds up from the strikes."""
    told = made()
    gex, rows = told["analysis"]["gex"], told["analysis"]["by_strike"]
    for part in ("call", "put", "net"):
        assert gex[f"{part}_usd_per_1pct"] == pytest.approx(sum(row[f"{part}_usd_per_1pct"] for row in rows))
    assert gex["net_usd_per_1pct"] == pytest.approx(gex["call_usd_per_1pct"] - gex["put_usd_per_1pct"])
    assert told["model"]["sign_model"] == "naive"
    assert sum(row["net_usd_per_1pct"] for row in told["analysis"]["by_expiry"]) == pytest.approx(
        gex["net_usd_per_1pct"]
    )


def test_a_missing_flip_is_null_with_its_status():
    analysis, levels = analysed(good_chain(), sign_model="short_all")
    told = snapshot(good_chain(), analysis, levels, check(good_chain(), analysis, levels, NOW), NOW)
    assert told["analysis"]["levels"]["gamma_flip"]["gamma_flip_strike"] is None
    assert told["analysis"]["flip"]["flip_status"] == "one_sided_negative"
    assert told["processed_levels"]["slots"]["gex1"] is None


def test_the_source_is_named():
    chain, analysis, levels = good_run()
    for source, name in {"massive": "POLYGON_API", "cboe": "CBOE_DELAYED", "synthetic": "SYNTHETIC"}.items():
        one = changed(source=source, detail="v1")
        told = snapshot(one, analysis, levels, check(chain, analysis, levels, NOW), NOW)
        assert (told["data_source"], told["data_source_detail"]) == (name, "v1")


def test_every_level_is_told_drawn_or_not():
    told = made()["processed_levels"]
    assert {one["name"] for one in told["levels"]} >= {"gamma_flip", "call_wall", "put_wall", "max_pain"}
    for one in told["levels"]:
        assert one["drawn"] == (one["drop"] is None)
        if one["slot"]:
            assert told["slots"][one["slot"]] == (one["place"] if one["drawn"] else None)


def test_the_fingerprint_follows_the_settings():
    assert config_hash(GexSettings()) == config_hash(GexSettings())
    assert config_hash(GexSettings()) != config_hash(GexSettings(max_dte=45))


def test_sanity_and_checklist_are_in_it():
    told = made()
    assert (told["sanity_checks"]["status"], told["sanity_checks"]["score"]) == ("GO", 100)
    assert told["checklist"]["verdict"] == "USE" and len(told["checklist"]["points"]) == 5
    assert (
        told["coverage"]["n_used"] + sum(told["coverage"]["dropped_by_reason"].values()) == told["coverage"]["n_total"]
    )


def test_two_contracts_are_enough_for_a_snapshot_but_not_for_a_go():
    """Call at 110, put at 90, volatility .2, 30 days: the flip is sqrt(110 90) exp(-.02 30/365) = 99.3353."""
    settles = pd.Timestamp("2026-04-02T16:00:00Z")
    rows = pd.DataFrame({
        "root": "TEST", "expiry_ts_utc": settles, "strike": [110.0, 90.0], "right": ["C", "P"], "iv": 0.2, "oi": 1000.0,
        "multiplier": 100.0,
    })  # fmt: skip
    chain = Chain.from_rows(rows, symbol="TEST", asof=ASOF, spot=100.0, source="file", feed="REALTIME")
    analysis, levels = analysed(chain, rate=0.0, dividend_yield=0.0)
    verdict = check(chain, analysis, levels, NOW)
    told = json.loads(text(snapshot(chain, analysis, levels, verdict, NOW)))
    VALIDATOR.validate(told)
    wanted = math.sqrt(110 * 90) * math.exp(-0.5 * 0.2**2 * 30 / 365)
    assert told["analysis"]["levels"]["gamma_flip"]["gamma_flip_strike"] == pytest.approx(wanted, abs=1e-6)
    assert verdict.status == "NO_GO" and "TOO_FEW_STRIKES" in verdict.fatal
