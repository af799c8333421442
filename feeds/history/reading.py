"""`load("binance:BTC/USDT:1h")`: Bars from the store that `navale fetch` fills. No network."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from feeds.errors import DataError
from feeds.history.market import history_folder, parse_market
from feeds.history.store import HistoryStore
from feeds.reading import arrange
from feeds.sessions import ALWAYS

if TYPE_CHECKING:
    from feeds.bars import Bars
    from feeds.loading import Reading, Terms


def from_history(source: str, terms: Terms, reading: Reading) -> Bars:
    """Bars of a fetched market, with the terms that the exchange stated last. DataError when there are none."""
    import dataclasses

    from feeds.loading import build

    market = parse_market(source)
    store = HistoryStore(history_folder(), market)
    frame = store.read()
    if not len(frame):
        raise DataError(f"{market}: no history in {store.folder}; get it: navale fetch {market} --since 2024-01-01 "
                        "(NAVALE_HISTORY names another folder)")  # fmt: skip
    raw = arrange(str(market), frame.reset_index())
    raw.adjusted = False
    spans = store.covered
    for (_, last), (first, _) in pairwise(spans):
        hole = f"{pd.Timestamp(last, tz='UTC')} to {pd.Timestamp(first, tz='UTC')}"
        raw.notes.append(f"never fetched: {hole}; navale fetch {market} completes it if the exchange still has it")
    raw.notes += store.about["notes"]
    seen = {name: value for name, value in store.about["terms"][-1].items() if name != "seen"}
    raw.notes.append(f"opens of {store.about['client']} moved to closes; contract terms of "
                     f"{store.about['terms'][-1]['seen']}")  # fmt: skip
    exact = dataclasses.replace(reading, label="close", timeframe=market.timeframe)
    return build(raw, terms.complete(market.symbol, ALWAYS, **seen), exact)
