"""What a paper account did, as the node that ran it writes it down, compared with a backtest of the same days."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import DataError
from optimize.storage import from_json

if TYPE_CHECKING:
    import pandas as pd

    from feeds.bars import Bars
    from optimize.registry.record import Record
    from strategies.base import Strategy

FORMAT = 1
COLUMNS = ("time", "symbol", "side", "quantity", "price")


@dataclass(frozen=True, eq=False)
class PaperRecord:
    """record: id. first, last: close times of the first and last bar decided on, flat before the first. days: days on
    which the node ran. fills: rows with at least COLUMNS, oldest first."""

    record: str
    first: pd.Timestamp
    last: pd.Timestamp
    days: int
    fills: pd.DataFrame


def read_paper_record(path: Path) -> PaperRecord:
    """Read {"format": 1, "record", "first", "last", "days", "fills"}: fills are rows, or the name of a Parquet file
    beside this one. Raises DataError naming what is missing or impossible."""
    import pandas as pd

    from feeds.bars import instant

    told = from_json(path)
    missing = [name for name in ("format", "record", "first", "last", "days", "fills") if name not in told]
    if missing or told["format"] != FORMAT:
        raise DataError(f"{path}: no paper record of format {FORMAT}; missing: {', '.join(missing) or 'nothing'}")
    if isinstance(told["fills"], str):
        fills = pd.read_parquet(path.parent / told["fills"])
    else:
        fills = pd.DataFrame(told["fills"], columns=None if told["fills"] else list(COLUMNS))
    absent = [name for name in COLUMNS if name not in fills]
    if absent:
        raise DataError(f"{path}: fills without {', '.join(absent)}; a fill has {', '.join(COLUMNS)}")
    fills = fills.assign(time=[instant(value) for value in fills["time"]])
    first, last, days = instant(told["first"]), instant(told["last"]), told["days"]
    span = (last.date() - first.date()).days + 1
    if not isinstance(days, int) or not 0 < days <= span:
        raise DataError(f"{path}: {days!r} days from {first} to {last}; between 1 and {span} are possible")
    if len(fills) and not (fills["time"].min() >= first and fills["time"].max() <= last):
        raise DataError(f"{path}: fills outside {first} to {last}; write down the whole stretch")
    return PaperRecord(str(told["record"]), first, last, days, fills)


@dataclass(frozen=True)
class Divergence:
    """fills: of paper and backtest, the larger number. differing: fills without a like one on the other side. first:
    the first of them."""

    fills: int
    differing: int
    first: str

    @property
    def share(self) -> float:
        """Differing fills among all; 1 when there was nothing to compare."""
        return self.differing / self.fills if self.fills else 1.0


def divergence(
    paper: PaperRecord, record: Record, strategy: Strategy, bars: Mapping[str, Bars], tolerance: float
) -> Divergence:
    """Paper fills against `backtest` over the same bars, which begins flat like the paper account.

    Two fills are alike when time, symbol and side agree and price and quantity differ by no more than `tolerance`,
    relative. DataError when the bars do not cover the stretch and the warm-up before it.
    """
    from optimize.backtest import backtest

    for symbol, one in bars.items():
        if one.times[-1] < paper.last:
            raise DataError(f"{one.source}: {symbol} ends {one.times[-1]}, the paper record {paper.last}; load more")
    run = backtest(strategy, dict(bars), "vector", paper.first, paper.last, record.account)
    expected = run.fills[run.fills["reason"] != "window-end"]
    theirs, ours = _by_place(paper.fills), _by_place(expected)
    wrong = []
    for place in sorted(set(theirs) | set(ours)):
        left, right = theirs.get(place, []), ours.get(place, [])
        for k in range(max(len(left), len(right))):
            if k >= len(left) or k >= len(right):
                wrong.append((place, "only in the backtest" if k >= len(left) else "only on paper"))
            elif any(abs(a - b) > tolerance * abs(b) for a, b in zip(left[k], right[k], strict=True)):
                wrong.append((place, f"{left[k]} on paper, {right[k]} in the backtest (quantity, price)"))
    told = " ".join(map(str, (*wrong[0][0], wrong[0][1]))) if wrong else ""
    return Divergence(max(len(paper.fills), len(expected), len(wrong)), len(wrong), told)


def _by_place(fills: Any) -> dict[tuple[datetime.datetime, str, str], list[tuple[float, float]]]:
    found: dict[tuple[datetime.datetime, str, str], list[tuple[float, float]]] = {}
    for row in fills.itertuples(index=False):
        found.setdefault((row.time, row.symbol, row.side), []).append((float(row.quantity), float(row.price)))
    return found
