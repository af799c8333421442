"""Recording: one chain from a provider into a store, for daily collection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from feeds.chains.contracts import session_of
from feeds.chains.provider import ChainProvider
from feeds.chains.store import ChainStore
from feeds.errors import ConfigError, DataError

AHEAD = timedelta(minutes=5)
"""How far a provider's clock may be ahead of ours."""


@dataclass(frozen=True)
class Recorded:
    """What was kept. new: False when the store held the same chain already."""

    path: Path
    symbol: str
    session: date
    asof: datetime
    contracts: int
    spot: float
    new: bool
    notes: tuple[str, ...]


def record(provider: ChainProvider, symbol: str, store: ChainStore, now: datetime) -> Recorded:
    """Fetch the chain of a symbol and keep it.

    now: the present instant, aware. Raises DataError for a chain from the future (one of the clocks is wrong), for one
    that is truncated or malformed, and when the store holds a different chain of the same instant.
    """
    if now.tzinfo is None:
        raise ConfigError(f"now={now} has no UTC offset; give an aware datetime")
    chain = provider.fetch(symbol)
    if chain.asof > now + AHEAD:
        raise DataError(f"{chain.detail or chain.source}: is of {chain.asof}, later than now ({now}); check the clock")
    path = store.path(chain.symbol, chain.asof)
    new = not path.exists()
    store.record(chain)
    return Recorded(
        path, chain.symbol, session_of(chain.asof), chain.asof, len(chain.rows), chain.spot, new, chain.notes
    )
