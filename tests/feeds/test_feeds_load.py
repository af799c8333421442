"""What load makes of good sources: times, labels, time zones, columns, and the notes that say so."""

import time

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest

from feeds import Instrument, load
from feeds.errors import ConfigError, DataError


def frame(times, **more):
    columns = {"time": times, **dict.fromkeys(("open", "high", "low", "close"), 100.0), **more}
    return pd.DataFrame(columns)


def closes(bars, zone="UTC"):
    return list(bars.times.tz_convert(zone).strftime("%Y-%m-%d %H:%M"))


def test_csv_parquet_feather_and_frames_give_the_same_bars(tmp_path):
    table = frame(pd.date_range("2024-01-01", periods=5, freq="h", tz="UTC"), volume=[1, 2, 3, 4, 5])
    table["close"] = table["high"] = [100.1, 100.2, 100.3, 1 / 3 + 100, 2 / 3 + 100]
    table.to_csv(tmp_path / "x.csv", index=False)
    table.to_csv(tmp_path / "x.csv.gz", index=False)
    table.to_csv(tmp_path / "x.txt", index=False, sep=";")
    table.to_csv(tmp_path / "x.tsv", index=False, sep="\t")
    table.to_parquet(tmp_path / "x.parquet")
    table.set_index("time").to_parquet(tmp_path / "x.pq")
    table.to_feather(tmp_path / "x.feather")
    expected = load(table, symbol="x")
    for name in ("x.csv", "x.csv.gz", "x.txt", "x.tsv", "x.parquet", "x.pq", "x.feather"):
        bars = load(tmp_path / name)
        assert bars == expected, name
        assert bars.symbol == "x" and bars.source == str(tmp_path / name)
    assert load(table.set_index("time"), symbol="x") == expected
    assert load(table.rename(columns=str.upper), symbol="x") == expected
    assert list(expected.column("volume")) == [1, 2, 3, 4, 5]


def test_one_name_twice_in_a_parquet_file_is_refused(tmp_path):
    values = [pyarrow.array([1.0])] * 3
    pyarrow.parquet.write_table(pyarrow.table(values, names=["open", "close", "close"]), tmp_path / "x.parquet")
    with pytest.raises(DataError, match=r"x\.parquet: column 'close' occurs twice; keep one of them"):
        load(tmp_path / "x.parquet")


def test_without_a_label_times_are_opens_and_move_to_the_close_with_a_note():
    times = pd.date_range("2024-01-01", periods=3, freq="h", tz="UTC")
    bars = load(frame(times))
    assert closes(bars) == ["2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 03:00"]
    assert bars.notes == ("no label given: times read as the open of each bar and moved to its close (+1h)",)
    assert load(frame(times), label="open").notes == ("times moved to its close (+1h)",)
    assert load(frame(times), label="open") == bars
    kept = load(frame(times), label="close")
    assert closes(kept) == ["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00"]
    assert kept.notes == ()


def test_the_index_is_aware_utc_nanoseconds_named_time():
    bars = load(frame(pd.date_range("2024-01-01", periods=3, freq="h", tz="Asia/Tokyo")))
    assert str(bars.frame.index.dtype) == "datetime64[ns, UTC]" and bars.frame.index.name == "time"
    assert closes(bars)[0] == "2023-12-31 16:00"
    assert (bars.frame.dtypes == np.float64).all()


def test_hourly_bars_end_with_their_session():
    """09:30 … 15:30 hourly: the last bar of the day is half an hour; on 3 July 2024 the market closes at 13:00."""
    clock = ["09:30", "10:30", "11:30", "12:30", "13:30", "14:30", "15:30"]
    times = [f"2024-07-02 {at}" for at in clock] + [f"2024-07-03 {at}" for at in clock[:4]]
    bars = load(frame(times), tz="America/New_York", calendar="XNYS")
    assert closes(bars, "America/New_York")[6:] == [
        "2024-07-02 16:00",
        "2024-07-03 10:30",
        "2024-07-03 11:30",
        "2024-07-03 12:30",
        "2024-07-03 13:00",
    ]
    assert "2 bars end with their session on XNYS, earlier than a full bar" in bars.notes
    assert bars.gaps.count == 0 and bars.timeframe == pd.Timedelta("1h")


