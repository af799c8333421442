"""The feature table: each row from when all of it was known, refused chains masked, validity that ends."""

from __future__ import annotations

import dataclasses
import json
import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from feeds import Bars, Instrument, load
from feeds.chains.contracts import session_close
from feeds.chains.store import ChainStore
from feeds.chains.synthetic import synthetic_chain
from feeds.errors import ConfigError, DataError
from feeds.joining import read_table
from feeds.synthetic_dealer import COLUMNS
from indicators.gex.features import KEPT, FeatureTable, available_at, feature_table, read
from indicators.gex.pipeline import run
from navale import main

DAYS = [date(2026, 6, 8), date(2026, 6, 9), date(2026, 6, 10)]


def chain(day, spot=6500.0, seed=1, **changes):
    """A generated chain at the close of a session, open interest of the session before."""
    found = synthetic_chain("SPX", asof=session_close(day), spot=spot, seed=seed, contracts=960)
    return dataclasses.replace(found, **changes)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def three():
    return [chain(day, 6500.0 + 10 * k, seed=k + 1) for k, day in enumerate(DAYS)]


@pytest.fixture(scope="module")
def table(three):
    return feature_table(three, accept_synthetic=True)


def dated(one, day):
    rows = one.rows.copy()
    rows["oi_date"] = pd.Timestamp(day)
    return dataclasses.replace(one, rows=rows)


@pytest.mark.parametrize(
    ("counted", "known"),
    [
        ("2026-06-09", "2026-06-10 20:00"),  # of the session before: published by then; the close is the latest
        ("2026-06-10", "2026-06-11 10:30"),  # of this very session: 06:30 in New York on the next one
        ("2026-06-12", "2026-06-15 10:30"),  # of a Friday: on Monday
        ("2026-06-18", "2026-06-22 10:30"),  # of the day before Juneteenth, a holiday: on the Monday after
        ("2026-11-25", "2026-11-27 11:30"),  # the day before Thanksgiving; winter time
    ],
)
def test_open_interest_is_known_when_it_is_published(counted, known):
    assert available_at(dated(chain(DAYS[2]), counted)) == utc(known)


def test_the_latest_part_decides():
    one = chain(DAYS[2])
    late = one.asof + timedelta(minutes=40)
    assert available_at(dataclasses.replace(one, spot_ts=late)) == late
    rows = one.rows.copy()
    rows["quote_ts"] = pd.Timestamp(late)
    assert available_at(dataclasses.replace(one, rows=rows, feed="REALTIME")) == late
    assert available_at(dataclasses.replace(one, rows=rows, feed="DELAYED")) == late + timedelta(minutes=15)


def test_a_delayed_feed_that_does_not_date_its_quotes_is_a_quarter_of_an_hour_late():
    one = chain(DAYS[2])
    assert available_at(dataclasses.replace(one, feed="DELAYED")) == one.asof + timedelta(minutes=15)
    assert available_at(dataclasses.replace(one, feed="REALTIME")) == one.asof


