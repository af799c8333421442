"""A sweep's table on disk: one Parquet part per finished chunk, and a manifest that says what it is a sweep of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError
from optimize.code_digest import code_digest, declarations
from optimize.grid import Grid
from optimize.storage import from_json, nulled, to_json, write_text
from optimize.sweep_figures import FIGURES

if TYPE_CHECKING:
    import pandas as pd

    from optimize.sweep_engine import SweepEngine
    from strategies.execution.account import Account

FORMAT = 1


def identity(grid: Grid, engines: Sequence[SweepEngine], account: Account, start: Any, end: Any) -> dict[str, Any]:
    """What a sweep's figures depend on: code, declarations, data, contract terms, grid, account and window."""
    return {
        "format": FORMAT,
        "strategy": grid.cls.__name__,
        "code": code_digest(grid.cls),
        "declarations": declarations(grid.cls),
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
    """Parts `part-<series>-<first combination>.parquet` in a folder.

    ConfigError when the folder holds another sweep: a table of mixed sweeps would compare what cannot be compared.
    """

    def __init__(self, folder: Path, known: dict[str, Any], grid: Grid) -> None:
        self.folder, self.grid = folder, grid
        self.symbols = [(symbol, timeframe) for symbol, timeframe, _ in known["data"]]
        self.digest = digest_of(known)
        manifest = folder / "sweep.json"
        if manifest.exists():
            found = from_json(manifest)
            if found.get("digest") != self.digest:
                differ = [name for name in known if found.get(name) != nulled(known)[name]]
                raise ConfigError(f"{folder} holds another sweep ({', '.join(differ) or 'digest'} differ); choose "
                                  "another folder or remove it")  # fmt: skip
        else:
            write_text(manifest, to_json(nulled(known | {"digest": self.digest})))

    def path(self, series: int, first: int, last: int) -> Path:
        return self.folder / f"part-{series:03d}-{first:012d}-{last:012d}.parquet"

    def parts(self) -> list[Path]:
        """Finished parts, in order."""
        return sorted(self.folder.glob("part-*.parquet"))

    def finished(self, series: int) -> list[tuple[int, int]]:
        """Ranges of combinations that need no work any more, first and one past the last."""
        found = [part.stem.split("-") for part in self.parts()]
        return [(int(first), int(last)) for _, number, first, last in found if int(number) == series]

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
        path = self.path(series, first, last)
        temporary = path.with_suffix(".tmp")
        pq.write_table(pa.table(columns), temporary)
        temporary.replace(path)

    def frames(self, columns: list[str] | None = None) -> Iterator[pd.DataFrame]:
        """The finished parts one after another."""
        import pandas as pd

        for part in self.parts():
            yield pd.read_parquet(part, columns=columns)

    def empty(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(columns=["set", *self.grid.axes, *FIGURES])
