"""Real chains: a snapshot each, and no warning but true ones. What is wrong with a file is written down here."""

from __future__ import annotations

import json
from datetime import date, timedelta

import jsonschema
import numpy as np
import pytest

from feeds.chains.files import read_chain
from feeds.errors import DataError
from indicators.gex import pipeline
from indicators.gex.data_checks import implied_move
from indicators.gex.snapshot import schema, text

SPY_2025 = "MIT_cboe_quotedata_SPY_2025.parquet"
YAHOO_2026 = "MIT_yahoo_chains_SPY_QQQ_IWM_2026-08.parquet"
AAPL_2014 = "APACHE_lean_AAPL_daily_chain_oi_iv_greeks.parquet"
AAPL_2026 = "APACHE_openbb_cboe_AAPL_delayed_quotes.json.gz"
VALIDATOR = jsonschema.Draft202012Validator(schema())


def told(market_data, name: str, symbol: str, session: str | None):
    day = None if session is None else date.fromisoformat(session)
    chain = read_chain(market_data / "options" / name, symbol=symbol, session=day)
    result = pipeline.run(chain, now=chain.asof + timedelta(minutes=1))
    VALIDATOR.validate(json.loads(text(result.snapshot)))
    return chain, result


def codes(result) -> set[str]:
    return {one.code for one in result.sanity.failed}


@pytest.mark.parametrize(
    "session", ["2025-05-01", "2025-05-02", "2025-05-06", "2025-06-09", "2025-08-29", "2025-09-02"]
)
def test_spy_2025_is_go_without_warning(market_data, session):
    _, result = told(market_data, SPY_2025, "SPY", session)
    assert (result.sanity.status, result.sanity.score, codes(result)) == ("GO", 100, set())
    slots = result.levels.slots()
    spot = result.levels.spot
    assert abs(slots["gex1"] / spot - 1) <= 0.03
    assert result.checklist.verdict == "USE"


@pytest.mark.parametrize("session", ["2025-04-30", "2025-05-07", "2025-05-16"])
def test_spy_2025_sessions_whose_spot_is_of_another_moment(market_data, session):
    """True: calls and puts at the money price SPY half a percent or more away from the spot in the file."""
    chain, result = told(market_data, SPY_2025, "SPY", session)
    assert codes(result) == {"VALIDATION_SPOT_AND_QUOTES_APART"}
    assert (result.sanity.status, result.sanity.score) == ("GO", 98)
    rows = chain.rows[chain.rows["expiry_ts_utc"] == chain.rows["expiry_ts_utc"].unique()[2]]
    sides = rows.pivot(index="strike", columns="right", values="mid")
    forward = (sides.index + sides["C"] - sides["P"])[(sides["C"] - sides["P"]).abs() < 3]
    assert len(forward) > 2
    assert abs(np.median(forward) / chain.spot - 1) > 0.004


def test_spy_2025_09_25_holds_four_puts_for_each_call(market_data):
    """True: counted straight from the file."""
    chain, result = told(market_data, SPY_2025, "SPY", "2025-09-25")
    oi = chain.rows.groupby("right")["oi"].sum()
    assert oi["C"] / oi.sum() < 0.20
    assert codes(result) == {"ONE_SIDED_CHAIN"}
    assert result.sanity.status == "NO_GO"


@pytest.mark.parametrize("symbol", ["SPY", "QQQ", "IWM"])
@pytest.mark.parametrize("session", ["2026-08-12", "2026-08-14", "2026-08-18", "2026-08-19"])
def test_chains_of_2026_are_go_without_warning(market_data, symbol, session):
    """Spot by parity: the file's own is the close before the quotes."""
    chain, result = told(market_data, YAHOO_2026, symbol, session)
    assert (result.sanity.status, result.sanity.score, codes(result)) == ("GO", 100, set())
    assert result.analysis.surface.spot_source == "parity"
    assert abs(result.analysis.surface.spot / chain.prev_close - 1) < 0.03


