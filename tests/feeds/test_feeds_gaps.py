"""Gaps are counted against the trading calendar and never filled."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds import load
from feeds.sessions import DAY, sessions, sessions_per_year


def bars_at(times, calendar="24/7", timeframe="1h"):
    frame = pd.DataFrame({"time": times, **dict.fromkeys(("open", "high", "low", "close"), 1.0)})
    return load(frame, calendar=calendar, label="close", timeframe=timeframe)


def new_york(*times):
    return pd.DatetimeIndex(times, tz="America/New_York").tz_convert("UTC")


@given(missing=st.sets(st.integers(1, 58)))
def test_counts_equal_the_bars_taken_away(missing):
    every = pd.date_range("2024-01-01", periods=60, freq="h", tz="UTC")
    gaps = bars_at(every.delete(sorted(missing))).gaps
    runs = [hour for hour in missing if hour - 1 not in missing]
    lengths = [next(n for n in range(1, 60) if first + n not in missing) for first in runs]
    assert (gaps.missing, gaps.count) == (len(missing), len(runs))
    assert gaps.longest == pd.Timedelta(hours=max(lengths, default=0))


def test_holes_are_listed_from_the_close_before_to_the_open_after():
    times = pd.DatetimeIndex(["2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 05:00"], tz="UTC")
    gaps = bars_at(times).gaps
    assert gaps.holes == ((pd.Timestamp("2024-01-01 02:00", tz="UTC"), pd.Timestamp("2024-01-01 04:00", tz="UTC")),)
    assert str(gaps) == "1 gap, 2 bars missing, longest 2h, from 2024-01-01 02:00"


def test_fingerprint_depends_on_the_holes_alone():
    times = pd.date_range("2024-01-01", periods=12, freq="h", tz="UTC")
    one, same = bars_at(times.delete(5)).gaps, bars_at(times.delete([0, 5])).gaps
    other, none = bars_at(times.delete(6)).gaps, bars_at(times).gaps
    assert one.fingerprint == same.fingerprint
    assert len({one.fingerprint, other.fingerprint, none.fingerprint}) == 3


def test_nights_weekends_holidays_and_early_closes_are_no_gaps():
    days = {"2024-07-02": "16:00", "2024-07-03": "13:00", "2024-07-05": "16:00", "2024-07-08": "16:00"}
    times = [time for day, end in days.items() for time in pd.date_range(f"{day} 10:30", f"{day} {end}", freq="1h")]
    times += [pd.Timestamp(f"{day} {end}") for day, end in days.items()]
    assert bars_at(new_york(*sorted(set(times))), "XNYS").gaps.count == 0


def test_a_session_that_is_missing_is_one_gap_of_its_bars():
    times = [
        f"2024-07-{day} {clock}" for day in ("08", "10") for clock in ("10:30", "11:30", "12:30", "13:30", "14:30")
    ]
    times = sorted([*times, *(f"2024-07-{day} {clock}" for day in ("08", "10") for clock in ("15:30", "16:00"))])
    gaps = bars_at(new_york(*times), "XNYS").gaps
    assert (gaps.count, gaps.missing, gaps.longest) == (1, 7, pd.Timedelta("6.5h"))


def test_daily_bars_count_sessions():
    frame = pd.DataFrame({"time": ["2024-07-01", "2024-07-02", "2024-07-05", "2024-07-08", "2024-07-11"]})
    bars = load(frame.assign(open=1.0, high=1.0, low=1.0, close=1.0), calendar="XNYS", timeframe="1d")
    assert (bars.gaps.count, bars.gaps.missing) == (2, 3)  # 3 July; 9 and 10 July
    assert bars.gaps.longest == pd.Timedelta("2D")


def test_a_lunch_break_is_no_gap():
    """Hong Kong trades 09:30-12:00 and 13:00-16:00."""
    clock = ["10:00", "10:30", "11:00", "11:30", "12:00", "13:30", "14:00", "14:30", "15:00", "15:30", "16:00"]
    times = pd.DatetimeIndex([f"2024-07-02 {at}" for at in clock], tz="Asia/Hong_Kong").tz_convert("UTC")
    assert bars_at(times, "XHKG", "30min").gaps.count == 0
    assert bars_at(times.delete(2), "XHKG", "30min").gaps.missing == 1


def test_the_fx_week_runs_from_five_to_five_in_new_york():
    friday = new_york("2024-03-08 16:00", "2024-03-08 17:00")
    monday = new_york("2024-03-10 18:00", "2024-03-10 19:00")  # Sunday evening, the clocks went forward that night
    bars = bars_at(friday.append(monday), "FX")
    assert bars.gaps.count == 0
    assert list(np.diff(bars.column("session"))) == [0, 3, 0]  # Friday, then Monday's session


@pytest.mark.parametrize("name", ["24/7", "FX", "XNYS", "CMES", "XHKG", "24/5"])
def test_sessions_are_in_order_and_instants_find_theirs(name):
    first = pd.Timestamp("2023-01-01", tz="UTC").value
    table = sessions(name, first, first + 300 * DAY)
    assert (np.diff(table.days) > 0).all() and (np.diff(table.opens) > 0).all()
    assert (table.closes > table.opens).all() and (table.opens[1:] >= table.closes[:-1]).all()
    middle = (table.opens + table.closes) // 2
    for times in (middle, table.closes, table.opens + 1):
        index, inside = table.locate(times)
        assert inside.all() and (index == np.arange(len(index))).all()
    times = np.arange(table.opens[5], table.closes[-5], DAY // 13)
    index, _ = table.locate(times)
    assert (np.diff(index) >= 0).all()
    assert (np.diff(table.elapsed(times)) >= 0).all()


def test_sessions_equal_the_exchanges_own_answers():
    import exchange_calendars

    calendar = exchange_calendars.get_calendar("XNYS", start="2023-06-01", end="2023-12-31")
    random = np.random.default_rng(3)
    span = (pd.Timestamp("2023-07-01").value, pd.Timestamp("2023-12-01").value)
    times = np.sort(random.integers(*span, 300)) // 60_000_000_000 * 60_000_000_000
    table = sessions("XNYS", *span)
    index, inside = table.locate(times)
    for time, place, within in zip(times, index, inside, strict=True):
        minute = pd.Timestamp(time - 60_000_000_000, tz="UTC")  # the minute that closes at `time`
        assert within == calendar.is_open_on_minute(minute)
        if within:
            assert table.days[place] == calendar.minute_to_session(minute).value // DAY


def test_trading_days_per_year():
    assert [sessions_per_year(name) for name in ("24/7", "FX", "XNYS")] == [365, 261, 252]