def test_closes_are_not_cut_when_the_source_trades_beyond_the_session():
    """With a bar from 16:00 in the file the bar of 15:30 may hold trades until 16:30: calling it closed at 16:00 would
    show the future."""
    times = [f"2024-07-02 {at}" for at in ("13:30", "14:30", "15:30", "16:30")]
    bars = load(frame(times), tz="America/New_York", calendar="XNYS")
    assert closes(bars, "America/New_York")[2:] == ["2024-07-02 16:30", "2024-07-02 17:30"]
    assert any("1 bars start outside the sessions of XNYS" in note for note in bars.notes)


def test_hours_on_the_clock_with_a_short_first_bar():
    times = [f"2024-07-02 {at}" for at in ("09:30", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00")]
    bars = load(frame(times), tz="America/New_York", calendar="XNYS")
    assert closes(bars, "America/New_York") == [f"2024-07-02 {hour}:00" for hour in range(10, 17)]


def test_dates_close_with_their_session_whatever_the_label(tmp_path):
    table = frame(["2024-07-02", "2024-07-03", "2024-07-05"])
    expected = ["2024-07-02 16:00", "2024-07-03 13:00", "2024-07-05 16:00"]
    for label in (None, "open", "close"):
        bars = load(table, calendar="XNYS", label=label)
        assert closes(bars, "America/New_York") == expected
        assert bars.timeframe == pd.Timedelta("1D")
        assert any("dates name sessions of XNYS" in note for note in bars.notes)
    aware = [pd.Timestamp(date, tz="America/New_York") for date in table["time"]]
    assert closes(load(frame(aware), calendar="XNYS"), "America/New_York") == expected
    midnight_utc = [f"{date}T00:00:00Z" for date in table["time"]]
    assert closes(load(frame(midnight_utc), calendar="XNYS"), "America/New_York") == expected
    session_opens = pd.DatetimeIndex([f"{date} 13:30" for date in table["time"]], tz="UTC")
    assert closes(load(frame(session_opens), calendar="XNYS"), "America/New_York") == expected


def test_dates_that_close_at_midnight_of_their_zone():
    times = ["2024-03-09", "2024-03-10", "2024-03-11"]
    bars = load(frame(times), tz="America/New_York")
    assert closes(bars) == ["2024-03-10 05:00", "2024-03-11 04:00", "2024-03-12 04:00"]  # 10 March has 23 hours
    ends = ["2024-03-10 00:00", "2024-03-11 00:00", "2024-03-12 00:00"]
    assert closes(load(frame(times), tz="UTC", label="close")) == ends


def test_weeks_close_with_their_last_session():
    mondays = ["2024-03-18", "2024-03-25", "2024-04-01"]  # 29 March 2024 is Good Friday
    expected = ["2024-03-22 16:00", "2024-03-28 16:00", "2024-04-05 16:00"]
    assert closes(load(frame(mondays), calendar="XNYS"), "America/New_York") == expected
    fridays = ["2024-03-22", "2024-03-29", "2024-04-05"]
    assert closes(load(frame(fridays), calendar="XNYS", label="close"), "America/New_York") == expected


TIMES = {
    "iso": (["2024-01-31 13:00", "2024-01-31 14:00"], "UTC"),
    "iso with T and seconds": (["2024-01-31T13:00:00", "2024-01-31T14:00:00"], "UTC"),
    "offsets": (["2024-01-31 08:00:00-05:00", "2024-01-31 09:00:00-05:00"], None),
    "zulu": (["2024-01-31T13:00:00.000Z", "2024-01-31T14:00:00.000Z"], None),
    "day first": (["31.01.2024 13:00", "31.01.2024 14:00"], "UTC"),
    "month first": (["1/31/2024 1:00 PM", "1/31/2024 2:00 PM"], "UTC"),
    "seconds": ([1706706000, 1706709600], None),
    "a number of ten digits": ([2024013113, 2024013114], "UTC"),
    "a number of twelve digits": ([202401311300, 202401311400], "UTC"),
    "a number of fourteen digits": ([20240131130000, 20240131140000], "UTC"),
    "text of twelve digits": (["202401310800", "202401310900"], "America/New_York"),
    "seconds with a fraction": ([1706706000.0, 1706709600.0], None),
    "milliseconds": ([1706706000000, 1706709600000], None),
    "microseconds": ([1706706000000000, 1706709600000000], None),
    "nanoseconds": ([1706706000000000000, 1706709600000000000], None),
    "wall clock": (["2024-01-31 08:00", "2024-01-31 09:00"], "America/New_York"),
}


@pytest.mark.parametrize("case", TIMES)
def test_times_are_read_as_written(case, tmp_path):
    times, tz = TIMES[case]
    frame(times).to_csv(tmp_path / "x.csv", index=False)
    for source in (frame(times), tmp_path / "x.csv"):
        assert closes(load(source, tz=tz, label="close")) == ["2024-01-31 13:00", "2024-01-31 14:00"], case


def test_dates_written_as_numbers():
    bars = load(frame([20240702, 20240703, 20240705]), calendar="XNYS")
    assert closes(bars, "America/New_York")[1] == "2024-07-03 13:00"


def test_date_and_time_in_two_columns():
    table = frame(["13:00", "14:00"], Date=["2024-01-31"] * 2)
    bars = load(table, tz="UTC", columns={"time": ("Date", "time")}, label="close")
    assert closes(bars) == ["2024-01-31 13:00", "2024-01-31 14:00"]


def test_columns_are_renamed_added_and_those_left_out_are_noted():
    times = pd.date_range("2024-01-01", periods=3, freq="h", tz="UTC")
    table = frame(times, OI=[7.0, np.nan, 9.0], vwap=1.0, Last=99.0).rename(columns={"open": "Start"}).assign(low=99.0)
    bars = load(table, columns={"open": "Start", "close": "Last", "open_interest": "OI"})
    assert bars.columns == ("open", "high", "low", "close", "open_interest")
    np.testing.assert_array_equal(bars.column("open_interest"), [7, np.nan, 9])
    assert "columns not used: close, vwap" in bars.notes


def test_volume_that_is_not_there_is_not_made_up():
    bars = load(frame(pd.date_range("2024-01-01", periods=8, freq="h", tz="UTC")), symbol="NQ")
    assert bars.columns == ("open", "high", "low", "close")
    for name in ("volume", "4h.volume"):
        with pytest.raises(DataError, match=f"no column '{name}'"):
            bars.column(name)


def test_the_instrument_sets_symbol_and_calendar():
    es = Instrument("ES", tick=0.25, multiplier=50.0, calendar="CMES")
    times = pd.date_range("2024-01-02 15:00", periods=3, freq="h", tz="UTC")
    bars = load(frame(times), instrument=es)
    assert bars.instrument is es and bars.symbol == "ES" and bars.calendar == "CMES"
    with pytest.raises(ConfigError, match="symbol='NQ' contradicts the instrument's symbol 'ES'"):
        load(frame(times), instrument=es, symbol="NQ")


def test_the_timeframe_is_the_most_common_step_or_as_told():
    times = pd.DatetimeIndex(["2024-01-01 00:00", "2024-01-01 03:00", "2024-01-01 06:00", "2024-01-01 07:00"], tz="UTC")
    with pytest.raises(DataError, match=r"row 4: .* less than a bar of 3h after row 3"):
        load(frame(times))
    bars = load(frame(times), timeframe="1h")
    assert bars.timeframe == pd.Timedelta("1h") and bars.gaps.missing == 4
    assert len(load(frame(times[:1]), timeframe="1h")) == 1


def test_the_callers_frame_and_the_bars_are_apart():
    table = frame(pd.date_range("2024-01-01", periods=3, freq="h", tz="UTC"))
    bars = load(table)
    before = bars.fingerprint
    table.loc[0, "close"] = 1.0
    copy = bars.frame
    copy.iloc[0, 0] = 5.0
    assert bars.frame.iloc[0, 0] == 100.0
    assert load(bars.frame.reset_index(), label="close", symbol="UNNAMED").fingerprint == before


def test_close_is_preferred_to_last_and_a_renamed_symbol_is_noted():
    table = frame(pd.date_range("2024-01-01", periods=3, freq="h", tz="UTC"), Last=99.0, Symbol="ESH4")
    bars = load(table, symbol="ES")
    assert bars.column("close")[0] == 100.0
    assert "column Symbol holds ESH4, loaded as ES" in bars.notes
    assert "columns not used: Last, Symbol" in bars.notes


def test_fifty_thousand_rows_load_in_half_a_second(tmp_path):
    times = pd.date_range("2020-01-01", periods=50_000, freq="h", tz="UTC")
    price = 100 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.001, len(times))))
    table = frame(times, volume=1.0).assign(close=price, open=price, high=price, low=price)
    table.to_csv(tmp_path / "x.csv", index=False)
    load(tmp_path / "x.csv")  # imports and caches; then the time of this process alone, whatever else runs
    seconds = []
    for _ in range(3):
        start = time.process_time()
        bars = load(tmp_path / "x.csv")
        seconds.append(time.process_time() - start)
    assert len(bars) == 50_000 and min(seconds) < 0.5, seconds
