"""Dates that name days, weeks without weekends, and sources made of bars of two lengths."""

import pandas as pd
import pytest

from feeds import load
from feeds.errors import DataError
from feeds.joining import read_table


def frame(times):
    return pd.DataFrame({"time": times, **dict.fromkeys(("open", "high", "low", "close"), 100.0)})


def closes(bars):
    return list(bars.times.strftime("%Y-%m-%d %H:%M"))


def days(first, count, freq="D"):
    return list(pd.date_range(first, periods=count, freq=freq).strftime("%Y-%m-%d"))


def hours(first, count, freq="h"):
    return list(pd.date_range(first, periods=count, freq=freq).strftime("%Y-%m-%d %H:%M"))


BARE = {
    "dates": ["2024-01-01", "2024-01-02", "2024-01-03"],
    "numbers": [20240101, 20240102, 20240103],
    "text of digits": ["20240101", "20240102", "20240103"],
    "day first": ["01.01.2024", "02.01.2024", "13.01.2024"],
    "datetimes without a zone": pd.date_range("2024-01-01", periods=3),
    "date objects": list(pd.date_range("2024-01-01", periods=3).date),
}


@pytest.mark.parametrize("case", BARE)
def test_a_bar_dated_by_its_day_closes_when_the_day_ends(case):
    bars = load(frame(BARE[case]), tz="UTC", label="close")
    last = "2024-01-14 00:00" if case == "day first" else "2024-01-04 00:00"
    assert closes(bars) == ["2024-01-02 00:00", "2024-01-03 00:00", last]
    assert any("dates without a clock name days" in note for note in bars.notes)


def test_the_day_ends_by_the_clock_of_its_zone():
    bars = load(frame(["2024-03-09", "2024-03-10", "2024-03-11"]), tz="America/New_York", label="close")
    assert closes(bars) == ["2024-03-10 05:00", "2024-03-11 04:00", "2024-03-12 04:00"]  # 10 March has 23 hours


def test_weeks_and_months_dated_by_their_last_day_close_when_it_ends():
    sundays = load(frame(["2024-01-07", "2024-01-14", "2024-01-21"]), tz="UTC", label="close")
    assert closes(sundays) == ["2024-01-08 00:00", "2024-01-15 00:00", "2024-01-22 00:00"]
    months = load(frame(["2024-01-31", "2024-02-29", "2024-03-31"]), tz="UTC", label="close")
    assert closes(months) == ["2024-02-01 00:00", "2024-03-01 00:00", "2024-04-01 00:00"]


INSTANTS = {
    "a clock": (["2024-01-02 00:00", "2024-01-03 00:00", "2024-01-04 00:00"], "UTC"),
    "an hour": (["2024-01-02T00", "2024-01-03T00", "2024-01-04T00"], "UTC"),
    "a zone": (["2024-01-02 00:00+00:00", "2024-01-03 00:00+00:00", "2024-01-04 00:00+00:00"], None),
    "twelve digits": ([202401020000, 202401030000, 202401040000], "UTC"),
    "aware": (pd.date_range("2024-01-02", periods=3, tz="UTC"), None),
}


@pytest.mark.parametrize("case", INSTANTS)
def test_times_with_a_clock_or_a_zone_stay_what_they_are(case):
    times, tz = INSTANTS[case]
    bars = load(frame(times), tz=tz, label="close")
    assert closes(bars) == ["2024-01-02 00:00", "2024-01-03 00:00", "2024-01-04 00:00"]


def test_bars_written_out_and_read_back_are_the_same(tmp_path):
    bars = load(frame(days("2024-01-01", 5)), tz="UTC", symbol="X")
    bars.frame.to_csv(tmp_path / "x.csv")
    bars.frame.to_parquet(tmp_path / "x.parquet")
    for name in ("x.csv", "x.parquet"):
        assert load(tmp_path / name, label="close", symbol="X") == bars


def test_a_joined_day_is_seen_after_it_ended():
    """The bar of 1 January holds that day's prices: no hour of 1 January may see it, nor the one that ends with it."""
    day = load(frame(days("2024-01-01", 3)), tz="UTC", label="close")
    seen = load(frame(hours("2024-01-01 00:00", 48)), tz="UTC").join(day, prefix="day").column("day_close")
    assert pd.isna(seen[:24]).all() and (seen[24:] == 100.0).all()  # the 24th bar closes at midnight


def test_without_a_clock_a_short_timeframe_does_not_show_a_day_before_it_ended():
    dates = frame(["2024-07-02", "2024-07-03", "2024-07-05"])
    assert closes(load(dates, tz="UTC", label="close", timeframe="1h"))[0] == "2024-07-03 00:00"
    new_york = load(dates, calendar="XNYS", label="close", timeframe="1h")
    assert closes(new_york) == ["2024-07-02 20:00", "2024-07-03 17:00", "2024-07-05 20:00"]


IDLE = {
    "business days": (days("2024-01-01", 20, "B"), "no bar on a Saturday or Sunday"),
    "closes at midnight": (
        pd.date_range("2024-01-01", periods=28, freq="B", tz="UTC") + pd.Timedelta("1D"),
        "no bar on a Saturday or Sunday",
    ),
    "Sunday evenings too": (
        [time for time in hours("2024-01-07 22:00", 24 * 28) if pd.Timestamp(time).dayofweek != 5],
        "no bar on a Saturday,",
    ),
    "nineteen days": (days("2024-01-01", 19, "B"), None),
    "every day": (days("2024-01-01", 28), None),
    "weeks": (days("2024-01-01", 30, "W-MON"), None),
}


