"""One case of a calibration: a walk-forward on one made-up series, reduced to the figures that gates read."""

from __future__ import annotations

import ast
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError, DataError
from optimize.storage import from_json, nulled, to_json, write_text

if TYPE_CHECKING:
    from optimize.gates.gates import Gates

CONSIDERED = ("sharpe_probability_days", "sharpe_probability_weeks", "pbo", "pbo_loss", "deflated_sharpe",
              "neighbourhood_median", "neighbourhood_positive", "neighbourhood_folds", "candidate_distance", "oos_is",
              "late_share", "sharpe_costs_2", "max_drawdown", "total_return")  # fmt: skip
"""Figures kept besides those of the gates, so that gates can be compared without new walk-forwards."""
PROFILE = "reference"  # its account; the published search space and defaults for everything else


@dataclass(frozen=True)
class Plan:
    """What every case of a calibration has in common. years: length of each series; trials: per train window."""

    years: float = 15.0
    trials: int = 200
    folds: int = 4

    def __post_init__(self) -> None:
        if not (math.isfinite(self.years) and self.years > 0):
            raise ConfigError(f"years={self.years!r} must be above 0")

    def digest(self) -> str:
        """Name of all that the figures of a case depend on: code, libraries, settings, series; not the gates."""
        from optimize.calibration import series
        from optimize.code_digest import code_digest
        from optimize.provenance import library_versions
        from optimize.walkforward.settings import Settings
        from optimize.walkforward.space import SearchSpace
        from strategies.atr_trend import AtrTrend

        known = {
            "code": code_digest(AtrTrend), "procedure": _sources(), "versions": library_versions(),
            "space": SearchSpace(AtrTrend).describe(), "settings": Settings(trials=self.trials, folds=self.folds,
            account=AtrTrend.profile(PROFILE).account).to_json(), "years": self.years,
            "series": [series.series(kind, 0, 1.0).fingerprint for kind in series.KINDS],
        }  # fmt: skip
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


APART = ("report", "command_line", "saving", "concluding", "workers", "storage", "journal_lock", "liveness")
"""Beginnings of names of modules that no figure depends on."""


BENEATH = (
    "optimize/backtest", "optimize/metrics", "optimize/periods", "optimize/run", "optimize/sweep_figures",
    "optimize/trades", "strategies/engines/vector", "strategies/engines/window", "strategies/execution/ledger",
    "strategies/execution/prices", "strategies/execution/setup", "indicators/engines/batch",
    "indicators/engines/higher_timeframe",
)  # fmt: skip
"""Modules that figures of a case are computed with, besides the compiled code and the folders of the procedure."""


def _sources() -> str:
    """Hash of the procedure's and the judgement's own code and of what is beneath it, comments and layout left out."""
    root = Path(__file__).resolve().parents[2]
    files = sorted(path for folder in ("walkforward", "evidence") for path in (root / "optimize" / folder).glob("*.py"))
    files = [path for path in files if not path.name.startswith(APART)] + [root / f"{name}.py" for name in BENEATH]
    trees = [ast.dump(ast.parse(path.read_bytes())) for path in files]
    return hashlib.sha256("\n".join(trees).encode()).hexdigest()


def figures(kind: str, seed: int, plan: Plan, names: Sequence[str]) -> dict[str, Any]:
    """The figures `names` of one walk-forward, and why some are missing. The search's seed is the series' own."""
    from optimize.calibration.series import series
    from optimize.evidence.judgement import Judgement
    from optimize.walkforward.procedure import walk_forward
    from strategies.atr_trend import AtrTrend

    bars = series(kind, seed, plan.years)
    account = AtrTrend.profile(PROFILE).account
    walk = walk_forward(AtrTrend, bars, account=account, trials=plan.trials, folds=plan.folds, seed=seed)
    values, missing = Judgement(walk).values(names)
    return {"kind": kind, "seed": seed, "values": values, "missing": missing}


def known(folder: Path, kind: str, seed: int, names: Iterable[str]) -> dict[str, Any] | None:
    """A case that was finished before with at least these figures."""
    path = folder / f"{kind}-{seed}.json"
    if not path.is_file():
        return None
    found = from_json(path)
    if not isinstance(found, dict) or (found.get("kind"), found.get("seed")) != (kind, seed):
        raise DataError(f"{path} holds another case; remove it")
    if not all(isinstance(found.get(part), dict) for part in ("values", "missing")):
        raise DataError(f"{path} is damaged, it holds no figures; remove it")
    return found if set(names) <= set(found["values"]) else None


def run_case(folder: Path, kind: str, seed: int, plan: Plan, names: Sequence[str]) -> dict[str, Any]:
    """A case from disk, else computed and kept."""
    found = known(folder, kind, seed, names)
    if found is None:
        found = nulled(figures(kind, seed, plan, names))
        write_text(folder / f"{kind}-{seed}.json", to_json(found))
    return found


def run_cases(
    folder: Path, cases: Sequence[tuple[str, int]], plan: Plan, gates: Gates, workers: int | None,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """All cases, in order; the unfinished ones on `workers` processes (all cores). An interrupted calibration goes on
    with what is missing."""
    import joblib

    names = sorted({*gates.figures, *CONSIDERED})
    todo = [case for case in cases if known(folder, *case, names) is None]
    report = progress or (lambda done, total: None)
    report(len(cases) - len(todo), len(cases))
    jobs = (joblib.delayed(run_case)(folder, kind, seed, plan, names) for kind, seed in todo)
    count = workers or len(os.sched_getaffinity(0))
    finished = joblib.Parallel(n_jobs=count, return_as="generator_unordered")(jobs)
    for done, _ in enumerate(finished, len(cases) - len(todo) + 1):
        report(done, len(cases))
    return [run_case(folder, kind, seed, plan, names) for kind, seed in cases]
