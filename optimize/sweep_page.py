"""The HTML page of a sweep: heatmaps of any two parameters, the spread of a figure, equity of the best rows."""

from __future__ import annotations

import json
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optimize.metrics import DEFINITIONS, shown
from optimize.storage import nulled, write_text
from optimize.sweep_figures import FIGURES
from optimize.sweep_maps import heatmaps
from optimize.sweep_table import smallest_first, with_length

if TYPE_CHECKING:
    import pandas as pd

    from optimize.sweep_table import Sweep

BINS, POINTS, BEST = 60, 1500, 5
WARNING = (
    "These figures were made on the data that the choice is made from. The best of many rows looks good by luck alone: "
    "judge a choice on data it has not seen."
)


def write_page(sweep: Sweep, path: Path, by: str = "sharpe", trades: int = 0, least: bool | None = None) -> Path:
    """Write the page. by: the figure that colours and sorts; trades: rows with fewer closed trades are left out; least:
    the smallest values are the best, as in `Sweep.top`."""
    least = smallest_first(by) if least is None else least
    best = sweep.top(20, by, trades=trades, least=least)
    pairs, notes = heatmaps(sweep, by, least, lambda frame: _kept(frame, by, trades))
    if len(sweep.series) > 1:
        notes.append("Each symbol and timeframe has its own heatmaps; spread and best rows are of all of them together")
    data = {
        "by": by,
        "pairs": pairs,
        "spread": _spread(sweep, by, trades),
        "equity": _equity(sweep, best.head(BEST)),
    }
    text = json.dumps(nulled(data), allow_nan=False).replace("</", "<\\/")
    parts = {
        "title": f"Sweep of {sweep.grid.cls.__name__}",
        "rows": f"{len(sweep):,} combinations" + ("" if sweep.complete else ", interrupted"),
        "what": ". ".join(
            [f"{DEFINITIONS[by]}; {'smallest' if least else 'largest'} first, at least {trades} closed trades", *notes]
        ),
        "by": by,
        "warning": WARNING,
    }
    page = resources.files("optimize").joinpath("assets", "sweep.html").read_text(encoding="utf-8")
    for name, value in parts.items():
        page = page.replace(f"{{{{{name}}}}}", escape(value))
    library = resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")
    page = page.replace("{{table}}", _table(best)).replace("{{data}}", text).replace("{{library}}", library)
    return write_text(path, page)


def _kept(frame: pd.DataFrame, by: str, trades: int) -> pd.DataFrame:
    return frame[(frame["trades"] >= trades) & frame[by].notna()]


def _spread(sweep: Sweep, by: str, trades: int) -> dict[str, Any]:
    """Histogram of the figure, counted part by part."""
    low, high = np.inf, -np.inf
    for frame in sweep.store.frames(list(dict.fromkeys((by, "trades")))):
        values = _finite(_kept(frame, by, trades)[by])
        if len(values):
            low, high = min(low, values.min()), max(high, values.max())
    if not low <= high:
        return {"edges": [], "counts": []}
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    counts = np.zeros(BINS)
    for frame in sweep.store.frames(list(dict.fromkeys((by, "trades")))):
        counts += np.histogram(_finite(_kept(frame, by, trades)[by]), edges)[0]
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _finite(values: pd.Series) -> np.ndarray:
    numbers = values.to_numpy(dtype=np.float64)
    return numbers[np.isfinite(numbers)]


def _equity(sweep: Sweep, best: pd.DataFrame) -> list[dict[str, Any]]:
    """Equity curves of the best rows, from `backtest`, at most POINTS values each."""
    found = []
    for row in best.to_dict("records"):
        run = sweep.run(row)
        name = f"set {row['set']}" + (f", {sweep.name_of(sweep.series_of(row))}" if len(sweep.series) > 1 else "")
        keep = np.unique(np.linspace(0, len(run.equity) - 1, min(POINTS, len(run.equity))).astype(int))
        curve = run.equity.iloc[keep]
        found.append({"name": name, "time": [f"{stamp:%Y-%m-%d %H:%M}" for stamp in curve.index],
                      "equity": [round(float(value), 2) for value in curve]})  # fmt: skip
    return found


def _table(best: pd.DataFrame) -> str:
    head = "".join(f"<th>{escape(str(name))}</th>" for name in best.columns)
    rows = []
    for row in best.to_dict("records"):
        row = {name: int(value) if name in ("trades", "ruined") else value for name, value in with_length(row).items()}
        cells = [shown(name, value) if name in FIGURES else str(value) for name, value in row.items()]
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
