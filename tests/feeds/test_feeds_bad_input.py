"""Everything that can be wrong with a source has its own error: which file, which row, which value, and the cure."""

import numpy as np
import pandas as pd
import pytest

from feeds import Instrument, load
from feeds.errors import ConfigError, DataError

HOURS = ["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 03:00", "2024-01-01 04:00"]
HEADER = "time,open,high,low,close,volume"


def csv(tmp_path, rows, header=HEADER, name="es.csv"):
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def good(time, volume="10"):
    return f"{time},100,101,99,100.5,{volume}"


def with_row(number, row):
    """Five good rows, of which one is replaced; rows count from 1."""
    rows = [good(time) for time in HOURS]
    rows[number - 1] = row
    return rows


# what is wrong: (rows, options, class of the error, pieces that the message must hold)
CASES = {
    "unsorted": (
        [good(HOURS[0]), good(HOURS[2]), good(HOURS[1]), good(HOURS[3])],
        {},
        DataError,
        ["row 3", "2024-01-01 01:00", "comes before row 2", "2024-01-01 02:00", "sort"],
    ),
    "duplicate": (
        [good(HOURS[0]), good(HOURS[1]), good(HOURS[1], "11"), good(HOURS[3])],
        {},
        DataError,
        ["row 3", "2024-01-01 01:00", "repeats row 2", "keep one"],
    ),
    "duplicate with other prices, dropping": (
        [good(HOURS[0]), good(HOURS[1]), good(HOURS[1], "11"), good(HOURS[3])],
        {"repair": "drop"},
        DataError,
        ["row 3", "2024-01-01 01:00", "repeats row 2", "keep one"],
    ),
    "naive": ([good(time) for time in HOURS], {"tz": None}, DataError, ["row 1", "2024-01-01 00:00", "tz='UTC'"]),
    "naive dates": (
        [good(f"2024-01-0{day}") for day in (2, 3, 4)],
        {"tz": None},
        DataError,
        ["row 1", "2024-01-02", "calendar='XNYS'", "tz='UTC'"],
    ),
    "NaN price": (
        with_row(3, f"{HOURS[2]},100,,99,100.5,10"),
        {},
        DataError,
        ["row 3", HOURS[2], "high", "NaN", "repair='drop'"],
    ),
    "NaN volume": (with_row(2, f"{HOURS[1]},100,101,99,100.5,"), {}, DataError, ["row 2", "volume", "NaN", "repair"]),
    "text for a price": (
        with_row(4, f"{HOURS[3]},100,101,n/k,100.5,10"),
        {},
        DataError,
        ["row 4", "low", "'n/k'", "not a number", "fix the source"],
    ),
    "decimal comma": (
        with_row(2, f'{HOURS[1]},"100,5",101,99,100.5,10'),
        {},
        DataError,
        ["row 2", "open '100,5' is not a number", "decimal points", "decimal=','"],
    ),
    "high below low": (
        with_row(2, f"{HOURS[1]},100,98,99,98.5,10"),
        {},
        DataError,
        ["row 2", "high 98.0", "below low 99.0", "repair='drop'"],
    ),
    "high below close": (
        with_row(5, f"{HOURS[4]},4100,4101,4099,4103.5,10"),
        {},
        DataError,
        ["row 5", "high 4101.0 is below close 4103.5", "fix the source or load with repair='drop'"],
    ),
    "low above open": (
        with_row(1, f"{HOURS[0]},98,101,99,100,10"),
        {},
        DataError,
        ["row 1", "low 99.0 is above open 98.0", "repair"],
    ),
    "zero price": (with_row(3, f"{HOURS[2]},0,1,0,1,10"), {}, DataError, ["row 3", "open 0.0", "not above 0"]),
    "negative price": (
        with_row(3, f"{HOURS[2]},1,1,-37.63,1,10"),
        {},
        DataError,
        ["row 3", "low -37.63", "not above 0", "repair"],
    ),
    "negative volume": (
        with_row(3, good(HOURS[2], "-5")),
        {},
        DataError,
        ["row 3", "volume -5.0", "negative", "repair"],
    ),
    "infinite": (
        with_row(2, f"{HOURS[1]},100,inf,99,100,10"),
        {},
        DataError,
        ["row 2", "high inf", "infinite", "repair"],
    ),
    "missing time": (with_row(2, ",100,101,99,100,10"), {}, DataError, ["row 2", "time is missing", "delete"]),
    "blank line": (with_row(2, ""), {}, DataError, ["row 2", "time is missing", "delete"]),
    "no time at all": (with_row(3, good("yesterday")), {}, DataError, ["row 3", "'yesterday'", "correct"]),
    "some offsets": (with_row(3, good("2024-01-01T02:00+00:00")), {}, DataError, ["row 3", "offset"]),
    "day or month": (
        [good("01/02/2024 00:00"), good("01/02/2024 01:00")],
        {},
        DataError,
        ["row 1", "01/02/2024", "day or month first", "time_format"],
    ),
    "format that does not match": (
        [good("20240101 0000"), good("20240101 01-00")],
        {"time_format": "%Y%m%d %H%M"},
        DataError,
        ["row 2", "20240101 01-00", "%Y%m%d %H%M"],
    ),
    "year out of range": (with_row(5, good("9999-01-01 00:00")), {}, DataError, ["row 5", "9999", "1900", "correct"]),
    "number that is no epoch": ([good("12"), good("13")], {"tz": None}, DataError, ["row 1", "12", "epoch", "convert"]),
    "infinite epoch": (
        [good(time) for time in ("1704067200", "1704070800", "inf", "1704078000")],
        {"tz": None},
        DataError,
        ["row 3", "time inf is no epoch", "convert"],
    ),
    "epoch far too large": (
        [good(time) for time in ("1704067200", "1704070800", "1" + 25 * "0", "1704078000")],
        {"tz": None},
        DataError,
        ["row 3", "is no epoch", "convert"],
    ),
    "epochs in two units": (
        [good(time) for time in ("1704067200", "1704070800", "1704074400000", "1704078000")],
        {"tz": None},
        DataError,
        ["row 3", "1704074400000 is in ms since 1970, most others are in s", "convert"],
    ),
    "text among epochs": (
        [good(time) for time in ("1704067200", "1704070800", "soon", "1704078000")],
        {"tz": None},
        DataError,
        ["row 3", "'soon' is no number", "correct the source"],
    ),
    "a minute that does not exist": (
        [good(time) for time in ("202401012358", "202401012359", "202401012400", "202401020001")],
        {},
        DataError,
        ["row 3", "'202401012400' does not match '%Y%m%d%H%M'", "correct the row"],
    ),
    "minutes as one number, no zone": (
        [good(time) for time in ("202401020930", "202401020931", "202401020932")],
        {"tz": None},
        DataError,
        ["row 1", "2024-01-02 09:30:00 has no time zone", "tz='UTC'"],
    ),
    "two rows centuries apart": (
        [good("1900-01-01 00:00"), good("2199-01-01 00:00")],
        {},
        DataError,
        ["row 2", "2199-01-01 is more than ten years after row 1's 1900-01-01", "correct"],
    ),
    "timeframe beyond every clock": (
        [good(time) for time in HOURS],
        {"timeframe": "99999999d"},
        ConfigError,
        ["'99999999d' is above ten years", "'1d'"],
    ),
    "skipped by the clock change": (
        [good("2024-03-10 01:30"), good("2024-03-10 02:30"), good("2024-03-10 03:30")],
        {"tz": "America/New_York"},
        DataError,
        ["row 2", "2024-03-10 02:30", "does not exist", "America/New_York", "UTC"],
    ),
    "repeated by the clock change": (
        [good("2024-11-03 00:30"), good("2024-11-03 01:30"), good("2024-11-03 02:30")],
        {"tz": "America/New_York"},
        DataError,
        ["row 2", "2024-11-03 01:30", "occurs twice", "America/New_York", "UTC"],
    ),
    "tz beside offsets": (
        [good("2024-01-01T00:00+00:00"), good("2024-01-01T01:00+00:00")],
        {"tz": "Europe/Berlin"},
        ConfigError,
        ["tz='Europe/Berlin'", "their own", "leave tz out"],
    ),
    "bar too short": (
        [good(time) for time in (*HOURS, "2024-01-01 04:20", "2024-01-01 05:00")],
        {},
        DataError,
        ["row 6", "2024-01-01 04:20", "a bar of 1h", "label='close'"],
    ),
    "bars of two lengths": (
        [good(f"2024-01-{day:02} 00:00") for day in range(1, 26)]
        + [good(f"2024-02-01 {hour:02}:00") for hour in range(24)]
        + [good(f"2024-02-02 {hour:02}:00") for hour in range(24)],
        {},
        DataError,
        ["row 1:", "25 rows are whole days apart", "most others 1h", "load each alone"],
    ),
    "two bars of one session": (
        [good(f"2024-07-{day} 14:00") for day in ("01", "02", "03", "05")] + [good("2024-07-05 15:00")],
        {"calendar": "XNYS", "timeframe": "1d"},
        DataError,
        ["row 5", "2024-07-05 15:00", "closes at 2024-07-05 20:00", "row 4", "one row per bar"],
    ),
    "outside every session": (
        [good(f"2024-07-{day} 03:00") for day in ("01", "02", "03")],
        {"calendar": "XNYS"},
        DataError,
        ["row 1", "2024-07-01 03:00", "in no session of XNYS", "label='close'"],
    ),
    "true for a price": (
        with_row(1, f"{HOURS[0]},True,101,99,100,10"),
        {},
        DataError,
        ["row 1", "open 'True'", "not a number", "fix the source"],
    ),
    "one row": ([good(HOURS[0])], {}, DataError, ["one row", "timeframe='1h'"]),
    "no session": (
        [good(date) for date in ("2024-07-03", "2024-07-04", "2024-07-05")],
        {"calendar": "XNYS"},
        DataError,
        ["row 2", "2024-07-04", "no session of XNYS", "calendar="],
    ),
    "months": (
        [good(date) for date in ("2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01", "2024-06-01")],
        {},
        DataError,
        ["31 days", "label='close'"],
    ),
    "gaps refused": (
        [good(time) for time in (HOURS[0], HOURS[1], HOURS[4])],
        {"gaps": "refuse", "timeframe": "1h"},
        DataError,
        ["1 gap", "2 bars missing", "2024-01-01 02:00", "gaps='report'"],
    ),
    "nothing left": (
        [f"{time},1,1,1,,1" for time in HOURS],
        {"repair": "drop"},
        DataError,
        ["no row is left", "repair"],
    ),
    "unknown calendar": ([good(time) for time in HOURS], {"calendar": "XNYSE"}, ConfigError, ["'XNYSE'", "'XNYS'"]),
    "unknown zone": (
        [good(time) for time in HOURS],
        {"tz": "New York"},
        ConfigError,
        ["'New York'", "America/New_York"],
    ),
    "bad label": ([good(time) for time in HOURS], {"label": "end"}, ConfigError, ["label='end'", "'open', 'close'"]),
    "bad gaps": ([good(time) for time in HOURS], {"gaps": "fill"}, ConfigError, ["gaps='fill'", "'report', 'refuse'"]),
    "bad repair": ([good(time) for time in HOURS], {"repair": "ffill"}, ConfigError, ["repair='ffill'", "'drop'"]),
    "bad timeframe": ([good(time) for time in HOURS], {"timeframe": "4x"}, ConfigError, ["'4x'", "'4h'"]),
    "timeframe without unit": ([good(time) for time in HOURS], {"timeframe": "60"}, ConfigError, ["'60'", "unit"]),
    "contract without column": (
        [good(time) for time in HOURS],
        {"contract": "ESZ4"},
        ConfigError,
        ["contract='ESZ4'", "no column 'contract'"],
    ),
    "columns unknown": (
        [good(time) for time in HOURS],
        {"columns": {"close": "Settle"}},
        ConfigError,
        ["'Settle'", "no such column", "time, open, high, low, close, volume"],
    ),
    "columns mistyped": (
        [good(time) for time in HOURS],
        {"columns": {"opne": "open"}},
        ConfigError,
        ["'opne'", "did you mean 'open'"],
    ),
    "columns no mapping": ([good(time) for time in HOURS], {"columns": ["open"]}, ConfigError, ["['open']", "map"]),
    "instrument contradicts": (
        [good(time) for time in HOURS],
        {"instrument": Instrument("ES", calendar="CMES"), "calendar": "XNYS"},
        ConfigError,
        ["calendar='XNYS'", "'CMES'", "one of the two"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_source_names_file_row_value_and_cure(case, tmp_path):
    rows, options, error, pieces = CASES[case]
    path = csv(tmp_path, rows)
    with pytest.raises(error) as caught:
        load(path, **{"tz": "UTC", **options})
    message = str(caught.value)
    missing = [piece for piece in pieces if piece not in message]
    assert not missing, message
    assert "\n" not in message
    if error is DataError:
        assert str(path) in message


HEADERS = {
    "no close": ("time,open,high,low,last_price", ["no column for close", "last_price", "columns="]),
    "no header": ("2024-01-01 00:00,100,101,99,100.5", ["no column for time", "columns="]),
    "two times": ("date,time,open,high,low,close", ["'date'", "'time'", "('Date', 'Time')"]),
    "one name twice": ("time,open,high,low,close,volume,close", ["column 'close' occurs twice", "keep one"]),
    "one name twice, unused": ("time,open,high,low,close,note,note", ["column 'note' occurs twice", "keep one"]),
    "repeated name": ("time,open,high,low,close,Volume,volume", ["Volume", "volume", "columns="]),
}


@pytest.mark.parametrize("case", HEADERS)
def test_wrong_columns_are_listed(case, tmp_path):
    header, pieces = HEADERS[case]
    path = csv(tmp_path, [",".join("1" for _ in header.split(","))], header)
    with pytest.raises(DataError) as caught:
        load(path, tz="UTC")
    assert all(piece in str(caught.value) for piece in [*pieces, str(path)]), str(caught.value)


def test_rows_longer_than_the_header_are_refused_not_cut(tmp_path):
    path = csv(tmp_path, ["2024-01-01 00:00,100,5,101,99,100,10", "2024-01-01 01:00,100,5,101,99,100,10"])
    with pytest.raises(DataError, match=r"more fields than the header.*decimal commas"):
        load(path, tz="UTC")


def test_files_that_cannot_be_read(tmp_path):
    csv(tmp_path, [good(time) for time in HOURS])
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "blank.csv").write_text("\n" + HEADER + "\n" + good(HOURS[0]) + "\n")
    (tmp_path / "zeros.csv").write_bytes(bytes(1000))
    (tmp_path / "dead.csv").symlink_to("nowhere.csv")
    (tmp_path / "header.csv").write_text(HEADER + "\n")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 this is not one")
    (tmp_path / "broken.csv.gz").write_bytes(b"\x1f\x8b\x08 not gzip")
    (tmp_path / "latin.csv").write_bytes(HEADER.encode() + b"\n2024-01-01 00:00,\xe4,1,1,1,1\n")
    (tmp_path / "book.xlsx").write_bytes(b"x")
    cures = {
        "ess.csv": ["no such file", "did you mean 'es.csv'"],
        "nowhere/x.csv": ["no such file", "check the path"],
        ".": ["folder", "blank.csv"],
        "empty.csv": ["empty", "download"],
        "blank.csv": ["first line is blank", "delete it"],
        "zeros.csv": ["not text", "zero bytes", "download it again"],
        "dead.csv": ["is a link to nowhere.csv, which is not there", "mend the link"],
        "header.csv": ["no rows", "download"],
        "broken.parquet": ["cannot be read", "again"],
        "broken.csv.gz": ["cannot be read", "again"],
        "latin.csv": ["UTF-8"],
        "book.xlsx": [".xlsx", "CSV or Parquet"],
    }
    for name, pieces in cures.items():
        with pytest.raises(DataError) as caught:
            load(tmp_path / name, tz="UTC")
        message = str(caught.value)
        assert all(piece in message for piece in pieces), message
        assert "\n" not in message


def test_a_source_of_another_kind_is_refused():
    with pytest.raises(ConfigError, match=r"cannot load list: give a path, a DataFrame"):
        load([1, 2, 3])


def test_mixed_contracts_are_listed_and_one_can_be_chosen(tmp_path):
    rows = [f"{time},100,101,99,100.5,10,ESH4" for time in HOURS]
    rows += [f"{time},200,201,199,200.5,10,ESM4" for time in HOURS]
    path = csv(tmp_path, rows, HEADER + ",contract")
    with pytest.raises(DataError) as caught:
        load(path, tz="UTC")
    for piece in ("row 6", "ESM4 follows ESH4", "contract=", "ESH4 (5 rows)", "ESM4 (5 rows)"):
        assert piece in str(caught.value)
    bars = load(path, tz="UTC", contract="ESM4")
    assert list(bars.column("close")) == [200.5] * 5
    assert "contract ESM4: 5 of 10 rows" in bars.notes
    with pytest.raises(ConfigError, match=r"'ESU4' is not in the file; it holds ESH4"):
        load(path, tz="UTC", contract="ESU4")


def test_row_numbers_are_those_of_the_file_also_after_choosing_a_contract(tmp_path):
    rows = [f"{time},100,101,99,100.5,10,A" for time in HOURS]
    rows += [f"{time},100,101,99,{105 if time == HOURS[3] else 100},10,B" for time in HOURS]
    with pytest.raises(DataError, match=r"row 9 .*high 101.0 is below close 105.0"):
        load(csv(tmp_path, rows, HEADER + ",contract"), tz="UTC", contract="B")


def test_rows_of_several_symbols_do_not_mix(tmp_path):
    rows = [
        f"{time},{price},{price},{price},{price},10,{name}" for name, price in (("A", 5), ("B", 7)) for time in HOURS
    ]
    path = csv(tmp_path, rows, HEADER + ",Symbol")
    with pytest.raises(DataError, match=r"row 6: Symbol B follows A; choose one with symbol=: A, B"):
        load(path, tz="UTC")
    assert list(load(path, tz="UTC", symbol="B").column("open")) == [7.0] * 5


def test_adjusted_and_raw_prices_are_not_mixed(tmp_path):
    rows = [f"{time},100,101,99,100,{adjusted}" for time, adjusted in zip(HOURS, (50, 50, 50, 100, 100), strict=True)]
    path = csv(tmp_path, rows, "time,open,high,low,close,Adj Close")
    bars = load(path, tz="UTC")
    assert bars.adjusted is False
    assert any("raw" in note and "3 rows" in note for note in bars.notes)
    with pytest.raises(DataError, match="would mix adjusted with raw"):
        load(path, tz="UTC", columns={"close": "Adj Close"})


def test_dropping_is_asked_for_and_counted(tmp_path):
    rows = [
        good("2024-01-01 00:00"),
        "2024-01-01 01:00,,,,,",  # no trade
        good("2024-01-01 02:00"),
        "2024-01-01 03:00,100,100,100,100,0",  # no trade
        "2024-01-01 04:00,100,101,99,103,10",  # impossible
        good("2024-01-01 05:00"),
        good("2024-01-01 05:00"),  # exact repeat
        good("2024-01-01 06:00"),
    ]
    bars = load(csv(tmp_path, rows), tz="UTC", repair="drop")
    assert list(bars.times.hour) == [1, 3, 6, 7]  # closes of the bars that open at 0, 2, 5, 6
    text = " | ".join(bars.notes)
    assert "dropped 2 rows: without a trade (first: row 2)" in text
    assert "dropped 1 rows: high below open or close (first: row 5)" in text
    assert "dropped 1 rows: exact repeats (first: row 7)" in text
    assert "2 gaps, 3 bars missing, longest 2h" in text


def test_rows_without_a_trade_stay_when_nobody_asks(tmp_path):
    rows = with_row(2, f"{HOURS[1]},100,100,100,100,0")
    bars = load(csv(tmp_path, rows), tz="UTC")
    assert len(bars) == 5
    assert any("1 rows without a trade" in note and "kept" in note for note in bars.notes)


def test_one_price_and_no_volume_is_not_a_missing_trade(tmp_path):
    """VIX before 2004: open = high = low = close, and no volume at all."""
    rows = [f"{time},17,17,17,17" for time in HOURS]
    bars = load(csv(tmp_path, rows, "time,open,high,low,close"), tz="UTC", repair="drop")
    assert len(bars) == 5


def test_unknown_options_fail():
    frame = pd.DataFrame({"time": pd.date_range("2024", periods=3, freq="h", tz="UTC"), "open": 1.0})
    with pytest.raises(TypeError, match="symbl"):
        load(frame, symbl="X")
    with pytest.raises(DataError, match="no column for high"):
        load(frame)


GOOD_FRAME = pd.DataFrame(
    {
        "time": pd.date_range("2024", periods=3, freq="h", tz="UTC"),
        **dict.fromkeys(("open", "high", "low", "close"), 1.0),
    }
)


@pytest.mark.parametrize(
    ("options", "pieces"),
    [
        ({"symbol": ""}, ["symbol=''", "'ES'"]),
        ({"symbol": 5}, ["symbol=5"]),
        ({"instrument": "ES"}, ["instrument='ES'", "feeds.Instrument"]),
        ({"columns": {5: "open"}}, ["columns={5: 'open'}", "map"]),
        ({"columns": {"close": 5}}, ["'close': 5", "no such column"]),
        ({"time_format": "%Y"}, ["time_format='%Y'", "leave it out"]),
        ({"timeframe": 5}, ["5 is no timeframe", "'4h'"]),
        ({"calendar": 5}, ["calendar=5", "'XNYS'"]),
        ({"tz": 5}, ["tz=5", "'UTC'"]),
    ],
)
def test_arguments_of_the_wrong_kind(options, pieces):
    with pytest.raises(ConfigError) as caught:
        load(GOOD_FRAME, **options)
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


def test_complex_numbers_are_no_prices():
    with pytest.raises(DataError, match="not a number; fix the source"):
        load(GOOD_FRAME.assign(open=1j))


def test_an_address_is_no_file():
    with pytest.raises(DataError, match=r"https://example\.com/x\.csv: is an address, not a file; download it first"):
        load("https://example.com/x.csv")


def test_a_frame_with_two_levels_of_columns_is_refused():
    frame = pd.DataFrame(np.ones((3, 4)), columns=pd.MultiIndex.from_product([["Open", "Close"], ["A", "B"]]))
    with pytest.raises(DataError, match="2 levels; select one symbol"):
        load(frame)
