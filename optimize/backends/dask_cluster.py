"""joblib's Dask backend, where a task that is lost for good and a cluster without workers end in an error.

joblib 1.6 waits for ever for a task that Dask gave up (KilledWorker), and Dask waits for ever for workers.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distributed import Client, LocalCluster, WorkerPlugin
from joblib import parallel_config
from joblib._dask import DaskDistributedBackend

from feeds.errors import ConfigError, WorkerLost
from optimize.backends.worker import Delivered, held

if TYPE_CHECKING:
    from optimize.backends.parcel import Parcel

PATIENCE = 60.0  # seconds without any worker
CONNECTING = 10.0  # seconds
NOBODY = "the Dask cluster has no worker; what is finished is kept: start workers and run the same sweep again"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Failed:
    error: BaseException


class _Backend(DaskDistributedBackend):
    """Tells joblib of failed tasks."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.unanswered: set[Future[Any]] = set()

    def submit(self, func: Any, callback: Any = None) -> Any:
        held: Future[Any] = super().submit(func, callback)
        self.unanswered.add(held)

        def answered(one: Future[Any]) -> None:
            self.unanswered.discard(one)
            error = one.exception()
            if error is not None and callback is not None:
                callback(_Failed(error))

        held.add_done_callback(answered)
        return held

    def retrieve_result_callback(self, out: Any) -> Any:
        if isinstance(out, _Failed):
            raise out.error
        return super().retrieve_result_callback(out)

    def give_up(self, error: BaseException) -> None:
        for one in list(self.unanswered):
            with contextlib.suppress(InvalidStateError):  # answered in this moment
                one.set_exception(error)


class _Delivery(WorkerPlugin):
    """Brings a parcel to every worker, also to those that come later, once each.

    Data scattered with broadcast would do too, but Dask drops what it takes for needless copies, and the last copy dies
    with its worker.
    """

    def __init__(self, parcel: Parcel) -> None:
        self.parcel, self.name = parcel, f"navale-{uuid.uuid4().hex}"

    def setup(self, worker: Any) -> None:
        held[self.parcel.digest] = self.parcel

    def teardown(self, worker: Any) -> None:
        held.pop(self.parcel.digest, None)


def _unregister(client: Any, name: str) -> None:
    """Let workers forget; a cluster that is gone has forgotten."""
    try:
        client.unregister_worker_plugin(name)
    except (OSError, RuntimeError, ValueError, TimeoutError) as error:
        _log.debug("the Dask cluster did not take the data back: %s", error)


@contextlib.contextmanager
def opened(workers: int | str, parcel: Parcel) -> Iterator[Delivered]:
    """joblib's backend is a Dask cluster that holds `parcel` on every worker: one at an address, or one made here."""
    with contextlib.ExitStack() as stack:
        where: Any = workers if isinstance(workers, str) else stack.enter_context(_own_cluster(workers))
        try:
            client: Any = stack.enter_context(Client(where, timeout=CONNECTING, set_as_default=False))  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise ConfigError(f"no Dask scheduler answers at {workers} ({error}); start one: dask scheduler") from error
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise WorkerLost(NOBODY) from None
        delivery = _Delivery(parcel)
        client.register_plugin(delivery, name=delivery.name)
        stack.callback(_unregister, client, delivery.name)
        backend = _Backend(client=client)
        over = threading.Event()
        watch = threading.Thread(target=_watch, args=(client, backend, over), name="dask-watch", daemon=True)
        watch.start()
        try:
            with parallel_config(backend=backend):
                yield Delivered(parcel.digest)
        finally:
            over.set()
            watch.join()


def _own_cluster(workers: int) -> Any:
    """Worker processes that a Ctrl-C in the terminal does not reach: this process ends them."""
    cluster: Any = LocalCluster
    before = None
    if threading.current_thread() is threading.main_thread():
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited
    try:
        return cluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.ERROR)
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)


def _watch(client: Any, backend: _Backend, over: threading.Event) -> None:
    """Give up when the cluster has had no worker, or no scheduler, for PATIENCE seconds."""
    step, alone = min(1.0, PATIENCE / 4), 0.0
    while not over.wait(step):
        try:
            there = bool(client.sync(client.scheduler.ncores, callback_timeout=CONNECTING))
        except (OSError, RuntimeError, AttributeError):  # no scheduler
            there = False
        alone = 0.0 if there else alone + step
        if alone >= PATIENCE:
            backend.give_up(WorkerLost(NOBODY))
            return
