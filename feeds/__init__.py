"""Market data: bars, their instruments and where they come from. `load` is the way in."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feeds.bars import Bars
    from feeds.gaps import Gaps
    from feeds.instrument import Instrument
    from feeds.loading import load
    from feeds.samples import sample_names
    from feeds.synthetic import martingale, planted_edge, regimes

__all__ = ["Bars", "Gaps", "Instrument", "load", "martingale", "planted_edge", "regimes", "sample_names"]

_HOMES = {
    "Bars": "feeds.bars",
    "Gaps": "feeds.gaps",
    "Instrument": "feeds.instrument",
    "load": "feeds.loading",
    "martingale": "feeds.synthetic",
    "planted_edge": "feeds.synthetic",
    "regimes": "feeds.synthetic",
    "sample_names": "feeds.samples",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'feeds' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
