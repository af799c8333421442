"""Markets of an exchange by name: `binance:BTC/USDT:1h`, `binance:BTC/USDT:USDT:15min`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from feeds.errors import ConfigError
from feeds.timeframe import parse_timeframe, timeframe_name

_FORM = re.compile(r"([a-z][a-z0-9_]+):(?!//)(.+):(\w+)")
_SYMBOL = re.compile(r"[\w.]+/[\w.]+(:[\w.]+(-[\w.]+)*)?")


@dataclass(frozen=True)
class Market:
    """exchange: ccxt's name; symbol: ccxt's unified symbol, spot BTC/USDT, perpetual BTC/USDT:USDT; timeframe: bars."""

    exchange: str
    symbol: str
    timeframe: pd.Timedelta

    def __str__(self) -> str:
        return f"{self.exchange}:{self.symbol}:{timeframe_name(self.timeframe)}"

    @property
    def step(self) -> int:
        """Length of a bar [ns]."""
        return int(self.timeframe.value)

    @property
    def path(self) -> Path:
        """Folder of the market below the store's."""
        return Path(self.exchange, self.symbol.replace("/", "-").replace(":", "~"), timeframe_name(self.timeframe))


def names_market(source: str) -> bool:
    """Whether a source is written like a market of an exchange; what follows the last colon is the timeframe."""
    return _FORM.fullmatch(source) is not None


def parse_market(source: str) -> Market:
    """The market that a text names. Raises ConfigError."""
    found = _FORM.fullmatch(source)
    if found is None or not _SYMBOL.fullmatch(found[2]):
        raise ConfigError(f"{source!r} names no market; write exchange:SYMBOL:timeframe like binance:BTC/USDT:1h, "
                          "for a perpetual binance:BTC/USDT:USDT:1h")  # fmt: skip
    return Market(found[1], found[2], parse_timeframe(found[3]))


def history_folder(given: str | os.PathLike[str] | None = None) -> Path:
    """Where histories are kept: as given, else NAVALE_HISTORY, else `history` in the working directory."""
    return Path(given or os.environ.get("NAVALE_HISTORY") or "history")
