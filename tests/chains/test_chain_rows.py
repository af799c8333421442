"""The canonical row: what a chain accepts, completes and refuses."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.chains.chain import COLUMNS, Chain
from feeds.chains.synthetic import synthetic_chain
from feeds.errors import DataError, NavaleError

ASOF = datetime(2026, 7, 24, 15, 0, tzinfo=UTC)


def rows(**changed):
    table = {
        "root": ["SPY"] * 3,
        "expiry_ts_utc": pd.to_datetime(["2026-08-21T20:00:00Z"] * 3, utc=True),
        "strike": [640.0, 630.0, 640.0],
        "right": ["P", "C", "C"],
        "bid": [5.0, 12.0, 6.0],
        "ask": [5.2, 12.4, 6.4],
        "oi": [100.0, 200.0, 300.0],
    }
    return pd.DataFrame(table | changed)


def chain(frame, **terms):
    return Chain.from_rows(frame, **{"symbol": "SPY", "asof": ASOF, "source": "file", "detail": "spy.csv"} | terms)


def test_rows_are_complete_sorted_and_typed():
    made = chain(rows(), spot=640.25)
    assert tuple(made.rows.columns) == COLUMNS
    assert made.rows[["strike", "right"]].to_numpy().tolist() == [[630.0, "C"], [640.0, "C"], [640.0, "P"]]
    assert made.rows["mid"].tolist() == pytest.approx([12.2, 6.2, 5.1])
    missing = [
        "iv",
        "gamma",
        "delta",
        "vega",
        "theta",
        "last",
        "volume",
        "multiplier",
        "quote_ts",
        "oi_date",
        "iv_source",
    ]
    assert made.rows[missing].isna().all(axis=None), "missing is NaN, never 0"
    assert set(made.rows["underlying"]) == {"SPY"} and (made.rows["asof_utc"] == pd.Timestamp(ASOF)).all()
    numbers = made.rows.select_dtypes("number")
    assert (numbers.dtypes == np.float64).all() and len(numbers.columns) == 13
    assert (made.spot, made.spot_ts, made.spot_source, made.feed) == (640.25, ASOF, "given", "DELAYED")
    assert any("multiplier" in note for note in made.notes)


def test_a_crossed_quote_has_no_mid():
    made = chain(rows(bid=[5.0, 13.0, 6.0]))
    assert made.rows["mid"].isna().tolist() == [True, False, False]


def test_expiry_and_root_tell_the_settlement():
    frame = rows(root=["SPX", "SPXW", "SPXW"], expiry=["2026-08-21"] * 3).drop(columns="expiry_ts_utc")
    made = chain(frame, symbol="SPX")
    assert made.rows["expiry_ts_utc"].dt.hour.tolist() == [13, 20, 20]


def test_words_for_the_right():
    assert chain(rows(right=["put", "Call", "c"])).rows["right"].tolist() == ["C", "C", "P"]


def test_the_underlying_asof_and_spot_may_be_columns():
    frame = rows(underlying="SPY", asof_utc="2026-07-24T11:00:00-04:00", spot=640.25, prev_close=638.0)
    made = Chain.from_rows(frame, source="file")
    assert (made.symbol, made.asof, made.spot, made.prev_close) == ("SPY", ASOF, 640.25, 638.0)


def test_another_name_for_the_underlying_is_noted():
    assert "loaded as TEST" in chain(rows(underlying="SPY"), symbol="TEST").notes[0]


def test_the_feed_is_realtime_only_when_every_row_is():
    assert chain(rows(feed=["REALTIME"] * 3)).feed == "REALTIME"
    assert chain(rows(feed=["REALTIME", "DELAYED", "REALTIME"])).feed == "DELAYED"


def changed(column, place, value):
    frame = rows().astype({"bid": object, "oi": object, "strike": object})
    if column not in frame:
        frame[column] = pd.Series([None] * 3, dtype=object)
    frame.loc[place, column] = value
    return frame


REFUSED = [
    ("strike", 1, 0.0, "row 2: strike 0.0 must be above 0"),
    ("strike", 1, -5.0, "row 2: strike -5.0 must be above 0"),
    ("strike", 1, math.nan, "row 2: strike is missing"),
    ("strike", 1, "x", "row 2: strike 'x' is no number"),
    ("bid", 0, -0.01, "row 1: bid -0.01 is negative"),
    ("bid", 0, math.inf, "row 1: bid inf is not finite"),
    ("oi", 2, -1, "row 3: oi -1.0 is negative"),
    ("oi", 2, "many", "row 3: oi 'many' is no number"),
    ("iv", 2, -0.2, "row 3: iv -0.2 is negative"),
    ("gamma", 2, -0.2, "row 3: gamma -0.2 is negative"),
    ("delta", 2, -math.inf, "row 3: delta -inf is not finite"),
    ("multiplier", 2, 0, "row 3: multiplier 0.0 must be above 0"),
    ("right", 2, "X", "row 3: right 'X' is unknown; write C or P"),
    ("right", 2, None, "row 3: right is missing"),
    ("style", 0, "asian", "row 1: style 'asian' is unknown"),
    ("feed", 0, "LIVE", "row 1: feed 'LIVE' is unknown"),
    ("quote_ts", 1, "2026-07-24T15:00:00", "row 2: quote_ts '2026-07-24T15:00:00' has no UTC offset"),
    ("quote_ts", 1, "soon+00:00", "row 2: quote_ts 'soon.*' is no time"),
    ("oi_date", 1, "24.7.2026", "row 2: oi_date '24.7.2026' is no date"),
    ("asof_utc", 1, "2026-07-24T15:00:01Z", "asof_utc is 2026-07-24 15:00:01.*leave asof= out"),
    ("spot", 1, 0.0, "spot 0 must be above 0"),
    ("prev_close", 1, -3.0, "prev_close -3 must be above 0"),
]


@pytest.mark.parametrize(("column", "place", "value", "message"), REFUSED, ids=[f"{r[0]}={r[2]}" for r in REFUSED])
def test_a_broken_row_is_refused_by_place_and_value(column, place, value, message):
    with pytest.raises(DataError, match=message) as caught:
        chain(changed(column, place, value))
    assert str(caught.value).startswith("spy.csv") and "\n" not in str(caught.value)


def test_a_contract_twice_is_refused():
    frame = pd.concat([rows(), rows().iloc[[1]]], ignore_index=True)
    with pytest.raises(DataError, match=r"spy.csv, row 4: SPY 2026-08-21 630 C occurs already in row 2"):
        chain(frame)


def test_the_same_strike_of_another_root_is_another_contract():
    frame = pd.concat([rows(root="SPX"), rows(root="SPXW")], ignore_index=True)
    assert len(chain(frame, symbol="SPX").rows) == 6


def test_naive_times_are_refused():
    for column in ("expiry_ts_utc", "asof_utc"):
        frame = rows(**{column: pd.to_datetime(["2026-08-21T20:00:00"] * 3)})
        with pytest.raises(DataError, match=f"row 1: {column} .* has no UTC offset"):
            chain(frame)
    with pytest.raises(DataError, match="asof 2026-07-24 15:00:00 has no UTC offset"):
        chain(rows(), asof=ASOF.replace(tzinfo=None))
    with pytest.raises(DataError, match=r"spot_ts .* has no UTC offset"):
        chain(rows(), spot=640.0, spot_ts=ASOF.replace(tzinfo=None))


def test_other_offsets_become_utc():
    local = ASOF.astimezone(timezone(timedelta(hours=2)))
    assert chain(rows(), asof=local).asof.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("frame", "terms", "message"),
    [
        (rows().iloc[:0], {}, "no contracts"),
        (rows().drop(columns="strike"), {}, "no column strike"),
        (rows().drop(columns="expiry_ts_utc"), {}, "no column expiry_ts_utc"),
        (rows(), {"symbol": None}, "nobody says what the underlying is"),
        (rows(), {"asof": None}, "nobody says when the chain was seen"),
        (rows(underlying=["SPY", "QQQ", "SPY"]), {}, "holds 2 underlyings: SPY, QQQ"),
        (rows(spot=[1.0, 2.0, 1.0]), {}, "holds 2 values of spot"),
        (rows(), {"spot": -1.0}, "spot -1 must be above 0"),
        (rows(), {"spot": math.inf}, "spot inf must be above 0 and finite"),
    ],
)
def test_a_broken_table_is_refused(frame, terms, message):
    with pytest.raises(DataError, match=message):
        chain(frame, **terms)


SMALL = synthetic_chain(days=(5,), contracts=8).rows.astype(object)
NUMBERS = st.one_of(st.floats(), st.integers(-5, 5), st.text(max_size=3), st.none())


@given(st.data())
def test_whatever_is_in_the_table_the_error_is_ours(data):
    frame = SMALL.copy()
    for _ in range(data.draw(st.integers(1, 3))):
        column = data.draw(st.sampled_from(COLUMNS))
        frame.loc[data.draw(st.integers(0, 7)), column] = data.draw(NUMBERS)
    try:
        made = Chain.from_rows(frame, symbol="SPX", source="file")
    except NavaleError:
        return
    assert not np.isinf(made.rows.select_dtypes("number").to_numpy()).any()
    assert (made.rows["strike"] > 0).all() and set(made.rows["right"]) <= {"C", "P"}