def test_a_row_holds_what_the_pipeline_found(three, table):
    analysis = run(three[0], accept_synthetic=True).analysis
    row = table.rows.loc[pd.Timestamp(three[0].asof)]
    expected = {
        "spot": 6500.0, "flip": analysis.flip.level, "call_wall": analysis.call_wall.strike,
        "put_wall": analysis.put_wall.strike, "max_pain": analysis.max_pain, "net_usd_per_1pct": analysis.totals.net,
        "net_over_gross": analysis.totals.net_over_gross, "regime": analysis.regime_num,
        "expected_move": analysis.expected_move_pts, "status": 2.0, "history": 1.0, "age_min": 0.0,
        "pin_1": analysis.pins[0].strike,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == pytest.approx(expected, nan_ok=True)
    assert list(table.rows.columns) == list(COLUMNS)
    assert (table.rows.dtypes == np.float64).all()


def test_the_monthly_settlement_is_the_next_one(table):
    # third Friday of June 2026 is the 19th, a holiday: SPX settles at the open of Thursday the 18th
    settles = table.rows["monthly_expiry"].dropna()
    assert set(settles) <= {utc("2026-06-18 13:30").timestamp(), utc("2026-07-17 13:30").timestamp()}


def test_history_counts_usable_rows(table):
    assert table.usable == 3
    assert table.rows["history"].dropna().tolist() == [1, 2, 3, 3]


def test_validity_ends_with_the_next_session(table):
    end = table.rows.index[-1]
    assert end == pd.Timestamp("2026-06-11 20:00", tz="UTC")
    assert table.rows.iloc[-1].drop("history").isna().all()
    assert feature_table([chain(DAYS[0])], accept_synthetic=True, valid_sessions=3).rows.index[-1] == pd.Timestamp(
        "2026-06-11 20:00", tz="UTC"
    )


def test_a_generated_chain_is_refused_unless_asked_for(three):
    found = feature_table(three)
    assert found.usable == 0 and len(found.notes) == 3
    assert found.rows.drop(columns=list(KEPT)).isna().all(axis=None)
    assert found.rows["status"].tolist() == [0.0, 0.0, 0.0]
    assert "SYNTHETIC_DATA" in found.notes[0]


def test_a_refused_chain_ends_the_row_before(three):
    rows = three[1].rows
    broken = dataclasses.replace(three[1], rows=rows[rows["right"] == "C"])
    found = feature_table([three[0], broken, three[2]], accept_synthetic=True)
    middle = found.rows.loc[pd.Timestamp(broken.asof)]
    assert middle["status"] == 0.0 and math.isnan(middle["call_wall"]) and middle["history"] == 1.0
    assert "ONE_SIDED_CHAIN" in found.notes[0]


def test_a_chain_that_cannot_be_analysed_is_a_refused_row(three):
    rows = three[1].rows.assign(oi=0.0, bid=np.nan, ask=np.nan, mid=np.nan, iv=np.nan, gamma=np.nan)
    found = feature_table([three[0], dataclasses.replace(three[1], rows=rows), three[2]], accept_synthetic=True)
    assert found.rows["status"].tolist()[:3] == [2.0, 0.0, 2.0]
    assert "refused" in found.notes[0]


def test_later_chains_change_no_earlier_row(three, table):
    alone = feature_table(three[:2], accept_synthetic=True)
    pd.testing.assert_frame_equal(alone.rows.iloc[:2], table.rows.iloc[:2])


def test_chains_come_in_order_and_of_one_symbol(three):
    with pytest.raises(DataError, match="in time order"):
        feature_table(three[::-1], accept_synthetic=True)
    with pytest.raises(DataError, match="in time order"):
        feature_table([three[0], dataclasses.replace(three[1], symbol="SPY")], accept_synthetic=True)
    with pytest.raises(DataError, match="no chains"):
        feature_table([])
    with pytest.raises(ConfigError, match="valid_sessions=0"):
        feature_table(three, valid_sessions=0)


def bars(times):
    index = pd.DatetimeIndex([utc(one) for one in times], name="time").as_unit("ns")
    prices = np.full((len(times), 4), 6500.0)
    frame = pd.DataFrame(prices, index=index, columns=["open", "high", "low", "close"])
    return Bars(frame, Instrument("SPX", calendar="XNYS"), "hand", pd.Timedelta("30min"))


def test_a_bar_sees_a_row_only_after_it_was_known(table):
    times = ["2026-06-08 20:00", "2026-06-08 20:00:01", "2026-06-09 14:00", "2026-06-11 20:00", "2026-06-11 20:00:01"]
    spot = table.join(bars(times), least=1).column("gex_spot")
    np.testing.assert_array_equal(spot, [np.nan, 6500.0, 6500.0, 6520.0, np.nan])


def test_too_little_history_is_an_error(table):
    known = bars(["2026-06-09 14:00", "2026-06-10 14:00"])
    with pytest.raises(DataError, match=r"too little history: 2 usable rows of SPX are known before .* 60 are needed"):
        table.join(known)
    assert "gex_flip" in table.join(known, least=2).columns


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_it_survives_the_disk(table, tmp_path, ending):
    path = tmp_path / f"SPX.{ending}"
    if ending == "csv":
        table.rows.reset_index().to_csv(path, index=False)
    else:
        assert table.write(path) == path
    found = read(path)
    assert found.symbol == "SPX"
    pd.testing.assert_frame_equal(found.rows, table.rows, check_freq=False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("spot,net_over_gross\n1,0\n", "no column 'available_at'"),
        ("available_at,spot,net_over_gross\n2026-06-08 20:00,1,0\n", "no UTC offset"),
        ("available_at,spot\n2026-06-08T20:00:00Z,1\n", "no column 'net_over_gross'"),
        ("available_at,spot,net_over_gross\nyesterday,1,0\n", "row 1: available_at 'yesterday' is no time"),
    ],
)
def test_files_that_are_no_feature_table(tmp_path, text, told):
    path = tmp_path / "levels.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=told):
        read(path)
    with pytest.raises(DataError, match="no such file"):
        read_table(tmp_path / "absent.csv")


def test_the_generated_history_has_the_same_columns():
    made = {name.removeprefix("gex_") for name in load("synthetic:dealer?days=5").columns if name.startswith("gex_")}
    assert made == set(COLUMNS) == set(FeatureTable("X", pd.DataFrame(columns=list(COLUMNS))).rows.columns)


def test_the_command_writes_the_table_of_a_store(three, table, tmp_path):
    store = ChainStore(tmp_path / "chains")
    for one in three:
        store.record(one)
    out = tmp_path / "SPX.parquet"
    words = ["gex", "features", "SPX", "--store", str(store.folder), "--out", str(out)]
    shown = CliRunner().invoke(main, [*words, "--accept-synthetic"])
    assert shown.exit_code == 0, shown.output
    assert "3 usable rows; too little history for GexLevels, which waits for 60" in shown.output
    pd.testing.assert_frame_equal(read(out).rows, table.rows, check_freq=False)
    refused = json.loads(CliRunner().invoke(main, [*words, "--json"]).stdout)
    assert refused["usable"] == 0 and len(refused["refused"]) == 3
    nothing = CliRunner().invoke(main, ["gex", "features", "SPY", "--store", str(store.folder)])
    assert nothing.exit_code == 2
