"""Longer bars: closed on the calendar, whole, and never seen before they are complete."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import Bars, load
from feeds.errors import ConfigError, DataError

PARTS = ("open", "high", "low", "close", "volume")


def random_bars(times, seed=0, timeframe=None, calendar="24/7"):
    """Bars that close at the given UTC times, prices and volumes at random."""
    random = np.random.default_rng(seed)
    count = len(times)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, count)))
    opens = close * np.exp(random.normal(0, 0.01, count))
    high = np.maximum(opens, close) * np.exp(random.exponential(0.01, count))
    low = np.minimum(opens, close) * np.exp(-random.exponential(0.01, count))
    volume = random.integers(1, 100, count)
    frame = pd.DataFrame({"time": times, "open": opens, "high": high, "low": low, "close": close, "volume": volume})
    return load(frame, symbol="X", label="close", tz=None, calendar=calendar, timeframe=timeframe)


def hours(*clock, day="2024-01-01"):
    start = pd.Timestamp(day, tz="UTC")
    return pd.DatetimeIndex([start + pd.Timedelta(hours=hour) for hour in clock])


def brute_force(bars, length):
    """For each bar, the last longer bar complete at its close: a loop over epoch-aligned stretches of time."""
    step = pd.Timedelta(length.upper() if length.endswith("d") else length)
    epoch = pd.Timestamp(0, tz="UTC")
    first_open = bars.times[0] - bars.timeframe
    rows = []
    for now in bars.times:
        end = epoch + ((now - epoch) // step) * step
        found = None
        while found is None and end - step >= first_open:
            inside = bars.frame[(bars.times > end - step) & (bars.times <= end)]
            if len(inside):
                found = (
                    inside.open.iloc[0],
                    inside.high.max(),
                    inside.low.min(),
                    inside.close.iloc[-1],
                    inside.volume.sum(),
                )
            end -= step
        rows.append(found or (np.nan,) * 5)
    return np.array(rows)


@settings(max_examples=40)
@given(
    present=st.sets(st.integers(1, 120), min_size=2, max_size=60),
    length=st.sampled_from(["1h", "2h", "4h", "8h", "1d"]),
    seed=st.integers(0, 5),
)
def test_higher_columns_equal_a_brute_force_loop_also_with_gaps(present, length, seed):
    bars = random_bars(hours(*sorted(present)), seed, timeframe="1h")
    expected = brute_force(bars, length)
    for place, part in enumerate(PARTS):
        np.testing.assert_allclose(bars.column(f"{length}.{part}"), expected[:, place], rtol=1e-12)


@settings(max_examples=40)
@given(
    present=st.sets(st.integers(1, 120), min_size=4, max_size=60),
    length=st.sampled_from(["2h", "4h", "1d"]),
    cut=st.floats(0.1, 0.95),
)
def test_replacing_or_removing_the_future_changes_nothing_earlier(present, length, cut):
    times = hours(*sorted(present))
    keep = max(2, int(cut * len(times)))
    bars, noise = random_bars(times, 1, timeframe="1h"), random_bars(times, 2, timeframe="1h")
    changed = pd.concat([bars.frame.iloc[:keep], noise.frame.iloc[keep:] * 7.0])
    changed = load(changed, symbol="X", label="close", timeframe="1h")
    shorter = bars.window(end=times[keep - 1])
    for name in (*PARTS, "count"):
        full = bars.column(f"{length}.{name}")[:keep]
        np.testing.assert_array_equal(full, changed.column(f"{length}.{name}")[:keep])
        np.testing.assert_array_equal(full, shorter.column(f"{length}.{name}"))
    np.testing.assert_array_equal(bars.column("session")[:keep], shorter.column("session"))


@settings(max_examples=30)
@given(present=st.sets(st.integers(1, 120), min_size=6, max_size=90), start=st.integers(0, 80))
def test_a_series_that_starts_later_shows_the_same_bars_or_none(present, start):
    """A node that starts in the middle of the day must not see another 4-hour bar than the backtest saw."""
    bars = random_bars(hours(*sorted(present)), 3, timeframe="1h")
    first = min(start, len(bars) - 2)
    later = bars.window(bars.times[first])
    for part in PARTS:
        full, short = bars.column(f"4h.{part}")[first:], later.column(f"4h.{part}")
        known = ~np.isnan(short)
        np.testing.assert_array_equal(short[known], full[known])
        assert known.all() or not known[: np.flatnonzero(~known)[-1]].any()


def test_a_bar_of_8_to_12_is_seen_at_12_and_not_before():
    bars = random_bars(hours(*range(1, 25)))
    close, count = bars.column("4h.close"), bars.column("4h.count")
    by_hour = {hour: row for row, hour in enumerate(range(1, 25))}
    assert np.isnan(close[by_hour[3]])
    assert close[by_hour[4]] == bars.column("close")[by_hour[4]]
    assert close[by_hour[11]] == bars.column("close")[by_hour[8]]  # 08:00 to 12:00 is not complete at 11:00
    assert close[by_hour[12]] == bars.column("close")[by_hour[12]]
    assert list(count[[by_hour[3], by_hour[4], by_hour[11], by_hour[12], by_hour[24]]]) == [0, 1, 2, 3, 6]


def test_with_a_gap_it_is_seen_at_the_first_bar_that_closes_later():
    bars = random_bars(hours(1, 2, 3, 4, 9, 10, 11, 14, 15), timeframe="1h")
    close, own = bars.column("4h.close"), bars.column("close")
    # 08-12 holds the bars that close at 9, 10 and 11; the first to close at or after 12 closes at 14
    assert list(close[3:7]) == [own[3]] * 4
    assert list(close[7:]) == [own[6]] * 2
    assert list(bars.column("4h.count")) == [0, 0, 0, 1, 1, 1, 1, 2, 2]  # 04-08 has no bar and makes none


def test_a_series_that_starts_or_ends_within_a_bar():
    bars = random_bars(hours(*range(3, 15)))  # the first opens at 02:00, the last closes at 14:00
    longer = bars.resample("4h")
    assert [str(time) for time in longer.times] == ["2024-01-01 08:00:00+00:00", "2024-01-01 12:00:00+00:00"]
    assert any("first bar" in note and "starts within it" in note for note in longer.notes)
    assert any("unfinished last bar" in note and "2024-01-01 16:00" in note for note in longer.notes)
    assert longer.timeframe == pd.Timedelta("4h")
    later = bars.window("2024-01-01 07:00")
    np.testing.assert_array_equal(later.resample("4h").frame, longer.frame.iloc[1:])


def test_weeks_start_on_monday_and_days_at_midnight_utc():
    bars = random_bars(pd.date_range("2024-01-01 01:00", periods=24 * 15, freq="h", tz="UTC"))  # a Monday
    week = bars.resample("1w")
    assert [str(time) for time in week.times] == ["2024-01-08 00:00:00+00:00", "2024-01-15 00:00:00+00:00"]
    assert week.column("close")[0] == bars.column("close")[7 * 24 - 1]
    day = bars.resample("1d")
    assert len(day) == 15 and (day.times.hour == 0).all()
    np.testing.assert_array_equal(day.column("volume"), bars.column("volume").reshape(15, 24).sum(axis=1))


def xnys_half_hours():
    """Half-hour closes of XNYS, 2024-07-01 to 07-05, by the exchange's notice: 3 July until 13:00, 4 July shut."""
    times = []
    for date, close in (("07-01", "16:00"), ("07-02", "16:00"), ("07-03", "13:00"), ("07-05", "16:00")):
        times.append(pd.date_range(f"2024-{date} 10:00", f"2024-{date} {close}", freq="30min", tz="America/New_York"))
    return times[0].append(times[1:]).tz_convert("UTC")


