"""Two runs side by side: what was set differently, what came of it, and the first fill that differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimize.manifest import describe
from optimize.metrics import DEFINITIONS, shown

if TYPE_CHECKING:
    from optimize.run import Run

PRICE_TOLERANCE = 1e-9  # relative, for quantities and prices
MONEY_TOLERANCE = 1e-6
WIDTH = 40
_KEYS = ["time", "symbol", "side", "turn"]
_IGNORED = ("format", "id", "created", "seconds", "versions", "navale", "git")


@dataclass(frozen=True, repr=False)
class Comparison:
    """settings: table (setting, a, b) of those that differ. metrics: table of all figures, a, b and b - a.
    differing_fills: fills that only one run has, or that differ in quantity, price, fee or reason. first: the fills of
    both runs around the first of them (empty when there is none), column `run` says whose.
    """

    settings: pd.DataFrame
    metrics: pd.DataFrame
    differing_fills: int
    first: pd.DataFrame

    def __repr__(self) -> str:
        cells = self.settings.set_index("setting").map(_cell) if len(self.settings) else self.settings
        parts = [_table("settings that differ", cells, "none: same settings")]
        told = pd.DataFrame({side: _texts(self.metrics[side]) for side in ("a", "b")}, index=self.metrics.index)
        parts.append(_table("metrics", told.loc[told["a"] != told["b"]], "the same to the digits shown"))
        parts.append(f"differing fills: {self.differing_fills}")
        if self.differing_fills:
            parts.append(_table("around the first", self.first, ""))
        return "\n\n".join(parts)


def compare(a: Run, b: Run) -> Comparison:
    """Compare two runs. Fills are matched by time, symbol, side and their turn within these; quantities and prices
    count as equal within 1e-9 relative, fees within 1e-6."""
    figures = pd.DataFrame({"a": a.metrics, "b": b.metrics}, index=list(DEFINITIONS), dtype="float64")
    figures["difference"] = figures["b"] - figures["a"]
    different = _different_fills(a.fills, b.fills)
    first = _around(a.fills, b.fills, different.iloc[0]["time"]) if len(different) else a.fills.head(0)
    return Comparison(_settings(a, b), figures, len(different), first)


def _settings(a: Run, b: Run) -> pd.DataFrame:
    now = pd.Timestamp(0, tz="UTC")
    left, right = (_flat({k: v for k, v in describe(run, "", now).items() if k not in _IGNORED}) for run in (a, b))
    names = [*left, *(name for name in right if name not in left)]
    rows = [(name, left.get(name), right.get(name)) for name in names if left.get(name) != right.get(name)]
    return pd.DataFrame(rows, columns=["setting", "a", "b"])


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        found |= _flat(item, f"{prefix}{key}.") if isinstance(item, dict) else {f"{prefix}{key}": item}
    return found


def _different_fills(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    left, right = (
        fills.assign(turn=fills.groupby(["time", "symbol", "side"], sort=False).cumcount()) for fills in (a, b)
    )
    both = left.merge(right, on=_KEYS, how="outer", suffixes=("_a", "_b"), indicator="found")
    same = both["found"] == "both"
    for name in ("quantity", "price"):
        same &= np.isclose(both[f"{name}_a"], both[f"{name}_b"], rtol=PRICE_TOLERANCE, atol=0)
    same &= np.isclose(both["fee_a"], both["fee_b"], rtol=0, atol=MONEY_TOLERANCE)
    same &= both["reason_a"] == both["reason_b"]
    return both[~same].sort_values(["time", "turn"], kind="stable")


def _around(a: pd.DataFrame, b: pd.DataFrame, time: pd.Timestamp, context: int = 3) -> pd.DataFrame:
    parts = []
    for name, fills in (("a", a), ("b", b)):
        first = int(fills["time"].searchsorted(time, side="left"))
        last = int(fills["time"].searchsorted(time, side="right"))
        parts.append(fills.iloc[max(0, first - context) : last + context].assign(run=name))
    return pd.concat(parts).sort_values(["time", "run"], kind="stable").reset_index(drop=True)


def _texts(column: pd.Series) -> list[str]:
    whole = ("trades", "fills", "rejections", "returns", "losing_streak")
    return [shown(str(name), int(value) if name in whole else value) for name, value in column.items()]


def _cell(value: Any) -> str:
    """A setting in one narrow column; `Comparison.settings` has it whole."""
    text = "-" if value is None else str(value)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def _table(title: str, table: pd.DataFrame, none: str) -> str:
    return f"{title}:\n{table.to_string()}" if len(table) else f"{title}: {none}"
