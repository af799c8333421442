"""Chains in files: canonical CSV and Parquet, recorded answers, Cboe's quotedata."""

from __future__ import annotations

import gzip
import json
import math
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from chains.loopback import contract, linked, page
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.chains.files import read_chain, write_chain
from feeds.chains.synthetic import synthetic_chain
from feeds.errors import ConfigError, DataError

HEADER = (
    "asof_utc,underlying,root,expiry_ts_utc,strike,right,style,multiplier,bid,ask,mid,last,volume,oi,oi_date,iv,"
    "iv_source,delta,gamma,vega,theta,greek_source,quote_ts,feed,spot"
)
LINES = """\
2026-01-02T15:00:00Z,TEST,TEST,2026-02-01T15:00:00Z,110,C,european,100,,,,,,1000,2026-01-01,0.2,,,,,,,,DELAYED,100
2026-01-02T15:00:00Z,TEST,TEST,2026-02-01T15:00:00Z,90,P,european,100,,,,,,1000,2026-01-01,0.2,,,,,,,,DELAYED,100
"""
FIRST, SECOND = LINES.splitlines()


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "chain.csv"

    def write(lines=LINES, header=HEADER):
        path.write_text(f"{header}\n{lines}")
        return path

    return write


def test_the_canonical_row_and_spot(csv):
    chain = read_chain(csv(), symbol="TEST")
    assert (chain.symbol, chain.spot, chain.spot_source, chain.source) == ("TEST", 100.0, "given", "file")
    assert chain.asof == chain.spot_ts == datetime(2026, 1, 2, 15, tzinfo=UTC)
    assert chain.rows[["strike", "right", "oi", "iv", "multiplier"]].to_numpy().tolist() == [
        [90.0, "P", 1000.0, 0.2, 100.0],
        [110.0, "C", 1000.0, 0.2, 100.0],
    ]
    assert chain.rows[["bid", "ask", "mid", "gamma", "delta"]].isna().all(axis=None)
    assert chain.notes == () and math.isnan(chain.prev_close)


def test_only_what_makes_a_contract_is_needed(csv):
    path = csv("2026-02-01T15:00:00+00:00,100,C,7\n", "expiry_ts_utc,strike,right,oi")
    chain = read_chain(path, symbol="TEST", asof=datetime(2026, 1, 2, tzinfo=UTC))
    assert chain.rows["oi"].tolist() == [7.0] and math.isnan(chain.spot) and chain.spot_source == ""


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (LINES.replace(",110,", ",-110,"), r"chain.csv, row 1: strike -110.* must be above 0"),
        (LINES.replace(",90,P", ",90,Q"), r"row 2: right 'Q' is unknown; write C or P"),
        (LINES.replace("15:00:00Z,90", "15:00:00,90"), r"row 2: expiry_ts_utc '2026-02-01T15:00:00' has no UTC offset"),
        (LINES.replace("1000,2026-01-01,0.2", "1000,2026-01-01,1e999"), "is not finite"),
        (f"{FIRST}\n{FIRST}\n", "row 2: TEST 2026-02-01 110 C occurs already in row 1"),
        (LINES.replace("DELAYED,100\n2026", "DELAYED,101\n2026"), "holds 2 values of spot: 101.*100"),
        (f"{FIRST}\n{SECOND.replace('02T15', '02T16', 1)}\n", "holds 2 instants"),
        ("", "no contracts|no rows"),
    ],
)
def test_a_broken_file_names_row_value_and_cure(csv, lines, message):
    with pytest.raises(DataError, match=message):
        read_chain(csv(lines), symbol="TEST")


