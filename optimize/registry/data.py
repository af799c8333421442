"""A record's bars, loaded again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from feeds.errors import DataError

if TYPE_CHECKING:
    from feeds.bars import Bars
    from optimize.registry.record import Record

READING = ("sources", "options", "timeframe", "columns")


def bars_again(record: Record, given: Mapping[str, Bars] | None = None) -> dict[str, Bars]:
    """The very bars that a record was made from.

    given: bars by symbol to take instead of loading them; both may hold more than the record's stretch. Raises
    DataError when they cannot be had or differ by a value, ConfigError as loading does.
    """
    found = {}
    for symbol, one in (load_again(record) if given is None else dict(given)).items():
        told = record.content["data"].get(symbol)
        if told is None:
            raise DataError(f"record {record.id} has no {symbol}; it has {', '.join(record.content['data'])}")
        cut = one.window(told["first"], told["last"])
        if cut.fingerprint != told["fingerprint"]:
            raise DataError(
                f"{one.source}: the bars of {symbol} from {told['first']} to {told['last']} are not those of record "
                f"{record.id} (fingerprint {cut.fingerprint[:12]}, recorded {told['fingerprint'][:12]})"
            )
        found[symbol] = cut
    if set(found) != set(record.content["data"]):
        raise DataError(f"record {record.id} needs {', '.join(record.content['data'])}, not only {', '.join(found)}")
    return found


def load_again(record: Record, sources: Sequence[str] = ()) -> dict[str, Bars]:
    """The record's bars as their sources give them now, by symbol; they may have grown.

    sources: read these in the same way, instead of those that the record names.
    """
    reading = record.content["reading"]
    if reading is not None:
        from optimize.sources import bars_of

        return bars_of(sources or reading["sources"], reading["options"], reading["timeframe"], reading["columns"])
    import pandas as pd

    from feeds.loading import load

    found = {}
    for number, (symbol, told) in enumerate(record.content["data"].items()):
        bars = load(sources[number] if sources else told["source"])
        length = pd.Timedelta(told["timeframe"], unit="ns")
        found[symbol] = bars if length == bars.timeframe else bars.resample(length)
    return found


def plain_reading(reading: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """How to load and cut bars again, as plain data to be kept with a record."""
    if reading is None:
        return None
    return {name: reading[name] for name in READING} | {"start": reading.get("start")}
