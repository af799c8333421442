"""What vendors write for "none", made missing; and what standard contracts imply."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

from feeds.chains.contracts import open_interest_session, style

_GREEKS = ("delta", "gamma", "vega", "theta")
_SMALLEST_IV = 1e-4


def completed(table: pd.DataFrame, asof: datetime, name: str) -> pd.DataFrame:
    """Rows (root, expiry, right, strike and vendor numbers) with zeros that mean "none" made missing, and with style,
    multiplier and oi_date.

    A bid of 0 is a quote (nobody bids) unless the ask is 0 too; an ask, last trade or volatility of 0 is none, and the
    Greeks beside a volatility of 0 are the vendor's fillers. Multiplier 100 for standard roots; an adjusted contract
    (its root ends in a digit) has its own, which is not known here. Open interest is that of the session before.
    """
    from feeds.chains.canonical import Source, number

    frame = table.copy()
    source = Source(name, frame)
    for column in ("bid", "ask", "last", "iv", *_GREEKS):
        if column in frame.columns:
            frame[column] = number(frame, column, source)
    if "ask" in frame.columns:
        frame["ask"] = frame["ask"].where(frame["ask"] != 0)
        frame["bid"] = frame["bid"].where((frame["bid"] != 0) | frame["ask"].notna())
    if "last" in frame.columns:
        frame["last"] = frame["last"].where(frame["last"] != 0)
    if "iv" in frame.columns:
        filler = frame["iv"].abs() < _SMALLEST_IV
        for column in ("iv", *_GREEKS):
            if column in frame.columns:
                frame[column] = frame[column].where(~filler)
    roots = frame["root"].astype("str")
    standard = roots.map({root: style(root) for root in roots.unique()})
    frame["style"] = frame.pop("exercise").fillna(standard) if "exercise" in frame.columns else standard
    frame["multiplier"] = np.where(roots.str[-1:].str.isdigit(), np.nan, 100.0)
    if "oi" in frame.columns:
        frame["oi_date"] = pd.Timestamp(open_interest_session(asof))
    return frame


def shortest(table: pd.DataFrame) -> pd.DataFrame:
    """float32 columns as float64, with the fewest decimals that name the same number: 642.65, not 642.650024."""
    frame = table.copy()
    for column in frame.columns:
        if frame[column].dtype == np.float32:
            frame[column] = frame[column].to_numpy().astype("U").astype(np.float64)
    return frame