def test_several_instants_are_chosen_by_asof_or_session(csv):
    later = LINES.replace("2026-01-02T15", "2026-01-05T15").replace("DELAYED,100", "DELAYED,105")
    path = csv(LINES + later)
    with pytest.raises(DataError, match="holds 2 instants"):
        read_chain(path)
    assert read_chain(path, session=date(2026, 1, 5)).spot == 105.0
    assert read_chain(path, asof=datetime(2026, 1, 2, 15, tzinfo=UTC)).spot == 100.0
    with pytest.raises(DataError, match="holds nothing of 2026-01-06"):
        read_chain(path, session=date(2026, 1, 6))
    with pytest.raises(ConfigError, match="no UTC offset"):
        read_chain(path, asof=datetime(2026, 1, 2, 15))  # noqa: DTZ001


def test_several_underlyings_are_chosen_by_symbol(csv):
    path = csv(LINES + LINES.replace("TEST", "OTHER").replace("DELAYED,100", "DELAYED,300"))
    assert read_chain(path, symbol="OTHER").spot == 300.0
    with pytest.raises(DataError, match="holds OTHER, TEST; choose one"):
        read_chain(path)
    with pytest.raises(DataError, match="holds OTHER, TEST, not SPY; choose one"):
        read_chain(path, symbol="SPY")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_writing_and_reading_gives_the_same_chain(tmp_path, suffix):
    chain = synthetic_chain(contracts=400, seed=9)
    again = read_chain(write_chain(chain, tmp_path / f"x{suffix}"))
    pd.testing.assert_frame_equal(again.rows, chain.rows, check_exact=True)
    same = ("symbol", "asof", "spot", "spot_ts", "feed", "prev_close", "source")
    assert [getattr(again, name) for name in same] == [getattr(chain, name) for name in same]
    assert list(tmp_path.iterdir()) == [tmp_path / f"x{suffix}"], "no temporary file is left"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    strikes=st.lists(st.floats(0.001, 1e5), min_size=1, max_size=5, unique=True),
    oi=st.one_of(st.just(math.nan), st.floats(0, 1e9)),
)
def test_numbers_keep_every_bit_in_text(tmp_path, strikes, oi):
    rows = pd.DataFrame({"strike": strikes, "right": "C", "oi": oi, "multiplier": 100.0})
    rows["expiry_ts_utc"] = pd.Timestamp("2026-08-21T20:00:00Z")
    from feeds.chains.chain import Chain

    chain = Chain.from_rows(rows, symbol="X", asof=datetime(2026, 1, 2, 1, 2, 3, 456789, tzinfo=UTC), source="file")
    again = read_chain(write_chain(chain, tmp_path / "x.csv"))
    pd.testing.assert_frame_equal(again.rows, chain.rows, check_exact=True)
    assert again.asof == chain.asof


def test_a_synthetic_chain_stays_synthetic_in_text(tmp_path):
    assert read_chain(write_chain(synthetic_chain(contracts=16), tmp_path / "x.csv")).source == "synthetic"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone.csv", "no such file"),
        ("gone.json", "no such file"),
        ("gone.parquet", "no such file"),
        ("x.xlsx", "no such"),
    ],
)
def test_a_file_that_is_not_there(tmp_path, name, message):
    with pytest.raises(DataError, match=message):
        read_chain(tmp_path / name, symbol="SPY")


@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "x.json", "x.json.gz", "x.csv.gz", "x.feather"])
@pytest.mark.parametrize("body", [b"", b"\x00\xff\xfe", b"hello,world\n1,2\n", b"{}"])
def test_files_of_something_else(tmp_path, name, body):
    path = tmp_path / name
    path.write_bytes(body)
    with pytest.raises(DataError) as caught:
        read_chain(path, symbol="SPY")
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_writing_as_something_else_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"written as \.csv or \.parquet"):
        write_chain(synthetic_chain(contracts=16), tmp_path / "x.xlsx")


