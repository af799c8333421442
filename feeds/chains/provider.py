"""Where chains come from: `provider` finds the source that a name or path means."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qsl

from feeds.chains.chain import Chain
from feeds.errors import ConfigError, DataError

Clock = Callable[[], datetime]
SUFFIXES = (".csv", ".csv.gz", ".parquet", ".pq", ".feather", ".json", ".json.gz")


@runtime_checkable
class ChainProvider(Protocol):
    """Anything that has chains."""

    @property
    def name(self) -> str:
        """massive, cboe, file, recorded or synthetic."""
        ...

    def fetch(self, symbol: str, asof: datetime | None = None) -> Chain:
        """The chain of an underlying: the present one, or the last one known at `asof`, where there is a past.

        Raises DataError when there is none or it is not whole.
        """
        ...


def utc_now() -> datetime:
    """The clock of live providers, where none is injected."""
    return datetime.now(UTC)


def provider(source: str | os.PathLike[str], *, session: date | None = None, clock: Clock = utc_now) -> ChainProvider:
    """The provider that `source` means.

    "massive", "cboe": the vendors' present chain ("massive?expiration_date.lte=2026-09-30&per_minute=5": filtered and
    slower); "synthetic:seed=1,contracts=20000": a made-up one; a file
    (feeds.chains.files); a folder of recorded answers or a chain store. A path may say which session it means:
    "chains.parquet?session=2025-09-02". session: the same, for files and folders. clock: tells vendors the time.
    Raises ConfigError for anything else.
    """
    text = os.fspath(source)
    if text == "massive" or text.startswith("massive?"):
        from feeds.vendors.massive import massive_from_query

        return massive_from_query(text.partition("?")[2], clock)
    if text == "cboe":
        from feeds.vendors.cboe import CboeChains

        return CboeChains()
    if text == "synthetic" or text.startswith("synthetic:"):
        return SyntheticChains(text.partition(":")[2])
    place, _, query = text.partition("?")
    path = Path(place).expanduser()
    if query:
        terms = dict(parse_qsl(query))
        try:
            session = date.fromisoformat(terms.pop("session"))
        except (KeyError, ValueError):
            raise ConfigError(f"{text}: after the ? write session=YYYY-MM-DD") from None
        if terms:
            raise ConfigError(f"{text}: no setting {next(iter(terms))!r}; a path takes session=YYYY-MM-DD")
    if path.is_dir():
        return RecordedChains(path, session)
    if path.suffix or path.exists() or os.sep in place:
        return FileChains(path, session)
    raise ConfigError(
        f"chain source {text!r} is none of massive, cboe, synthetic:…, a file or a folder; check the name"
    )


@dataclass(frozen=True)
class FileChains:
    """Chains in one file."""

    path: Path
    session: date | None = None
    name: str = "file"

    def fetch(self, symbol: str, asof: datetime | None = None) -> Chain:
        from feeds.chains.files import read_chain

        return read_chain(self.path, symbol=symbol, session=self.session, asof=asof)


@dataclass(frozen=True)
class SyntheticChains:
    """Made-up chains: the same for the same settings, symbol and instant."""

    query: str = ""
    name: str = "synthetic"

    def fetch(self, symbol: str, asof: datetime | None = None) -> Chain:
        from feeds.chains.synthetic import chain_from_query

        return chain_from_query(self.query, symbol, asof)


@dataclass(frozen=True)
class RecordedChains:
    """Chains in a folder: a chain store, or files named after their symbol (SPY_2026-07-24.json.gz, spy.csv …).

    Files are taken in the order of their names, which should be that of their instants.
    """

    folder: Path
    session: date | None = None
    name: str = "recorded"

    def fetch(self, symbol: str, asof: datetime | None = None) -> Chain:
        import dataclasses

        from feeds.chains.contracts import session_of
        from feeds.chains.files import read_chain
        from feeds.chains.store import ChainStore

        if any(self.folder.glob("symbol=*")):
            return ChainStore(self.folder).load(symbol, session=self.session, asof=asof)
        files = self.files(symbol)
        for file in reversed(files):
            chain = read_chain(file, symbol=symbol)
            if (asof is None or chain.asof <= asof) and self.session in (None, session_of(chain.asof)):
                return chain if chain.source == "synthetic" else dataclasses.replace(chain, source="recorded")
        wanted = f" of session {self.session}" if self.session else f" until {asof}" if asof else ""
        raise DataError(
            f"{self.folder}: has no chain of {symbol}{wanted} among {len(files)} files named {symbol}*; "
            f"name files after their symbol ({symbol}_2026-07-24.csv)"
        )

    def files(self, symbol: str) -> list[Path]:
        """Files of a symbol: its name, then no letter or digit."""
        wanted = symbol.lower()
        found = []
        for item in sorted(self.folder.iterdir()):
            lowered = item.name.lower()
            after = lowered[len(wanted) : len(wanted) + 1]
            if lowered.startswith(wanted) and lowered.endswith(SUFFIXES) and not after.isalnum():
                found.append(item)
        return found
