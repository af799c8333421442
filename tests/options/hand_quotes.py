"""Small chains by hand: a smile of QuantLib prices around 100, thirty days, and what a test changes in it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pandas as pd
import QuantLib as ql

from feeds.chains.chain import Chain

ASOF = datetime(2026, 8, 3, 20, 0, tzinfo=UTC)
MONTH = ASOF + timedelta(days=30)
RATE, DIVIDEND = 0.04, 0.013
STRIKES = (85.0, 90.0, 95.0, 100.0, 105.0, 110.0, 115.0)


def smile(strike: float) -> float:
    """20 % at 100, half a point more for every point below and less above."""
    return 0.20 - 0.005 * (strike - 100) / 5


def value(strike: float, right: str, sigma: float, days: float = 30.0, spot: float = 100.0) -> float:
    years = days / 365
    forward = spot * math.exp((RATE - DIVIDEND) * years)
    kind = ql.Option.Call if right == "C" else ql.Option.Put
    return ql.blackFormula(kind, strike, forward, sigma * math.sqrt(years), math.exp(-RATE * years))


def rows(strikes=STRIKES, days: float = 30.0, quoted: bool = True, root: str = "TEST", **more) -> pd.DataFrame:
    """Both sides of every strike with quotes 1 % around their value, 100 contracts of open interest."""
    frame = pd.DataFrame(
        [(strike, right, value(strike, right, smile(strike), days)) for strike in strikes for right in "CP"],
        columns=["strike", "right", "mid"],
    )
    half = frame["mid"] * (0.01 if quoted else math.nan)
    frame = frame.assign(bid=frame["mid"] - half, ask=frame["mid"] + half, oi=100.0, multiplier=100.0, root=root)
    frame["expiry_ts_utc"] = pd.Timestamp(ASOF + timedelta(days=days))
    if not quoted:
        frame["mid"] = math.nan
    return frame.assign(**more)


def change(frame: pd.DataFrame, strike: float, right: str, **values) -> pd.DataFrame:
    """The rows with other values for one contract."""
    frame = frame.copy()
    for name, value in values.items():
        if name not in frame:
            frame[name] = math.nan
        frame.loc[(frame["strike"] == strike) & (frame["right"] == right), name] = value
    return frame


def chain(frame: pd.DataFrame, spot: float = 100.0, **more) -> Chain:
    return Chain.from_rows(frame, symbol="TEST", asof=ASOF, spot=spot, source="file", detail="hand.csv", **more)


def contract(surface, strike: float, right: str) -> int:
    """Index of the only contract with a strike and side."""
    (found,) = ((surface.strike == strike) & (surface.is_call == (right == "C"))).nonzero()[0]
    return int(found)
