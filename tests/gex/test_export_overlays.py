"""Overlays byte by byte: the row published for v2.2, what is blank, what is read back, how Sierra Chart maps it."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import ConfigError, DataError
from indicators.gex.export import files, ninjatrader, sierra_csv, sierra_template, tradingview
from indicators.gex.export.overlay import SLOTS, Overlay

HEADER = (
    "symbol,trade_datetime_utc,spot,gex_total,gex_regime,gex0_vol_trigger,gex1_flip,gex2_call_wall,gex3_put_wall,"
    "gex4_max_pain,gex5_pin1,gex6_pin2,window_pct,min_gap_pts,market_status,stale_minutes,source,version"
)
ROW = (
    "SPX,2025-08-29T21:30:00+00:00,6500.00,-2.30e+12,NEG,6500.00,6475.00,6550.00,6450.00,6525.00,6510.00,,0.030,20,OPEN,5,"
    "Polygon.io/Complete,polygon_v2.2"
)
PUBLISHED = Overlay(
    "SPX", datetime(2025, 8, 29, 21, 30, tzinfo=UTC), 6500.0, -2.3e10, "NEG", 6500.0, 6475.0, 6550.0, 6450.0, 6525.0,
    6510.0, None, 0.03, 20.0, "RTH", 5, "Polygon.io/Complete", -1, None, "clear", date(2025, 8, 28),
)  # fmt: skip


def changed(**values):
    return dataclasses.replace(PUBLISHED, **values)


def test_the_published_row_is_reproduced_byte_by_byte():
    assert sierra_csv.write(PUBLISHED).encode() == f"{HEADER}\n{ROW}\n".encode()
    assert len(HEADER.split(",")) == len(ROW.split(",")) == 18


def test_v3_appends_numbers_to_the_same_columns():
    head, row = sierra_csv.write(PUBLISHED, "v3").splitlines()
    assert head == HEADER + ",regime_num,basis_pts,flip_quality_num,gex_total_usd_per_1pct,asof_oi"
    assert row.split(",")[:14] == ROW.split(",")[:14]
    assert row.split(",")[14:] == [
        "RTH", "5", "Polygon.io/Complete", "navale_v3", "-1", "", "3", "-23000000000.0", "2025-08-28",
    ]  # fmt: skip


def test_a_level_that_is_unknown_is_blank_never_zero_or_nan():
    empty = changed(**dict.fromkeys((slot.key for slot in SLOTS), None))
    for profile in ("v22", "v3"):
        cells = sierra_csv.write(empty, profile).splitlines()[1].split(",")
        assert cells[5:12] == [""] * 7
        assert "nan" not in ",".join(cells).lower()
    assert sierra_csv.write_long(empty) == "price,label,colour,width,style\n"
    assert ninjatrader.write(empty).count("\n") == 1


@pytest.mark.parametrize("name", ["spot", "flip", "call_wall", "gex_total_usd_per_1pct", "pin2", "basis_pts"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_no_number_that_is_none_reaches_a_chart(name, value):
    with pytest.raises(DataError, match=f"{name} is"):
        changed(**{name: value})


def test_times_are_utc_with_their_offset():
    with pytest.raises(DataError, match="not in UTC"):
        changed(time=datetime(2025, 8, 29, 21, 30))  # noqa: DTZ001 - what is tested
    assert ",2025-08-29T21:30:00+00:00," in sierra_csv.write(PUBLISHED)


@pytest.mark.parametrize("symbol", ["", "A,B", 'A"B', "A\nB", "A;B", "<b>", "a|b"])
def test_symbols_that_would_need_quotes_are_refused(symbol):
    with pytest.raises(DataError, match="symbol"):
        sierra_csv.write(changed(symbol=symbol))


@pytest.mark.parametrize(("status", "told"), [("RTH", "OPEN"), ("CURB", "CLOSED"), ("GTH", "CLOSED"),
                                              ("CLOSED", "CLOSED"), ("HOLIDAY", "CLOSED")])  # fmt: skip
def test_v22_knows_open_and_closed_v3_the_session(status, told):
    overlay = changed(market_status=status)
    assert sierra_csv.write(overlay).splitlines()[1].split(",")[14] == told
    assert sierra_csv.write(overlay, "v3").splitlines()[1].split(",")[14] == status


cents = st.one_of(st.none(), st.integers(1, 10_000_000).map(lambda value: value / 100))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made aware right here
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@given(
    levels=st.tuples(*[cents] * 7), time=moments, spot=st.integers(1, 9_999_999).map(lambda value: value / 100),
    net=st.floats(-1e13, 1e13), regime=st.sampled_from(["POS", "NEG", "NEUTRAL", "MIXED"]),
    window=st.integers(0, 1000).map(lambda value: value / 1000), gap=st.integers(10, 500),
    stale=st.integers(0, 100_000),
    quality=st.sampled_from(["clear", "moderate", "ambiguous", "edge", "unknown"]),
    status=st.sampled_from(["RTH", "CURB", "GTH", "CLOSED", "HOLIDAY"]), basis=st.one_of(st.none(), st.just(-12.25)),
    number=st.sampled_from([-1, 0, 1]), oi=st.one_of(st.none(), st.dates()),
)  # fmt: skip
def test_v3_reads_back_what_was_written(
    levels, time, spot, net, regime, window, gap, stale, quality, status, basis, number, oi
):
    overlay = Overlay("NDX", time, spot, net, regime, *levels, window, float(gap), status, stale, "Cboe/Delayed",
                      number, basis, quality, oi)  # fmt: skip
    assert sierra_csv.read(sierra_csv.write(overlay, "v3")) == overlay
    again = sierra_csv.read(sierra_csv.write(overlay))
    assert [getattr(again, slot.key) for slot in SLOTS] == list(levels)
    assert (again.symbol, again.time, again.spot, again.regime) == ("NDX", time, spot, regime)
    assert again.gex_total_usd_per_1pct == pytest.approx(net, rel=0.005, abs=1e-300)  # three digits in v22
    assert sierra_csv.write(again) == sierra_csv.write(overlay)


def test_the_older_form_of_fifteen_columns_is_read():
    head = ("symbol,trade_datetime_utc,spot,gex_total,gex_regime,gex1_flip,gex2_call_wall,gex3_put_wall,gex4_max_pain,"
            "gex5_pin1,gex6_pin2,window_pct,min_gap_pts,source,notes")  # fmt: skip
    row = "ES,2025-08-29T21:30:00Z,6510.25,-2.3e12,NEG,6485,6560,6460,,,,0.03,20,IBKR,basis 10.25"
    found = sierra_csv.read(f"\ufeff{head}\r\n{row}\r\n")
    assert (found.flip, found.call_wall, found.put_wall, found.max_pain, found.vol_trigger) == (
        6485,
        6560,
        6460,
        None,
        None,
    )
    assert found.time == datetime(2025, 8, 29, 21, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "header"),
        (HEADER.replace("gex1_flip", "flip") + "\n" + ROW, "header"),
        (HEADER, "one data row"),
        (f"{HEADER}\n{ROW}\n{ROW}", "one data row"),
        (f"{HEADER}\n{ROW},", "18 cells"),
        (f"{HEADER}\n{ROW.replace('6475.00', 'n/k')}", "gex1_flip 'n/k' is not a number"),
        (f"{HEADER}\n{ROW.replace('6475.00', 'nan')}", "gex1_flip 'nan' is not a number"),
        (f"{HEADER}\n{ROW.replace('+00:00', '')}", "has no zone"),
        (f"{HEADER}\n{ROW.replace('2025-08-29T21:30:00+00:00', 'today')}", "isoformat"),
        (f"{HEADER}\n{ROW.replace(',6500.00,-', ',,-')}", "spot is blank"),
    ],
)
def test_a_damaged_overlay_is_refused(text, told):
    with pytest.raises(DataError, match=re.escape(told)):
        sierra_csv.read(text, "spx.csv")


def test_an_unknown_profile_is_refused():
    with pytest.raises(ConfigError, match="use one of v22, v3"):
        sierra_csv.write(PUBLISHED, "v4")


def test_sierra_subgraph_1_is_column_k_and_there_is_no_subgraph_0():
    """Sierra Chart's documentation: formulas begin in column K, which is subgraph 1; Z is 16; up to 60."""
    assert [sierra_template.column_of(number) for number in (1, 2, 8, 16, 17, 60)] == ["K", "L", "R", "Z", "AA", "BR"]
    for wrong in (0, 61):
        with pytest.raises(ValueError, match="outside"):
            sierra_template.column_of(wrong)


