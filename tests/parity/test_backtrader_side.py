"""Inside backtrader: orders, trades and analyzers of a declared strategy, and the traps of backtrader itself."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import backtrader as bt
import numpy as np
import pandas as pd
import pytest
from parity.cerebro import BARS, MARGIN, REJECTING, STOCK, TREND, Diary, cerebro_run, same_ledger
from parity.fuzz import AnyOrder, Turner
from parity.markets import COIN, in_step, martingales

from feeds.errors import ConfigError
from feeds.synthetic import martingale
from indicators.ema import Ema
from optimize.backtest import backtest
from strategies.engines.feed import bars_feed

pytestmark = pytest.mark.xdist_group("fuzz")


@pytest.fixture(scope="module")
def bars():
    return BARS


# ---- orders, trades, analyzers


def test_notifications_tell_the_life_of_every_order():
    market = martingales(3, symbols=3)
    account = replace(MARGIN, max_positions=2)
    host = cerebro_run(AnyOrder(often=0.5), market, account)
    run = backtest(AnyOrder(often=0.5), market, account=account)
    lives: dict[int, list[str]] = {}
    for order in host.analyzers.diary.orders:
        lives.setdefault(order.ref, []).append(order.getstatusname())
    ends = Counter(tuple(life) for life in lives.values())
    completed = ("Submitted", "Accepted", "Completed")
    assert set(ends) <= {
        completed,
        ("Submitted", "Accepted", "Canceled"),
        ("Submitted", "Accepted", "Rejected"),
        ("Rejected",),
    }
    assert ends[completed] == len(run.fills) > 100
    assert ends["Submitted", "Accepted", "Canceled"] > 100  # exits that were not needed, entries that were replaced
    rejected = sum(count for life, count in ends.items() if life[-1] == "Rejected")
    assert rejected == len(run.rejections) > 0


def test_a_refused_entry_is_rejected_with_its_reason():
    market = martingales(3, symbols=3)
    host = cerebro_run(TREND, market, REJECTING)
    run = backtest(TREND, market, account=REJECTING)
    rejected = [order for order in host.analyzers.diary.orders if order.status == order.Rejected]
    assert [order.info.why for order in rejected] == run.rejections["reason"].tolist()
    assert "rejected-slots" in set(run.rejections["reason"])


def test_the_fill_is_in_the_execution_bits():
    """backtrader's executed.price is size x price / size, a last digit away from the price that was paid."""
    market = martingales(2)
    host = cerebro_run(AnyOrder(often=0.5), market, MARGIN)
    run = backtest(AnyOrder(often=0.5), market, account=MARGIN)
    completed = [order for order in host.analyzers.diary.orders if order.status == order.Completed]
    bits = [order.executed.exbits[-1] for order in completed]
    fills = run.fills
    sign = np.where(fills["side"] == "buy", 1.0, -1.0)
    assert [bit.price for bit in bits] == fills["price"].tolist()
    assert [bit.size for bit in bits] == (sign * fills["quantity"]).tolist()
    assert [bit.closedcomm + bit.openedcomm for bit in bits] == fills["fee"].tolist()
    assert [bit.psize for bit in bits] == fills["position_after"].tolist()
    assert [order.executed.price for order in completed] == pytest.approx(fills["price"].tolist(), rel=1e-12)
    times = [bt.num2date(bit.dt).replace(microsecond=0) for bit in bits]
    assert abs(pd.DatetimeIndex(times, tz="UTC") - pd.DatetimeIndex(fills["time"])).max() <= pd.Timedelta("1s")


def test_analyzers_agree_with_the_ledger(bars):
    kinds = (bt.analyzers.TradeAnalyzer, bt.analyzers.DrawDown, bt.analyzers.Returns, bt.analyzers.Transactions)
    host = cerebro_run(TREND, {bars.symbol: bars}, STOCK, (*kinds, Diary))
    run = backtest(TREND, bars, account=STOCK)
    trades, found = run.trades, host.analyzers.tradeanalyzer.get_analysis()
    assert found.total.closed == found.total.total == len(trades) > 30
    assert found.won.total == (trades["pnl"] > 0).sum()
    assert found.lost.total == (trades["pnl"] <= 0).sum()
    assert found.pnl.net.total == pytest.approx(trades["pnl"].sum(), abs=1e-6)
    assert found.pnl.gross.total == pytest.approx((trades["pnl"] + trades["fees"]).sum(), abs=1e-6)
    assert found.long.total == len(trades)
    fall = host.analyzers.drawdown.get_analysis().max.drawdown
    assert -fall / 100.0 == pytest.approx(run.metrics["max_drawdown"], abs=1e-9)
    growth = host.analyzers.returns.get_analysis()["rtot"]
    assert growth == pytest.approx(math.log(run.equity.iloc[-1] / STOCK.cash), abs=1e-9)
    noted = [deal for deals in host.analyzers.transactions.get_analysis().values() for deal in deals]
    assert len(noted) > 0


