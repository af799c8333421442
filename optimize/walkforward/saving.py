"""A walk-forward on disk: one folder, whole or absent, readable without the program."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from optimize.manifest import describe_bars
from optimize.provenance import git_state, library_versions, navale_version
from optimize.storage import checksum, nulled, place, to_json, write_text
from optimize.walkforward.result import Choice, WalkForward


def describe(walk: WalkForward) -> dict[str, Any]:
    """Procedure, data and outcome of a walk-forward as plain data; undefined figures are None."""
    folds = [
        {
            "fold": fold.number, **describe_choice(fold.choice), "test_first": fold.times[0].isoformat(),
            "test_last": fold.times[-1].isoformat(), "out_of_sample": None if fold.run is None else fold.run.metrics,
        }
        for fold in walk.folds
    ]  # fmt: skip
    told = {
        "strategy": walk.strategy.__name__, "settings": walk.settings.to_json(), "space": walk.space.describe(),
        "data": describe_bars(walk.bars), "folds": folds, "candidate": describe_choice(walk.candidate),
        "stitched": walk.figures, "periods": walk.periods, "seconds": walk.seconds, "versions": library_versions(),
        "navale": navale_version(), "git": git_state(),
    }  # fmt: skip
    plain: dict[str, Any] = nulled(told)
    return plain


def describe_choice(choice: Choice) -> dict[str, Any]:
    """One choice without its trials."""
    return {
        "train_first": choice.first.isoformat(), "train_last": choice.last.isoformat(), "purge": choice.purge,
        "embargo": choice.embargo, "parameters": None if choice.parameters is None else dict(choice.parameters),
        "trial": choice.number, "score": choice.score, "in_sample": dict(choice.in_sample),
        "trials": {str(state): int(count) for state, count in choice.trials["state"].value_counts().items()},
    }  # fmt: skip


def save(walk: WalkForward, root: str | Path, more: Mapping[str, Any], created: pd.Timestamp) -> Path:
    """Write manifest.json, trials.parquet, equity.parquet, trades.parquet and `more` (name of a JSON file to its
    content) to `root`/<id>/ and return that folder. The id sorts by time and ends with a hash of what was found."""
    home = Path(root)
    home.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=home, prefix=".saving-"))
    try:
        part.chmod(0o755)
        told = describe(walk)
        outcome = {name: told[name] for name in ("strategy", "settings", "space", "data", "folds", "candidate")}
        digest = hashlib.sha256(json.dumps(outcome, sort_keys=True).encode()).hexdigest()[:8]
        stamp = f"{created:%Y%m%dT%H%M%SZ}"
        name = f"{stamp}-{walk.strategy.__name__}-{walk.bars.symbol.replace('/', '')}-{digest}"
        _trials(walk).to_parquet(part / "trials.parquet")
        walk.equity.to_frame().assign(returns=walk.returns).to_parquet(part / "equity.parquet")
        walk.trades.to_parquet(part / "trades.parquet")
        for file, content in more.items():
            write_text(part / file, to_json(nulled(content)))
        files = {item.name: checksum(item) for item in sorted(part.iterdir())}
        return place(
            part, home, {"id": name, "format": 1, "created": created.isoformat(), **told, "files": files}
        )  # fmt: skip
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _trials(walk: WalkForward) -> pd.DataFrame:
    """Every trial of every train window; `fold` is -1 for those of the candidate."""
    numbered = [(fold.number, fold.choice) for fold in walk.folds] + [(-1, walk.candidate)]
    return pd.concat([choice.trials.assign(fold=number) for number, choice in numbered], ignore_index=True)
