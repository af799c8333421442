"""The side of a sweep that runs in worker processes."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

    from optimize.backends.parcel import Parcel
    from optimize.sweep_engine import SweepEngine
    from optimize.sweep_store import Chunk

KEPT = 2  # sweeps that a worker remembers


class Sent(Protocol):
    """A parcel, or what stands for it on the way to a worker."""

    @property
    def digest(self) -> str: ...
    def open(self) -> Parcel: ...


@dataclass(frozen=True)
class Answer:
    """A finished chunk. loaded: bytes that the worker unpacked for it; 0 from its second chunk on."""

    chunk: Chunk
    sets: np.ndarray
    figures: dict[str, np.ndarray]
    worker: str
    loaded: int


held: dict[str, Parcel] = {}
"""Parcels that were delivered to this process before any task, by digest."""


@dataclass(frozen=True)
class Delivered:
    """The name of a parcel that every worker holds."""

    digest: str

    def open(self) -> Parcel:
        return held[self.digest]


_ready: dict[str, list[SweepEngine]] = {}
_lock = threading.Lock()  # a Dask worker may have several threads


def work(sent: Sent, chunk: Chunk) -> Answer:
    """Figures of one chunk. The first chunk of a sweep unpacks the data; the others find them ready."""
    from optimize.backends.parcel import unpack
    from optimize.sweep_threads import chunk_figures

    loaded = 0
    with _lock:
        if sent.digest not in _ready:
            parcel = sent.open()
            while len(_ready) >= KEPT:
                del _ready[next(iter(_ready))]
            _ready[sent.digest] = unpack(parcel)
            loaded = parcel.__sizeof__()
        engines = _ready[sent.digest]
    series, first, last = chunk
    sets, figures = chunk_figures(engines[series], first, last)
    return Answer(chunk, sets, figures, f"{socket.gethostname()}:{os.getpid()}", loaded)
