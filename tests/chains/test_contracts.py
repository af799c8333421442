"""Option symbols, settlement instants and monthly expiries, against published calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.chains.contracts import (
    Contract,
    format_occ,
    is_monthly,
    is_session,
    monthly_expiry,
    open_interest_session,
    parse_occ,
    previous_session,
    session_close,
    session_of,
    settlement,
    settlements,
    split_occ,
    style,
)
from feeds.errors import DataError


def test_the_symbol_of_the_vendors_documents():
    assert parse_occ("O:SPXW230712C04500000") == Contract("SPXW", date(2023, 7, 12), "C", 4500.0)
    assert parse_occ("AAPL  260724P00110500") == Contract("AAPL", date(2026, 7, 24), "P", 110.5)


def test_b19_the_originals_example_is_a_strike_of_55000():
    assert parse_occ("O:SPX250919C55000000").strike == 55000.0
    assert format_occ(Contract("SPX", date(2025, 9, 19), "C", 5500.0)) == "O:SPX250919C05500000"


def test_b19_spx_and_spxw_of_one_date_settle_at_different_times():
    assert parse_occ("SPX250919C05500000").settles == datetime(2025, 9, 19, 13, 30, tzinfo=UTC)
    assert parse_occ("SPXW250919C05500000").settles == datetime(2025, 9, 19, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "symbol", ["", "SPX", "SPX250919X05500000", "SPX251319C05500000", "SPX250919C0550000", "5X250919"]
)
def test_anything_else_is_refused(symbol):
    with pytest.raises(DataError, match="option symbol"):
        parse_occ(symbol)


@given(
    st.builds(
        Contract,
        st.from_regex(r"[A-Z]{1,5}1?", fullmatch=True),
        st.dates(date(2005, 1, 1), date(2060, 12, 31)),
        st.sampled_from("CP"),
        st.integers(1, 99_999_999).map(lambda n: n / 1000),
    )
)
def test_formatting_and_parsing_are_inverse(contract):
    assert parse_occ(format_occ(contract)) == contract
    table = split_occ(pd.Series([format_occ(contract, "")]), "x")
    assert table.iloc[0].tolist() == [contract.root, pd.Timestamp(contract.expiry), contract.right, contract.strike]


def test_a_strike_that_does_not_fit_is_refused():
    with pytest.raises(DataError, match="strike 100000"):
        format_occ(Contract("SPX", date(2025, 9, 19), "C", 100_000.0))


@pytest.mark.parametrize(
    ("root", "day", "utc"),
    [
        ("SPY", "2026-01-16", "2026-01-16 21:00"),  # winter: UTC-5
        ("SPY", "2026-07-17", "2026-07-17 20:00"),  # summer: UTC-4
        ("SPY", "2024-11-29", "2024-11-29 18:00"),  # the half-day after Thanksgiving closes at 13:00
        ("SPX", "2024-11-29", "2024-11-29 14:30"),
        ("NDX", "2026-07-17", "2026-07-17 13:30"),
        ("XSP", "2026-07-17", "2026-07-17 20:00"),
        ("AAPL", "2014-06-21", "2014-06-20 20:00"),  # until 2015 symbols named the Saturday
        ("SPY", "2025-04-18", "2025-04-17 20:00"),  # Good Friday
        ("SPY", "2026-03-09", "2026-03-09 20:00"),  # the first Monday of summer time
    ],
)
def test_settlement(root, day, utc):
    assert settlement(root, date.fromisoformat(day)) == datetime.fromisoformat(f"{utc}:00+00:00")


def test_many_settlements_at_once_are_the_same():
    roots = pd.Series(["SPX", "SPXW", "SPY"])
    days = pd.Series(pd.to_datetime(["2026-06-18", "2026-06-18", "2024-07-03"]))
    assert list(settlements(roots, days)) == [
        pd.Timestamp(settlement(root, day.date())) for root, day in zip(roots, days, strict=True)
    ]


def test_monthly_expiries_of_the_published_calendar():
    assert monthly_expiry(2025, 9) == date(2025, 9, 19)
    assert monthly_expiry(2025, 4) == date(2025, 4, 17), "Good Friday: the Thursday"
    assert monthly_expiry(2026, 6) == date(2026, 6, 18), "Juneteenth is a Friday: the Thursday"
    assert monthly_expiry(2026, 5) == date(2026, 5, 15), "the month begins on a Friday"
    assert is_monthly(date(2026, 6, 18)) and not is_monthly(date(2026, 6, 12)) and not is_monthly(date(2026, 6, 19))


def test_sessions():
    assert not is_session(date(2026, 7, 3)) and is_session(date(2026, 7, 2))
    assert previous_session(date(2026, 7, 6)) == date(2026, 7, 2)
    assert session_close(date(2026, 11, 27)) == datetime(2026, 11, 27, 18, tzinfo=UTC)
    with pytest.raises(DataError, match="no session"):
        session_close(date(2026, 7, 4))


@pytest.mark.parametrize(
    ("moment", "session", "counted"),
    [
        ("2026-07-24T15:00+00:00", "2026-07-24", "2026-07-23"),
        ("2026-07-25T03:44+00:00", "2026-07-24", "2026-07-23"),  # 23:44 in New York
        ("2026-07-25T16:00+00:00", "2026-07-24", "2026-07-23"),  # Saturday: nothing new is published
        ("2026-07-27T10:00+00:00", "2026-07-27", "2026-07-23"),  # Monday 06:00, before it is published
        ("2026-07-27T10:30+00:00", "2026-07-27", "2026-07-24"),
    ],
)
def test_session_and_open_interest_of_an_instant(moment, session, counted):
    at = datetime.fromisoformat(moment)
    assert session_of(at) == date.fromisoformat(session)
    assert open_interest_session(at) == date.fromisoformat(counted)


def test_exercise_style():
    assert [style(root) for root in ("SPX", "SPXW", "XSP", "SPY", "AAPL", "OEX")] == ["european"] * 3 + ["american"] * 3
