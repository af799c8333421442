"""A plain Cerebro script: what the exact broker would not follow is refused, never dropped in silence."""

from __future__ import annotations

import backtrader as bt
import pytest

from feeds.errors import ConfigError, DataError
from feeds.synthetic import martingale
from strategies.base import Strategy, enter_long, hold, kernel, leave


class InAndOut(Strategy):
    """In and out."""

    @kernel
    def decide(position):
        return enter_long() if position == 0.0 else leave()


class Waits(Strategy):
    """Never trades."""

    @kernel
    def decide(position):
        return hold()


def cerebro(cls=InAndOut, frame=None):
    made = bt.Cerebro(stdstats=False)
    table = martingale(bars=120, seed=3).frame.tz_localize(None) if frame is None else frame
    made.adddata(bt.feeds.PandasData(dataname=table), name="ES")
    made.addstrategy(cls.bt)
    return made


class OwnCommission(bt.CommInfoBase):
    def _getcommission(self, size, price, pseudoexec):
        return 7.0


@pytest.mark.parametrize(("setting", "told"), [
    (lambda broker: broker.setcommission(commission=2.0, margin=1000.0, mult=50.0), "mult, margin"),
    (lambda broker: broker.setcommission(commission=0.01, name="ES"), "single feeds"),
    (lambda broker: broker.addcommissioninfo(OwnCommission()), "commission class of your own"),
    (lambda broker: broker.set_coc(True), "cheat on close"),
    (lambda broker: broker.set_slippage_fixed(0.1), "slip_fixed"),
    (lambda broker: broker.setcommission(commission=0.01, interest=0.1), "interest"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_settings_that_cannot_be_followed_are_refused(setting, told):
    made = cerebro()
    setting(made.broker)
    with pytest.raises(ConfigError, match=told):
        made.run()


def test_cash_commission_and_relative_slippage_are_taken_over():
    free, paid = cerebro(), cerebro()
    for made in (free, paid):
        made.broker.setcash(50_000.0)
    paid.broker.setcommission(commission=0.001)
    free.run()
    paid.run()
    assert paid.broker.getvalue() < free.broker.getvalue() * (1.0 - 50 * 2 * 0.0009 * 0.95)
    assert free.broker.startingcash == 50_000.0


def test_a_price_that_is_none_stops_a_position():
    frame = martingale(bars=120, seed=3).frame.tz_localize(None)
    frame.iloc[60:64, frame.columns.get_loc("open")] = float("nan")
    with pytest.raises(DataError, match=r"ES.*price nan"):
        cerebro(frame=frame).run()


def test_replayed_feeds_are_refused():
    made = bt.Cerebro(stdstats=False)
    feed = bt.feeds.PandasData(
        dataname=martingale(bars=120, seed=3).frame.tz_localize(None), timeframe=bt.TimeFrame.Minutes, compression=60
    )
    made.replaydata(feed, timeframe=bt.TimeFrame.Days)
    made.addstrategy(Waits.bt)
    with pytest.raises(ConfigError, match="unfinished bars"):
        made.run()
