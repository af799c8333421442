"""Authors may use any name that is not the drivers' own, and never get another meaning for it."""

from __future__ import annotations

import pytest

from feeds.errors import DefinitionError
from feeds.synthetic import martingale
from indicators import Ema, Macd
from optimize.backtest import backtest
from strategies.base import Float, Int, Strategy, enter_long, hold, kernel, leave

ENTRY = 5
STOP = 0.01
RUIN = -3.0
x_price = 2.5


@kernel
def t(value):
    return value * x_price


@kernel
def simulate(value):
    return value


class PlainNames(Strategy):
    """Every third bar in, next bar out."""

    state = ("count",)
    every, stop_share = Int(3, 1, 10), Float(0.01, 0.001, 0.1)

    @kernel
    def decide(close, position, count, every, stop_share):
        count = 1.0 if not count >= 0.0 else count + 1.0
        if position > 0.0:
            return leave(), count
        if count % every == 0.0:
            return enter_long(stop=stop_share * close[-1]), count
        return hold(), count


class DriversNames(Strategy):
    """The same rule with the drivers' own names for everything."""

    state = ("x_row",)
    t_bars, b, s, i, k = Int(3, 1, 10), Float(0.01, 0.001, 0.1), Int(1, 0, 2), Int(0, 0, 3), Float(1.0, 0.0, 2.0)

    @kernel
    def decide(close, position, x_row, t_bars, b, s, i, k):
        a_cash = ENTRY - 4.0 + RUIN + 3.0
        x_row = a_cash if not x_row >= 0.0 else x_row + s
        if position > 0.0:
            return leave(), x_row
        if x_row % t_bars == i:
            return enter_long(stop=(STOP * k + b - 0.01) * t(close[-1]) / 2.5), x_row
        return hold(), x_row


class TakenName(Strategy):
    """A helper with the name of a driver's function."""

    @kernel
    def decide(close, position):
        return enter_long() if simulate(close[-1]) > 0.0 else hold()


@pytest.mark.parametrize("engine", ["vector", "event"])
def test_names_of_the_drivers_mean_what_the_author_says(engine):
    bars = martingale(bars=400, seed=5)
    plain = backtest(PlainNames(), bars, engine=engine)
    named = backtest(DriversNames(), bars, engine=engine)
    assert len(plain.fills) > 100
    assert {"stop", "signal"} <= set(plain.fills["reason"])
    left, right = (run.ledger.drop(columns=["price", "quantity", "fee", "position_after"]) for run in (plain, named))
    assert left.equals(right)
    assert (plain.fills["price"] - named.fills["price"]).abs().max() < 1e-9


def test_a_helper_with_a_drivers_name_is_refused():
    with pytest.raises(DefinitionError, match="may not be called 'simulate'"):
        backtest(TakenName(), martingale(bars=100, seed=1))


@pytest.mark.parametrize(("body", "message"), [
    ({"state": ("held",)}, "'held' is what the kernel is told of the position and a state"),
    ({"entry": Float(5.0, 0.0, 10.0)}, "'entry' is what the kernel is told of the position and a parameter"),
    ({"close": Ema(period=5)}, "'close' is a bar column and an output of a component"),
    ({"macd": Macd(), "macd_signal": Ema(period=3)}, "two components give the kernel 'macd_signal'"),
    ({"warmup": Int(5, 1, 10)}, "the name 'warmup' is taken"),
    ({"reverse": Int(1, 0, 1)}, "the name 'reverse' is taken"),
])  # fmt: skip
def test_a_name_has_one_meaning(body, message):
    with pytest.raises(DefinitionError, match=message):
        type("Mine", (PlainNames,), {"decide": PlainNames.decide, "__module__": __name__, **body})


def test_a_window_may_be_a_parameter():
    assert type("Mine", (PlainNames,), {"window": Int(5, 1, 10), "__module__": __name__})().number("window") == 5
