"""Lengths of bars, as people write them: "15min", "4h", "1d", "1w"."""

from __future__ import annotations

import re

import pandas as pd

from feeds.errors import ConfigError

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LONGEST = 3_660 * 86_400  # ten years
_FORM = re.compile(r"(\d+(?:\.\d+)?) ?([a-zA-Z]+)")


def parse_timeframe(text: str | pd.Timedelta) -> pd.Timedelta:
    """The length of a bar, at least one second. Raises ConfigError for anything else ("1M" too: months differ)."""
    if isinstance(text, str):
        found = _FORM.fullmatch(text.strip())
        unit = found[2].lower() if found and found[2] != "M" else ""
        if found is None or unit not in _SECONDS:
            raise ConfigError(f"{text!r} is no timeframe; write a number and a unit: '15min', '4h', '1d' or '1w'")
        seconds = min(float(found[1]) * _SECONDS[unit], 2 * _LONGEST)
        length = pd.Timedelta(round(seconds * 1_000_000_000), unit="ns")
    elif isinstance(text, pd.Timedelta) and not pd.isna(text):
        length = text.as_unit("ns")
    else:
        raise ConfigError(f"{text!r} is no timeframe; write a number and a unit: '15min', '4h', '1d' or '1w'")
    if length > pd.Timedelta(seconds=_LONGEST):
        raise ConfigError(f"timeframe {text!r} is above ten years; write a shorter one, like '1d' or '1w'")
    if length < pd.Timedelta(seconds=1):
        raise ConfigError(f"timeframe {text!r} is below one second; the shortest bar is '1s'")
    return length


def timeframe_name(timeframe: pd.Timedelta | int) -> str:
    """A length of time [Timedelta or nanoseconds] as text: "1h", "15min", "1d", "1w"."""
    value = timeframe if isinstance(timeframe, int) else timeframe.value
    for unit in ("w", "d", "h", "min", "s"):
        if value % (_SECONDS[unit] * 1_000_000_000) == 0:
            return f"{value // (_SECONDS[unit] * 1_000_000_000)}{unit}"
    return str(pd.Timedelta(value, unit="ns"))
