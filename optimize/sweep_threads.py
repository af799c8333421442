"""The loop around a sweep: chunks to threads, parts to disk, progress to the terminal, Ctrl-C at any time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np

from optimize.sweep_store import Chunk, SweepStore

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optimize.sweep_engine import SweepEngine

BATCH = 512  # combinations per call into compiled code: Ctrl-C waits for one of these at most


def carry_out(
    engines: Sequence[SweepEngine], store: SweepStore, size: int, chunk: int, threads: int, progress: Any
) -> bool:
    """Work on what is not finished yet; True when nothing is left, False after Ctrl-C."""
    todo = store.unfinished(size, chunk)
    done = len(engines) * size - sum(last - first for _, first, last in todo)
    report = progress or (lambda finished, total: None)
    report(done, len(engines) * size)
    stop = threading.Event()

    def work(piece: Chunk) -> int:
        series, first, last = piece
        store.write(series, first, last, *chunk_figures(engines[series], first, last, stop.is_set))
        return last - first

    waiting: set[Future[int]] = set()
    pieces = iter(todo)
    with ThreadPoolExecutor(threads, thread_name_prefix="sweep") as pool:
        try:
            while True:
                for piece in _take(pieces, 2 * threads - len(waiting)):
                    waiting.add(pool.submit(work, piece))
                if not waiting:
                    return True
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for one in finished:
                    done += one.result()
                report(done, len(engines) * size)
        except KeyboardInterrupt:
            return False
        finally:
            stop.set()
            for one in waiting:
                one.cancel()


def chunk_figures(
    engine: SweepEngine, first: int, last: int, stopped: Callable[[], bool] = lambda: False
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    """Which combinations of a range are possible, and their figures. CancelledError when it was stopped."""
    sets = np.arange(first, last, dtype=np.int64)
    sets = sets[engine.sets.possible(sets)]
    parts = []
    for low in range(0, max(1, len(sets)), BATCH):
        if stopped():
            raise CancelledError
        parts.append(engine.run(sets[low : low + BATCH]))
    return sets, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _take(pieces: Iterator[Chunk], count: int) -> list[Chunk]:
    return [piece for _, piece in zip(range(count), pieces, strict=False)]