def test_sierra_mapping_by_hand():
    """Columns of the CSV by counting: A symbol … F gex0, G gex1 … L gex6, S (the 19th) regime_num."""
    wanted = [
        ("SG1", "K", "=LEVELS!$G$2", "gex1_flip", "#FFA500"), ("SG2", "L", "=LEVELS!$H$2", "gex2_call_wall", "#DC143C"),
        ("SG3", "M", "=LEVELS!$I$2", "gex3_put_wall", "#228B22"),
        ("SG4", "N", "=LEVELS!$J$2", "gex4_max_pain", "#1E90FF"),
        ("SG5", "O", "=LEVELS!$K$2", "gex5_pin1", "#A9A9A9"), ("SG6", "P", "=LEVELS!$L$2", "gex6_pin2", "#696969"),
        ("SG7", "Q", "=LEVELS!$F$2", "gex0_vol_trigger", "#FFFF00"),
        ("SG8", "R", "=LEVELS!$S$2", "regime_num", "#808080"),
    ]  # fmt: skip
    found = sierra_template.subgraphs()
    assert [(one.subgraph, one.column, one.formula, one.csv_column, one.colour) for one in found] == wanted
    assert [one.drawn for one in found] == ["always"] * 4 + ["with data"] * 2 + ["never"] * 2
    rows = [line.split(",") for line in sierra_template.write().splitlines()]
    assert rows[1][6:10] == ["#FFA500", "255", "165", "0"]
    assert all(len(row) == len(rows[0]) for row in rows)
    assert "No" in sierra_template.SETTINGS["draw_zero_values"]


