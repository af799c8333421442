"""The out-of-sample record by kind of market: volatility, VIX and calendar year.

A bar's label is what was known when the bar before it closed, so that no label knows the return it is put on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from feeds.errors import DataError
from optimize.evidence.windows import train_window
from optimize.metrics import performance

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from feeds.bars import Bars
    from optimize.walkforward.result import WalkForward

TERCILES = ("low volatility", "middle volatility", "high volatility")
VIX_EDGES = (15.0, 25.0)
VIX_NAMES = ("VIX below 15", "VIX 15 to 25", "VIX above 25")
UNKNOWN = "unknown"
SHARE_KNOWN = 0.5


def regimes(walk: WalkForward) -> tuple[pd.DataFrame, dict[str, str]]:
    """One row per kind and regime: kind ("volatility", "vix", "year"), regime, bars, total_return, sharpe,
    max_drawdown (of the returns in that regime, one after the other), trades (round trips entered in it).

    Beside it, by kind, why a part is missing. Bars whose label is not known are the regime "unknown".
    """
    import pandas as pd

    labels: dict[str, NDArray[np.str_]] = {"volatility": volatility_labels(walk)}
    missing = {}
    try:
        labels["vix"] = vix_labels(walk)
    except DataError as error:
        missing["vix"] = str(error)
    labels["year"] = pd.DatetimeIndex(walk.equity.index).year.to_numpy().astype(str)
    rows = [row for kind, known in labels.items() for row in _rows(walk, kind, known)]
    names = ["kind", "regime", "bars", "total_return", "sharpe", "max_drawdown", "trades"]
    return pd.DataFrame(rows, columns=names), missing


def trailing_volatility(bars: Bars, length: int) -> NDArray[np.float64]:
    """Standard deviation of the last `length` logarithmic returns up to each close; NaN before there are as many."""
    import pandas as pd

    returns = pd.Series(np.diff(np.log(bars.column("close")), prepend=np.nan))
    return returns.rolling(length).std(ddof=1).to_numpy()


def month(walk: WalkForward) -> int:
    """Bars in a month, at least 20."""
    return max(20, round(walk.periods / 12))


def volatility_labels(walk: WalkForward) -> NDArray[np.str_]:
    """Tercile of each test bar: a month's realised volatility up to the close before it, against the terciles of the
    same measure within the fold's train window."""
    known = trailing_volatility(walk.bars, month(walk))
    parts = []
    for fold in walk.folds:
        first, last = train_window(walk.bars, fold.choice)
        places = walk.bars.times.get_indexer(fold.times)
        before = np.where(places > 0, known[places - 1], np.nan)
        past = known[first:last][np.isfinite(known[first:last])]
        if len(past) < 3:
            parts.append(np.full(len(fold.times), UNKNOWN))
            continue
        parts.append(_named(before, np.quantile(past, (1 / 3, 2 / 3)), TERCILES))
    return np.concatenate(parts)


def vix_labels(walk: WalkForward) -> NDArray[np.str_]:
    """VIX regime of each test bar by fixed levels, from the bars' own column `vix` or `vix_close`, else from the daily
    sample of it. DataError when there is none, or none for half of the test bars."""
    bars = walk.bars
    column = next((name for name in ("vix", "vix_close") if name in bars.columns), None)
    if column is None:
        bars, column = _with_sample(bars), "vix_close"
    places = walk.bars.times.get_indexer(walk.equity.index)
    before = np.where(places > 0, bars.column(column)[places - 1], np.nan)
    share = float(np.mean(np.isfinite(before)))
    if share < SHARE_KNOWN:
        raise DataError(
            f"the VIX is known for {share:.0%} of the test bars only; join a longer series to the bars as 'vix'"
        )
    return _named(before, np.array(VIX_EDGES), VIX_NAMES)


def _with_sample(bars: Bars) -> Bars:
    """Bars with the sample's VIX, known until it ends: after that a stale value would be no knowledge."""
    import dataclasses

    from feeds import load

    if bars.synthetic:
        raise DataError("the data are synthetic, so the VIX has nothing to do with them")
    sample = load("sample:vix")
    joined = bars.join(sample.frame[["close"]].reset_index(), on="time", prefix="vix")
    stale = joined.times > sample.times[-1] + 4 * sample.timeframe
    frame = joined.frame
    frame["vix_close"] = np.where(stale, np.nan, frame["vix_close"])
    return dataclasses.replace(joined, _frame=frame)


def _named(values: NDArray[np.float64], edges: NDArray[np.float64], names: tuple[str, ...]) -> NDArray[np.str_]:
    found = np.array(names)[np.searchsorted(edges, values, side="left").clip(0, len(names) - 1)]
    return np.where(np.isfinite(values), found, UNKNOWN)


def _rows(
    walk: WalkForward, kind: str, labels: NDArray[np.str_]
) -> list[tuple[str, str, int, float, float, float, int]]:
    import pandas as pd

    stamps, returns = pd.DatetimeIndex(walk.equity.index), walk.returns.to_numpy(dtype=np.float64)
    entered = labels[:0]
    if len(walk.trades):
        entered = labels[stamps.searchsorted(pd.DatetimeIndex(walk.trades["entry_time"])).clip(0, len(stamps) - 1)]
    order = {"volatility": TERCILES, "vix": VIX_NAMES}.get(kind, tuple(np.unique(labels)))
    rows = []
    for regime in (*order, UNKNOWN):
        here = labels == regime
        if here.any():
            figures = performance(np.concatenate(([1.0], (1.0 + returns[here]).cumprod())), walk.periods)
            rows.append((kind, regime, int(here.sum()), figures["total_return"], figures["sharpe"],
                         figures["max_drawdown"], int((entered == regime).sum())))  # fmt: skip
    return rows