QUOTEDATA = """

S&P 500 INDEX,Last: 6412.50,Change: 12.5
"Date: July 24, 2026 at 4:14 PM EDT",Bid: 6411.9,Ask: 6413.1,Size: 1*1,Volume: 0
Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,Puts,Last Sale,Net,Bid,Ask,\
Volume,IV,Delta,Gamma,Open Interest
Fri Aug 21 2026,SPX260821C06400000,98.1,1,97.5,98.9,12,0.1325,0.5512,0.0016,4021,6400.00,SPX260821P06400000,80.2,-1,\
79.8,80.9,40,0.1331,-0.4471,0.0016,8123
Fri Aug 21 2026,SPXW260821C06400000,98.4,1,97.9,99.2,0,0,1,0,0,6400.00,SPXW260821P06400000,0,0,0,0,0,0.1331,-0.4471,\
0.0016,8
"""


def test_cboe_quotedata(tmp_path):
    path = tmp_path / "spx_quotedata.csv"
    path.write_text(QUOTEDATA)
    chain = read_chain(path, symbol="SPX")
    assert (chain.symbol, chain.spot, chain.prev_close, chain.source) == ("SPX", 6412.5, 6400.0, "file")
    assert chain.asof == datetime(2026, 7, 24, 20, 14, tzinfo=UTC)
    rows = chain.rows.set_index(["root", "right"])
    assert rows.loc[("SPX", "P"), ["bid", "ask", "iv", "delta", "gamma", "oi"]].tolist() == [
        79.8, 80.9, 0.1331, -0.4471, 0.0016, 8123.0
    ]  # fmt: skip
    assert rows.loc[("SPX", "C"), "last"] == 98.1 and rows.loc[("SPX", "C"), "volume"] == 12.0
    assert rows.loc[("SPXW", "C"), ["iv", "delta", "gamma"]].isna().all(), "a volatility of 0 is none"
    assert rows.loc[("SPXW", "P"), ["bid", "ask", "last"]].isna().all()
    assert rows["expiry_ts_utc"].dt.hour.tolist() == [13, 13, 20, 20]
    with pytest.raises(DataError, match="holds SPX, not NDX"):
        read_chain(path, symbol="NDX")
    with pytest.raises(DataError, match="is of session 2026-07-24, not 2026-07-23"):
        read_chain(path, session=date(2026, 7, 23))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Date: July 24, 2026 at 4:14 PM EDT", "Date: 24 de julho", "the heading has no 'Date"),
        ("July 24, 2026 at 4", "Juli 24, 2026 at 4", "the heading's date .* is none"),
        ("8123\n", "8123,9\n", "cannot be read"),
        ("SPXW260821P06400000", "XSP260821P06400000", "holds options of SPX, XSP"),
        (",Puts,", ",Others,", "the header is not that of quotedata"),
        ("SPX260821C06400000", "SPX2608C06400000", r"\(Calls\), row 1: option symbol"),
        (",97.5,", ",-97.5,", "row 1: bid -97.5 is negative"),
    ],
)
def test_broken_quotedata(tmp_path, old, new, message):
    path = tmp_path / "x.csv"
    path.write_text(QUOTEDATA.replace(old, new))
    with pytest.raises(DataError, match=message):
        read_chain(path)


def test_a_recorded_answer_of_massive(tmp_path):
    path = tmp_path / "spy.json.gz"
    path.write_bytes(gzip.compress(json.dumps(linked([[contract(600.0)], [contract(610.0, "put")]])).encode()))
    chain = read_chain(path, symbol="SPY")
    assert len(chain.rows) == 2 and chain.spot == 640.25 and chain.asof == datetime(2026, 7, 24, 16, tzinfo=UTC)
    path.write_bytes(gzip.compress(json.dumps(linked([[contract(600.0)], [contract(610.0)]])[:1]).encode()))
    with pytest.raises(DataError, match="truncated chain: page 2 is not in the file"):
        read_chain(path)
    path.write_bytes(gzip.compress(json.dumps(page([])).encode()))
    with pytest.raises(DataError, match="no contract says when"):
        read_chain(path)