def test_a_trade_is_a_round_trip():
    market = martingales(3, symbols=3)
    for strategy in (AnyOrder(often=0.5), Turner()):
        host = cerebro_run(strategy, market, MARGIN)
        run = backtest(strategy, market, account=MARGIN)
        closed = [trade for trade in host.analyzers.diary.trades if trade.isclosed]
        assert len(closed) == len(run.trades) > 50
        assert sum(trade.pnlcomm for trade in closed) == pytest.approx(run.trades["pnl"].sum(), abs=1e-6)


def test_quick_notifications_change_nothing():
    market = martingales(3, symbols=3)
    slow, quick = (cerebro_run(AnyOrder(), market, MARGIN, quicknotify=quick) for quick in (False, True))
    told = [
        [
            (order.ref - min(o.ref for o in host.analyzers.diary.orders), order.status)
            for order in host.analyzers.diary.orders
        ]
        for host in (slow, quick)
    ]
    assert sorted(told[0]) == sorted(told[1])
    same_ledger(quick, backtest(AnyOrder(), market, account=MARGIN))


@pytest.mark.parametrize("runonce", [True, False])
def test_observers_show_the_account(bars, runonce):
    host = cerebro_run(TREND, {bars.symbol: bars}, STOCK, stdstats=True, runonce=runonce)
    run = backtest(TREND, bars, account=STOCK)
    same_ledger(host, run)
    shown = np.array(host.observers.broker.lines.value.array)[: len(bars)][-len(run.equity) : -1]
    np.testing.assert_allclose(shown, run.equity.iloc[:-1], atol=1e-6)
    bought = np.array(host.observers.buysell[0].lines.buy.array)
    assert np.isfinite(bought).sum() == run.fills[run.fills["side"] == "buy"]["time"].nunique()


# ---- traps


class EveryBar(bt.Strategy):
    """What an indicator of each feed shows on each of the feed's bars."""

    def __init__(self) -> None:
        self.made = [Ema(period=10).bt(data) for data in self.datas]
        self.seen: list[dict[float, float]] = [{} for _ in self.datas]

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        for data, made, seen in zip(self.datas, self.made, self.seen, strict=True):
            if len(data):
                seen[data.datetime[0]] = made[0]


def test_an_indicator_is_not_told_a_bar_twice():
    """In next mode backtrader calls an indicator's next() at stamps where its own feed has no new bar."""
    market = martingales(3, symbols=3)
    assert len({tuple(one.times) for one in market.values()}) == 3
    cerebro = bt.Cerebro(stdstats=False, runonce=False, preload=False)
    for one in market.values():
        cerebro.adddata(bars_feed(one))
    cerebro.addstrategy(EveryBar)
    host = cerebro.run()[0]
    for one, seen in zip(market.values(), host.seen, strict=True):
        expected = np.asarray(Ema(period=10).run(one))
        np.testing.assert_array_equal(np.array(list(seen.values())), expected.ravel())


@pytest.mark.parametrize("options", [{}, {"runonce": False}, {"runonce": False, "preload": False}], ids=str)
def test_symbols_out_of_step_trade_the_same_in_every_mode(options):
    market = martingales(3, symbols=3)
    same_ledger(cerebro_run(AnyOrder(), market, MARGIN, **options), backtest(AnyOrder(), market, account=MARGIN))


def test_exactbars_refuses_symbols_out_of_step():
    """backtrader steps back on a feed that is ahead, which a buffer of one bar cannot."""
    market = martingales(3, symbols=3)
    with pytest.raises(ConfigError, match=r"exactbars.*stamps differ"):
        backtest(AnyOrder(), market, engine="event", mode="exactbars", account=MARGIN)
    with pytest.raises(ConfigError, match=r"exactbars.*stamps differ"):
        cerebro_run(AnyOrder(), market, MARGIN, exactbars=1)
    same_ledger(
        cerebro_run(AnyOrder(), in_step(market), MARGIN, exactbars=1),
        backtest(AnyOrder(), in_step(market), account=MARGIN),
    )


def test_a_symbol_trades_before_another_one_begins():
    """Until every feed has a bar backtrader calls prenext, not next."""
    early = martingale(600, seed=8, instrument=COIN)
    late = martingale(300, seed=9, start="2020-01-14")
    market = {"early": early, "late": late}
    run = backtest(TREND, market, account=REJECTING)
    first_late = late.times[0]
    assert (run.fills["time"] < first_late).sum() > 10
    assert set(run.fills["symbol"]) == {"early", "late"}
    for options in ({}, {"runonce": False, "preload": False}):
        same_ledger(cerebro_run(TREND, market, REJECTING, **options), run)
