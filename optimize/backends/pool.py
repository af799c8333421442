"""The loop around a sweep in other processes: joblib hands chunks out, answers are written as they come."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from feeds.errors import WorkerLost
from optimize.backends.worker import work

if TYPE_CHECKING:
    from optimize.backends.parcel import Parcel
    from optimize.sweep_store import SweepStore

RESTARTS = 5
_log = logging.getLogger(__name__)


@dataclass
class Deliveries:
    """How the data reached the workers. sent: bytes of the data; loaded: how often each worker unpacked them;
    chunks: chunks finished by each; restarts: how often a worker's death made the pool begin anew."""

    sent: int = 0
    loaded: dict[str, int] = field(default_factory=dict)
    chunks: dict[str, int] = field(default_factory=dict)
    restarts: int = 0

    def __str__(self) -> str:
        again = f", begun anew {self.restarts} times after a worker was lost" if self.restarts else ""
        return (f"{len(self.chunks)} workers, {self.sent / 2**20:.1f} MiB of data unpacked {sum(self.loaded.values())} "
                f"times{again}")  # fmt: skip


def carry_out(
    parcel: Parcel, store: SweepStore, series: int, size: int, chunk: int, backend: str, workers: int | str,
    progress: Any,
) -> tuple[bool, Deliveries]:  # fmt: skip
    """Work on what is not finished yet; (True, …) when nothing is left, (False, …) after Ctrl-C.

    A pool that a dead worker broke begins anew with what is unfinished, RESTARTS times; then WorkerLost.
    """
    from optimize.backends.opening import losses, opened

    told = Deliveries(parcel.__sizeof__())
    while todo := store.unfinished(size, chunk):
        try:
            with opened(backend, workers, parcel) as (run, sent), _closing(run(work, sent, todo)) as answers:
                _collect(answers, store, series * size, series * size - _left(todo), told, progress)
        except KeyboardInterrupt:
            return False, told
        except losses(backend) as error:
            told.restarts += 1
            words = str(error).strip().splitlines()
            reason = f"{type(error).__name__}: {words[0]}" if words else type(error).__name__
            if told.restarts > RESTARTS:
                raise WorkerLost(
                    f"workers were lost {told.restarts} times, last: {reason}; what is finished is kept in "
                    f"{store.folder}; look for too little memory (fewer workers) or a kernel that crashes (threads=1)"
                ) from error
            _log.warning("a worker was lost (%s); going on with what is unfinished", reason)
    if progress and not told.chunks:
        progress(series * size, series * size)
    return True, told


def _collect(answers: Iterator[Any], store: SweepStore, total: int, done: int, told: Deliveries, progress: Any) -> None:
    report = progress or (lambda finished, of: None)
    report(done, total)
    for answer in answers:
        series, first, last = answer.chunk
        store.write(series, first, last, answer.sets, answer.figures)
        told.loaded[answer.worker] = told.loaded.get(answer.worker, 0) + bool(answer.loaded)
        told.chunks[answer.worker] = told.chunks.get(answer.worker, 0) + 1
        done += last - first
        report(done, total)


@contextlib.contextmanager
def _closing(answers: Any) -> Iterator[Any]:
    """End the work with the block; joblib warns of work that is given up, and here that is meant."""
    try:
        yield answers
    finally:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning, module="joblib")
            answers.close()


def _left(todo: list[Any]) -> int:
    return sum(last - first for _, first, last in todo)
