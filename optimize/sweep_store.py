"""A sweep's table on disk: one Parquet part per finished chunk, and a manifest that says what it is a sweep of."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError, DataError
from feeds.file_lock import file_lock
from optimize.code_digest import code_digest, declarations
from optimize.grid import Grid
from optimize.storage import from_json, nulled, to_json, write_text
from optimize.sweep_figures import FIGURES
from optimize.sweep_origin import figure_code, figure_libraries

if TYPE_CHECKING:
    import pandas as pd

    from optimize.sweep_engine import SweepEngine
    from strategies.execution.account import Account

FORMAT = 1
UNFINISHED = ".tmp"
NAME = re.compile(r"part-(\d+)-(\d+)-(\d+)\.parquet")
Chunk = tuple[int, int, int]


def identity(grid: Grid, engines: Sequence[SweepEngine], account: Account, start: Any, end: Any) -> dict[str, Any]:
    """What a sweep's figures depend on: code, libraries, declarations, data, terms, grid, account, window."""
    return {
        "format": FORMAT,
        "strategy": grid.cls.__name__,
        "code": code_digest(grid.cls),
        "declarations": declarations(grid.cls),
        "figure_code": figure_code(),
        "libraries": figure_libraries(),
        "data": [[one.bars.symbol, str(one.bars.timeframe), one.bars.fingerprint] for one in engines],
        "terms": [repr(one.bars.instrument) for one in engines],
        "account": repr(account),
        "window": [None if start is None else str(start), None if end is None else str(end)],
        **grid.describe(),
    }


def digest_of(known: dict[str, Any]) -> str:
    """Name of a sweep: a hash (SHA-256) of what it depends on."""
    return hashlib.sha256(json.dumps(nulled(known), sort_keys=True).encode()).hexdigest()


class SweepStore:
    """Parts `part-<series>-<first combination>-<one past the last>.parquet` in a folder.

    ConfigError when the folder holds another sweep: a table of mixed sweeps would compare what cannot be compared.
    """

    def __init__(self, folder: Path, known: dict[str, Any], grid: Grid) -> None:
        self.folder, self.grid = folder, grid
        self.symbols = [(symbol, timeframe) for symbol, timeframe, _ in known["data"]]
        self.known = nulled(known | {"digest": digest_of(known)})
        self._manifest = folder / "sweep.json"
        self._is_ours()

    def _is_ours(self) -> bool:
        """Whether the folder is known to hold this sweep; nobody's yet when False."""
        if not self._manifest.exists():
            return False
        found = from_json(self._manifest)
        if found.get("digest") != self.known["digest"]:
            differ = [name for name in self.known if name != "digest" and found.get(name) != self.known[name]]
            raise ConfigError(f"{self.folder} holds another sweep ({', '.join(differ) or 'digest'} differ); choose "
                              "another folder or remove it")  # fmt: skip
        return True

    @contextlib.contextmanager
    def working(self, size: int) -> Iterator[None]:
        """Nobody else writes into the folder until the block ends, however it ends. A finished sweep is only read.

        size: combinations of the grid. ConfigError while another sweep works there, DataError for a broken part.
        """
        if self._is_ours() and not self.unfinished(size, max(1, size)):
            yield
            return
        with sole_writer(self.folder):
            if not self._is_ours():
                write_text(self._manifest, to_json(self.known))
            self.rows()
            yield

    def path(self, series: int, first: int, last: int) -> Path:
        return self.folder / f"part-{series:03d}-{first:012d}-{last:012d}.parquet"

    def parts(self, series: int | None = None) -> list[Path]:
        """Finished parts, in order, of one of the series or all. DataError when two hold the same combinations."""
        found = sorted((*place_of(path), path) for path in self.folder.glob("part-*.parquet"))
        for (number, _, last, path), (other, first, _, second) in itertools.pairwise(found):
            if number == other and first < last:
                raise DataError(f"{path} and {second.name} hold the same combinations, and rows would count twice; "
                                "remove one of the two and run the same sweep again")  # fmt: skip
        return [path for number, _, _, path in found if series is None or number == series]

    def finished(self, series: int) -> list[tuple[int, int]]:
        """Ranges of combinations that need no work any more, first and one past the last, in order."""
        return [place_of(part)[1:] for part in self.parts(series)]

    def unfinished(self, size: int, chunk: int) -> list[Chunk]:
        """Ranges that no finished part covers, cut into chunks."""
        found: list[Chunk] = []
        for number in range(len(self.symbols)):
            at = 0
            for first, last in [*self.finished(number), (size, size)]:
                found += [(number, low, min(low + chunk, first)) for low in range(at, first, chunk)]
                at = max(at, last)
        return found

    def write(self, series: int, first: int, last: int, sets: np.ndarray, found: dict[str, np.ndarray]) -> None:
        """Keep a chunk; readers see all of it or nothing."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        symbol, timeframe = self.symbols[series]
        indices = self.grid.indices(sets)
        columns: dict[str, Any] = {"set": pa.array(sets)}
        if len({one for one, _ in self.symbols}) > 1:
            columns["symbol"] = pa.array([symbol] * len(sets), pa.string())
        if len({one for _, one in self.symbols}) > 1:
            columns["timeframe"] = pa.array([timeframe] * len(sets), pa.string())
        for name, values in self.grid.axes.items():
            columns[name] = pa.array(values).take(pa.array(indices[name]))
        columns |= {name: pa.array(values) for name, values in found.items()}
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".part-", suffix=UNFINISHED)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                pq.write_table(pa.table(columns), file)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(self.path(series, first, last))
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def frames(self, columns: list[str] | None = None, series: int | None = None) -> Iterator[pd.DataFrame]:
        """The finished parts one after another, of one of the series or all."""
        import pandas as pd

        for part in self.parts(series):
            with _readable(part):
                frame = pd.read_parquet(part, columns=columns)
            yield frame

    def rows(self) -> int:
        """How many rows the finished parts have."""
        import pyarrow.parquet as pq

        count = 0
        for part in self.parts():
            with _readable(part):
                count += int(pq.read_metadata(part).num_rows)
        return count

    def empty(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(columns=["set", *self.grid.axes, *FIGURES])


@contextlib.contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """One sweep at a time in a folder, which is made. On Windows two at once show as parts that overlap."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(file_lock(folder / ".lock"))
        except BlockingIOError:
            raise ConfigError(f"another sweep is working in {folder}; wait until it ends, then the same command goes "
                              "on with what is left, or choose another folder") from None  # fmt: skip
        for left in folder.glob(f".part-*{UNFINISHED}"):  # by a sweep that was killed
            left.unlink()
        yield


def place_of(part: Path) -> tuple[int, int, int]:
    """Series, first combination and one past the last, from the name of a part."""
    found = NAME.fullmatch(part.name)
    if found is None:
        raise DataError(f"{part} is no part of a sweep, though it is named like one; move it elsewhere")
    series, first, last = map(int, found.groups())
    return series, first, last


@contextlib.contextmanager
def _readable(part: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException) as error:
        detail = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(f"{part} cannot be read: {detail}; remove it and run the same sweep again, which makes only "
                        "what is missing") from error  # fmt: skip
