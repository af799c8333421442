"""Settings of a plain Cerebro script that the account would not follow: each is refused with its value and the cure."""

from __future__ import annotations

import backtrader as bt
import pandas as pd
import pytest

from feeds.errors import ConfigError
from strategies.base import Strategy, enter_long, kernel, leave
from strategies.engines.broker import ExactBroker
from strategies.execution.account import Account, Costs, Sizing


class InAndOut(Strategy):
    """In when flat, out when not."""

    @kernel
    def decide(position):
        return enter_long() if position == 0.0 else leave()


def script() -> bt.Cerebro:
    """Thirty bars that stand at 100."""
    index = pd.date_range("2024-01-01 01:00", periods=30, freq="h")
    table = pd.DataFrame({"open": 100.0, "high": 100.0, "low": 100.0, "close": 100.0, "volume": 1.0}, index=index)
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=table), name="ES")
    cerebro.addstrategy(InAndOut.bt)
    return cerebro


def ledger(cerebro: bt.Cerebro) -> pd.DataFrame:
    cerebro.run()
    return pd.DataFrame(cerebro.broker.ledger[: int(cerebro.broker.record[0]["rows"])])


FIXED, PERCENT = bt.CommInfoBase.COMM_FIXED, bt.CommInfoBase.COMM_PERC
DROPPED = {
    "leverage=10.0: Account(kind='margin', leverage=10.0)": lambda b: b.setcommission(0.001, leverage=10.0),
    "automargin=0.1: Account(kind='margin', leverage=10)": lambda b: b.setcommission(0.001, automargin=0.1),
    "automargin=-1: Account(kind='margin', leverage=...)": lambda b: b.setcommission(0.001, automargin=-1),
    "mult=50.0: feed.instrument = Instrument(name, multiplier=50.0)": lambda b: b.setcommission(0.001, mult=50.0),
    "Instrument(name, initial_margin=500.0)": lambda b: b.setcommission(2.0, margin=500.0),
    "margin=1.0: ": lambda b: b.setcommission(2.0, commtype=FIXED),  # backtrader's own margin of a future
    "interest=0.1: leave it at 0": lambda b: b.setcommission(0.001, interest=0.1),
    "slip_open=False: fills at the open slip too": lambda b: b.set_slippage_perc(0.01, slip_open=False),
    "slip_match=False: leave it at True": lambda b: b.set_slippage_perc(0.01, slip_match=False),
    "slip_fixed=0.5: Costs(slippage_ticks=...)": lambda b: b.set_slippage_fixed(0.5),
    "fundmode=True: leave it at False": lambda b: b.set_fundmode(True),
    "fundstartval=7.0: leave it at 100.0": lambda b: b.set_fundstartval(7.0),
    "shortcash=False: leave it at True; shorts need Account(kind='margin')": lambda b: b.set_shortcash(False),
    "checksubmit=False: leave it at True": lambda b: b.set_checksubmit(False),
    "eosbar=True: leave it at False": lambda b: b.set_eosbar(True),
    "int2pnl=False: leave it at True": lambda b: b.set_int2pnl(False),
    "filler: leave it out": lambda b: b.set_filler(bt.broker.fillers.FixedSize()),
    "coc=True: leave it at False": lambda b: b.set_coc(True),
    "coo=True: leave it at False": lambda b: b.set_coo(True),
}


@pytest.mark.parametrize("told", DROPPED)
def test_what_would_be_dropped_is_refused(told):
    cerebro = script()
    DROPPED[told](cerebro.broker)
    with pytest.raises(ConfigError, match="the stock broker's settings cannot be taken over") as caught:
        cerebro.run()
    assert told in str(caught.value)
    assert "set cerebro.broker = ExactBroker(Account(...))" in str(caught.value)


def test_a_broker_made_with_the_setting_is_looked_at_too():
    cerebro = script()
    cerebro.broker = bt.brokers.BackBroker(slip_perc=0.01, eosbar=True)
    with pytest.raises(ConfigError, match=r"taken over: slip_open, eosbar; .*slip_open=False.*eosbar=True"):
        cerebro.run()


def test_histories_of_orders_and_of_money_are_refused():
    cerebro = script()
    cerebro.add_order_history([["2024-01-01 05:00:00", 1, 100.0]], notify=False)
    with pytest.raises(ConfigError, match="an order history"):
        cerebro.run()
    cerebro = script()
    cerebro.broker.set_fund_history([["2024-01-01", 1.0, 100.0]])
    with pytest.raises(ConfigError, match="a fund history"):
        cerebro.run()


