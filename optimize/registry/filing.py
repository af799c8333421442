"""From a walk-forward and its verdicts to a record."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from feeds.errors import DataError
from optimize.manifest import describe_bars, plain_fields
from optimize.provenance import library_versions, navale_version
from optimize.registry.code_state import CodeState, code_state
from optimize.registry.data import plain_reading
from optimize.registry.events import green
from optimize.registry.kernel_hash import kernel_hash
from optimize.registry.parity_report import parity_report
from optimize.registry.record import Record
from optimize.registry.store import Registry
from optimize.registry.strategy_source import describe_source

if TYPE_CHECKING:
    from optimize.walkforward.result import WalkForward

FORMAT = 1


def file_candidate(
    walk: WalkForward,
    judgement: Mapping[str, Any],
    gates: Mapping[str, Any],
    registry: Registry,
    *,
    by: str,
    why: str,
    now: datetime.datetime,
    reading: Mapping[str, Any] | None = None,
    refit_by: datetime.date | None = None,
    code: CodeState | None = None,
) -> Record:
    """File what the procedure chooses on its last train window, with the evidence of the procedure.

    The record starts at stage "candidate" when every gate is green, else at "research". judgement, gates: `.to_json()`
    of the judgement and of the gate report. reading: arguments of `optimize.sources.bars_of` (sources, options,
    timeframe, columns) that load the bars again, and `start`, from which on they were searched, if any; None:
    `feeds.load` of their source does. refit_by: the day after
    which paper and live warn; default: last bar plus the length of one test window. code: state of the running code,
    default: the present one. A candidate with green gates gets its parity report here.

    Raises DataError when the procedure chose nothing, ConfigError for blank words and a class that cannot be found
    again.
    """
    chosen = walk.candidate.parameters
    if chosen is None:
        raise DataError("the procedure chose nothing on the last train window: there is no candidate to file")
    strategy, account, bars = walk.strategy(**chosen), walk.settings.account, {walk.bars.symbol: walk.bars}
    parity = parity_report(strategy, bars, account, now).to_json() if green(gates) else None
    content = {
        "format": FORMAT,
        "strategy": repr(strategy),
        "source": describe_source(walk.strategy, registry.folder),
        "parameters": dict(strategy.parameters),
        "kernel_hash": kernel_hash(strategy),
        "data": {symbol: {**describe_bars(one), "calendar": one.calendar} for symbol, one in bars.items()},
        "reading": plain_reading(reading),
        "account": plain_fields(account),
        "code": (code or code_state()).to_json(),
        "versions": library_versions(),
        "navale": navale_version(),
        "procedure": {"settings": walk.settings.to_json(), "space": walk.space.describe()},
        "evidence": {"judgement": dict(judgement), "gates": dict(gates)},
        "synthetic": any(one.synthetic for one in bars.values()),
        "parity": parity,
        "refit_by": (refit_by or _refit_by(walk)).isoformat(),
    }
    return registry.file(content, by=by, why=why, now=now)


def _refit_by(walk: WalkForward) -> datetime.date:
    first = walk.folds[0].times
    due = walk.bars.times[-1] + (first[-1] - first[0]) + walk.bars.timeframe
    found: datetime.date = due.date()
    return found
