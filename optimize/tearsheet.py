"""One HTML file that tells a run: offline, self-contained, nothing hidden."""

from __future__ import annotations

import json
import re
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError
from optimize.benchmark import benchmark_curve, verdict
from optimize.chart import chart_data
from optimize.storage import write_text
from optimize.tearsheet_quantstats import report
from optimize.tearsheet_sections import exits, figures_table, rejections, settings, tiles

if TYPE_CHECKING:
    from optimize.run import Run

TOO_LITTLE = (
    "<p>quantstats has no report for this run: it needs returns that vary over 20 days or more, and it would take "
    "returns that never fall and once exceed 100 % for prices.</p>"
)


def tearsheet(run: Run, path: str | Path, benchmark: Any = None, rf: float = 0.0, *, quantstats: bool = True) -> Path:
    """Write the report of a run to one HTML file and return its path.

    Headline figures, the plain verdict against the benchmark (default: buy and hold of the first symbol, without
    costs), a zoomable chart with every fill, stop and target, exits and rejections by reason, all settings with the
    data's origin, and the quantstats report on daily returns. The file needs no network and is replaced as a whole.
    benchmark: Bars or a Series of prices with aware times. rf: yearly risk-free rate. quantstats: False leaves its
    report out, which takes seconds. Raises ConfigError or DataError.
    """
    target = Path(path)
    if target.is_dir():
        raise ConfigError(f"{target} is a folder; name the file, such as {target / 'tearsheet.html'}")
    return write_text(target, page(run, benchmark, rf, quantstats=quantstats))


def page(run: Run, benchmark: Any = None, rf: float = 0.0, *, quantstats: bool = True) -> str:
    """The HTML text of `tearsheet`."""
    curve = benchmark_curve(run, benchmark)
    better, told = verdict(run, curve, rf)
    statistics = report(run, curve, rf) if quantstats else ""
    stamps = run.equity.index
    parts = {
        "title": escape(f"{run.strategy_name} on {', '.join(run.bars)}"),
        "subtitle": escape(f"{stamps[0]:%Y-%m-%d} to {stamps[-1]:%Y-%m-%d}, {len(stamps):,} bars, {run.engine} engine"),
        "strategy": escape(run.strategy_repr),
        "banners": _banners(run),
        "verdict": f'<p class="verdict {"good" if better else "bad"}">{escape(told)}</p>',
        "tiles": tiles(run, rf),
        "figures": figures_table(run, curve, rf),
        "exits": exits(run),
        "rejections": rejections(run),
        "settings": settings(run),
        "quantstats": _framed(statistics) if statistics else TOO_LITTLE if quantstats else "<p>Left out.</p>",
        "data": _script_json(chart_data(run, curve)),
        "style": _asset("tearsheet.css"),
        "library": _asset("lightweight-charts.standalone.production.js"),
        "script": _asset("chart.js"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _asset("tearsheet.html"))


def _banners(run: Run) -> str:
    made_up = [symbol for symbol, bars in run.bars.items() if bars.synthetic]
    lines = [f"SYNTHETIC DATA: {', '.join(made_up)} is no market; results say nothing about trading"] if made_up else []
    lines += ["RUINED: equity reached zero, everything was closed, the return is -100 %"] if run.ruined else []
    return "".join(f'<p class="banner">{escape(line)}</p>' for line in lines)


def _framed(html: str) -> str:
    text = html.replace("&", "&amp;").replace("'", "&#39;")  # all that a single-quoted attribute needs
    rules = "loading='lazy' sandbox='allow-same-origin'"  # no scripts; the page reads its height
    return f"<iframe id='quantstats' title='quantstats' {rules} srcdoc='{text}'></iframe>"


def _script_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _asset(name: str) -> str:
    return resources.files("optimize").joinpath("assets", name).read_text(encoding="utf-8")
