"""What is usual: trailing figures of earlier sessions only, kept in one Parquet file per symbol."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from math import tanh

import numpy as np
import pandas as pd
import pytest
from gex.hand_surfaces import call, put, surface

from feeds.errors import DataError
from indicators.gex import history as histories
from indicators.gex.analysing import analyse
from indicators.gex.analysis import Analysis
from indicators.gex.history import History, empty, percentile, read, z_score
from indicators.gex.settings import GexSettings

DEFAULT = GexSettings()
START = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)


def analysis(day: int, size: float = 1000.0, hour: int = 0, **settings: object) -> Analysis:
    asof = START + timedelta(days=day, hours=hour)
    return analyse(surface([call(110, size), put(90, 1000)], asof=asof), GexSettings(**settings))  # type: ignore[arg-type]


@cache
def thirty_days() -> History:
    history = empty("TEST")
    for day in range(30):
        history = history.with_analysis(analysis(day, 1000.0 + 10 * day))
    return history


def test_figures_against_the_sessions_before_by_hand():
    net = np.array([analysis(day, 1000.0 + 10 * day).totals.net for day in range(30)])
    now = analyse(analysis(30, 1250.0).surface, DEFAULT, history=thirty_days())
    assert now.z252 == pytest.approx((now.totals.net - net.mean()) / net.std(ddof=1))
    assert now.pct252 == pytest.approx(100 * np.mean(net <= now.totals.net))
    assert now.bias.vol_regime == pytest.approx(tanh(now.totals.net / np.median(np.abs(net))))
    pcr = np.array([1000.0 / (1000.0 + 10 * day) for day in range(30)])
    z = (1000 / 1250 - pcr.mean()) / pcr.std(ddof=1)
    assert now.bias.terms["pcr"] == pytest.approx(max(-1.0, min(1.0, -z / 2)))


def test_the_day_itself_and_later_days_are_never_used():
    """Look-ahead: the same surface judged with more future in the file gives the same figures."""
    day = analysis(25, 1250.0).surface
    short = History("TEST", thirty_days().rows[:25].reset_index(drop=True))
    first, second = (analyse(day, DEFAULT, history=past) for past in (short, thirty_days()))
    assert (first.z252, first.pct252, first.bias) == (second.z252, second.pct252, second.bias)


def test_fewer_than_twenty_sessions_say_nothing():
    short = History("TEST", thirty_days().rows[:19].reset_index(drop=True))
    now = analyse(analysis(30).surface, DEFAULT, history=short)
    assert now.z252 is None and now.pct252 is None and now.bias.vol_regime is None
    assert now.bias.terms["pcr"] is None
    assert analyse(analysis(30).surface, DEFAULT, history=empty("TEST")).z252 is None


def test_other_models_and_horizons_are_not_comparable():
    past = thirty_days()
    assert len(past.trailing(analysis(30).surface, "naive", 93.0).net) == 30
    assert len(past.trailing(analysis(30).surface, "short_all", 93.0).net) == 0
    assert len(past.trailing(analysis(30).surface, "naive", 30.0).net) == 0


def test_only_the_last_252_sessions_count():
    rows = pd.concat([thirty_days().rows] * 10, ignore_index=True)
    rows["session"] = [date(2024, 1, 1) + timedelta(days=place) for place in range(300)]
    rows["net"] = np.arange(300.0)
    rows["asof_utc"] = pd.to_datetime(rows["session"], utc=True)
    trailing = History("TEST", rows).trailing(analysis(30).surface, "naive", 93.0)
    assert trailing.net.tolist() == list(range(48, 300)) and trailing.median_abs_net == pytest.approx(173.5)


def test_a_later_analysis_of_a_session_replaces_the_earlier_one():
    history = empty("TEST").with_analysis(analysis(0)).with_analysis(analysis(0, 1500.0, hour=1))
    assert len(history.rows) == 1 and history.rows["net"][0] == analysis(0, 1500.0).totals.net
    with pytest.raises(DataError, match="already has a later analysis"):
        history.with_analysis(analysis(0))
    other = history.with_analysis(analysis(0, sign_model="short_all"))
    assert sorted(other.rows["sign_model"]) == ["naive", "short_all"]


def test_histories_are_of_one_symbol():
    stranger = analyse(replace(analysis(0).surface, symbol="OTHER"), DEFAULT)
    with pytest.raises(DataError, match="cannot take an analysis of OTHER"):
        empty("TEST").with_analysis(stranger)
    with pytest.raises(DataError, match="history of TEST used for OTHER"):
        analyse(stranger.surface, DEFAULT, history=thirty_days())


def test_written_and_read_it_is_the_same(tmp_path):
    path = tmp_path / "deep" / "TEST.parquet"
    assert read(path, "TEST").rows.empty
    thirty_days().write(path)
    back = read(path, "TEST")
    pd.testing.assert_frame_equal(back.rows, thirty_days().rows)
    assert [file.name for file in path.parent.iterdir()] == ["TEST.parquet"]
    more = back.with_analysis(analysis(31))
    assert len(more.rows) == 31 and math.isnan(more.rows["expected_move"][30]) is False
    first, second = (analyse(analysis(32).surface, DEFAULT, history=past) for past in (more, more))
    assert first.z252 == second.z252 is not None


def test_files_that_are_no_history_are_refused(tmp_path):
    path = tmp_path / "TEST.parquet"
    path.write_text("net\n1\n")
    with pytest.raises(DataError, match=r"TEST\.parquet: not a readable history"):
        read(path, "TEST")
    thirty_days().rows.drop(columns="net").to_parquet(path)
    with pytest.raises(DataError, match="column 'net' is missing"):
        read(path, "TEST")
    thirty_days().write(path)
    with pytest.raises(DataError, match="holds rows of TEST, not of SPY"):
        read(path, "SPY")


def test_small_figures():
    past = np.array([float(value) for value in range(1, 21)])
    assert z_score(10.5, past) == pytest.approx(0.0)
    assert percentile(10.0, past) == 50.0 and percentile(0.0, past) == 0.0
    assert z_score(1.0, np.full(30, 2.0)) is None and z_score(None, past) is None
    assert z_score(1.0, np.append(past[:15], [np.nan] * 10)) is None
    assert histories.session_of(replace(analysis(0).surface, asof=datetime(2026, 3, 3, 2, tzinfo=UTC))) == date(
        2026, 3, 2
    )