def test_sessions_early_closes_and_holidays_close_the_bars():
    bars = random_bars(xnys_half_hours(), calendar="XNYS")
    longer = bars.resample("4h")
    closes = longer.times.tz_convert("America/New_York").strftime("%d %H:%M")
    assert list(closes) == ["01 13:30", "01 16:00", "02 13:30", "02 16:00", "03 13:00", "05 13:30", "05 16:00"]
    own = bars.frame
    first = own.iloc[:8]  # 09:30 to 13:30 is eight half hours
    assert longer.frame.iloc[0].tolist() == [
        first.open.iloc[0],
        first.high.max(),
        first.low.min(),
        first.close.iloc[-1],
        first.volume.sum(),
    ]
    assert longer.column("close")[4] == own.close.iloc[32]  # 13 + 13 + 7 half hours until the early close
    day = bars.resample("1d")
    assert list(day.times.tz_convert("America/New_York").strftime("%d %H:%M")) == [
        "01 16:00",
        "02 16:00",
        "03 13:00",
        "05 16:00",
    ]
    assert bars.resample("1w").times[0] == pd.Timestamp("2024-07-05 16:00", tz="America/New_York")
    assert list(bars.column("session")) == [
        float((pd.Timestamp(date) - pd.Timestamp("1970-01-01")).days)
        for date, count in (("2024-07-01", 13), ("2024-07-02", 13), ("2024-07-03", 7), ("2024-07-05", 13))
        for _ in range(count)
    ]
    assert bars.gaps.count == 0


