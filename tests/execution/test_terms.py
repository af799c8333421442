"""What an account cannot add up, or a cost that would cost nothing, is refused in every engine."""

from __future__ import annotations

import pandas as pd
import pytest

from feeds.bars import Bars
from feeds.errors import ConfigError, DefinitionError, ParameterError
from feeds.instrument import Instrument
from optimize.backtest import backtest
from optimize.sweep import sweep
from strategies import AtrTrend, Int, Strategy, enter_long, hold, kernel
from strategies.execution.account import Account, Costs
from strategies.execution.intent import entry_intent

both_engines = pytest.mark.parametrize("engine", ["vector", "event"])


class Once(Strategy):
    """In the market from the first bar on."""

    back = Int(1, 1, 3)

    @kernel
    def decide(close, position, back):
        if position == 0.0 and close[-1] > 0.0:
            return enter_long(time_stop=back)
        return hold()


class Around(Strategy):
    """Builds its intent without a verb."""

    @kernel
    def decide(close, position):
        if position == 0.0:
            return entry_intent(1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
                                0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0)  # fmt: skip
        return hold()


def hours(symbol: str, **terms: object) -> Bars:
    times = pd.date_range("2024-01-01 01:00", periods=6, freq="h", tz="UTC", name="time").as_unit("ns")
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close", "volume"), 100.0), index=times)
    return Bars(frame, Instrument(symbol, **terms), f"{symbol}.csv", pd.Timedelta("1h"))


@both_engines
def test_two_currencies_are_not_added_up(engine):
    bars = {"COIN": hours("COIN", currency="EUR"), "INDEX": hours("INDEX", currency="USD")}
    with pytest.raises(ConfigError, match=r"COIN is priced in EUR and INDEX in USD.*run them apart"):
        backtest(Once(), bars, engine)


@both_engines
def test_one_currency_is(engine):
    bars = {"COIN": hours("COIN", currency="EUR"), "GOLD": hours("GOLD", currency="EUR")}
    assert set(backtest(Once(), bars, engine).fills["symbol"]) == {"COIN", "GOLD"}


@both_engines
def test_slippage_in_ticks_needs_a_tick(engine):
    account = Account(costs=Costs(slippage_ticks=2))
    with pytest.raises(ConfigError, match=r"slippage_ticks=2 costs nothing on COIN, which has no tick.*slippage_bps"):
        backtest(Once(), hours("COIN"), engine, account=account)
    assert len(backtest(Once(), hours("COIN", tick=0.5), engine, account=account).fills)


def test_a_sweep_refuses_it_too():
    with pytest.raises(ConfigError, match="costs nothing on COIN"):
        sweep(Once, hours("COIN"), {"back": [1, 2]}, account=Account(costs=Costs(slippage_ticks=2)))


@both_engines
def test_intents_are_built_by_verbs(engine):
    with pytest.raises(DefinitionError, match=r"test_terms\.py:\d+: Around calls 'entry_intent'.*enter_long"):
        backtest(Around(), hours("COIN"), engine)


def test_break_even_is_below_the_gain_that_triggers_it():
    assert AtrTrend(break_even=True, even_after=0.02, round_trip=0.01).valid()
    assert AtrTrend(break_even=False, even_after=0.01, round_trip=0.02).valid(), "not in use"
    with pytest.raises(ParameterError, match="round_trip below even_after"):
        AtrTrend(break_even=True, even_after=0.01, round_trip=0.01)
