"""joblib's backends made ready for a sweep: processes of this machine, a Dask cluster, a Ray cluster."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError

if TYPE_CHECKING:
    from optimize.backends.parcel import Parcel

Run = Callable[[Callable[..., Any], Any, list[Any]], Iterator[Any]]


@contextlib.contextmanager
def opened(backend: str, workers: int | str, parcel: Parcel) -> Iterator[tuple[Run, Any]]:
    """(run, sent): `run(function, sent, pieces)` yields `function(sent, piece)` as they finish, in any order."""
    with {"loky": _loky, "dask": _dask, "ray": _ray}[backend](workers, parcel) as found:
        yield found


def require(backend: str) -> None:
    """ConfigError when what a backend needs is not installed."""
    if backend == "dask" and importlib.util.find_spec("distributed") is None:
        raise ConfigError("backend 'dask' needs dask and distributed; install navale[dist]")
    if backend == "ray" and importlib.util.find_spec("ray") is None:
        raise ConfigError("backend 'ray' works where ray is installed, and here it is not; pip install ray, or take "
                          "loky or dask")  # fmt: skip


def losses(backend: str) -> tuple[type[BaseException], ...]:
    """What is raised when a worker died and took the pool or a task with it."""
    if backend == "dask":
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        return (KilledWorker, CancelledError)  # cancelled: by a scheduler that went away
    if backend == "ray":
        ray = importlib.import_module("ray.exceptions")
        return (ray.RayActorError, ray.WorkerCrashedError)
    from concurrent.futures.process import BrokenProcessPool

    return (BrokenProcessPool,)


def _run(jobs: int) -> Run:
    """Uses the backend of the surrounding parallel_config. One chunk a task: chunks are large enough."""
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")
    return lambda function, sent, pieces: parallel(delayed(function)(sent, piece) for piece in pieces)


@contextlib.contextmanager
def _loky(workers: int | str, parcel: Parcel) -> Iterator[tuple[Run, Any]]:
    from joblib import parallel_config

    folder = tempfile.TemporaryDirectory(prefix="navale-parcel-")
    with folder as name, parallel_config(backend="loky", inner_max_num_threads=1):
        yield _run(int(workers)), parcel.write(Path(name))


@contextlib.contextmanager
def _dask(workers: int | str, parcel: Parcel) -> Iterator[tuple[Run, Any]]:
    from optimize.backends.dask_cluster import opened as cluster

    with cluster(workers, parcel) as sent:
        yield _run(-1), sent


@dataclass(frozen=True)
class _RayParcel:
    """A parcel in Ray's object store."""

    digest: str
    held: Any

    def open(self) -> Any:
        return importlib.import_module("ray").get(self.held)


@contextlib.contextmanager
def _ray(workers: int | str, parcel: Parcel) -> Iterator[tuple[Run, Any]]:
    from joblib import Parallel, delayed, parallel_config

    ray = importlib.import_module("ray")
    ours = not ray.is_initialized()
    if ours:
        ray.init(address=workers) if isinstance(workers, str) else ray.init(num_cpus=workers, include_dashboard=False)
    try:
        importlib.import_module("ray.util.joblib").register_ray()
        jobs = workers if isinstance(workers, int) else int(ray.cluster_resources()["CPU"])
        with parallel_config(backend="ray"), Parallel(n_jobs=jobs, batch_size=1) as parallel:

            def run(function: Callable[..., Any], sent: Any, pieces: list[Any]) -> Iterator[Any]:
                """Some chunks at a time: ray's backend gives answers when all are there."""
                for low in range(0, len(pieces), 4 * jobs):
                    yield from parallel(delayed(function)(sent, piece) for piece in pieces[low : low + 4 * jobs])

            yield run, _RayParcel(parcel.digest, ray.put(parcel))
    finally:
        if ours:  # ends what was started here; of a cluster elsewhere it only takes leave
            ray.shutdown()
