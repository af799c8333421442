"""Runs written by hand: bars and a ledger as text, equity by a plain loop."""

from __future__ import annotations

import numpy as np
import pandas as pd

from feeds.bars import Bars
from feeds.instrument import Instrument
from optimize.run import Run
from strategies.execution.account import Account

LEDGER = ("time", "symbol", "side", "quantity", "price", "fee", "order_id", "reason", "position_after")


def some_bars(closes, symbol="AAA", *, start="2024-01-01", step="1D", multiplier=1.0, calendar="24/7", **more):
    """Bars that open at the last close; high and low one above and below."""
    closes = np.asarray(closes, dtype=float)
    opens = np.concatenate((closes[:1], closes[:-1]))
    stamps = pd.date_range(pd.Timestamp(start, tz="UTC"), periods=len(closes), freq=step, unit="ns")
    frame = pd.DataFrame(
        {
            "open": opens,
            "high": np.maximum(opens, closes) + 1,
            "low": np.minimum(opens, closes) - 1,
            "close": closes,
            "volume": np.full(len(closes), 1000.0),
        },
        index=pd.DatetimeIndex(stamps, name="time"),
    )
    instrument = Instrument(symbol, multiplier=multiplier, calendar=calendar)
    return Bars(frame, instrument, more.pop("source", "hand"), pd.Timedelta(step), **more)


def ledger(text: str, bars: dict[str, Bars]) -> pd.DataFrame:
    """One row per line: "bar symbol side quantity @ price fee order reason"; position_after is added up."""
    rows, held = [], dict.fromkeys(bars, 0.0)
    for line in filter(str.strip, text.splitlines()):
        bar, symbol, side, quantity, _, price, fee, order, reason = line.split()
        if not reason.startswith("rejected-"):
            held[symbol] += float(quantity) if side == "buy" else -float(quantity)
        time = bars[symbol].times[int(bar)]
        rows.append((time, symbol, side, float(quantity), float(price), float(fee), int(order), reason, held[symbol]))
    table = pd.DataFrame(rows, columns=list(LEDGER))
    kinds = {"time": "datetime64[ns, UTC]", "symbol": "str", "side": "str", "reason": "str", "order_id": "int64"}
    kinds |= dict.fromkeys(("quantity", "price", "fee", "position_after"), "float64")
    return table.astype(kinds)


def equity_by_hand(rows: pd.DataFrame, bars: dict[str, Bars], cash: float) -> pd.Series:
    """Cash plus positions at their last close, stamp by stamp, in plain Python."""
    stamps = sorted({stamp for one in bars.values() for stamp in one.times})
    position, close = dict.fromkeys(bars, 0.0), dict.fromkeys(bars, 0.0)
    values, todo = [], list(rows.itertuples())
    for stamp in stamps:
        while todo and todo[0].time <= stamp:
            row = todo.pop(0)
            if row.reason.startswith("rejected-"):
                continue
            sign = 1 if row.side == "buy" else -1
            cash -= sign * row.quantity * row.price * bars[row.symbol].instrument.multiplier + row.fee
            position[row.symbol] += sign * row.quantity
        for symbol, one in bars.items():
            if stamp in one.times:
                close[symbol] = float(one.frame["close"][stamp])
        values.append(
            cash + sum(position[s] * close[s] * bars[s].instrument.multiplier if position[s] else 0.0 for s in bars)
        )
    return pd.Series(values, index=pd.DatetimeIndex(stamps, name="time").as_unit("ns"), name="equity")


def hand_run(text: str, *many: Bars, cash: float = 10_000.0, levels=None, ruined=False, name="Hand(x=1)") -> Run:
    """A Run whose ledger is `text`."""
    bars = {one.symbol: one for one in many}
    rows = ledger(text, bars)
    equity = equity_by_hand(rows, bars, cash)
    return Run(
        strategy_repr=name,
        strategy_name=name.partition("(")[0],
        parameters={"x": 1, "y": 0.1, "best": "close", "on": True},
        engine="vector",
        bars=bars,
        account=Account(cash=cash),
        ledger=rows,
        equity=equity,
        levels=levels,
        start=equity.index[0],
        end=equity.index[-1],
        ruined=ruined,
        seconds=0.5,
    )


def random_run(seed: int, bars: int = 400, step: str = "1D", start: str = "2020-01-01") -> Run:
    """A run that goes in and out at random, long and short, at closes, with fees."""
    rng = np.random.default_rng(seed)
    closes = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, bars))), 2)
    series, lines, held, order = some_bars(closes, start=start, step=step), [], 0, 0
    for t in range(1, bars):
        price, last = closes[t], t == bars - 1
        if held and (last or rng.random() < 0.1):
            lines.append(f"{t} AAA {'sell' if held > 0 else 'buy'} {abs(held)} @ {price} 0.5 {order} signal")
            held = 0
        elif not held and not last and rng.random() < 0.1:
            order, held = order + 1, int(rng.integers(5, 50)) * (1 if rng.random() < 0.7 else -1)
            lines.append(f"{t} AAA {'buy' if held > 0 else 'sell'} {abs(held)} @ {price} 0.5 {order} entry")
    return hand_run("\n".join(lines), series)
