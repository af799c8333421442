"""The samples are the series they say they are."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

from feeds import Instrument, load, sample_names
from feeds.errors import ConfigError, DataError

# name: bars, first close, last close (exchange's clock), last close price as printed in the package's file
FACTS = {
    "spx": (5031, "1999-01-04 16:00", "2018-12-31 16:00", 2506.850098, False),
    "nasdaq": (5031, "1999-01-04 16:00", "2018-12-31 16:00", 6635.279785, False),
    "vix": (1259, "2014-01-03 16:00", "2019-01-03 16:00", 25.45, False),
    "spx-vix": (1256, "2014-01-06 16:00", "2018-12-31 16:00", 2506.850098, False),
    "eurusd": (6225, "2017-01-01 18:00", "2017-12-29 17:00", 1.20075, False),
    "googl": (2335, "2009-05-22 16:00", "2018-08-29 16:00", 1264.650024, True),
    "aapl": (11503, "1980-12-12 16:00", "2026-08-05 16:00", 311.0, True),
    "aapl-1h": (3478, "2024-08-06 10:30", "2026-08-05 16:00", 310.9200134277344, False),
    "aapl-1min": (1595, "2026-07-31 09:31", "2026-08-06 10:05", 314.78448486328125, False),
    "aapl-raw": (3270, "2000-03-01 16:00", "2013-03-01 16:00", 430.47, False),
    "aapl-adjusted": (3270, "2000-03-01 16:00", "2013-03-01 16:00", None, True),
    "goog-raw": (2148, "2004-08-19 16:00", "2013-03-01 16:00", 806.19, False),
    "goog-adjusted": (2148, "2004-08-19 16:00", "2013-03-01 16:00", None, True),
    "ibm-raw": (3270, "2000-03-01 16:00", "2013-03-01 16:00", 202.91, False),
    "ibm-adjusted": (3270, "2000-03-01 16:00", "2013-03-01 16:00", None, True),
    "msft-raw": (3270, "2000-03-01 16:00", "2013-03-01 16:00", 27.95, False),
    "msft-adjusted": (3270, "2000-03-01 16:00", "2013-03-01 16:00", 24.684342419163, True),
}


def test_every_sample_is_listed_and_described():
    assert set(sample_names()) == set(FACTS)
    assert all(len(about) > 20 for about in sample_names().values())


@pytest.mark.parametrize("name", FACTS)
def test_length_span_and_facts(name):
    count, first, last, price, adjusted = FACTS[name]
    bars = load(f"sample:{name}")
    local = bars.times.tz_convert("America/New_York").strftime("%Y-%m-%d %H:%M")
    assert (len(bars), local[0], local[-1]) == (count, first, last)
    assert bars.adjusted is adjusted and not bars.synthetic
    assert bars.source == f"sample:{name}" and "from the package" in bars.notes[0]
    assert bars.instrument.calendar == ("FX" if name == "eurusd" else "XNYS")
    if price is not None:
        assert bars.column("close")[-1] == price


def test_every_stamp_lies_in_a_session():
    for name in FACTS:
        bars = load(f"sample:{name}")
        _, inside = bars.sessions.locate(bars.times.asi8)
        assert inside.all(), name


def test_daily_samples_have_every_session_and_hourly_ones_list_their_holes():
    for name in FACTS:
        gaps = load(f"sample:{name}").gaps
        assert (gaps.count, gaps.missing) == {"eurusd": (2, 15), "aapl-1h": (6, 14)}.get(name, (0, 0)), name
    holes = load("sample:eurusd").gaps.holes
    assert [f"{before:%m-%d %H:%M} {after:%m-%d %H:%M}" for before, after in holes] == [
        "12-22 22:00 12-24 23:00",
        "12-25 08:00 12-25 22:00",
    ]


def test_known_prices():
    """S&P 500 on days that everybody remembers."""
    close = load("sample:spx").frame["close"]
    by_day = close.set_axis(close.index.strftime("%Y-%m-%d"))
    assert by_day["2009-03-09"] == pytest.approx(676.53, abs=0.005)
    assert by_day["2000-03-24"] == pytest.approx(1527.46, abs=0.005)
    assert by_day["2008-10-15"] == pytest.approx(907.84, abs=0.005)


def test_raw_prices_jump_at_splits_and_adjusted_ones_do_not():
    def move(name, day):
        close = load(f"sample:{name}").frame["close"]
        returns = close.pct_change().set_axis(close.index.strftime("%Y-%m-%d"))
        return returns[day]

    assert move("aapl-raw", "2005-02-28") == pytest.approx(-0.496, abs=0.001)  # two for one
    assert move("aapl-adjusted", "2005-02-28") == pytest.approx(0.008, abs=0.001)
    assert move("msft-raw", "2003-02-18") < -0.45
    assert abs(move("msft-adjusted", "2003-02-18")) < 0.05


def test_adjusted_bars_keep_the_shape_of_the_day_and_bring_no_raw_volume():
    raw, adjusted = load("sample:ibm-raw"), load("sample:ibm-adjusted")
    np.testing.assert_allclose(
        adjusted.column("high") / adjusted.column("close"), raw.column("high") / raw.column("close"), rtol=1e-9
    )
    with pytest.raises(DataError, match="no column 'volume'"):
        adjusted.column("volume")


def test_apple_hourly_is_not_adjusted_for_dividends_and_apple_daily_is():
    """The ratio of the two falls with each dividend until they meet: they must not be joined."""
    hourly, daily = load("sample:aapl-1h").resample("1d"), load("sample:aapl")
    ratio = (hourly.frame["close"] / daily.frame["close"]).dropna()
    assert ratio.iloc[:60].median() > 1.004 and abs(ratio.iloc[-60:].median() - 1) < 0.001


def test_eurusd_stamps_are_utc_opens_of_a_week_that_follows_new_york():
    opens = load("sample:eurusd").times - pd.Timedelta("1h")
    sundays = opens[(opens.dayofweek == 6)]
    first = sundays[np.r_[True, np.diff(sundays.dayofyear) > 0]]
    local = first.tz_convert("America/New_York").strftime("%H:%M")
    assert set(local[:-1]) == {"17:00"}  # all but Christmas Eve, in winter and in summer time
    assert {22, 21} <= set(first.hour)


def test_the_vix_of_a_day_is_seen_on_the_next():
    joined, vix = load("sample:spx-vix"), load("sample:vix")
    own = vix.frame["close"]
    for time, value in zip(joined.times[:50], joined.column("vix_close")[:50], strict=True):
        assert value == own[own.index < time].iloc[-1]
    assert joined.adjusted is False and not np.isnan(joined.column("vix_close")).any()


def test_samples_load_without_running_their_packages():
    import subprocess
    import sys

    code = (
        "import sys\nfrom feeds import load\n"
        "for name in ('spx', 'eurusd', 'aapl', 'ibm-raw'): load('sample:' + name)\n"
        "heavy = {'arch', 'mintalib', 'gymnasium', 'gym_anytrading', 'bokeh_sampledata', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_sample_lists_those_there_are():
    with pytest.raises(DataError) as caught:
        load("sample:spy")
    for piece in ("sample:spy", "did you mean 'sample:spx'", "eurusd", "aapl-1h"):
        assert piece in str(caught.value)


def test_a_missing_package_names_its_cure(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="package arch is not installed; pip install arch"):
        load("sample:spx")
    spec = importlib.util.spec_from_loader("arch", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(DataError, match="is missing; reinstall it"):
        load("sample:spx")


def test_options_that_the_sample_sets_are_refused():
    with pytest.raises(ConfigError, match="tz cannot be given: the source sets it"):
        load("sample:spx", tz="UTC")
    with pytest.raises(ConfigError, match="trades on calendar 'XNYS', not '24/7'"):
        load("sample:spx", instrument=Instrument("SPX"))
    with pytest.raises(DataError, match="2 gaps"):
        load("sample:eurusd", gaps="refuse")
    assert load("sample:spx", instrument=Instrument("SPX", tick=0.25, calendar="XNYS")).instrument.tick == 0.25
