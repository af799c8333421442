"""Damage that a chain may hide behind a fresh stamp: each kind has its rule, and what exchanges do has none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from gex.chains_by_hand import ASOF, changed, good_chain, judged, verdict_with

from indicators.gex.market_status import last_session

FRIDAY_CLOSE = datetime(2026, 2, 27, 21, 0, tzinfo=UTC)


def stamped(moment: datetime, **fields):
    return changed(rows={"quote_ts": pd.Timestamp(moment)}, **fields)


def some(share: float) -> np.ndarray:
    return np.arange(len(good_chain().rows)) < share * len(good_chain().rows)


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_crossed_quotes_are_incomplete(share):
    """A bid above its ask contradicts whatever volatility stands beside it."""
    rows = good_chain().rows
    wrong = some(share) & (rows["ask"] > rows["bid"])
    crossed = changed(rows={"bid": rows["bid"].mask(wrong, rows["ask"]), "ask": rows["ask"].mask(wrong, rows["bid"])})
    assert "INCOMPLETE_FIELDS" in verdict_with(None, crossed).fatal


def test_a_locked_quote_is_not_crossed():
    locked = changed(rows={"bid": good_chain().rows["ask"]})
    assert "INCOMPLETE_FIELDS" not in verdict_with(None, locked).fatal


def test_volatilities_in_percent_are_refused_even_where_quotes_give_better_ones():
    percent = judged(changed(rows={"iv": good_chain().rows["iv"] * 100}))
    assert percent.fatal == ("VOLATILITY_UNITS",)


def test_one_contract_with_an_impossible_multiplier():
    rows = good_chain().rows
    odd = rows["multiplier"].mask(np.arange(len(rows)) == 50, 1e6)
    assert "MULTIPLIER_UNITS" in judged(changed(rows={"multiplier": odd})).fatal
    small = rows["multiplier"].mask(np.arange(len(rows)) == 50, 1.0)
    assert "MULTIPLIER_UNITS" in judged(changed(rows={"multiplier": small})).fatal


@pytest.mark.parametrize("multiplier", [10.0, 133.0])
def test_adjusted_contracts_and_minis_keep_their_multiplier(multiplier):
    rows = good_chain().rows
    adjusted = rows["multiplier"].mask(np.arange(len(rows)) % 50 == 0, multiplier)
    assert "MULTIPLIER_UNITS" not in judged(changed(rows={"multiplier": adjusted})).fatal


@pytest.mark.parametrize(("age", "stale"), [(1, False), (44, False), (46, True), (60 * 24, True)])
def test_quotes_behind_the_market_are_stale_whatever_the_stamp_of_the_chain(age, stale):
    verdict = verdict_with(None, stamped(ASOF - timedelta(minutes=age)))
    assert ("STALE_QUOTES" in verdict.fatal) is stale


def test_the_last_quotes_before_a_weekend_are_fresh_until_monday_opens():
    sunday = FRIDAY_CLOSE + timedelta(days=2)
    weekend = stamped(FRIDAY_CLOSE - timedelta(minutes=5), asof=sunday, spot_ts=FRIDAY_CLOSE)
    verdict = verdict_with(sunday + timedelta(minutes=1), weekend)
    assert not {"STALE_QUOTES", "STALE_SPOT"} & set(verdict.fatal)


def test_a_spot_of_an_earlier_session_is_stale():
    assert "STALE_SPOT" in verdict_with(None, changed(spot_ts=ASOF - timedelta(days=1))).fatal
    assert "STALE_SPOT" not in verdict_with(None, changed(spot_ts=ASOF - timedelta(minutes=20))).fatal


def test_quotes_from_after_the_clock_are_look_ahead():
    assert "FUTURE_DATA" in verdict_with(None, stamped(ASOF + timedelta(minutes=10))).fatal
    assert "FUTURE_DATA" not in verdict_with(None, stamped(ASOF + timedelta(seconds=90))).fatal


@pytest.mark.parametrize(("day", "status", "score"), [("2026-03-02", "GO", 100), ("2026-02-27", "GO", 95),
                                                      ("2026-01-05", "CAUTION", 75)])  # fmt: skip
def test_open_interest_of_weeks_ago_costs_the_go(day, status, score):
    verdict = judged(changed(rows={"oi_date": pd.Timestamp(day)}))
    assert (verdict.status, verdict.score) == (status, score)


def test_last_session_knows_weekends_and_half_days():
    opens, closes = last_session(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
    assert (opens, closes) == (datetime(2026, 2, 27, 14, 30, tzinfo=UTC), FRIDAY_CLOSE)
    assert last_session(datetime(2026, 11, 28, 12, 0, tzinfo=UTC))[1] == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert last_session(ASOF)[0] == datetime(2026, 3, 3, 14, 30, tzinfo=UTC)


def test_open_interest_in_fractions_was_estimated():
    rows = good_chain().rows
    assert "FRACTIONAL_OI" in judged(changed(rows={"oi": rows["oi"] * 0.37})).fatal
    few = rows["oi"] + np.where(np.arange(len(rows)) % 50 == 0, 0.5, 0.0)
    assert "FRACTIONAL_OI" not in judged(changed(rows={"oi": few})).fatal


def test_strikes_with_more_decimals_than_a_contract_has():
    rows = good_chain().rows
    noise = np.random.default_rng(1).random(len(rows))
    assert "UNLISTED_STRIKES" in judged(changed(rows={"strike": rows["strike"] + noise})).fatal
    adjusted = np.round(rows["strike"] / 7, 3) * 7  # a few fine strikes beside round ones
    few = rows["strike"].where(np.arange(len(rows)) % 9 > 0, adjusted)
    assert "UNLISTED_STRIKES" not in judged(changed(rows={"strike": few})).fatal
