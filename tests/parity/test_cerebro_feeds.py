"""Feeds of a plain Cerebro script and of the event engine: stamps that fall together, prices that are none, one market
fed twice."""

from __future__ import annotations

import datetime
from dataclasses import replace

import backtrader as bt
import numpy as np
import pandas as pd
import pytest
from parity.cerebro import ledger_of

from feeds.bars import PRICES, Bars
from feeds.errors import ConfigError, DataError
from feeds.instrument import Instrument
from feeds.synthetic import martingale
from indicators.sma import Sma
from optimize.backtest import backtest
from strategies.base import Strategy, enter_long, hold, kernel, leave
from strategies.engines.broker import ExactBroker
from strategies.engines.feed import bars_feed, days_of, distinct_days
from strategies.execution.account import Account, Costs, Sizing

SECOND = pd.Timedelta("1s")
MODES = [{}, {"runonce": False}, {"runonce": False, "preload": False}, {"exactbars": 1}, {"exactbars": -1}]
ACCOUNT = Account(sizing=Sizing.fraction(0.4), costs=Costs(0.001, 5.0))


class InAndOut(Strategy):
    """In when flat, out when not."""

    @kernel
    def decide(position):
        return enter_long(stop=5.0) if position == 0.0 else leave()


class OnVolume(Strategy):
    """Enters after large volume, without a look at the price."""

    mean = Sma(period=2).on(close="volume")

    @kernel
    def decide(mean, position):
        return enter_long(stop_pct=0.05) if position == 0.0 and mean[-1] > 1.5 else hold()


class OneEntry(Strategy):
    """Buys once."""

    @kernel
    def decide(position):
        return enter_long(weight=0.4) if position == 0.0 else hold()


def at(times: pd.DatetimeIndex, symbol: str, seed: int) -> Bars:
    frame = martingale(len(times), seed=seed).frame.set_axis(times.as_unit("ns").rename("time"))
    return Bars(frame, Instrument(symbol), "hand", SECOND, synthetic=True)


def seconds(count: int, later: str = "0us", every: str = "1s") -> pd.DatetimeIndex:
    return pd.date_range("2024-01-01", periods=count, freq=every, tz="UTC") + pd.Timedelta(later)


def plain(bars: Bars) -> bt.feeds.PandasData:
    return bt.feeds.PandasData(dataname=bars.frame.tz_localize(None), name=bars.symbol)


def script(*feeds: bt.feed.DataBase, cls: type[Strategy] = InAndOut, **options: object) -> bt.Cerebro:
    cerebro = bt.Cerebro(**{"stdstats": False, **options})
    for feed in feeds:
        cerebro.adddata(feed, name=feed._name)
    cerebro.addstrategy(cls.bt)
    return cerebro


# ---- stamps


def some_times() -> pd.DatetimeIndex:
    found = np.random.default_rng(11).integers(0, 60 * 366 * 86_400 * 1_000_000, 20_000)
    return pd.DatetimeIndex(np.sort(found) * 1_000, tz="UTC")


def test_our_feeds_count_days_as_backtrader_does():
    """A feed of ours beside one of backtrader's own must tell equal times equal, to the last digit."""
    times = some_times()
    assert days_of(times).tolist() == [bt.date2num(time) for time in times.to_pydatetime()]


def test_times_that_backtrader_counts_alike_are_put_apart():
    times = seconds(3).append(seconds(3, "2us")).append(seconds(3, "3us")).sort_values()
    assert len(set(days_of(times))) < len(times)
    assert (np.diff(distinct_days(times)) > 0).all()
    assert np.abs(distinct_days(times) - days_of(times)).max() < 4 * 10e-6 / 86_400 * 1.2
    apart = some_times()[::7]
    assert distinct_days(apart).tolist() == days_of(apart).tolist()


@pytest.mark.parametrize("mode", ["runonce", "next"])
@pytest.mark.parametrize("later", ["1us", "2us", "3us", "4us", "400ns"])
def test_the_event_engine_keeps_stamps_apart(later, mode):
    market = {"C": at(seconds(60), "C", 1), "D": at(seconds(60, later), "D", 2)}
    vector = backtest(InAndOut(), market, account=ACCOUNT)
    event = backtest(InAndOut(), market, engine="event", mode=mode, account=ACCOUNT)
    assert len(vector.fills) > 50
    inside = event.fills[event.fills["reason"] != "window-end"]
    for symbol, one in market.items():
        assert inside.loc[inside["symbol"] == symbol, "time"].isin(one.times).all()
    pd.testing.assert_frame_equal(event.ledger, vector.ledger, check_exact=True)
    pd.testing.assert_series_equal(event.equity, vector.equity, check_exact=True)


