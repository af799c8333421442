"""The manifest of a saved run: everything that is not a table, as strict JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from feeds.instrument import Instrument
from optimize.provenance import git_state, library_versions, navale_version
from optimize.storage import to_json
from strategies.execution.account import Account, Costs, Sizing

if TYPE_CHECKING:
    from feeds.bars import Bars
    from optimize.run import Run

FORMAT = 1


def describe(run: Run, name: str, created: pd.Timestamp) -> dict[str, Any]:
    """Settings, data and origin of a run; infinite numbers are written as "inf"."""
    return {
        "format": FORMAT,
        "id": name,
        "created": created.isoformat(),
        "strategy": run.strategy_repr,
        "strategy_name": run.strategy_name,
        "parameters": {key: _written(value) for key, value in run.parameters.items()},
        "engine": run.engine,
        "account": plain_fields(run.account),
        "window": {"start": _stamp(run.start), "end": _stamp(run.end), "stamps": len(run.equity)},
        "data": {symbol: describe_bars(bars) for symbol, bars in run.bars.items()},
        "ruined": run.ruined,
        "seconds": run.seconds,
        "versions": library_versions(),
        "navale": navale_version(),
        "git": git_state(),
    }


def seal(manifest: dict[str, Any]) -> str:
    """sha256 (hex) of all that a manifest says, except its id, which may be given a number on the way, and the seal."""
    told = {name: value for name, value in manifest.items() if name not in ("id", "seal")}
    return hashlib.sha256(to_json(told).encode()).hexdigest()


def describe_bars(bars: Bars) -> dict[str, Any]:
    """Origin of one series."""
    return {
        "source": bars.source,
        "fingerprint": bars.fingerprint,
        "bars": len(bars),
        "first": _stamp(bars.times[0]),
        "last": _stamp(bars.times[-1]),
        "timeframe": bars.timeframe.value,
        "adjusted": bars.adjusted,
        "synthetic": bars.synthetic,
        "gaps": str(bars.gaps),
        "notes": list(bars.notes),
        "instrument": plain_fields(bars.instrument),
    }


def read_bars(told: dict[str, Any], frame: pd.DataFrame) -> Bars:
    """The series that `describe_bars` told of."""
    from feeds.bars import Bars

    return Bars(
        frame,
        Instrument(**told["instrument"]),
        told["source"],
        pd.Timedelta(told["timeframe"], unit="ns"),
        adjusted=told["adjusted"],
        synthetic=told["synthetic"],
        notes=tuple(told["notes"]),
    )


def read_account(told: dict[str, Any]) -> Account:
    """The account of a manifest."""
    values = {key: _read(value) for key, value in told.items() if key not in ("costs", "sizing", "kind")}
    return Account(**values, kind=told["kind"], costs=Costs(**told["costs"]), sizing=Sizing(**told["sizing"]))


def read_parameters(told: dict[str, Any]) -> dict[str, Any]:
    """Parameters of a manifest."""
    return {key: _read(value) for key, value in told.items()}


def read_stamp(text: str | None) -> pd.Timestamp | None:
    """A time of a manifest."""
    return None if text is None else pd.Timestamp(text).as_unit("ns")


def plain_fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass, nested ones too, as JSON knows them; infinite numbers are written as "inf"."""
    found = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    return {
        key: plain_fields(item) if dataclasses.is_dataclass(item) else _written(item) for key, item in found.items()
    }


def _stamp(value: pd.Timestamp | None) -> str | None:
    return None if value is None else pd.Timestamp(value).isoformat()


def _written(value: Any) -> Any:
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value


def _read(value: Any) -> Any:
    return float(value) if value in ("inf", "-inf", "nan") else value
