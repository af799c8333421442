"""The feature table: levels and exposures of a history of chains, each row from when all of it was known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError, DataError
from feeds.sessions import DAY, sessions
from feeds.synthetic_dealer import COLUMNS, PUBLISHED
from indicators.gex.settings import GexSettings

if TYPE_CHECKING:
    import pandas as pd

    from feeds.bars import Bars
    from feeds.chains.chain import Chain
    from indicators.gex.pipeline import Result

CALENDAR = "XNYS"
DELAY = timedelta(minutes=15)
STATUS = {"GO": 2.0, "CAUTION": 1.0}
KEPT = ("age_min", "status", "history")
"""Columns that stay when a row is refused."""
LEAST = 60
"""Usable rows below which a history says nothing."""


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Rows of one symbol by `available_at` (aware UTC, strictly increasing), for `Bars.join`; float64, NaN = unknown.

    spot, flip, call_wall, put_wall, max_pain, pin_1, pin_2 (the two strongest), vol_trigger, expected_move (of a day)
    [points]; net_usd_per_1pct; net_over_gross [-1 ... 1]; regime (1 POS, -1 NEG, 0 else); quality of the flip
    [0 ... 1]; vanna_usd_per_vol_pt; charm_usd_per_day; z252 of the net; monthly_expiry: next monthly settlement
    [epoch seconds]; age_min: minutes from the chain to available_at, a delayed feed's 15 included; status: 2 GO,
    1 CAUTION, 0 refused; history: usable rows so far, this one included.
    A refused chain (NO_GO, or not to be analysed) has a row that is NaN but for KEPT: it ends the validity of the row
    before and is never filled. Where validity ends without a successor, a row of NaN (status too) says so.
    notes: one line for each refused chain, with its reasons.
    """

    symbol: str
    rows: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def usable(self) -> int:
        """Rows with levels."""
        return int(self.rows["net_over_gross"].notna().sum())

    def join(self, bars: Bars, prefix: str = "gex", least: int = LEAST) -> Bars:
        """The bars with the columns joined, each row visible from the first bar that closes after it was known.

        Raises DataError "too little history" when fewer than `least` usable rows are known before the last bar.
        """
        before = self.rows[self.rows.index < bars.times[-1]]
        known = int(before["net_over_gross"].notna().sum())
        if known < least:
            raise DataError(
                f"{bars.symbol}: too little history: {known} usable rows of {self.symbol} are known before "
                f"{bars.times[-1]}, {least} are needed; record more chains (navale chains record {self.symbol}), or "
                "lower least= to look at so few"
            )
        return bars.join(self.rows, prefix=prefix)

    def write(self, path: Path) -> Path:
        """Write the rows to a Parquet file that is best called after the symbol; `read` and `--join` take it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.part")
        self.rows.reset_index().to_parquet(fresh, index=False)
        fresh.replace(path)
        return path


def read(path: Path) -> FeatureTable:
    """A table written by `FeatureTable.write`, or a CSV or Parquet file of one's own with its columns.

    Raises DataError naming file, column and cure.
    """
    from feeds.joining import read_table

    rows = read_table(path)
    missing = [name for name in ("spot", "net_over_gross") if name not in rows]
    if missing:
        raise DataError(f"{path}: no column {missing[0]!r}; present: {', '.join(map(str, rows.columns))}")
    return FeatureTable(path.stem, rows.astype(np.float64))


def available_at(chain: Chain) -> datetime:
    """When spot, quotes and open interest of a chain were all known, aware UTC.

    The latest of: the chain's own time (15 minutes later for a delayed feed that does not say when its quotes were
    taken), the time of its spot, its last quote (15 minutes later on a delayed feed), and 06:30 in New York on the
    session after its open interest was counted. Without oi_date the chain's time counts.
    """
    import pandas as pd

    late = DELAY if chain.feed == "DELAYED" else timedelta(0)
    quoted = chain.rows["quote_ts"].max()
    moments = [chain.asof + (late if pd.isna(quoted) else timedelta(0))]
    moments += [] if chain.spot_ts is None else [chain.spot_ts]
    moments += [] if pd.isna(quoted) else [_moment(pd.Timestamp(quoted)) + late]
    counted = chain.rows["oi_date"].dropna()
    if len(counted):
        day = pd.Timestamp(counted.max()).tz_localize(None).as_unit("ns").value // DAY
        table = sessions(CALENDAR, day * DAY, day * DAY)
        following = int(np.searchsorted(table.days, day, side="right"))
        moments.append(_moment(pd.Timestamp(table.opens[following], tz="UTC") - PUBLISHED))
    return max(moments)


def _moment(stamp: pd.Timestamp) -> datetime:
    found: datetime = stamp.tz_convert("UTC").ceil("us").to_pydatetime(warn=False)
    return found.astimezone(UTC)


def row_of(result: Result, known: datetime, history: int) -> dict[str, float]:
    """The row of an analysed chain; NaN but for KEPT when its verdict is NO_GO. history: usable rows before it."""
    analysis = result.analysis
    pins = [pin.strike for pin in analysis.pins[:2]]
    age = _age(result.chain, known)
    status = STATUS.get(result.sanity.status, 0.0)
    if status == 0.0:
        return _refused(age, history)
    monthly = [one.settles for one in analysis.surface.expiries if "monthly" in one.buckets and one.settles > known]
    walls = (analysis.call_wall, analysis.put_wall)
    values: tuple[float | None, ...] = (
        analysis.surface.spot, analysis.flip.level, *(None if wall is None else wall.strike for wall in walls),
        analysis.max_pain, pins[0] if pins else None, pins[1] if len(pins) > 1 else None, analysis.vol_trigger.level,
        analysis.totals.net, analysis.totals.net_over_gross, float(analysis.regime_num), analysis.flip.quality_score,
        analysis.totals.vanna_usd_per_vol_pt, analysis.totals.charm_usd_per_day, analysis.z252,
        analysis.expected_move_pts, min(monthly).timestamp() if monthly else None, age, status, history + 1.0,
    )  # fmt: skip
    return {name: math.nan if value is None else float(value) for name, value in zip(COLUMNS, values, strict=True)}


def _age(chain: Chain, known: datetime) -> float:
    from indicators.gex.market_status import age_minutes

    return age_minutes(known, chain.asof, chain.spot_ts, chain.feed)


def _refused(age: float, history: int) -> dict[str, float]:
    return dict.fromkeys(COLUMNS, math.nan) | {"age_min": age, "status": 0.0, "history": float(history)}


def feature_table(
    chains: Iterable[Chain],
    settings: GexSettings | None = None,
    *,
    valid_sessions: int = 1,
    accept_synthetic: bool = False,
) -> FeatureTable:
    """The feature table of a history of chains of one symbol, in time order; each is analysed by the whole pipeline.

    valid_sessions: a row without a successor holds until the close of that many sessions which end after it was known.
    Percentiles and the regime's hysteresis look at the usable chains before each one. accept_synthetic: let generated
    chains pass, to test a harness. A chain that breaks a rule or cannot be analysed gives a refused row and a note.
    Raises DataError without chains, for several symbols, or for chains that are not in time order.
    """
    from indicators.gex import history as histories
    from indicators.gex.pipeline import run

    if valid_sessions < 1:
        raise ConfigError(f"valid_sessions={valid_sessions} must be 1 or more sessions")
    found: list[tuple[datetime, dict[str, float]]] = []
    notes: list[str] = []
    past, previous, last, good = None, None, None, 0
    for chain in chains:
        if last is not None and (chain.symbol != last.symbol or chain.asof <= last.asof):
            raise DataError(
                f"feature table: chain of {chain.symbol} at {chain.asof} follows {last.symbol} at {last.asof}; give "
                "chains of one symbol in time order, one per instant"
            )
        last, known = chain, available_at(chain)
        past = past or histories.empty(chain.symbol)
        try:
            result = run(chain, settings, known, past, previous=previous, accept_synthetic=accept_synthetic)
        except DataError as error:
            notes.append(f"{chain.symbol} {chain.asof:%Y-%m-%d %H:%M}: refused: {error}")
            found.append((known, _refused(_age(chain, known), good)))
            continue
        found.append((known, row_of(result, known, good)))
        if result.usable:
            good, previous, past = good + 1, result.analysis, past.with_analysis(result.analysis)
        else:
            reasons = ", ".join(result.sanity.errors or result.sanity.warnings)
            notes.append(f"{chain.symbol} {chain.asof:%Y-%m-%d %H:%M}: {result.sanity.status}: {reasons}")
    if last is None:
        raise DataError("feature table: no chains; record some first (navale chains record SYMBOL)")
    return FeatureTable(last.symbol, _table(found, valid_sessions), tuple(notes))


def _table(found: Sequence[tuple[datetime, dict[str, float]]], valid_sessions: int) -> pd.DataFrame:
    """Rows in the order in which they became known, with the ends of their validity."""
    import pandas as pd

    newest: dict[datetime, dict[str, float]] = {}
    latest = datetime.min.replace(tzinfo=UTC)
    for known, row in found:  # a row that became known after its successor never was the newest one
        latest = max(known, latest)
        newest[latest] = row
    index = pd.DatetimeIndex(list(newest), name="available_at").tz_convert("UTC").as_unit("ns")
    rows = pd.DataFrame(list(newest.values()), index=index, columns=list(COLUMNS), dtype=np.float64)
    table = sessions(CALENDAR, int(index.asi8[0]), int(index.asi8[-1]))
    place = np.searchsorted(table.closes, index.asi8, side="right") + valid_sessions - 1
    ends = pd.DatetimeIndex(table.closes[place], tz="UTC").as_unit("ns")
    following = np.append(index.asi8[1:], np.iinfo(np.int64).max)
    lapsed = (ends.asi8 < following) & rows["net_over_gross"].notna().to_numpy()
    nothing: dict[str, Any] = dict.fromkeys(COLUMNS, math.nan)
    stale = pd.DataFrame(nothing, index=ends[lapsed].rename("available_at"), dtype=np.float64)
    stale["history"] = rows["history"].to_numpy()[lapsed]
    return pd.concat([rows, stale]).sort_index()