def test_the_early_close_completes_the_bar_and_the_day():
    bars = random_bars(xnys_half_hours(), calendar="XNYS")
    at = {time.strftime("%d %H:%M"): row for row, time in enumerate(bars.times.tz_convert("America/New_York"))}
    day, own = bars.column("1d.close"), bars.column("close")
    assert day[at["03 12:30"]] == own[at["02 16:00"]]
    assert day[at["03 13:00"]] == own[at["03 13:00"]]
    assert day[at["05 10:00"]] == own[at["03 13:00"]]


def test_sessions_follow_the_clock_change():
    times = pd.date_range("2024-03-08 10:30", "2024-03-08 15:30", freq="h", tz="America/New_York")
    times = times.append(pd.date_range("2024-03-11 10:30", "2024-03-11 15:30", freq="h", tz="America/New_York"))
    bars = random_bars(times.tz_convert("UTC"), calendar="XNYS")
    longer = bars.resample("2h")
    assert list(longer.times.tz_convert("America/New_York").strftime("%d %H:%M")) == [
        f"{day} {clock}" for day in ("08", "11") for clock in ("11:30", "13:30", "15:30")
    ]
    assert list(longer.times.strftime("%H:%M"))[2:4] == ["20:30", "15:30"]  # UTC: winter, then summer time


def test_bars_outside_the_sessions_take_no_part_and_are_counted():
    times = pd.date_range("2024-07-01 08:00", "2024-07-01 20:00", freq="30min", tz="America/New_York").tz_convert("UTC")
    bars = random_bars(times, calendar="XNYS")
    assert any("12 of 25 bars close outside the sessions of XNYS" in note for note in bars.notes)
    day = bars.resample("1d")
    inside = bars.frame[(times > pd.Timestamp("2024-07-01 13:30Z")) & (times <= pd.Timestamp("2024-07-01 20:00Z"))]
    assert len(inside) == 13
    assert day.frame.iloc[0].tolist() == [
        inside.open.iloc[0],
        inside.high.max(),
        inside.low.min(),
        inside.close.iloc[-1],
        inside.volume.sum(),
    ]
    assert any("12 bars outside the sessions of XNYS take no part" in note for note in day.notes)
    assert len(set(bars.column("session"))) == 1


def test_resampled_bars_resample_again_to_the_same():
    bars = random_bars(pd.date_range("2024-01-01 01:00", periods=24 * 20, freq="h", tz="UTC"))
    once, twice = bars.resample("8h"), bars.resample("2h").resample("8h")
    pd.testing.assert_frame_equal(once.frame, twice.frame)


def test_resampling_agrees_with_the_derived_columns():
    bars = load("sample:eurusd")
    longer = bars.resample("4h")
    last = bars.times.get_indexer(longer.times, method="bfill")  # Friday's 17:00 New York ends a bar of four hours
    for part in PARTS:
        np.testing.assert_array_equal(bars.column(f"4h.{part}")[last], longer.column(part))
    assert bars.column("4h.count")[-1] == len(longer)


def test_joined_columns_keep_their_last_value():
    bars = random_bars(hours(*range(1, 9)))
    table = pd.DataFrame({"available_at": hours(0, 2, 5), "flip": [1.0, 2.0, 3.0]})
    longer = bars.join(table, prefix="gex").resample("4h")
    assert list(longer.column("gex_flip")) == [2.0, 3.0]


@pytest.mark.parametrize(
    ("timeframe", "pieces"),
    [
        ("30min", ["30", "does not fit", "multiple"]),
        ("90min", ["does not fit", "multiple"]),
        ("36h", ["36h", "whole days"]),
        ("4 parsecs", ["'4 parsecs'", "'4h'"]),
        ("-4h", ["'-4h'"]),
        ("1M", ["'1M'"]),
    ],
)
def test_timeframes_that_do_not_fit(timeframe, pieces):
    bars = random_bars(hours(*range(1, 25)))
    with pytest.raises(ConfigError) as caught:
        bars.resample(timeframe)
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


def test_two_days_have_no_fixed_start_on_an_exchange():
    bars = random_bars(xnys_half_hours(), calendar="XNYS")
    with pytest.raises(ConfigError, match=r"2d .* no fixed start on calendar XNYS; use '1d' or '1w'"):
        bars.resample("2d")


def test_no_whole_bar_is_an_error_for_bars_and_missing_for_a_column():
    bars = random_bars(hours(1, 2, 3))
    with pytest.raises(DataError, match="no whole bar of 1d within 3 bars; load a longer span"):
        bars.resample("1d")
    assert np.isnan(bars.column("1d.close")).all()
    assert not bars.column("1d.count").any()


def test_a_column_of_a_longer_bar_that_does_not_exist():
    bars = random_bars(hours(*range(1, 9)))
    for name in ("4h.vwap", "4x.close", "4h."):
        with pytest.raises(DataError, match="no column"):
            bars.column(name)
    assert isinstance(bars, Bars)
