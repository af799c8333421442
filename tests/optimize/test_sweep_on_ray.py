"""What a sweep does with Ray itself, seen by a stand-in for the library: what it started it ends, nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import joblib
import joblib.parallel
import pytest

from optimize.backends.opening import opened
from optimize.backends.parcel import Parcel

PARCEL = Parcel("digest", "{}", ())


class FakeRay(ModuleType):
    """Keeps account of its calls; chunks go to threads."""

    def __init__(self) -> None:
        super().__init__("ray")
        self.running, self.calls = False, []  # type: ignore[var-annotated]

    def is_initialized(self) -> bool:
        return self.running

    def init(self, **options: Any) -> None:
        self.running = True
        self.calls.append(("init", options))

    def shutdown(self) -> None:
        self.running = False
        self.calls.append(("shutdown", {}))

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0}

    def put(self, value: Any) -> Any:
        return value


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRay]:
    fake, helper = FakeRay(), ModuleType("ray.util.joblib")
    helper.register_ray = lambda: joblib.register_parallel_backend(  # type: ignore[attr-defined]
        "ray", joblib.parallel.ThreadingBackend
    )
    for name, module in (("ray", fake), ("ray.util", ModuleType("ray.util")), ("ray.util.joblib", helper)):
        monkeypatch.setitem(sys.modules, name, module)
    yield fake
    joblib.parallel.BACKENDS.pop("ray", None)


def work(sent: Any, piece: int) -> int:
    return piece * piece


@pytest.mark.parametrize(("workers", "options"), [
    (2, {"num_cpus": 2, "include_dashboard": False}), ("10.0.0.5:6379", {"address": "10.0.0.5:6379"}),
])  # fmt: skip
def test_what_was_started_is_ended(ray: FakeRay, workers: int | str, options: dict[str, Any]) -> None:
    with opened("ray", workers, PARCEL) as (run, sent):
        assert sorted(run(work, sent, list(range(20)))) == [number**2 for number in range(20)]
        assert ray.running
    assert ray.calls == [("init", options), ("shutdown", {})]


def test_it_is_ended_after_an_error_too(ray: FakeRay) -> None:
    with pytest.raises(KeyboardInterrupt), opened("ray", 2, PARCEL):
        raise KeyboardInterrupt
    assert not ray.running
    ray.cluster_resources = dict  # type: ignore[method-assign]
    with pytest.raises(KeyError), opened("ray", "10.0.0.5:6379", PARCEL):
        pass
    assert not ray.running


def test_what_somebody_else_started_goes_on(ray: FakeRay) -> None:
    ray.running = True
    with opened("ray", 2, PARCEL) as (run, sent):
        assert list(run(work, sent, [3])) == [9]
    assert ray.running
    assert ray.calls == []