DEFAULTS = {
    "untouched": lambda b: None,
    "commission": lambda b: b.setcommission(commission=0.0, leverage=1.0, automargin=False),
    "slippage": lambda b: b.set_slippage_perc(0.0, slip_open=False),
    "the rest": lambda b: (b.set_fundmode(False), b.set_shortcash(True), b.set_checksubmit(True), b.set_eosbar(False)),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_what_is_at_backtraders_default_is_silent(name):
    """By hand: 95 % of 10 000 at 100 are 95 units, without costs forever."""
    cerebro = script()
    DEFAULTS[name](cerebro.broker)
    rows = ledger(cerebro)
    fills = rows[rows["quantity"] > 0]
    assert len(fills) > 20
    assert set(fills["quantity"]) == {95.0}
    assert set(fills["price"]) == {100.0}
    assert set(fills["fee"]) == {0.0}


@pytest.mark.parametrize("outside", [False, True])
def test_relative_slippage_is_taken_over(outside):
    """1 % on market orders at an open of 100."""
    cerebro = script()
    cerebro.broker.set_slippage_perc(0.01, slip_limit=False, slip_out=outside)
    assert ledger(cerebro)["price"][:4].tolist() == pytest.approx([101.0, 99.0, 101.0, 99.0])


def test_a_commission_per_unit_is_taken_over():
    """0.5 money on each of the units of a fill; a tenth of a per cent when backtrader is told percents."""
    cerebro = script()
    cerebro.broker.setcommission(commission=0.5, commtype=FIXED, stocklike=True)
    rows = ledger(cerebro)
    assert rows["fee"][0] == pytest.approx(rows["quantity"][0] * 0.5)
    cerebro = script()
    cerebro.broker.setcommission(commission=0.1, commtype=PERCENT, stocklike=True, percabs=False)
    rows = ledger(cerebro)
    assert rows["fee"][0] == pytest.approx(rows["quantity"][0] * 100.0 * 0.001)


# ---- sizers


@pytest.mark.parametrize(("sizer", "given", "told"), [
    (bt.sizers.FixedSize, {"stake": 1}, "FixedSize(stake=1, tranches=1); the account sizes the entries: cerebro.broker "
     "= ExactBroker(Account(sizing=Sizing.lots(1)))"),
    (bt.sizers.PercentSizer, {"percents": 40}, "Sizing.fraction(0.4)"),
    (bt.sizers.AllInSizer, {}, "Sizing.fraction(1)"),
], ids=["FixedSize", "PercentSizer", "AllInSizer"])  # fmt: skip
@pytest.mark.parametrize("exact", [False, True])
def test_a_sizer_is_refused(sizer, given, told, exact):
    for add in ("addsizer", "addsizer_byidx"):
        cerebro = script()
        getattr(cerebro, add)(*([0] if add == "addsizer_byidx" else []), sizer, **given)
        if exact:
            cerebro.broker = ExactBroker(Account())
        with pytest.raises(ConfigError, match="InAndOut: nobody would ask the sizer") as caught:
            cerebro.run()
        assert told in str(caught.value)


def test_a_sizer_of_ones_own_is_refused_wherever_it_is_set():
    class Own(bt.Sizer):
        params = (("lots", 3),)

    class Late(InAndOut.bt):
        def start(self) -> None:
            self.sizer = Own()

    cerebro = script()
    cerebro.strats.clear()
    cerebro.addstrategy(Late)
    with pytest.raises(ConfigError, match=r"nobody would ask the sizer Own\(lots=3\); the account sizes"):
        cerebro.run()


def test_the_cure_of_a_fixed_size_trades_that_size():
    cerebro = script()
    cerebro.broker = ExactBroker(Account(costs=Costs(0.0, 0.0), sizing=Sizing.lots(1)))
    rows = ledger(cerebro)
    assert set(rows.loc[rows["quantity"] > 0, "quantity"]) == {1.0}


# ---- the exact broker's own settings


def test_the_exact_broker_takes_its_settings_from_the_account_alone():
    broker = ExactBroker(Account())
    for refused in (
        lambda: broker.setcommission(commission=0.001),
        lambda: broker.setcommission(0.001, leverage=10.0, name="ES"),
        lambda: broker.addcommissioninfo(bt.CommissionInfo(commission=0.001)),
    ):
        with pytest.raises(ConfigError, match=r"ExactBroker takes no setcommission; give it .*Costs\(fee=0.001\)"):
            refused()
    with pytest.raises(ConfigError, match=r"takes no set_fundmode\(True\); leave it out"):
        broker.set_fundmode(True)
    broker.set_fundmode(False)