@pytest.mark.parametrize("mode", ["runonce", "next", "exactbars"])
def test_bars_of_two_microseconds_trade_the_same(mode):
    bars = at(seconds(60, every="2us"), "E", 3)
    market = {"E": bars} if mode == "exactbars" else {"E": bars, "F": at(seconds(80, every="3us"), "F", 4)}
    vector = backtest(InAndOut(), market, account=ACCOUNT)
    event = backtest(InAndOut(), market, engine="event", mode=mode, account=ACCOUNT)
    pd.testing.assert_frame_equal(event.ledger, vector.ledger, check_exact=True)


def one_in_a_microsecond_of(bars: Bars) -> Bars:
    """Bars 400 ms later, but for one that comes 4 microseconds after one of the others."""
    times = list(bars.times + pd.Timedelta("400ms"))
    times[5] = bars.times[5] + pd.Timedelta("4us")
    return at(pd.DatetimeIndex(times), "D", 5)


@pytest.mark.parametrize("options", MODES[:3], ids=str)
@pytest.mark.parametrize("kinds", [(bars_feed, bars_feed), (plain, plain), (bars_feed, plain), (plain, bars_feed)])
def test_a_script_is_told_which_stamps_fall_together(kinds, options):
    first = at(seconds(60), "C", 1)
    second = one_in_a_microsecond_of(first)
    cerebro = script(kinds[0](first), kinds[1](second), **options)
    with pytest.raises(
        DataError,
        match=r"feed 'C' has a bar at 2024-01-01 00:00:05, feed 'D' one at 2024-01-01 00:00:05.000004: .*one stamp; "
        r"round the times of both feeds alike",
    ):
        cerebro.run()


def test_a_stamp_that_is_not_fed_is_nobodys_business():
    """The two that fall together lie before the script's first bar."""
    first = at(seconds(60), "C", 1)
    begin = pd.Timestamp("2024-01-01 00:00:07").to_pydatetime()
    feeds = [
        bt.feeds.PandasData(dataname=one.frame.tz_localize(None), name=one.symbol, fromdate=begin)
        for one in (first, one_in_a_microsecond_of(first))
    ]
    host = script(*feeds).run()[0]
    assert [len(data) for data in host.datas] == [53, 53]


def test_a_table_with_its_times_in_a_column_is_looked_at_too():
    first = at(seconds(60), "C", 1)
    table = one_in_a_microsecond_of(first).frame.tz_localize(None).reset_index()
    for second in (
        bt.feeds.PandasData(dataname=table, name="D", datetime="time"),
        bt.feeds.PandasDirectData(
            dataname=table, name="D", datetime=1, open=2, high=3, low=4, close=5, volume=6, openinterest=-1
        ),
    ):
        with pytest.raises(DataError, match=r"'C' has a bar at 2024-01-01 00:00:05, feed 'D' one at .*05.000004"):
            script(bars_feed(first), second).run()


@pytest.mark.parametrize("options", MODES[:3], ids=str)
def test_our_feed_and_a_foreign_one_share_their_stamps(options):
    """Six of these 400 stamps were two stamps when a feed of ours rounded its days otherwise than date2num."""
    times = seconds(400, every="37min13s")
    market = {"C": at(times, "C", 1), "D": at(times, "D", 2)}
    cerebro = script(bars_feed(market["C"]), plain(market["D"]), **options)
    cerebro.broker = ExactBroker(ACCOUNT)
    host = cerebro.run()[0]
    run = backtest(InAndOut(), market, account=ACCOUNT)
    assert len(run.fills) > 200
    pd.testing.assert_frame_equal(ledger_of(host, market), run.ledger, check_exact=True)


# ---- prices


def table_with(value: float, column: str = "close", bar: int = 4) -> pd.DataFrame:
    """Ten flat bars; volume calls for an entry on the fifth, whose price is not one."""
    index = pd.date_range("2024-01-01 01:00", periods=10, freq="h", name="time")
    table = pd.DataFrame({"open": 100.0, "high": 101.0, "low": 99.0, "close": 100.0, "volume": 1.0}, index=index)
    table.iloc[4, table.columns.get_loc("volume")] = 5.0
    table.iloc[bar, table.columns.get_loc(column)] = value
    return table


