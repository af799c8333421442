"""Recorded chains on disk: one Parquet file per chain, in folders by symbol and session. Nothing is overwritten."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from feeds.chains.chain import Chain
from feeds.chains.contracts import session_of
from feeds.chains.files import read_chain, write_chain
from feeds.errors import ConfigError, DataError

_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,11}")
_STAMP = "%Y%m%dT%H%M%S"


class ChainStore:
    """Chains by symbol and session: FOLDER/symbol=SPX/session=2026-06-10/20260610T180000Z.parquet.

    The session is that of the chain's instant (feeds.chains.contracts.session_of); the file name is the instant, so a
    session may hold several chains. Other programs read the folders as a partitioned Parquet data set.
    """

    def __init__(self, folder: str | os.PathLike[str]):
        self.folder = Path(folder)

    def record(self, chain: Chain) -> Path:
        """Keep a chain; returns its file. The same chain again changes nothing.

        The file appears whole or not at all. Raises DataError when another chain of the same instant is kept already.
        """
        target = self.path(chain.symbol, chain.asof)
        if not target.exists():
            temporary = write_chain(chain, target.with_name(f".{target.stem}.{os.getpid()}.parquet"))
            try:
                os.link(temporary, target)  # fails where the file exists by now, as os.replace would not
                return target
            except FileExistsError:
                pass
            finally:
                temporary.unlink(missing_ok=True)
        held = read_chain(target, symbol=chain.symbol)
        if not (held.rows.equals(chain.rows) and _same(held.spot, chain.spot)):
            raise DataError(
                f"{target}: holds another chain of {chain.asof}; two recorders disagree, move one of them away"
            )
        return target

    def path(self, symbol: str, asof: datetime) -> Path:
        """The file of a chain, whether it exists or not."""
        if asof.tzinfo is None:
            raise ConfigError(f"asof={asof} has no UTC offset; give an aware datetime")
        moment = asof.astimezone(UTC)
        stamp = moment.strftime(_STAMP) + (f".{moment.microsecond:06d}" if moment.microsecond else "")
        return self._of(symbol) / f"session={session_of(moment)}" / f"{stamp}Z.parquet"

    def symbols(self) -> tuple[str, ...]:
        """Symbols of which there are chains."""
        if not self.folder.is_dir():
            return ()
        return tuple(sorted(item.name[7:] for item in self.folder.glob("symbol=*") if any(item.glob("*/*.parquet"))))

    def sessions(self, symbol: str) -> tuple[date, ...]:
        """Sessions of which there are chains, in time order."""
        return tuple(sorted({session_of(moment) for moment in self.instants(symbol)}))

    def instants(
        self, symbol: str, first: date | None = None, last: date | None = None, session: date | None = None
    ) -> tuple[datetime, ...]:
        """Instants of the chains kept, in time order; of one session, or from first to last session inclusive."""
        found = []
        for folder in self._of(symbol).glob("session=*"):
            try:
                day = date.fromisoformat(folder.name[8:])
            except ValueError:
                raise DataError(f"{folder}: is no folder of a session; move it out of the store") from None
            wanted = (first is None or day >= first) and (last is None or day <= last)
            if wanted and session in (None, day):
                found += [_instant(file) for file in folder.glob("[0-9]*.parquet")]
        return tuple(sorted(found))

    def load(self, symbol: str, *, session: date | None = None, asof: datetime | None = None) -> Chain:
        """The last chain of a session, the last one known at `asof` (never a later one), or the last of all.

        source is "recorded" (synthetic chains stay synthetic). Raises DataError when there is none.
        """
        if asof is not None and asof.tzinfo is None:
            raise ConfigError(f"asof={asof} has no UTC offset; give an aware datetime")
        found = [one for one in self.instants(symbol, session=session) if asof is None or one <= asof]
        if not found:
            every = self.sessions(symbol)
            wanted = f"of session {session}" if session else f"until {asof}" if asof else "at all"
            held = f"it holds {len(every)} sessions, {every[0]} to {every[-1]}" if every else "record some first"
            raise DataError(f"{self.folder}: has no chain of {symbol} {wanted}; {held}")
        return self._read(symbol, found[-1])

    def history(
        self, symbol: str, first: date | None = None, last: date | None = None, *, every: bool = False
    ) -> Iterator[Chain]:
        """Chains from first to last session inclusive, in time order: the last of each session, or `every` one."""
        moments = self.instants(symbol, first, last)
        chosen = moments if every else tuple({session_of(moment): moment for moment in moments}.values())
        for moment in chosen:
            yield self._read(symbol, moment)

    def _read(self, symbol: str, moment: datetime) -> Chain:
        chain = read_chain(self.path(symbol, moment), symbol=symbol)
        return chain if chain.source == "synthetic" else dataclasses.replace(chain, source="recorded")

    def _of(self, symbol: str) -> Path:
        if not _SYMBOL.fullmatch(symbol):
            raise ConfigError(f"symbol {symbol!r} is no name for a folder; write it like SPX or BRK.B")
        return self.folder / f"symbol={symbol}"


def _instant(file: Path) -> datetime:
    stamp, _, fraction = file.stem.removesuffix("Z").partition(".")
    try:
        moment = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
        return moment.replace(microsecond=int(fraction or 0))
    except ValueError:
        raise DataError(f"{file}: is not named after an instant (20260610T180000Z); move it out of the store") from None


def _same(one: float, other: float) -> bool:
    return one == other or (one != one and other != other)
