"""A synthetic history of whole option chains and of prices that their dealers move. Never a market."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from feeds.bars import Bars
from feeds.chains.chain import Chain
from feeds.chains.synthetic import Smile, synthetic_chain
from feeds.synthetic_dealer import Draws, market_sessions, simulate

DAYS = (1, 3, 10, 30)


def dealer_chain(
    symbol: str, asof: datetime, spot: float, *, call_wall: float, put_wall: float, balance: float, seed: int
) -> Chain:
    """A small generated chain whose open interest is heaped on two strikes.

    call_wall, put_wall: levels [points]; the nearest strikes hold eight times the largest open interest of their side.
    balance: calls hold exp(2 balance) times the open interest that they would, against puts.
    """
    contracts = 4 * 2 * 41
    smile = Smile(short=0.16, long=0.17, rho=-0.4)
    chain = synthetic_chain(symbol, asof=asof, spot=spot, seed=seed, days=DAYS, contracts=contracts, smile=smile)
    rows = chain.rows.copy()
    strike, held = rows["strike"].to_numpy(), rows["oi"].to_numpy(copy=True)
    is_call = (rows["right"] == "C").to_numpy()
    for side, wall, factor in ((is_call, call_wall, np.exp(balance)), (~is_call, put_wall, np.exp(-balance))):
        nearest = np.abs(strike - wall)
        heap = side & (nearest == nearest[side].min())
        held[heap] = 8.0 * held[side].max()
        held[side] = np.floor(held[side] * factor) + 1.0
    rows["oi"] = held
    return dataclasses.replace(chain, rows=rows, detail=f"synthetic:dealer?seed={seed}")


def dealer_chain_history(
    levels_of_chain: Callable[[Chain], Mapping[str, float]],
    days: int = 90,
    seed: int = 1,
    strength: float = 0.5,
    damping: float = 0.25,
    sigma: float = 0.01,
    timeframe: str = "30min",
    start: str = "2024-01-02",
    price: float = 5000.0,
    symbol: str = "SPX",
) -> tuple[Bars, list[Chain]]:
    """Chains at the close of each session, and bars that the levels found in them move the session after.

    levels_of_chain: the levels of a chain (flip, call_wall, put_wall), as the pipeline finds them; what it leaves out
    has no effect. The rest as feeds.synthetic_dealer.dealer_history, of which this is the long way round.
    """
    draws, chains = Draws.make(seed, days), []

    def levels_of(number: int, close: pd.Timestamp, spot: float, _known: pd.Timestamp) -> Mapping[str, float]:
        chain = dealer_chain(
            symbol,
            close.to_pydatetime(),
            round(spot, 2),
            call_wall=spot * (1 + float(draws.call[number])),
            put_wall=spot * (1 - float(draws.put[number])),
            balance=float(np.clip(15.0 * draws.flip[number], -0.6, 0.6)),
            seed=seed * 100_000 + number,
        )
        chains.append(chain)
        return levels_of_chain(chain)

    source = f"synthetic:dealer-chains?days={days}&seed={seed}&strength={strength}"
    table = market_sessions(days, start)
    bars, _ = simulate(levels_of, table, seed, strength, damping, sigma, timeframe, price, None, source)
    return bars, chains
