"""One sweep in a process of its own: `python -m benchmarks.sweep_child REQUEST.json ANSWER.json`."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

COMPARED = 3  # rows that are computed again by `backtest`


def command(axes: list[str], source: str) -> dict[str, Any]:
    """`navale sweep` as a user types it: table and page in the working directory, as many threads as cores."""
    import navale

    words = ["sweep", "AtrTrend", "--data", source, "--timeframe", "1h", "--profile", "reference", "--json"]
    words += [word for axis in axes for word in ("--grid", axis)]
    with redirect_stdout(io.StringIO()) as told:
        try:
            navale.main(words)
        except SystemExit as left:
            if left.code:
                raise
    found = json.loads(told.getvalue())
    return {"rows": found["rows"], "complete": found["complete"], "page": Path(found["page"]).stat().st_size}


def timed(axes: list[str], source: str, threads: int) -> dict[str, Any]:
    """`optimize.sweep` alone: the clocks run from the bars to the complete table on disk."""
    import feeds
    from optimize import sweep
    from optimize.grid import parse_grid
    from strategies.atr_trend import AtrTrend

    profile, grid, bars = AtrTrend.profile("reference"), parse_grid(AtrTrend, axes), feeds.load(source)
    fixed = {name: value for name, value in profile.parameters.items() if name not in grid}
    began, used = time.perf_counter(), time.process_time()
    found = sweep(AtrTrend, bars, grid, fixed=fixed, account=profile.account, threads=threads, folder="table")
    cpu, wall = time.process_time() - used, time.perf_counter() - began
    table = found.table
    return {"rows": len(table), "complete": found.complete, "cpu": cpu, "wall": wall, "digest": digest(table),
            "figures": same_as_backtest(found, table)}  # fmt: skip


def digest(table: Any) -> str:
    """Hash (SHA-256) of every number of a table, in its order."""
    found = hashlib.sha256()
    for name in table.columns:
        found.update(name.encode() + table[name].to_numpy().tobytes())
    return found.hexdigest()


def same_as_backtest(found: Any, table: Any) -> int:
    """How many figures of rows from the whole table are what `backtest` says; AssertionError when one is not."""
    import numpy as np

    compared = 0
    for row in table.iloc[np.linspace(0, len(table) - 1, COMPARED).astype(int)].to_dict("records"):
        told = found.run(int(row["set"])).metrics
        for name in [name for name in row if name in told]:
            if not np.isclose(row[name], told[name], rtol=1e-9, atol=1e-12, equal_nan=True):
                raise AssertionError(f"set {row['set']}: {name} is {row[name]} in the sweep, {told[name]} in backtest")
            compared += 1
    return compared


def main(request: Path, answer: Path) -> None:
    """Do what the request says, on the cores it names, and write the answer."""
    given = json.loads(request.read_text(encoding="utf-8"))
    if given["cores"] and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, given["cores"])
    if given["threads"] is None:
        found = command(given["axes"], given["source"])
    else:
        found = timed(given["axes"], given["source"], given["threads"])
    from benchmarks.process_memory import high_water

    answer.write_text(json.dumps(found | {"high_water": high_water()}), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
