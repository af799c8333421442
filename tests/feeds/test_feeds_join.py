"""Joins never show a row on or before the bar that closes when it became known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import load
from feeds.errors import ConfigError, DataError

START = pd.Timestamp("2024-01-01", tz="UTC")


def minutes(*values):
    return pd.DatetimeIndex([START + pd.Timedelta(minutes=value) for value in values])


def bars_at(*closes):
    frame = pd.DataFrame({"time": minutes(*closes), **dict.fromkeys(("open", "high", "low", "close"), 1.0)})
    return load(frame, symbol="X", label="close", timeframe="1min")


def table(known, values=None):
    return pd.DataFrame({"available_at": minutes(*known), "flip": values or [float(value) for value in known]})


def test_a_row_is_seen_one_bar_after_the_bar_that_closes_with_it():
    joined = bars_at(60, 120, 180, 240).join(table([120]), prefix="gex")
    np.testing.assert_array_equal(joined.column("gex_flip"), [np.nan, np.nan, 120, 120])


def test_a_row_known_within_a_bar_is_seen_at_its_close():
    joined = bars_at(60, 120, 180).join(table([61]), prefix="gex")
    np.testing.assert_array_equal(joined.column("gex_flip"), [np.nan, 61, 61])


@settings(max_examples=60)
@given(
    closes=st.sets(st.integers(1, 60), min_size=2, max_size=25),
    known=st.sets(st.integers(-10, 70), min_size=1, max_size=25),
)
def test_joins_equal_a_brute_force_loop(closes, known):
    closes, known = sorted(closes), sorted(known)
    joined = bars_at(*closes).join(table(known), prefix="gex").column("gex_flip")
    expected = [max((row for row in known if row < close), default=np.nan) for close in closes]
    np.testing.assert_array_equal(joined, expected)


@settings(max_examples=30)
@given(known=st.sets(st.integers(0, 60), min_size=2, max_size=25), now=st.integers(2, 59))
def test_rows_known_later_change_nothing_earlier(known, now):
    bars = bars_at(*range(1, 61))
    known = sorted(known)
    first = bars.join(table(known), prefix="gex").column("gex_flip")
    changed = [float(value) if value < now else -999.0 for value in known]
    second = bars.join(table(known, changed), prefix="gex").column("gex_flip")
    np.testing.assert_array_equal(first[:now], second[:now])  # the bars that close at 1 … now


def test_bars_join_bars_by_their_closes():
    day = load("sample:vix")
    spx = load("sample:spx").join(day, prefix="vix")
    assert {"vix_open", "vix_close"} <= set(spx.columns)
    row = spx.times.get_loc(day.times[1])
    assert spx.column("vix_close")[row] == day.column("close")[0]  # the day before: today's is not known at the close
    assert any("joined vix" in note for note in spx.notes)


def test_missing_values_stay_missing_and_the_note_tells_how_many():
    joined = bars_at(60, 120, 180).join(table([30, 90], [1.0, np.nan]), prefix="gex")
    np.testing.assert_array_equal(joined.column("gex_flip"), [1, np.nan, np.nan])
    assert "joined gex: 2 rows by available_at, flip; 0 bars before the first are NaN" in joined.notes


def test_the_time_may_be_the_index_or_another_column():
    rows = table([30, 90]).rename(columns={"available_at": "known"})
    bars = bars_at(60, 120)
    one = bars.join(rows, on="known", prefix="gex")
    assert one == bars.join(rows.set_index("known"), on="known", prefix="gex")
    assert one != bars
    assert one.symbol == bars.symbol and one.timeframe == bars.timeframe


def test_joining_does_not_touch_the_bars():
    bars = bars_at(60, 120)
    before = bars.fingerprint
    bars.join(table([30]), prefix="gex")
    assert bars.columns == ("open", "high", "low", "close") and bars.fingerprint == before


BAD = {
    "naive": (table([30]).assign(available_at=[pd.Timestamp("2024-01-01")]), DataError, ["row 1", "tz_localize"]),
    "not sorted": (table([30, 20]), DataError, ["row 2", "00:20", "is earlier than row 1", "sort"]),
    "repeated": (table([20, 30, 30]), DataError, ["row 3", "00:30", "repeats row 2", "one row per time"]),
    "no time": (
        table([10, 20]).assign(available_at=pd.DatetimeIndex([START, pd.NaT])),
        DataError,
        ["row 2", "missing", "drop"],
    ),
    "infinite": (table([10, 20], [1.0, np.inf]), DataError, ["row 2", "flip inf", "NaN"]),
    "text": (table([10]).assign(side=["call"]), DataError, ["'side'", "not numbers", "leave it out"]),
    "no such column": (
        table([10]).rename(columns={"available_at": "t"}),
        DataError,
        ["'available_at'", "t, flip", "on="],
    ),
    "twice": (
        pd.concat([table([10]), table([10])[["flip"]]], axis=1),
        DataError,
        ["'flip' occurs twice", "keep one"],
    ),
    "empty": (table([10]).iloc[:0], DataError, ["0 rows", "nothing to join"]),
    "no values": (table([10])[["available_at"]], DataError, ["0 value columns"]),
    "not a table": ([1, 2], DataError, ["expected a DataFrame or Bars", "list"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tables_name_row_value_and_cure(case):
    rows, error, pieces = BAD[case]
    with pytest.raises(error) as caught:
        bars_at(60, 120).join(rows, prefix="gex")
    message = str(caught.value)
    assert all(piece in message for piece in ["joined table gex", *pieces]), message


@pytest.mark.parametrize("prefix", ["", "a b", "4h", None])
def test_the_prefix_must_be_a_name(prefix):
    with pytest.raises(ConfigError, match="must be a name"):
        bars_at(60, 120).join(table([30]), prefix=prefix)


def test_joining_twice_under_one_prefix_is_refused():
    joined = bars_at(60, 120).join(table([30]), prefix="gex")
    with pytest.raises(ConfigError, match="gex_flip exist already; choose another prefix"):
        joined.join(table([40]), prefix="gex")
