"""`fetch`: what a store does not hold yet of a market, page by page, checked against what it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from feeds import validation
from feeds.errors import ConfigError, DataError
from feeds.gaps import find_gaps
from feeds.history.market import Market
from feeds.history.store import COLUMNS, Change, HistoryStore, times_of, uncovered
from feeds.reading import arrange
from feeds.sessions import ALWAYS, sessions

OVERLAP = 5  # bars that are kept and asked for again
MS = 1_000_000
_WEEK_ANCHOR = 4 * 86_400_000_000_000  # weeks begin on Monday, the epoch on a Thursday


class Venue(Protocol):
    """A market of an exchange, as feeds.vendors.ccxt_history has it."""

    limit: int

    @property
    def version(self) -> str: ...
    def terms(self) -> dict[str, Any]: ...
    def page(self, opens: int, limit: int) -> list[list[Any]]: ...


@dataclass(frozen=True)
class Fetched:
    """new: bars that were added; held: bars in the store; gaps: in words, the holes of all that is
    held; changes: bars that the venue revised; notes: what to know."""

    market: Market
    folder: Path
    new: int
    held: int
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    gaps: tuple[str, ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def fetch(
    venue: Venue,
    store: HistoryStore,
    *,
    since: pd.Timestamp | None,
    until: pd.Timestamp | None,
    now: pd.Timestamp,
    accept_revision: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Fetched:
    """Bring a store up to date: bars that open at `since` or later and close by `until` (default: `now`).

    Spans that the store covers are not asked for again, but for the bars next to what is missing: these must be as they
    were, else DataError, or with accept_revision the new ones are kept beside the old files. Bars that have not closed
    by `now` are left out. What came before an error or a kill is kept.
    """
    with store.locked():
        step = store.market.step
        store.note_terms(venue.terms(), f"{now:%Y-%m-%d}")
        store.about["client"] = venue.version
        anchor = _WEEK_ANCHOR if step % (7 * 86_400_000_000_000) == 0 else 0
        if since is None and not store.covered:
            raise ConfigError(
                f"{store.market}: nothing is kept yet in {store.folder}; say from when: --since 2024-01-01"
            )
        first = store.covered[0][0] if since is None else _up(since.value, step, anchor) + step
        limit = min(now, now if until is None else until).value
        last = (limit - anchor) // step * step + anchor
        if first > last:
            raise ConfigError(
                f"{store.market}: no bar opens from {since} on and closes by {pd.Timestamp(limit, tz='UTC')}"
            )
        work = _Work(venue, store, accept_revision, progress)
        for span in uncovered(store.covered, first, last, step):
            work.span(*span)
        store.save()
        held = store.read()
        times = pd.DatetimeIndex(held.index)
        begin, end = (times[0], times[-1]) if len(times) else (None, None)
        gaps = _gaps(times, step)
        return Fetched(store.market, store.folder, work.new, len(held), begin, end, gaps, tuple(work.changes),
                       tuple(work.notes))  # fmt: skip


class _Work:
    def __init__(self, venue: Venue, store: HistoryStore, accept: bool, progress: Any) -> None:
        self.venue, self.store, self.accept, self.progress = venue, store, accept, progress
        self.step, self.new = store.market.step, 0
        self.changes: list[Change] = []
        self.notes: list[str] = []

    def span(self, first: int, last: int) -> None:
        """Closes from first to last, none of them covered yet, and the covered ones next to them."""
        step = self.step
        before = next((low for low, high in self.store.covered if high == first - step), None)
        after = next((high for low, high in self.store.covered if low == last + step), None)
        at = first if before is None else max(before, first - OVERLAP * step)
        end = last if after is None else min(after, last + OVERLAP * step)
        while at <= end:
            bars = self._page(at, end)
            begun = self._remembered(bars, at, end)
            if begun > at:
                self._note_forgotten(begun, max(at, first), last)
                at = begun
                continue
            if not len(bars):
                if self._later(at, end):
                    reached = min(end, at + (self.venue.limit - 1) * step)
                elif after is not None or at < first:
                    reached = end if after is not None else first - step
                else:
                    break  # it may come later: not covered
            else:
                came = int(times_of(bars)[0])
                if at == first and before is None and came > at:
                    begun = self._earliest(at, came)
                    self._note_begin(begun)
                    if begun < came:
                        self._keep(bars.iloc[:0], at, begun - step)
                        at = begun
                        continue
                reached = int(times_of(bars)[-1])
            self._keep(bars, at, reached)
            at = reached + step
            self.progress(min(at, last + step) - first, last + step - first)
            if not len(bars) and reached < first:
                break

    def _page(self, at: int, end: int) -> pd.DataFrame:
        """One page of bars from the close `at` on, validated; nothing that closes after `end`."""
        rows = self.venue.page((at - self.step) // MS, self.venue.limit)
        return validated(self.store.market, [row for row in rows if row[0] * MS + self.step <= end])

    def _later(self, at: int, end: int) -> bool:
        """Whether there is a bar after an empty page: some exchanges answer so for a hole."""
        newest = end - (self.venue.limit - 1) * self.step
        return newest > at and bool(len(self._page(newest, end)))

    def _remembered(self, bars: pd.DataFrame, at: int, end: int) -> int:
        """Where to go on: `at`, or the exchange's first close when it has forgotten bars that are kept (after `end`
        when it has none up to there).

        An exchange with a short look-back (Kraken: 720 bars) has nothing before its first bar. One that takes bars out
        of its history has older ones, and that is a revision.
        """
        step, room = self.step, self.venue.limit * self.step
        came = int(times_of(bars)[0]) if len(bars) else end + step
        if came == at or not len(self.store.read(at, came - step)) or len(self._page(at - room, came - step)):
            return at
        if not len(bars):
            newest = self._page(max(at, end - room + step), end)
            if not len(newest):
                return came
            came = int(times_of(newest)[0])
        return self._earliest(at, came)

    def _earliest(self, asked: int, came: int) -> int:
        """The first close of a market whose first page begins later than asked for.

        Some exchanges answer with their newest bars when they are asked for a time before the listing. Such a page has
        bars just before it; an honest one has none, and `came` is the answer.
        """
        probe = self._page(max(asked, came - self.venue.limit * self.step), came - self.step)
        if not len(probe):
            return came
        low, high = asked, int(times_of(probe)[0])
        while high - low > self.step:  # asked for `low` it answers with other bars, for `high` with that bar
            middle = low + (high - low) // (2 * self.step) * self.step
            found = self._page(middle, high)
            if len(found) and times_of(found)[0] < high:
                high = int(times_of(found)[0])
            else:
                low = middle
        return high

    def _note_begin(self, close: int) -> None:
        opens = pd.Timestamp(close - self.step, tz="UTC")
        self.notes.append(f"the exchange's first bar opens {opens:%Y-%m-%d %H:%M}, later than asked for")

    def _note_forgotten(self, begun: int, first: int, last: int) -> None:
        lost, begin = (pd.Timestamp(close - self.step, tz="UTC") for close in (first, begun))
        note = f"the exchange no longer hands out bars that open before {begin:%Y-%m-%d %H:%M}"
        hole = f", those from {lost:%Y-%m-%d %H:%M} on were never fetched" if first < begun and first <= last else ""
        self.notes.append(f"{note}: those kept stay as they are{hole}")

    def _keep(self, bars: pd.DataFrame, first: int, last: int) -> None:
        changes = self.store.compare(bars, first, last)
        told = f"{self.store.market}, {changes[0]}" if changes else ""
        if changes and not self.accept:
            raise DataError(f"{told} ({len(changes)} differences): the exchange changed its history; look into it, "
                            "then take the new with --accept-revision, which keeps the old files")  # fmt: skip
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        self.new += len(bars.index.difference(self.store.read(first, last).index))
        self.store.write(bars, first, last, revised=f"revised by the exchange: {changes[0]}{more}" if changes else "")
        self.changes += changes


def validated(market: Market, rows: list[list[Any]]) -> pd.DataFrame:
    """Rows [open time ms, prices, volume] as bars by their close. DataError for what `feeds.load` would refuse."""
    opens = np.array([row[0] for row in rows], dtype=np.int64) * MS
    index = pd.DatetimeIndex(opens + market.step, tz="UTC", name="time").as_unit("ns")
    frame = pd.DataFrame([row[1:6] for row in rows], columns=list(COLUMNS), index=index, dtype="float64")
    if not len(rows):
        return frame
    off = np.flatnonzero((opens - opens[0]) % market.step)
    if len(off):
        raise DataError(f"{market}: a bar opens at {index[off[0]] - market.timeframe}, off the grid of the others; the "
                        "exchange's answer cannot be trusted, fetch again later")  # fmt: skip
    raw = arrange(str(market), frame.reset_index())
    try:
        validation.check_values(raw, validation.numbers(raw), None)
    except DataError as error:
        reason = str(error).rpartition("; ")[0]
        raise DataError(f"{reason}; the exchange's bar is wrong and its page is not kept, fetch again later or from "
                        "after it: --since") from error  # fmt: skip
    return frame


def _gaps(times: pd.DatetimeIndex, step: int) -> tuple[str, ...]:
    """Holes around the clock; exchanges pause for upgrades. Nothing is filled."""
    if len(times) < 2:
        return ()
    found = find_gaps(times.asi8, step, sessions(ALWAYS, int(times.asi8[0]), int(times.asi8[-1])))
    return (str(found),) if found.count else ()


def _up(value: int, step: int, anchor: int) -> int:
    return -((anchor - value) // step) * step + anchor
