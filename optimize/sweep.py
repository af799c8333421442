"""Every combination of a grid over the same bars: `sweep(AtrTrend, bars, {"fast": range(10, 40)})`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError
from optimize.grid import Grid
from optimize.parameter_sets import ParameterSets
from optimize.sweep_store import SweepStore, digest_of, identity
from optimize.sweep_table import Sweep
from strategies.base import Strategy
from strategies.engines.window import as_mapping
from strategies.execution.account import Account

if TYPE_CHECKING:
    from feeds.bars import Bars

BACKENDS = ("threads", "loky", "dask", "ray")
LARGEST_CHUNK = 8192


def sweep(
    strategy: type[Strategy],
    bars: Any,
    grid: Mapping[str, Any],
    *,
    fixed: Mapping[str, Any] | None = None,
    start: Any = None,
    end: Any = None,
    account: Account | None = None,
    timeframes: Sequence[str] = (),
    threads: int | None = None,
    backend: str = "threads",
    workers: int | str | None = None,
    folder: str | Path | None = None,
    root: str | Path | None = None,
    progress: Any = None,
) -> Sweep:
    """Figures of every combination of `grid` (name of a parameter to its values) that the strategy's own rule allows.

    bars: Bars, or a mapping of symbol to Bars; each symbol is swept for itself, on each of `timeframes` ("1h", "4h";
    none: as given). fixed: other parameters; the rest keep their defaults. start, end, account: as in `backtest`, and a
    row's figures are those of `backtest` with the same window: without `start` it begins where the row's own warm-up
    ends. threads: all cores unless given. backend: "threads" of this process, or joblib's "loky" (processes of this
    machine), "dask" (extra `dist`) or "ray" (where it is installed). workers: how many, or the address of a Dask
    scheduler or Ray head; they get the data once each, and must have the same code and libraries. folder: where the
    table grows while the sweep runs; a sweep that was interrupted goes on there, one that is finished is read, and two
    at the same time are refused. root: the same in a folder of its own below `root`, named after what the sweep depends
    on. Without either the table lives as long as the Sweep. progress: called with (combinations done, of how many).

    Ctrl-C ends the sweep early: what is finished is kept, and `complete` is False. Memory does not grow with the number
    of combinations. Raises ParameterError and ConfigError for a wrong grid, DataError as `backtest` does, WorkerLost
    when workers die again and again.
    """
    from optimize.periods import periods_per_year
    from optimize.sweep_engine import SweepEngine
    from optimize.sweep_threads import carry_out

    if not (isinstance(strategy, type) and issubclass(strategy, Strategy)):
        raise ConfigError(f"sweep needs a strategy class such as AtrTrend, not {strategy!r}")
    count = _count(backend, threads, workers)
    account = account or Account()
    combinations = Grid(strategy, grid, fixed)
    series = _series(bars, timeframes)
    sets = ParameterSets(combinations)
    engines = [SweepEngine(sets, one, account, start, end, periods_per_year(one)) for one in series]
    known = identity(combinations, engines, account, start, end)
    if folder is None and root is not None:
        folder = Path(root) / f"{strategy.__name__}-{digest_of(known)[:12]}"
    temporary = tempfile.TemporaryDirectory(prefix="navale-sweep-") if folder is None else None
    store = SweepStore(Path(temporary.name if temporary else str(folder)), known, combinations)
    chunk = int(np.clip(len(combinations) // (8 * count), 256, LARGEST_CHUNK))
    told = None
    with store.working(len(combinations)):
        if backend == "threads":
            complete = carry_out(engines, store, len(combinations), chunk, count, progress)
        else:
            from optimize.backends import parcel, pool

            sent = parcel.pack(known, sets, series, account, start, end)
            complete, told = pool.carry_out(sent, store, len(series), len(combinations), chunk, backend,
                                            count if workers is None else workers, progress)  # fmt: skip
    return Sweep(combinations, series, account, start, end, store, complete, temporary, told)


def _count(backend: str, threads: int | None, workers: int | str | None) -> int:
    """How many work at the same time, as far as this process knows."""
    from indicators.declaration import suggestion

    if backend not in BACKENDS:
        raise ConfigError(f"backend={backend!r} is none of {', '.join(BACKENDS)}{suggestion(backend, list(BACKENDS))}")
    if backend != "threads":
        from optimize.backends.opening import require

        require(backend)
    if threads is not None and backend != "threads":
        raise ConfigError(f"threads={threads} is for backend 'threads'; give workers= with backend {backend!r}")
    if isinstance(workers, str) and backend in ("threads", "loky"):
        raise ConfigError(f"backend {backend!r} has no scheduler: workers={workers!r} must be a number")
    if threads is not None and workers is not None:
        raise ConfigError(f"threads={threads} and workers={workers}: give one of the two")
    name, given = ("threads", threads) if threads is not None else ("workers", workers)
    if isinstance(given, int):
        if given < 1:
            raise ConfigError(f"{name}={given} must be 1 or more")
        return given
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _series(bars: Any, timeframes: Sequence[str]) -> list[Bars]:
    from feeds.timeframe import parse_timeframe, timeframe_name
    from optimize.backtest import check_bars

    check_bars(bars)
    given = list(as_mapping(bars).values())
    if timeframes:
        lengths = [parse_timeframe(text) for text in timeframes]
        given = [one if length == one.timeframe else one.resample(length) for one in given for length in lengths]
    seen: set[tuple[str, int]] = set()
    for one in given:
        if (one.symbol, one.timeframe.value) in seen:
            raise ConfigError(f"{one.symbol} {timeframe_name(one.timeframe)} comes twice: rows of the two could not "
                              "be told apart; give each symbol its own name and each timeframe once")  # fmt: skip
        seen.add((one.symbol, one.timeframe.value))
    return given
