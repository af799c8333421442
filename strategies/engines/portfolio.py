"""A run's fills as a vectorbt.Portfolio, without a second simulation."""

from __future__ import annotations

from typing import Any

import numpy as np


def portfolio(run: Any) -> Any:
    """vectorbt.Portfolio of a run (optimize.run.Run): one group with shared cash, a column per symbol.

    Its trades are round trips (`trades_type="positions"`). For contracts with a multiplier the sizes are quantity ×
    multiplier, so that values are right; cash then contains the notional (see docs/execution.md, section 6). A symbol
    without a bar keeps its last close; before its first bar it has its first open.
    """
    import pandas as pd
    import vectorbt as vbt
    from vectorbt.portfolio.enums import log_dt, order_dt

    symbols = list(run.bars)
    index = run.equity.index
    close = pd.DataFrame(
        {
            symbol: bars.frame["close"].reindex(index.union(bars.times)).ffill().reindex(index)
            for symbol, bars in run.bars.items()
        }
    )
    for symbol, bars in run.bars.items():
        close[symbol] = close[symbol].fillna(float(bars.frame["open"].iloc[0]))
    fills = run.fills
    column = fills["symbol"].map({symbol: k for k, symbol in enumerate(symbols)}).to_numpy(dtype=np.int64)
    order = np.argsort(column, kind="stable")
    records = np.empty(len(fills), dtype=order_dt)
    multiplier = np.array([bars.instrument.multiplier for bars in run.bars.values()])
    records["col"] = column[order]
    records["idx"] = index.get_indexer(pd.DatetimeIndex(fills["time"]))[order]
    records["size"] = (fills["quantity"].to_numpy() * multiplier[column])[order]
    records["price"] = fills["price"].to_numpy()[order]
    records["fees"] = fills["fee"].to_numpy()[order]
    records["side"] = (fills["side"] == "sell").to_numpy(dtype=np.int64)[order]
    records["id"] = np.concatenate([np.arange(np.sum(column == k)) for k in range(len(symbols))])
    step = next(iter(run.bars.values())).timeframe
    groups = np.zeros(len(symbols), dtype=np.int64)
    wrapper = vbt.ArrayWrapper(index, pd.Index(symbols, name="symbol"), 2, freq=step, group_by=groups)
    return vbt.Portfolio(
        wrapper, close, records, np.empty(0, log_dt), np.array([run.account.cash]), True, trades_type="positions"
    )
