"""The real chains of the market data folder, through their layouts."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from feeds.chains.chain import COLUMNS
from feeds.chains.files import read_chain, write_chain
from feeds.errors import DataError

SPY = "MIT_cboe_quotedata_SPY_2025.parquet"
YAHOO = "MIT_yahoo_chains_SPY_QQQ_IWM_2026-08.parquet"
AAPL = "APACHE_openbb_cboe_AAPL_delayed_quotes.json.gz"
LEAN = "APACHE_lean_AAPL_daily_chain_oi_iv_greeks.parquet"
MINUTES = "APACHE_lean_SPXW_SPX_minute_quotes_2021_2023.parquet"
SPY_DAYS = ["2025-04-30", "2025-05-01", "2025-05-02", "2025-05-06", "2025-05-07", "2025-05-16", "2025-06-09"]
SPY_DAYS += ["2025-08-29", "2025-09-02", "2025-09-25"]
YAHOO_DAYS = ["2026-08-12", "2026-08-13", "2026-08-14", "2026-08-18", "2026-08-19", "2026-08-20"]


@pytest.fixture
def options(market_data):
    return market_data / "options"


def test_cboe_json_of_apple(options):
    chain = read_chain(options / AAPL, symbol="AAPL")
    assert len(chain.rows) == 3576 and tuple(chain.rows.columns) == COLUMNS
    assert (chain.spot, chain.prev_close) == (333.8, 333.02)
    assert chain.asof == datetime(2026, 7, 25, 3, 44, 38, tzinfo=UTC)
    assert chain.spot_ts == datetime(2026, 7, 24, 19, 59, 59, tzinfo=UTC)
    row = chain.rows[(chain.rows["strike"] == 110.0) & (chain.rows["right"] == "C")].iloc[0]
    assert (row["bid"], row["ask"], row["oi"]) == (221.75, 224.2, 1.0) and math.isnan(row["iv"])
    assert chain.rows["iv"].isna().sum() == 354, "as many as have a volatility of 0 in the answer"


@pytest.mark.parametrize("day", SPY_DAYS)
def test_spy_quotedata_2025(options, day):
    chain = read_chain(options / SPY, session=date.fromisoformat(day))
    assert chain.symbol == "SPY" and chain.asof == datetime.fromisoformat(f"{day}T20:00:00+00:00")
    assert 500 < chain.spot < 700 and round(chain.spot, 4) == chain.spot, "as written, not as float32 holds it"
    assert set(chain.rows["multiplier"]) == {100.0} and chain.rows["oi"].sum() > 1e6
    table = pd.read_parquet(options / SPY)
    assert len(chain.rows) == (table["session"] == day).sum()


@pytest.mark.parametrize("symbol", ["SPY", "QQQ", "IWM"])
@pytest.mark.parametrize("day", YAHOO_DAYS)
def test_yahoo_2026_leaves_the_spot_to_parity(options, symbol, day):
    chain = read_chain(options / YAHOO, symbol=symbol, session=date.fromisoformat(day))
    assert math.isnan(chain.spot) and chain.spot_ts is None and chain.prev_close > 200
    assert chain.asof.date() > date.fromisoformat(day), "quoted on the morning after"
    assert any("put-call parity" in note for note in chain.notes)
    assert (chain.rows["expiry_ts_utc"] > pd.Timestamp(chain.asof)).all(), "nothing has expired"
    assert str(chain.rows["oi_date"].iloc[0].date()) == day, "open interest of the close before"


def test_yahoo_spot_by_hand_is_not_the_files(options):
    """The trap of the file: at the money, strike plus call minus put differs from the spot it states."""
    chain = read_chain(options / YAHOO, symbol="SPY", session=date(2026, 8, 14))
    first = chain.rows[chain.rows["expiry_ts_utc"] == chain.rows["expiry_ts_utc"].min()]
    mid = first.pivot(index="strike", columns="right", values="mid").dropna()
    near = (mid["C"] - mid["P"]).abs().idxmin()
    implied = near + mid.loc[near, "C"] - mid.loc[near, "P"]
    assert abs(implied - chain.prev_close) > 0.25 and abs(implied / chain.prev_close - 1) < 0.02


def test_lean_daily_chain(options):
    chain = read_chain(options / LEAN, symbol="AAPL", session=date(2014, 6, 3))
    assert len(chain.rows) == 4532 and chain.spot == 628.39
    assert chain.asof == datetime(2014, 6, 2, 20, tzinfo=UTC), "a universe holds the session before"
    assert chain.rows[["bid", "ask"]].isna().all(axis=None) and (chain.rows["mid"].dropna() > 0).all()
    assert chain.rows["iv"].notna().sum() == chain.rows["delta"].notna().sum() > 500
    with pytest.raises(DataError, match="does not name its underlying"):
        read_chain(options / LEAN, session=date(2014, 6, 3))


def test_lean_minutes(options):
    whole = read_chain(options / MINUTES, symbol="SPX", session=date(2021, 1, 4))
    assert len(whole.rows) == 18 and whole.rows[["oi", "iv", "gamma"]].isna().all(axis=None)
    chain = read_chain(options / MINUTES, symbol="SPX", asof=datetime(2021, 1, 4, 14, 31, tzinfo=UTC))
    row = chain.rows[(chain.rows["strike"] == 3200.0) & (chain.rows["right"] == "C")].iloc[0]
    assert (row["root"], row["bid"], row["ask"]) == ("SPX", 564.1, 569.1)
    assert str(row["expiry_ts_utc"]) == "2021-01-15 14:30:00+00:00", "the monthly root settles in the morning"
    with pytest.raises(DataError, match="no minute closes at"):
        read_chain(options / MINUTES, symbol="SPX", asof=datetime(2022, 1, 4, 14, 31, tzinfo=UTC))


def test_a_file_of_several_chains_wants_a_choice(options):
    with pytest.raises(DataError, match=r"holds several of symbol: IWM, QQQ, SPY; choose one with symbol="):
        read_chain(options / YAHOO)
    with pytest.raises(DataError, match=r"holds several of session: 2026-08-12, .*choose one with session="):
        read_chain(options / YAHOO, symbol="SPY")
    with pytest.raises(DataError, match="holds no symbol DIA; it holds IWM, QQQ, SPY"):
        read_chain(options / YAHOO, symbol="DIA")
    with pytest.raises(DataError, match="holds no session 2025-01-01"):
        read_chain(options / SPY, session=date(2025, 1, 1))


def test_an_unknown_table_names_the_layouts(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"a": [1.0], "strike": [2.0]}).to_parquet(path)
    with pytest.raises(
        DataError, match=r"neither canonical rows .* nor cboe quotedata table, yahoo chains, lean daily"
    ):
        read_chain(path, symbol="SPY")


@pytest.mark.parametrize(("name", "terms"), [(AAPL, {}), (SPY, {"session": date(2025, 9, 2)})])
def test_real_chains_survive_a_file(options, tmp_path, name, terms):
    chain = read_chain(options / name, **terms)
    for suffix in ("csv", "parquet"):
        again = read_chain(write_chain(chain, tmp_path / f"x.{suffix}"))
        pd.testing.assert_frame_equal(again.rows, chain.rows, check_exact=True)
        assert again.spot == chain.spot and again.asof == chain.asof
    assert np.isfinite(chain.rows["strike"]).all()
