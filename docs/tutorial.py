"""The tutorial of docs/tutorial.md as one program: `./run python docs/tutorial.py`."""

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


def main() -> None:
    """Steps 4 to 6."""
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


if __name__ == "__main__":
    main()
