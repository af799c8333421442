"""Bars: immutable, equal by what they hold, cheap to read."""

import dataclasses
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from feeds import Bars, Instrument, load
from feeds.errors import ConfigError, DataError


@pytest.fixture(scope="module")
def bars():
    return load("synthetic:martingale?bars=200&seed=4")


def test_bars_cannot_be_changed(bars):
    with pytest.raises(dataclasses.FrozenInstanceError):
        bars.source = "x"
    with pytest.raises(ValueError, match="read-only"):
        bars.column("close")[0] = 1.0
    before = bars.fingerprint
    frame = bars.frame
    frame["extra"] = 1.0
    frame.iloc[:, 0] = 5.0
    assert "extra" not in bars.columns and dataclasses.replace(bars).fingerprint == before


def test_columns_are_contiguous_float64_and_computed_once(bars):
    for name in ("close", "time", "session", "4h.close", "4h.count"):
        column = bars.column(name)
        assert column.dtype == np.float64 and column.flags.c_contiguous and len(column) == len(bars)
        assert bars.column(name) is column


def test_time_is_epoch_seconds(bars):
    assert bars.column("time")[0] == pd.Timestamp("2020-01-01 01:00", tz="UTC").timestamp()
    frame = pd.DataFrame({"time": pd.to_datetime([1_500_000_000_250, 1_500_000_060_500], unit="ms", utc=True)})
    frame = frame.assign(open=1.0, high=1.0, low=1.0, close=1.0)
    assert list(load(frame, label="close").column("time")) == [1_500_000_000.25, 1_500_000_060.5]


def test_session_of_round_the_clock_bars_is_the_utc_day_of_their_trading(bars):
    session = bars.column("session")
    assert session[22] == session[23] == 18262  # 2020-01-01; the bar that closes at midnight belongs to its day
    assert session[24] == 18263


def test_fingerprint_tells_bars_apart(bars):
    frame = bars.frame
    assert bars == dataclasses.replace(bars, source="elsewhere", notes=())
    assert hash(bars) == hash(dataclasses.replace(bars))
    variants = [
        bars.with_instrument(Instrument("OTHER")),
        bars.window(bars.times[1]),
        dataclasses.replace(bars, _frame=frame.assign(close=np.nextafter(frame.close, np.inf))),
        dataclasses.replace(bars, _frame=frame.rename(columns={"volume": "size"})),
        dataclasses.replace(bars, _frame=frame.set_index(frame.index + pd.Timedelta(1, unit="ns"))),
    ]
    assert len({item.fingerprint for item in [bars, *variants]}) == 6
    assert bars != "bars"


def test_fingerprint_is_the_sha256_it_says(bars):
    import hashlib

    digest = hashlib.sha256(b"SYNTHETIC-MARTINGALE\n" + bars.times.asi8.tobytes())
    for name in ("open", "high", "low", "close", "volume"):
        digest.update(f"\n{name}\n".encode() + bars.column(name).tobytes())
    assert bars.fingerprint == digest.hexdigest()


def test_a_missing_column_is_named_with_those_present(bars):
    with pytest.raises(DataError) as caught:
        bars.column("clsoe")
    for piece in ("'clsoe'", "did you mean 'close'", "open, high, low, close, volume", "Join or load"):
        assert piece in str(caught.value)


def test_windows_include_both_ends(bars):
    part = bars.window(bars.times[3], bars.times[7])
    assert list(part.times) == list(bars.times[3:8])
    assert part.timeframe == bars.timeframe and part.instrument == bars.instrument
    assert len(bars.window()) == len(bars)
    one_day = bars.window("2020-01-02", "2020-01-02")
    assert (one_day.times[0], one_day.times[-1]) == (
        pd.Timestamp("2020-01-02 00:00", tz="UTC"),
        pd.Timestamp("2020-01-02 23:00", tz="UTC"),
    )
    exact = bars.window(end=pd.Timestamp("2020-01-02", tz="UTC"))
    assert exact.times[-1] == pd.Timestamp("2020-01-02", tz="UTC")
    assert bars.window("2020-01-02 10:00", "2020-01-02 12:30").times[-1].hour == 12
    tokyo = bars.window(pd.Timestamp("2020-01-02 10:00", tz="Asia/Tokyo"))
    assert tokyo.times[0] == pd.Timestamp("2020-01-02 01:00", tz="UTC")


def test_windows_without_bars_and_times_that_are_none(bars):
    with pytest.raises(DataError, match=r"no bar closes from 2030-01-01 .*; the bars run from 2020-01-01 01:00"):
        bars.window("2030-01-01")
    for value in ("soon", None.__class__, "NaT"):
        with pytest.raises(ConfigError, match="is no time"):
            bars.window(value)


def test_gaps_of_a_window_are_its_own():
    times = pd.date_range("2024-01-01", periods=10, freq="h", tz="UTC").delete([2, 3, 7])
    frame = pd.DataFrame({"time": times, "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0})
    bars = load(frame, label="close")
    assert (bars.gaps.count, bars.gaps.missing) == (2, 3)
    assert (bars.window(times[3]).gaps.count, bars.window(times[3]).gaps.missing) == (1, 1)


def test_bars_travel_to_other_processes(bars):
    bars.column("4h.close")
    copy = pickle.loads(pickle.dumps(bars))
    assert copy == bars and copy.notes == bars.notes and copy.synthetic
    with pytest.raises(ValueError, match="read-only"):
        copy.column("close")[0] = 1.0


def test_another_calendar_is_noted(bars):
    moved = bars.with_instrument(Instrument("X", calendar="FX"))
    assert moved.notes[-1] == "calendar changed from 24/7 to FX: sessions and gaps follow it, stamps stay"
    assert bars.with_instrument(Instrument("X", tick=0.25)).notes == bars.notes


def test_repr_tells_what_they_are(bars):
    text = repr(bars)
    for piece in ("SYNTHETIC-MARTINGALE", "200 x 1h", "2020-01-01 01:00", "24/7", "synthetic", "no gaps"):
        assert piece in text
    assert bars.fingerprint[:12] in text


def test_the_constructor_refuses_what_is_not_bars():
    index = pd.DatetimeIndex(["2024-01-01", "2024-01-02"], tz="UTC").as_unit("ns")
    prices = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), 1.0), index=index)
    hour = pd.Timedelta("1h")
    assert len(Bars(prices, Instrument("X"), "here", hour)) == 2
    bad = {
        "datetime64": prices.tz_localize(None),
        "increase": prices.iloc[::-1],
        "no bars": prices.iloc[:0],
        "missing: .'close'": prices.drop(columns="close"),
        "not float64: .'open'": prices.astype({"open": int}),
    }
    for message, table in bad.items():
        with pytest.raises(DataError, match=message):
            Bars(table, Instrument("X"), "here", hour)


def test_importing_feeds_loads_no_pandas():
    code = "import sys, feeds; feeds.__all__; assert 'pandas' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_public_names_exist():
    import feeds

    for name in feeds.__all__:
        assert getattr(feeds, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        _ = feeds.laod
