"""Real files with their real troubles; skipped, visibly, where the data are absent."""

import numpy as np
import pandas as pd
import pytest

from feeds import load
from feeds.errors import DataError


def test_bitcoin_hourly_has_its_gaps_reported_and_none_filled(market_data):
    path = market_data / "crypto" / "APACHE_BTC-EUR_1h_bitvavo.parquet"
    bars = load(path, symbol="BTC-EUR")
    opens = pd.DatetimeIndex(pd.read_parquet(path)["time"])
    every = pd.date_range(opens[0], opens[-1], freq="h")
    assert len(bars) == len(opens)
    assert bars.gaps.missing == len(every.difference(opens)) == 36
    assert (bars.times == opens + pd.Timedelta("1h")).all()
    assert any("14 gaps, 36 bars missing" in note and "not filled" in note for note in bars.notes)
    with pytest.raises(DataError, match="14 gaps, 36 bars missing"):
        load(path, gaps="refuse")


def test_bitcoin_days_equal_a_loop_over_the_file(market_data):
    path = market_data / "crypto" / "APACHE_BTC-EUR_1h_bitvavo.parquet"
    day = load(path).resample("1d").frame
    table = pd.read_parquet(path)
    for date in ("2020-01-01", "2021-06-14", "2024-12-29"):
        rows = table[table["time"].dt.strftime("%Y-%m-%d") == date]
        found = day.loc[pd.Timestamp(date, tz="UTC") + pd.Timedelta(days=1)]
        assert found["open"] == rows["open"].iloc[0] and found["close"] == rows["close"].iloc[-1]
        assert found["high"] == rows["high"].max() and found["low"] == rows["low"].min()
        assert found["volume"] == pytest.approx(rows["volume"].sum(), rel=1e-12)
    assert day.index[0] == pd.Timestamp("2020-01-02", tz="UTC")  # the first hour alone makes no day


def test_es_minutes_mix_contracts_and_hold_minutes_without_a_trade(market_data):
    path = market_data / "futures" / "APACHE_lean_ES_1min_trades+quotes_2013_2020.parquet"
    with pytest.raises(DataError, match=r"row \d+: contract \d+ follows 201312; .*choose one with contract=: 201312"):
        load(path, tz="UTC")
    with pytest.raises(
        DataError, match=r"row 1 \(2013-10-06 19:00:00\): open, high, low, close, volume missing \(NaN\)"
    ):
        load(path, tz="UTC", contract=201312)
    bars = load(path, symbol="ESZ3", tz="UTC", calendar="CMES", contract=201312, repair="drop")
    table = pd.read_parquet(path)
    own = table[table["contract"] == "201312"]
    assert len(bars) == own["close"].notna().sum()
    dropped = next(note for note in bars.notes if note.startswith("dropped"))
    assert dropped.startswith(f"dropped {own['close'].isna().sum()} rows: without a trade")
    assert bars.column("volume").sum() == own["volume"].sum()
    assert (bars.column("close") % 0.25 == 0).all()


def test_euro_stoxx_minutes_are_central_european_closes(market_data):
    path = market_data / "futures" / "GPL_FESX_1min_2006-01_02_backtrader.parquet"
    with pytest.raises(DataError, match=r"row 1: time 2006-01-02 09:01:00 has no time zone; give tz"):
        load(path)
    bars = load(path, symbol="FESX", tz="Europe/Berlin", label="close", calendar="XEUR")
    assert bars.times[0] == pd.Timestamp("2006-01-02 08:01", tz="UTC")
    assert bars.column("open")[0] == 3602.0
    _, inside = bars.sessions.locate(bars.times.asi8)
    assert inside.all()
    assert bars.timeframe == pd.Timedelta("1min")


def test_nasdaq_futures_have_pacific_times_and_no_volume(market_data):
    path = market_data / "futures" / "APACHE_NQ_5min_2019.parquet"
    bars = load(path, symbol="NQ", tz="America/Los_Angeles", label="open", calendar="CMES")
    assert bars.columns == ("open", "high", "low", "close")
    with pytest.raises(DataError, match="no column 'volume'"):
        bars.column("volume")
    assert bars.times[0] == pd.Timestamp("2019-01-01 23:05", tz="UTC")
    outside = len(bars) - bars.sessions.locate(bars.times.asi8)[1].sum()
    assert outside < 10  # with another zone thousands would be


def test_index_days_close_with_new_york(market_data):
    path = market_data / "daily" / "APACHE_SPX_daily_1990_2022.parquet"
    with pytest.raises(DataError, match="has no time zone; give calendar='XNYS'"):
        load(path)
    bars = load(path, symbol="SPX", calendar="XNYS")
    sample = load("sample:spx")
    assert bars.gaps.count == 0 and len(bars) == 8111
    both = bars.frame.join(sample.frame, rsuffix="_sample", how="inner")
    assert len(both) == len(sample)  # two sources, one history
    apart = np.abs(both["close"] / both["close_sample"] - 1)
    assert (apart > 1e-4).mean() < 0.01 and apart.max() < 0.005  # vendors disagree on a few days


def test_vix_days_without_a_range_are_days(market_data):
    path = market_data / "daily" / "PDDL_VIX_daily_1990_2026.parquet"
    table = pd.read_parquet(path)
    flat = (table["open"] == table["high"]) & (table["high"] == table["low"])
    assert flat.sum() == 506
    with pytest.raises(DataError, match=r"row 3640: 2004-06-11 is no session of XNYS"):
        load(path, calendar="XNYS")  # the exchange was shut for a state funeral, the file has the day
    with pytest.raises(DataError, match=r"row \d+ .*is (above|below) open"):  # opens of another hour than the range
        load(table[table["date"] < "2004"], calendar="XNYS")
    early = table[flat & (table["date"] < "1992")]
    assert len(load(early, symbol="VIX", calendar="XNYS", repair="drop")) == len(early) > 400


def test_euro_futures_minutes(market_data):
    path = market_data / "futures" / "LGPL_6E_1min_2024-01_nautilus.parquet"
    bars = load(path, symbol="6E", tz="UTC", label="close", calendar="CMES")
    hour = bars.resample("1h")
    assert bars.times[0] == pd.Timestamp("2024-01-01 23:01", tz="UTC")
    assert hour.times[0] == pd.Timestamp("2024-01-02 00:00", tz="UTC")
    rows = bars.frame.loc["2024-01-02 00:01":"2024-01-02 01:00"]
    assert hour.frame["volume"].iloc[1] == rows["volume"].sum()
    assert hour.frame["high"].iloc[1] == rows["high"].max()