def hand(table: pd.DataFrame) -> Bars:
    frame = table.tz_localize("UTC")
    return Bars(frame.set_axis(frame.index.as_unit("ns")), Instrument("ES"), "hand", pd.Timedelta("1h"), synthetic=True)


@pytest.mark.parametrize("options", MODES, ids=str)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 0.0, -3.0])
@pytest.mark.parametrize("kind", ["table", "bars"])
def test_a_price_that_is_none_stops_a_script_while_flat(kind, value, options):
    table = table_with(value)
    feed = bars_feed(hand(table)) if kind == "bars" else bt.feeds.PandasData(dataname=table, name="ES")
    cerebro = script(feed, cls=OnVolume, **options)
    with pytest.raises(
        DataError, match=rf"feed 'ES', bar 5, 2024-01-01 05:00:00: close price {value} is no .*; fix the source or load"
    ):
        cerebro.run()
    assert cerebro.broker.getcash() == cerebro.broker.getvalue() == 10_000.0


@pytest.mark.parametrize("options", MODES, ids=str)
@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
def test_every_price_of_every_bar_is_looked_at(column, options):
    """Also of the first bar, and of a bar after which nothing is decided."""
    for bar in (0, 9):
        cerebro = script(bt.feeds.PandasData(dataname=table_with(np.nan, column, bar), name="ES"), **options)
        with pytest.raises(DataError, match=rf"feed 'ES', bar {bar + 1}, .*: {column} price nan"):
            cerebro.run()


@pytest.mark.parametrize("options", MODES, ids=str)
def test_a_volume_may_be_missing(options):
    """By hand: 95 % of 10 000 at 100 are 95 units; nine opens fill, and the window's end closes the fifth entry."""
    cerebro = script(bt.feeds.PandasData(dataname=table_with(np.nan, "volume"), name="ES"), **options)
    cerebro.run()
    rows = cerebro.broker.ledger[: int(cerebro.broker.record[0]["rows"])]
    assert rows["quantity"].tolist() == [95.0] * 10
    assert rows["price"].tolist() == [100.0] * 10


def test_resampled_prices_are_looked_at_bar_by_bar():
    cerebro = script(cls=InAndOut)
    feed = bt.feeds.PandasData(dataname=table_with(np.nan), timeframe=bt.TimeFrame.Minutes, compression=60)
    cerebro.resampledata(feed, name="ES", timeframe=bt.TimeFrame.Minutes, compression=300)
    with pytest.raises(DataError, match=r"feed 'ES', bar 1, 2024-01-01 05:00:00: close price nan"):
        cerebro.run()


@pytest.mark.parametrize("options", MODES, ids=str)
def test_a_filter_on_our_feed_is_applied_in_every_mode(options):
    """backtrader's own feed beside ours, both as Heikin-Ashi candles."""
    bars = martingale(120, seed=12, instrument=Instrument("ES"))
    found = []
    for feed in (bars_feed(bars), plain(bars)):
        feed.addfilter(bt.filters.HeikinAshi)
        host = script(feed, **options).run()[0]
        found.append(ledger_of(host, {"ES": bars}))
    assert len(found[0]) > 100
    pd.testing.assert_frame_equal(found[0], found[1], check_exact=True)


# ---- one market, once


def hourly(count: int = 240) -> bt.feeds.PandasData:
    table = martingale(count, seed=7).frame.tz_localize(None)
    return bt.feeds.PandasData(dataname=table, name="ES", timeframe=bt.TimeFrame.Minutes, compression=60)


@pytest.mark.parametrize("exact", [False, True])
def test_a_resample_beside_its_own_feed_is_refused(exact):
    cerebro, feed = script(cls=OneEntry), hourly()
    cerebro.adddata(feed, name="ES")
    cerebro.resampledata(feed, name="ES-daily", timeframe=bt.TimeFrame.Days)
    if exact:
        cerebro.broker = ExactBroker(Account())
    with pytest.raises(ConfigError, match=r"feeds 'ES' and 'ES-daily' are one market.*; feed it once.*HigherTimeframe"):
        cerebro.run()


