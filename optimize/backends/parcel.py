"""What a sweep's worker in another process needs: text and Feather tables, no code and no pickles of ours."""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError
from optimize.grid import Grid
from optimize.storage import nulled
from optimize.sweep_origin import FIGURE_CODE, file_digest

if TYPE_CHECKING:
    from feeds.bars import Bars
    from optimize.parameter_sets import ParameterSets
    from optimize.sweep_engine import SweepEngine
    from strategies.execution.account import Account


@dataclass(frozen=True, eq=False)
class Parcel:
    """A sweep's settings as JSON and its bars as Feather tables."""

    digest: str
    text: str
    tables: tuple[bytes, ...]

    def __sizeof__(self) -> int:
        """Bytes; Dask plans with it."""
        return len(self.text) + sum(map(len, self.tables))

    def open(self) -> Parcel:
        return self

    def write(self, folder: Path) -> ParcelFolder:
        """Lay the parcel down for workers of this machine."""
        (folder / "sweep.json").write_text(self.text, encoding="utf-8")
        for number, table in enumerate(self.tables):
            (folder / f"bars-{number:03d}.feather").write_bytes(table)
        return ParcelFolder(self.digest, str(folder))


@dataclass(frozen=True)
class ParcelFolder:
    """A parcel in files: a task carries the folder's name."""

    digest: str
    folder: str

    def open(self) -> Parcel:
        tables = sorted(Path(self.folder).glob("bars-*.feather"))
        text = (Path(self.folder) / "sweep.json").read_text(encoding="utf-8")
        return Parcel(self.digest, text, tuple(path.read_bytes() for path in tables))


def pack(
    known: dict[str, Any], sets: ParameterSets, series: Sequence[Bars], account: Account,
    start: Any, end: Any,
) -> Parcel:  # fmt: skip
    """known: what the sweep depends on (sweep_store.identity); a worker that finds anything else refuses to work."""
    from optimize.manifest import describe_bars, plain_fields

    told = {
        "class": reference(sets.grid.cls),
        "known": nulled(known),
        "grid": sets.grid.describe(),
        "account": plain_fields(account),
        "window": [None if one is None else str(one) for one in (start, end)],
        "bars": [describe_bars(bars) for bars in series],
        "origin": origin(sets),
    }
    text, tables = json.dumps(told), tuple(_table(bars) for bars in series)
    digest = hashlib.sha256(text.encode())
    for table in tables:
        digest.update(table)
    return Parcel(digest.hexdigest(), text, tables)


def unpack(parcel: Parcel) -> list[SweepEngine]:
    """The sweep made ready in this process. ConfigError when code, data or libraries are not those of the sender."""
    import pyarrow.feather as feather

    from optimize.manifest import read_account, read_bars
    from optimize.parameter_sets import ParameterSets
    from optimize.periods import periods_per_year
    from optimize.sweep_engine import SweepEngine
    from optimize.sweep_store import identity
    from strategies.discovery import find

    told = json.loads(parcel.text)
    cls = find(told["class"], "strategy")
    grid = Grid(cls, told["grid"]["axes"], told["grid"]["fixed"])
    account = read_account(told["account"])
    start, end = told["window"]
    sets = ParameterSets(grid)
    _same("libraries or code", told["origin"], origin(sets))
    engines = []
    for about, table in zip(told["bars"], parcel.tables, strict=True):
        bars = read_bars(about, feather.read_feather(io.BytesIO(table)).set_index("time"))
        engines.append(SweepEngine(sets, bars, account, start, end, periods_per_year(bars)))
    _same("kernels or data", told["known"], nulled(identity(grid, engines, account, start, end)))
    return engines


def reference(cls: type[Any]) -> str:
    """The words by which another process finds the class. ConfigError where there are none."""
    from strategies.discovery import find

    module = sys.modules.get(cls.__module__)
    path = getattr(module, "__file__", None)
    place = path if cls.__module__.startswith("navale_file_") else cls.__module__
    if cls.__module__ == "__main__" or path is None or "." in cls.__qualname__:
        raise ConfigError(f"{cls.__name__} of {cls.__module__}: other processes find a class by its module or file; "
                          "put it at the top of a file of its own, path.py:Class")  # fmt: skip
    words = f"{place}:{cls.__name__}"
    if find(words) is not cls:
        raise ConfigError(f"{words} is another class by now: the file has changed since it was loaded; load it again")
    return words


def origin(sets: ParameterSets) -> dict[str, str]:
    """Versions of the libraries and hashes of the files that make a sweep's figures."""
    from optimize.provenance import library_versions, navale_version

    parts = {type(source[0]) for source in sets.sources if source is not None}
    names = {one.__module__: one.__name__ for kind in (sets.grid.cls, *parts) for one in kind.__mro__[:-1]}
    names |= {name: name for name in FIGURE_CODE}
    code = {f"file of {label}": file_digest(name) for name, label in names.items()}
    return {**library_versions(), "navale": navale_version(), **code}


def _same(what: str, wanted: dict[str, Any], here: dict[str, Any]) -> None:
    differ = [f"{name} {here.get(name)!s:.60} instead of {wanted.get(name)!s:.60}"
              for name in wanted | here if wanted.get(name) != here.get(name)]  # fmt: skip
    if differ:
        raise ConfigError(f"worker {socket.gethostname()}:{os.getpid()} has other {what} than the sweep: "
                          f"{'; '.join(differ)}; install the same there and restart it")  # fmt: skip


def _table(bars: Bars) -> bytes:
    import pyarrow.feather as feather

    written = io.BytesIO()
    feather.write_feather(bars.frame.rename_axis("time").reset_index(), written)
    return written.getvalue()
