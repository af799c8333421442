"""The tutorial of docs/tutorial.md as one program: `./run python docs/tutorial.py`."""

import pandas as pd

from feeds import load
from indicators import Atr, Indicator, Int, kernel
from strategies import Account, Costs, Float, Sizing, Strategy, enter_long, hold, leave


class Channel(Indicator):
    """Highest high and lowest low of the `period` bars before this one, in price units."""

    inputs, outputs = ("high", "low"), ("top", "bottom")
    period = Int(20, 2, 500)
    window = period + 1

    @kernel
    def step(high, low, period):
        top, bottom = high[-2], low[-2]
        for back in range(3, period + 2):
            top, bottom = max(top, high[-back]), min(bottom, low[-back])
        return top, bottom


class Breakout(Strategy):
    """Buy a close above the channel; leave on a close below a shorter one; trailing stop in ATR, as the Turtles did."""

    entry_bars, exit_bars = Int(55, 10, 200), Int(20, 5, 100)
    trail_atr = Float(4.0, 1.0, 10.0, "ATR")
    entry_channel, exit_channel = Channel(period=entry_bars), Channel(period=exit_bars)
    atr = Atr(period=20)

    @kernel
    def decide(close, entry_channel_top, exit_channel_bottom, atr, position, trail_atr):
        if position == 0.0 and close[-1] > entry_channel_top[-1]:
            return enter_long(stop=trail_atr * atr[-1], trail=trail_atr * atr[-1])
        if position != 0.0 and close[-1] < exit_channel_bottom[-1]:
            return leave()
        return hold()


class Calm(Strategy):
    """Long while the VIX is low, out when it is not."""

    inputs = ("vix_close",)
    level = Float(20.0, 10.0, 40.0, "VIX points")

    @kernel
    def decide(vix_close, position, level):
        if position == 0.0 and vix_close[-1] < level:
            return enter_long()
        if position != 0.0 and vix_close[-1] > 1.1 * level:
            return leave()
        return hold()

    @staticmethod
    def verify_bars(prices):
        swing = [10.0 + k % 25 for k in range(len(prices))]
        vix = pd.DataFrame({"available_at": prices.times, "close": swing})
        return prices.join(vix, prefix="vix")


def main() -> None:
    """Steps 4 to 8."""
    from optimize import backtest
    from optimize.benchmark import benchmark_curve
    from optimize.benchmark import verdict as judge
    from optimize.conformance import verify
    from optimize.parity import parity

    bars = load("sample:spx")
    account = Account(cash=100_000, costs=Costs(fee=0.0005, slippage_bps=2.0), sizing=Sizing.risk(0.01))
    run = backtest(Breakout(), bars, engine="vector", account=account)
    verdict = parity(run, backtest(Breakout(), bars, engine="event", account=account))
    print(run.summary())
    print(verdict)

    print(judge(run, benchmark_curve(run))[1])
    print(run.trades[["entry_time", "exit_time", "return", "exit_reason"]].tail())
    folder = run.save("runs", tearsheet=True)
    print("saved:", folder)

    report = verify([Channel, Breakout])
    print(f"{len(report.checks)} checks, {len(report.failed)} failed")
    for check in report.failed:
        print(check)

    joined = load("sample:spx").join(load("sample:vix"), prefix="vix")
    calm = backtest(Calm(), joined, start="2014-06-01")
    print(calm.fills[["time", "side", "price", "reason"]].head())
    told = verify([Calm])
    print(f"Calm: {len(told.checks)} checks, {len(told.failed)} failed")

    two = {"SPX": load("sample:spx"), "NASDAQ": load("sample:nasdaq")}
    shared = Account(cash=100_000, sizing=Sizing.risk(0.005), cap=0.5, max_positions=2)
    pair = backtest(Breakout(), two, start="2009-01-01", account=shared)
    print(pair.fills.groupby("symbol").size())
    print(f"{pair.equity.iloc[-1]:,.2f} in one account, deepest drawdown {pair.metrics['max_drawdown']:.2%}")


if __name__ == "__main__":
    main()
