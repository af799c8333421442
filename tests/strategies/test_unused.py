"""Components that a strategy leaves unread under some parameters: no data, no warm-up, NaN for the kernel."""

from __future__ import annotations

import backtrader as bt
import numpy as np
import pytest

from feeds import Bars, load
from feeds.errors import DataError, DefinitionError
from indicators.ema import Ema
from optimize.backtest import backtest
from strategies import Strategy, Switch, enter_long, hold, kernel, leave
from strategies.engines.feed import bars_feed
from strategies.engines.vector import sources_of
from strategies.engines.window import make_window


class Careful(Strategy):
    """Above a short average; when careful, also above a long one on more volume than usual."""

    careful = Switch(False)
    ema, slow, usual = Ema(period=10), Ema(period=300), Ema(period=5).on(close="volume")

    def unused(self):
        """The long average and the volumes, unless careful."""
        return () if self.careful else ("slow", "usual", "volume")

    @kernel
    def decide(close, volume, ema, slow, usual, position, careful):
        if close[-1] < ema[-1]:
            return leave()
        if position == 0.0 and (careful == 0 or (close[-1] > slow[-1] and volume[-1] > usual[-1])):
            return enter_long(stop=5.0)
        return hold()


class Mistaken(Careful):
    """Names a component that does not exist."""

    def unused(self):
        """A typo."""
        return ("sloww",)


class Reckless(Careful):
    """Reads what it calls unused."""

    def unused(self):
        """An average that the kernel compares with when careful."""
        return ("slow",)


@pytest.fixture(scope="module")
def market():
    """1,000 hours."""
    return load("synthetic:martingale?seed=3&bars=1000")


@pytest.fixture(scope="module")
def without_volume(market):
    """The same hours without volume."""
    return Bars(market.frame.drop(columns="volume"), market.instrument, "no volume", market.timeframe, synthetic=True)


def test_only_what_is_read_counts(market):
    calm, careful = Careful(), Careful(careful=True)
    assert (calm.warmup, careful.warmup) == (10, 300)
    assert (calm.columns(), careful.columns()) == (["close"], ["close", "volume"])
    assert (len(calm.parts), len(careful.parts)) == (1, 3)


def test_the_kernel_is_given_nan(market):
    names = Careful.source_names()
    arrays = dict(zip(names, sources_of(Careful(), make_window(Careful(), market), 0), strict=True))
    missing = [name for name, values in arrays.items() if np.isnan(values).all()]
    assert missing == ["volume", "slow", "usual"]
    assert all(len(values) == len(market) for values in arrays.values())


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize("mode", ["runonce", "next", "exactbars"])
def test_engines_agree(market, mode, careful):
    vector = backtest(Careful(careful=careful), market)
    event = backtest(Careful(careful=careful), market, engine="event", mode=mode)
    assert len(vector.fills) > 20
    assert vector.ledger.equals(event.ledger)
    assert vector.equity.index[0] == event.equity.index[0] == market.times[299 if careful else 9]


def test_unused_columns_may_be_missing(simulate, market, without_volume):
    assert simulate(Careful(), without_volume).ledger.equals(simulate(Careful(), market).ledger)
    with pytest.raises(DataError, match=r"Careful reads column 'volume' of .*no volume: no column 'volume'"):
        simulate(Careful(careful=True), without_volume)


def test_a_script_of_backtrader_is_told_the_same(without_volume):
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bars_feed(without_volume))
    cerebro.addstrategy(Careful.bt, careful=True)
    with pytest.raises(DataError, match="Careful needs column 'volume'"):
        cerebro.run()


def test_what_is_called_unused_but_read_blocks_the_entry(simulate, market):
    assert len(simulate(Careful(careful=True), market).fills) > 20
    assert len(simulate(Reckless(careful=True), market).fills) == 0


def test_a_name_that_is_no_component_is_refused(market):
    with pytest.raises(DefinitionError, match=r"Mistaken.unused names 'sloww'.*did you mean 'slow'"):
        make_window(Mistaken(), market)