@pytest.mark.parametrize("case", IDLE)
def test_a_week_without_weekend_is_told_where_the_calendar_knows_none(case):
    times, told = IDLE[case]
    aware = isinstance(times, pd.DatetimeIndex)
    bars = load(frame(times), tz=None if aware else "UTC", label="close" if aware else None)
    notes = [note for note in bars.notes if note.startswith("no bar on a")]
    assert len(notes) == (told is not None), bars.notes
    if told:
        assert notes[0].startswith(told) and "365 days" in notes[0] and "--calendar" in notes[0]


def test_a_market_with_its_calendar_has_no_such_note():
    bars = load(frame(days("2024-01-01", 60, "B")), calendar="FX")
    assert not any(note.startswith("no bar on a") for note in bars.notes)


TWO = {
    "days, then hours": (days("2024-01-01", 15) + hours("2024-01-16", 45), "row 1: from here 15 rows are 1d apart"),
    "business days, then hours": (
        days("2024-01-01", 11, "B") + hours("2024-01-16", 45),
        "row 1: from here 11 rows are whole days apart",
    ),
    "hours, then days": (hours("2024-01-01", 48) + days("2024-01-03", 6), "row 49: from here 5 rows are 1d apart"),
    "weeks, then days": (
        days("2024-01-01", 9, "W-MON") + days("2024-03-04", 30),
        "row 1: from here 9 rows are 1w apart",
    ),
    "months, then days": (days("2023-01-01", 8, "MS") + days("2023-09-01", 40), "row 1: from here 8 rows are a month"),
    "hours, then minutes": (
        hours("2024-01-01", 8) + hours("2024-01-01 08:00", 90, "min"),
        "row 1: from here 8 rows are 1h apart",
    ),
}


@pytest.mark.parametrize("case", TWO)
def test_a_few_longer_bars_are_refused(case, tmp_path):
    times, told = TWO[case]
    path = tmp_path / "two.csv"
    frame(times).to_csv(path, index=False)
    with pytest.raises(DataError) as caught:
        load(path, tz="UTC")
    assert str(caught.value).startswith(f"{path}, {told}") and "bars of two lengths" in str(caught.value)
    step = "1min" if "minutes" in case else "1d" if case.endswith("then days") and "hours" not in case else "1h"
    assert len(load(path, tz="UTC", timeframe=step)) == len(times)  # the way out for who knows better


GAPS = {
    "four midnights": days("2024-01-01", 4) + hours("2024-01-05", 45),
    "every second minute for a while": hours("2024-01-01", 15, "2min") + hours("2024-01-01 00:30", 60, "min"),
    "every third hour": hours("2024-01-01", 12, "3h") + hours("2024-01-02 12:00", 60),
    "an hourly bar a day, missing a week": hours("2024-01-01", 48) + hours("2024-01-10", 48),
}


@pytest.mark.parametrize("case", GAPS)
def test_gaps_are_no_longer_bars(case):
    bars = load(frame(GAPS[case]), tz="UTC")
    assert bars.gaps.count > 0 and not any("whole days apart" in note for note in bars.notes)


def test_one_trade_a_day_at_another_hour_is_told():
    """A share that trades in the closing auction only, then by the minute: no fault, but it looks like daily bars."""
    times = [f"{day} 16:00" for day in days("2024-01-01", 12, "B")] + hours("2024-01-17 09:30", 60, "min")
    bars = load(frame(times), tz="UTC")
    assert any(note.startswith("from row 1 on 11 rows are whole days apart, most others 1min") for note in bars.notes)


TABLES = {
    "only a header": ("available_at,flip\n", ["no rows", "nothing to join"]),
    "a bad time": ("available_at,flip\n2024-01-01T00:00Z,1\n2024-13-45,2\n", ["row 2", "'2024-13-45'", "no time"]),
    "one time without offset": (
        "available_at,flip\n2024-01-01T00:00Z,1\n2024-01-02T00:00,2\n",
        ["row 2", "'2024-01-02T00:00'", "no UTC offset"],
    ),
    "a missing time": ("available_at,flip\n2024-01-01T00:00Z,1\n,2\n", ["row 2: available_at is missing", "drop rows"]),
    "text in a column": (
        "available_at,flip\n2024-01-01T00:00Z,1\n2024-01-02T00:00Z,high\n",
        ["row 2", "'flip'", "'high'", "not numbers"],
    ),
    "infinite": ("available_at,flip\n2024-01-01T00:00Z,1\n2024-01-02T00:00Z,inf\n", ["row 2", "flip inf", "NaN"]),
    "not sorted": (
        "available_at,flip\n2024-01-02T00:00Z,1\n2024-01-01T00:00Z,2\n",
        ["row 2", "2024-01-01 00:00", "earlier"],
    ),
    "a name twice": ("available_at,flip,flip\n2024-01-02T00:00Z,1,2\n", ["column 'flip' occurs twice", "keep one"]),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_file_to_join_names_itself_row_and_value(case, tmp_path):
    text, pieces = TABLES[case]
    path = tmp_path / "levels.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_table(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and "\n" not in message
    assert all(piece in message for piece in pieces), message
