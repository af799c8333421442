"""One market's bars on disk: Parquet files by year or month, and market.json that says what was asked for."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from feeds.errors import DataError
from feeds.file_lock import file_lock
from feeds.history.market import Market
from feeds.sessions import Ints

FORMAT = 1
COLUMNS = ("open", "high", "low", "close", "volume")
HOUR = 3_600_000_000_000
Span = tuple[int, int]
_END = pd.Timestamp.max.value


@dataclasses.dataclass(frozen=True)
class Change:
    """A bar that the venue tells otherwise than before; old or new is None where there was, or is, no such bar."""

    closes: int
    column: str
    old: float | None
    new: float | None

    def __str__(self) -> str:
        bar = f"bar that closes {pd.Timestamp(self.closes, tz='UTC'):%Y-%m-%d %H:%M:%S}"
        if self.old is None or self.new is None:
            return f"{bar} " + ("was not there and now is" if self.old is None else "was there and now is not")
        return f"{bar}: {self.column} was {self.old!r} and now is {self.new!r}"


class HistoryStore:
    """FOLDER/binance/BTC-USDT/1h/2024.parquet, index `time` = close of the bar (bars below an hour: 2024-01.parquet).

    A reader sees a file as it was before a write or after it. `covered` are the spans of closes [UTC ns], first and
    last, that were asked for and answered: what is missing within them is a gap of the venue.
    """

    def __init__(self, folder: Path, market: Market) -> None:
        self.folder, self.market = folder / market.path, market
        self._about = self.folder / "market.json"
        self.about = self._told()

    def _told(self) -> dict[str, Any]:
        """What market.json says now. DataError when it is of something else."""
        if not self._about.exists():
            return {"format": FORMAT, "market": str(self.market), "covered": [], "terms": [], "notes": []}
        try:
            about: dict[str, Any] = json.loads(self._about.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{self._about}: no JSON ({error}); restore it, or remove the folder") from error
        if about.get("format") != FORMAT or about.get("market") != str(self.market):
            raise DataError(f"{self._about}: is of {about.get('market')}, format {about.get('format')}, "
                            f"not of {self.market}, format {FORMAT}; move the folder away")  # fmt: skip
        return about

    @property
    def covered(self) -> list[Span]:
        """Spans in time order, none touching another."""
        return [(int(first), int(last)) for first, last in self.about["covered"]]

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*.parquet") if "." not in path.stem)

    def read(self, first: int | None = None, last: int | None = None) -> pd.DataFrame:
        """Bars that close from first to last [UTC ns], both included."""
        low, high = 0 if first is None else first, _END if last is None else last
        names = self._names(pd.DatetimeIndex([low, high], tz="UTC"))
        parts = [self._table(path) for path in self.files() if names[0] <= path.stem <= names[1]]
        frame = pd.concat(parts) if parts else _empty()
        times = times_of(frame)
        return frame[(times >= low) & (times <= high)]

    def compare(self, bars: pd.DataFrame, first: int, last: int) -> list[Change]:
        """Differences between what is kept and an answer of the venue, within spans that are covered."""
        held = self.read(first, last)
        old = dict(zip(times_of(held).tolist(), held[list(COLUMNS)].to_numpy().tolist(), strict=True))
        new = dict(zip(times_of(bars).tolist(), bars[list(COLUMNS)].to_numpy().tolist(), strict=True))
        found: list[Change] = []
        for at in sorted({*old, *new}):
            if at not in new:
                found.append(Change(at, "bar", 1.0, None))
            elif at not in old:
                inside = any(low <= at <= high for low, high in self.covered)
                found += [Change(at, "bar", None, 1.0)] if inside else []
            else:
                pairs = zip(COLUMNS, old[at], new[at], strict=True)
                found += [Change(at, name, before, now) for name, before, now in pairs if before != now]
        return found

    def write(self, bars: pd.DataFrame, first: int, last: int, revised: str = "") -> None:
        """Keep an answer for first to last. revised: why kept bars change; their files stay, under another name."""
        # A kill may come between any two steps, so the note is kept first, then the files, then the span. A note whose
        # bars are still the old ones is one too many: the next fetch meets the same revision again. The other way round
        # bars would have changed and nothing would ever say so. A span without its bars would pass for a gap of the
        # venue; bars without their span are asked for again and are as they were.
        self.folder.mkdir(parents=True, exist_ok=True)
        if revised and self.about["notes"][-1:] != [revised]:  # a killed write may have left it
            self.about["notes"].append(revised)
            self.save()
        held = self.read(first, last)
        gone = pd.DatetimeIndex(held.index.difference(bars.index))
        files = self._names(pd.DatetimeIndex(bars.index))
        for name in sorted({*files, *self._names(gone)}):
            path = self.folder / f"{name}.parquet"
            old = self._table(path) if path.exists() else _empty()
            own = bars[[one == name for one in files]]
            new = pd.concat([old[~old.index.isin(own.index.union(gone))], own]).sort_index()
            if new.equals(old):
                continue
            if revised and len(old):
                self._keep(path)
            _replace(path, new)
        self.about["covered"] = _union([*self.covered, (first, last)], self.market.step)
        self.save()

    def note_terms(self, terms: dict[str, Any], date: str) -> None:
        """Keep the contract's terms with the day they were seen, when they are new."""
        seen = self.about["terms"]
        if not seen or {**seen[-1], "seen": ""} != {**terms, "seen": ""}:
            self.about["terms"] = [*seen, {**terms, "seen": date}]

    def save(self) -> None:
        temporary = self._about.with_suffix(".part")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(self.about, file, indent=2, allow_nan=False)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._about)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One writer at a time. What another one kept since this object was made is read again."""
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(file_lock(self.folder / ".lock"))
            except BlockingIOError:
                raise DataError(f"{self.folder}: another process is fetching {self.market}; wait for it") from None
            self.about = self._told()
            yield

    def _names(self, times: pd.DatetimeIndex) -> list[str]:
        """File of each bar, by its open, so that a year holds the bars of that year."""
        opens = times - self.market.timeframe
        return list(opens.strftime("%Y" if self.market.step >= HOUR else "%Y-%m"))

    def _table(self, path: Path) -> pd.DataFrame:
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            detail = str(error).strip().splitlines()[0]
            raise DataError(f"{path}: cannot be read: {detail}; remove {self.folder} and fetch again") from error
        frame.index = pd.DatetimeIndex(frame.index).as_unit("ns")
        return frame

    def _keep(self, path: Path) -> None:
        """The file as it is, once more under the next number."""
        found = (
            re.fullmatch(r".*\.before-(\d+)", one.stem) for one in self.folder.glob(f"{path.stem}.before-*.parquet")
        )
        number = max((int(one[1]) for one in found if one), default=0) + 1
        kept = path.with_name(f"{path.stem}.before-{number}.parquet")
        try:
            os.link(path, kept)
        except OSError:  # no hard links there (FAT, some network folders)
            temporary = kept.with_suffix(".part")
            shutil.copyfile(path, temporary)
            _settle(temporary, kept)


def _replace(path: Path, frame: pd.DataFrame) -> None:
    temporary = path.with_suffix(".part")
    frame.to_parquet(temporary)
    _settle(temporary, path)


def _settle(temporary: Path, path: Path) -> None:
    """Give a file its name once all of it is on the disk."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def _empty() -> pd.DataFrame:
    index = pd.DatetimeIndex([], tz="UTC", name="time").as_unit("ns")
    return pd.DataFrame({name: pd.Series(dtype="float64", index=index) for name in COLUMNS}, index=index)


def _union(spans: list[Span], step: int) -> list[Span]:
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + step:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def uncovered(spans: list[Span], first: int, last: int, step: int) -> list[Span]:
    """The parts of first to last that no span covers; closes on the grid of `first`."""
    found, at = [], first
    for low, high in spans:
        if at < low and at <= last:
            found.append((at, min(last, low - step)))
        at = max(at, high + step)
    return [*found, (at, last)] if at <= last else found


def times_of(frame: pd.DataFrame) -> Ints:
    return pd.DatetimeIndex(frame.index).asi8
