"""Plain Cerebro scripts with a declared strategy: what they get, and what is refused."""

from __future__ import annotations

import backtrader as bt
import pytest
from parity.cerebro import BARS, PARAMETERS, STOCK, TREND, Diary, same_ledger, stock_cerebro
from parity.fuzz import Turner

from feeds.errors import ConfigError, ParameterError
from optimize.backtest import backtest
from strategies.atr_trend import AtrTrend
from strategies.engines.broker import ExactBroker
from strategies.engines.feed import bars_feed
from strategies.execution.account import Account, Costs

pytestmark = pytest.mark.xdist_group("fuzz")


@pytest.fixture(scope="module")
def bars():
    return BARS


def test_the_stock_broker_is_replaced_and_its_settings_kept(bars):
    cerebro = stock_cerebro(bars_feed(bars))
    host = cerebro.run()[0]
    assert isinstance(cerebro.broker, ExactBroker)
    assert host.broker is cerebro.broker
    run = backtest(TREND, bars, account=STOCK)
    same_ledger(host, run)
    assert cerebro.broker.getvalue() == pytest.approx(run.equity.iloc[-1], abs=1e-6)
    assert cerebro.broker.getcash() == pytest.approx(run.equity.iloc[-1], abs=1e-6)


def test_a_pandas_feed_gives_the_same_fills(bars):
    table = bars.frame.tz_localize(None)
    cerebro = stock_cerebro(bt.feeds.PandasData(dataname=table, name=bars.symbol))
    same_ledger(cerebro.run()[0], backtest(TREND, bars, account=STOCK))


def test_a_pandas_feed_in_the_mode_of_least_memory_too(bars):
    cerebro = stock_cerebro(bt.feeds.PandasData(dataname=bars.frame.tz_localize(None), name=bars.symbol))
    same_ledger(cerebro.run(exactbars=1)[0], backtest(TREND, bars, account=STOCK))


def test_another_broker_is_refused(bars):
    class TheirBroker(bt.brokers.BackBroker):
        pass

    cerebro = stock_cerebro(bars_feed(bars))
    cerebro.broker = TheirBroker()
    with pytest.raises(ConfigError, match=r"TheirBroker cannot fill AtrTrend .* leave cerebro.broker alone or set it"):
        cerebro.run()


def test_a_stock_broker_in_use_is_refused(bars):
    class Eager(AtrTrend.bt):
        def _take_broker(self) -> None:
            self.cerebro.broker.buy(self, self.data, 1.0)
            super()._take_broker()

    cerebro = stock_cerebro(bars_feed(bars))
    cerebro.strats.clear()
    cerebro.addstrategy(Eager, **PARAMETERS)
    with pytest.raises(ConfigError, match="cannot be taken over: positions or orders it already has; set"):
        cerebro.run()


def test_one_account_has_one_strategy(bars):
    cerebro = stock_cerebro(bars_feed(bars))
    cerebro.addstrategy(bt.Strategy)
    with pytest.raises(ConfigError, match=r"AtrTrend fills by its own broker.* run it in a Cerebro of its own"):
        cerebro.run()
    cerebro = stock_cerebro(bars_feed(bars))
    cerebro.addstrategy(Turner.bt)
    cerebro.broker = ExactBroker(STOCK)
    with pytest.raises(ConfigError, match="Turner: this Cerebro's account already trades for AtrTrend; run each"):
        cerebro.run()


SETTINGS = {
    "slip_fixed": lambda broker: broker.set_slippage_fixed(0.1),
    "coc": lambda broker: broker.set_coc(True),
    "coo": lambda broker: broker.set_coo(True),
    "a filler": lambda broker: broker.set_filler(bt.broker.fillers.FixedSize()),
    "mult": lambda broker: broker.setcommission(commission=0.001, mult=50.0),
    "margin": lambda broker: broker.setcommission(commission=2.0, margin=500.0),
    "single feeds": lambda broker: broker.setcommission(commission=0.001, name="one"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_would_be_dropped_is_refused(bars, name):
    cerebro = stock_cerebro(bars_feed(bars))
    SETTINGS[name](cerebro.broker)
    with pytest.raises(
        ConfigError, match=rf"stock broker's settings cannot be taken over: .*{name}.*; set cerebro.broker"
    ):
        cerebro.run()


def test_a_misspelt_parameter_is_refused(bars):
    cerebro = stock_cerebro(bars_feed(bars), fats=7)
    with pytest.raises(ParameterError, match=r"AtrTrend has no parameter 'fats'; did you mean 'fast'\?"):
        cerebro.run()


def test_an_order_by_hand_is_rejected_and_changes_nothing(bars):
    class Meddler(AtrTrend.bt):
        def next(self) -> None:
            super().next()
            if len(self) == 500:
                self.by_hand = self.buy(size=1.0)

    cerebro = stock_cerebro(bars_feed(bars))
    cerebro.strats.clear()
    cerebro.addstrategy(Meddler, **PARAMETERS)
    host = cerebro.run()[0]
    assert host.by_hand.status == bt.Order.Rejected
    same_ledger(host, backtest(TREND, bars, account=STOCK))


@pytest.mark.parametrize("preloaded", [True, False])
def test_optstrategy_runs_each_set_on_a_fresh_account(bars, preloaded):
    cerebro = bt.Cerebro(stdstats=False, optreturn=False, optdatas=preloaded)
    cerebro.adddata(bars_feed(bars))
    cerebro.optstrategy(AtrTrend.bt, slow=[10, 20, 30], **{k: v for k, v in PARAMETERS.items() if k != "slow"})
    cerebro.broker.setcash(50_000.0)
    cerebro.addanalyzer(Diary)
    hosts = [hosts[0] for hosts in cerebro.run(maxcpus=1)]
    assert [host.p.slow for host in hosts] == [10, 20, 30]
    same_ledger(
        hosts[-1], backtest(AtrTrend(**(PARAMETERS | {"slow": 30})), bars, account=Account(50_000.0, costs=Costs(0, 0)))
    )
    for host in hosts:
        run = backtest(
            AtrTrend(**(PARAMETERS | {"slow": host.p.slow})), bars, account=Account(50_000.0, costs=Costs(0, 0))
        )
        completed = [order for order in host.analyzers.diary.orders if order.status == order.Completed]
        assert len(completed) == len(run.fills)
        assert [order.executed.exbits[-1].price for order in completed] == run.fills["price"].tolist()
