"""One request of the command line: everything that was asked for, checked before anything is fetched or written."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.chains.provider import ChainProvider, provider, utc_now
from feeds.errors import ConfigError, DataError
from feeds.file_lock import file_lock
from indicators.gex import settings_text
from indicators.gex.export import files
from indicators.gex.export.overlay import check_symbol
from indicators.gex.settings import GexSettings

if TYPE_CHECKING:
    from feeds.chains.chain import Chain
    from indicators.gex.analysis import Analysis
    from indicators.gex.basis import Basis
    from indicators.gex.history import History
    from indicators.gex.pipeline import Result
    from indicators.options.rates import Curve

OWN_TIME = "chain"


@dataclass(frozen=True)
class Request:
    """Where the chain comes from, how it is analysed and where the files go."""

    symbol: str
    chains: ChainProvider
    out: Path
    settings: GexSettings = field(default_factory=GexSettings)
    curve: Curve | None = None
    future: str | None = None
    history: Path | None = None
    vix: float | None = None
    vix3m: float | None = None
    accept_synthetic: bool = False
    asof: datetime | None = None
    clock: str | None = None

    @classmethod
    def of(
        cls,
        symbol: str,
        *,
        source: str,
        out: Path,
        assignments: tuple[str, ...] = (),
        rates: str | None = None,
        future: str | None = None,
        history: Path | None = None,
        vix: float | None = None,
        vix3m: float | None = None,
        accept_synthetic: bool = False,
        session: str | None = None,
        asof: str | None = None,
        clock: str | None = None,
    ) -> Request:
        """The request of a command line. Raises ConfigError for words that cannot be meant."""
        files.stem(check_symbol(symbol))
        day: date | None = None if session is None else settings_text.day(session, "--session")
        if clock not in (None, OWN_TIME):
            settings_text.instant(str(clock), "--now")
        if out.exists() and not out.is_dir():
            raise ConfigError(f"--out {out} is a file; name a folder")
        for name, value in (("--vix", vix), ("--vix3m", vix3m)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ConfigError(f"{name} {value} must be above 0, in index points")
        return cls(
            symbol, provider(source, session=day), out, settings_text.settings(assignments),
            None if rates is None else settings_text.curve(rates), future, history, vix, vix3m, accept_synthetic,
            None if asof is None else settings_text.instant(asof, "--asof"), clock,
        )  # fmt: skip

    def run(self, now: datetime | None = None, previous: Analysis | None = None) -> Result:
        """Fetch the chain and analyse it. Raises DataError for a chain that is not whole or not of the symbol."""
        from indicators.gex.pipeline import run

        chain = self.chains.fetch(self.symbol, self.asof)
        if previous is not None and previous.surface.asof >= chain.asof:
            previous = None
        return run(
            chain, self.settings, self._now(chain, now), self._past(chain), self._basis(chain), previous=previous,
            curve=self.curve, vix=self.vix, vix3m=self.vix3m, accept_synthetic=self.accept_synthetic,
        )  # fmt: skip

    def write(self, result: Result, refresh_seconds: int | None = None) -> list[Path]:
        """Write the files of a result, and its row in the history when it may be used."""
        from indicators.gex.pipeline import write

        with self._history_alone(result.chain):
            past = self._past(result.chain)
            if past is not None and result.usable:
                past = past.with_analysis(result.analysis)
            written = write(result, self.out, refresh_seconds)
            if past is not None and result.usable:
                past.write(self._history_file(result.chain))
        return written

    def _now(self, chain: Chain, now: datetime | None) -> datetime:
        if self.clock == OWN_TIME:
            return chain.asof
        if self.clock is not None:
            return settings_text.instant(self.clock, "--now")
        return now or utc_now()

    def _basis(self, chain: Chain) -> Basis | None:
        if self.future is None:
            return None
        from indicators.gex.preparing import prepare

        surface = prepare(chain, self.settings, self.curve)
        if not surface.expiries:
            raise DataError(f"{chain.symbol}: no settlement left to carry a future from")
        near = min(surface.expiries, key=lambda one: abs(one.years - 0.1))
        return settings_text.basis(self.future, chain, surface.spot, near.rate, near.dividend_yield)

    def _history_file(self, chain: Chain) -> Path:
        folder = self.history or Path()
        return folder / f"{files.stem(chain.symbol)}.parquet"

    def _history_alone(self, chain: Chain) -> AbstractContextManager[None]:
        """Nobody else adds to the history meanwhile: a row that two processes read and write back would be lost."""
        if self.history is None:
            return nullcontext()
        path = self._history_file(chain)
        return file_lock(path.with_name(f".{path.stem}.lock"), wait=True)

    def _past(self, chain: Chain) -> History | None:
        if self.history is None:
            return None
        from indicators.gex.history import read

        return read(self._history_file(chain), chain.symbol)