def test_a_resample_of_the_same_table_is_refused():
    table = martingale(240, seed=7).frame.tz_localize(None)
    feeds = [
        bt.feeds.PandasData(dataname=table, timeframe=bt.TimeFrame.Minutes, compression=60, name=name)
        for name in ("ES", "ES-daily")
    ]
    cerebro = script(feeds[0], cls=OneEntry)
    cerebro.resampledata(feeds[1], timeframe=bt.TimeFrame.Days)
    with pytest.raises(ConfigError, match=r"feeds 'ES' and 'ES-daily' are one market"):
        cerebro.run()


def test_a_resample_of_the_same_file_is_refused(tmp_path):
    path = tmp_path / "es.csv"
    martingale(240, seed=7).frame.tz_localize(None).to_csv(path)
    feeds = [
        bt.feeds.GenericCSVData(
            dataname=f"{path}", name=name, openinterest=-1, timeframe=bt.TimeFrame.Minutes, compression=60
        )
        for name in ("ES", "ES-daily")
    ]
    cerebro = script(feeds[0], cls=OneEntry)
    cerebro.resampledata(feeds[1], timeframe=bt.TimeFrame.Days)
    with pytest.raises(ConfigError, match=r"feeds 'ES' and 'ES-daily' are one market"):
        cerebro.run()


def test_two_resamples_and_a_copy_are_refused():
    cerebro, feed = script(cls=OneEntry), hourly()
    cerebro.resampledata(feed, name="4h", timeframe=bt.TimeFrame.Minutes, compression=240)
    cerebro.resampledata(feed, name="daily", timeframe=bt.TimeFrame.Days)
    with pytest.raises(ConfigError, match=r"feeds '4h' and 'daily' are one market"):
        cerebro.run()
    cerebro, feed = script(cls=OneEntry), hourly()
    cerebro.adddata(feed, name="ES")
    cerebro.adddata(feed.clone(), name="again")
    with pytest.raises(ConfigError, match=r"feeds 'ES' and 'again' are one market"):
        cerebro.run()


def test_a_resampled_feed_alone_trades_its_own_bars():
    """240 hours from 01:00 are ten days; the entry of the first day's close fills at the second day's open."""
    cerebro, feed = script(cls=OneEntry), hourly()
    cerebro.resampledata(feed, name="ES", timeframe=bt.TimeFrame.Days)
    host = cerebro.run()[0]
    rows = host.broker.ledger[: int(host.broker.record[0]["rows"])]
    table = feed.p.dataname
    second_day = table.index.normalize().unique()[1]
    assert rows["price"][0] == table.loc[table.index.normalize() == second_day, "open"].iloc[0]
    assert len(host.data) == table.index.normalize().nunique()


def test_different_columns_of_one_table_are_different_markets():
    table = martingale(60, seed=7).frame.tz_localize(None)
    table["other"] = martingale(60, seed=8).frame["close"].to_numpy()
    other = dict.fromkeys(PRICES, "other")
    feeds = [bt.feeds.PandasData(dataname=table, name="A"), bt.feeds.PandasData(dataname=table, name="B", **other)]
    host = script(*feeds, cls=OneEntry).run()[0]
    rows = host.broker.ledger[: int(host.broker.record[0]["rows"])]
    assert sorted(rows["symbol"][rows["reason"] == rows["reason"][0]]) == [0.0, 1.0]


def test_two_names_for_the_same_bars_may_trade_in_the_event_engine():
    bars = martingale(200, seed=9)
    other = replace(bars, instrument=Instrument("TWIN"))
    market = {bars.symbol: bars, "TWIN": other}
    vector = backtest(InAndOut(), market, account=ACCOUNT)
    event = backtest(InAndOut(), market, engine="event", account=ACCOUNT)
    assert set(vector.fills["symbol"]) == {bars.symbol, "TWIN"}
    pd.testing.assert_frame_equal(event.ledger, vector.ledger, check_exact=True)


def test_the_refusal_of_stamps_knows_no_time_zone():
    """An aware table is counted in UTC, as backtrader does: the same moments are one stamp and no defect."""
    market = {"C": at(seconds(60, every="1h"), "C", 1), "D": at(seconds(60, every="1h"), "D", 2)}
    abroad = market["D"].frame.tz_convert(datetime.timezone(datetime.timedelta(hours=9)))
    cerebro = script(bars_feed(market["C"]), bt.feeds.PandasData(dataname=abroad, name="D"))
    cerebro.broker = ExactBroker(ACCOUNT)
    run = backtest(InAndOut(), market, account=ACCOUNT)
    pd.testing.assert_frame_equal(ledger_of(cerebro.run()[0], market), run.ledger, check_exact=True)