def test_the_long_form_holds_the_drawn_levels_and_not_the_vol_trigger():
    lines = sierra_csv.write_long(changed(labels={"flip": "Gamma Flip / Pin 3"})).splitlines()
    assert lines == [
        "price,label,colour,width,style",
        "6475.00,Gamma Flip / Pin 3,#FFA500,3,solid",
        "6550.00,Call Wall,#DC143C,3,solid",
        "6450.00,Put Wall,#228B22,3,solid",
        "6525.00,Max Pain,#1E90FF,2,dot",
        "6510.00,Pin 1,#A9A9A9,2,dash",
    ]


def test_pine_draws_every_level_once():
    text = tradingview.pine(PUBLISHED)
    assert text.startswith("//@version=6\n")
    assert re.findall(r"^hline\(([\d.]+), \"([^\"]+)\"", text, re.MULTILINE) == [
        ("6475.00", "Gamma Flip"), ("6550.00", "Call Wall"), ("6450.00", "Put Wall"), ("6525.00", "Max Pain"),
        ("6510.00", "Pin 1"),
    ]  # fmt: skip
    assert text.count("label.new(") == 5
    assert "bgcolor(color.new(#FFB6C1, 85)" in text
    assert all(line.count("(") == line.count(")") and line.count('"') % 2 == 0 for line in text.splitlines())
    assert "hline" not in tradingview.pine(changed(**dict.fromkeys((slot.key for slot in SLOTS), None)))


def test_one_line_for_messages():
    assert tradingview.one_line(PUBLISHED) == (
        "SPX 2025-08-29T21:30:00+00:00 | Gamma Flip 6475.00 | Call Wall 6550.00 | Put Wall 6450.00 | "
        "Max Pain 6525.00 | Pin 1 6510.00 | Regime NEG | Spot 6500.00"
    )


def test_ninjatrader_rows():
    lines = ninjatrader.write(PUBLISHED).splitlines()
    assert lines[0] == "Instrument,TimeUtc,Price,Label,Color,DashStyle,Width,Opacity"
    assert lines[1] == "SPX,2025-08-29T21:30:00+00:00,6475.00,Gamma Flip,#FFFFA500,Solid,3,100"
    assert lines[-1] == "SPX,2025-08-29T21:30:00+00:00,6510.00,Pin 1,#CCA9A9A9,Dash,2,80"  # 80 % of 255 is CC


@pytest.mark.parametrize(("symbol", "stem"), [("SPX", "SPX"), ("I:SPX", "SPX"), ("^SPX", "SPX"), ("BRK.B", "BRK.B"),
                                              ("_NDX", "NDX"), ("../etc", "etc"), ("A/B", "A_B")])  # fmt: skip
def test_symbols_become_file_names(symbol, stem):
    assert files.stem(symbol) == stem


def test_a_symbol_without_letters_makes_no_file():
    with pytest.raises(ConfigError, match="no file name"):
        files.stem("../..")


def test_all_files_appear_or_none(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "gone.txt").write_text("old")
    with pytest.raises(UnicodeEncodeError):
        files.replace_all(tmp_path, {"a.txt": "new", "b.txt": "\ud800"}, ("gone.txt",))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "old", "gone.txt": "old"}
    files.replace_all(tmp_path, {"a.txt": "new", "b.txt": "more"}, ("gone.txt", "never.txt"))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "new", "b.txt": "more"}