def broken_pairs(chain, spot: float) -> float:
    """Share of the pairs within 5 % of the spot that break the bounds of American options for every rate from 0 to 6 %
    and yield from 0 to 3 %, beyond both spreads."""
    rows = chain.rows[(chain.rows["bid"] > 0) & (chain.rows["ask"] >= chain.rows["bid"])]
    years = (rows["expiry_ts_utc"] - chain.asof).dt.total_seconds() / 86400 / 365
    near = (years > 0) & (years < 93 / 365) & ((rows["strike"] / spot - 1).abs() < 0.05)
    rows = rows.assign(years=years)[near]
    pairs = rows[rows["right"] == "C"].merge(rows[rows["right"] == "P"], on=["expiry_ts_utc", "strike", "years"])
    apart = pairs["mid_x"] - pairs["mid_y"]
    slack = (pairs["ask_x"] - pairs["bid_x"] + pairs["ask_y"] - pairs["bid_y"]) / 2
    low = spot * np.exp(-0.03 * pairs["years"]) - pairs["strike"] - slack
    high = spot - pairs["strike"] * np.exp(-0.06 * pairs["years"]) + slack
    return float(((apart < low) | (apart > high)).mean())


@pytest.mark.parametrize("session", ["2026-08-13", "2026-08-20"])
def test_qqq_2026_sessions_whose_quotes_are_of_different_moments(market_data, session):
    """True: more than a fiftieth of the pairs at the money contradict each other, several times what others show."""
    chain, result = told(market_data, YAHOO_2026, "QQQ", session)
    assert codes(result) == {"PARITY_VIOLATIONS"} and result.sanity.status == "NO_GO"
    share = broken_pairs(chain, result.analysis.surface.spot)
    calm, other = told(market_data, YAHOO_2026, "QQQ", "2026-08-14")
    assert share > 0.02
    assert share > 2 * broken_pairs(calm, other.analysis.surface.spot)


@pytest.mark.parametrize("session", ["2014-06-02", "2014-06-03", "2014-06-04"])
def test_aapl_2014_before_the_split_lists_strikes_of_after_it(market_data, session):
    """True: half of the rows are in units of after the 7:1 split, while the spot is of before it."""
    chain, result = told(market_data, AAPL_2014, "AAPL", session)
    assert "STRIKE_UNITS" in codes(result) and result.sanity.status == "NO_GO"
    strikes = chain.rows["strike"]
    assert (strikes < 250).mean() > 0.4 and chain.spot > 600


@pytest.mark.parametrize("session", ["2014-06-05", "2014-06-10", "2014-06-16"])
def test_aapl_2014_has_no_flip_that_counts(market_data, session):
    """True: net gamma is positive around the spot and only grazes zero far away; the reason is told."""
    chain, result = told(market_data, AAPL_2014, "AAPL", session)
    flip = result.analysis.flip
    assert codes(result) <= {"MISSING_GAMMA_FLIP", "VALIDATION_SPOT_AND_QUOTES_APART"}
    assert flip.level is None and flip.status == "weak_only"
    assert not any(crossing.valid for crossing in flip.crossings)
    assert result.sanity.status == "CAUTION"
    if "VALIDATION_SPOT_AND_QUOTES_APART" in codes(result):
        assert abs(implied_move(chain, chain.spot)) > 0.005


def test_aapl_2014_06_06_has_no_volatility_at_all(market_data):
    with pytest.raises(DataError, match="none of 2180 contracts can be used"):
        told(market_data, AAPL_2014, "AAPL", "2014-06-06")


def test_aapl_2015_is_one_contract(market_data):
    _, result = told(market_data, AAPL_2014, "AAPL", "2015-12-14")
    assert {"TOO_FEW_STRIKES", "ONE_SIDED_CHAIN"} <= codes(result)
    assert result.sanity.status == "NO_GO"


def test_aapl_2026_is_usable_with_caution(market_data):
    """True: positive gamma wherever it matters, hence no flip."""
    _, result = told(market_data, AAPL_2026, "AAPL", None)
    assert codes(result) == {"MISSING_GAMMA_FLIP"}
    assert (result.sanity.status, result.sanity.score) == ("CAUTION", 75)
    assert result.analysis.flip.status == "weak_only" and result.analysis.totals.net > 0
    assert result.levels.slots()["gex1"] is None


@pytest.mark.parametrize(("name", "symbol", "session"), [(SPY_2025, "SPY", "2025-09-02"), (AAPL_2026, "AAPL", None)])
def test_no_real_chain_looks_generated(market_data, name, symbol, session):
    _, result = told(market_data, name, symbol, session)
    marks = {"CONSTANT_COLUMN", "UNLISTED_STRIKES", "QUOTE_LADDER", "CLAMPED_VOLATILITY", "SYNTHETIC_DATA"}
    assert {one.code for one in result.sanity.checks} >= marks
    assert not marks & codes(result)
