"""The report of a walk-forward: one HTML file, offline, for somebody who did not run it."""

from __future__ import annotations

import dataclasses
import json
import re
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError, NavaleError
from optimize.manifest import describe_bars
from optimize.provenance import git_state, library_versions, navale_version
from optimize.storage import nulled, write_text
from optimize.tearsheet_sections import table
from optimize.walkforward import report_sections as sections

if TYPE_CHECKING:
    from optimize.evidence.judgement import Judgement
    from optimize.gates.gates import GateReport
    from optimize.walkforward.result import Choice, WalkForward

POINTS, BINS, SPLITS = 3000, 40, 1500
COLUMNS = ("number", "state", "score", "smoothed", "sharpe", "total_return", "max_drawdown", "profit_factor", "trades")
TOO_LITTLE = "<p>quantstats has no report for this record: it needs returns that vary over 20 days or more.</p>"


def write_report(
    walk: WalkForward, judgement: Judgement, gates: GateReport, path: str | Path, *, quantstats: bool = True
) -> Path:
    """Write the report to one HTML file and return its path.

    Verdict and gates, the procedure in words, folds and choices, the stitched record beside buy and hold, certainty,
    overfitting, stability, stress, regimes, all trials to search in, the quantstats tearsheet of the out-of-sample
    returns, and where everything comes from. quantstats: False leaves its tearsheet out, which takes seconds.
    """
    target = Path(path)
    if target.is_dir():
        raise ConfigError(f"{target} is a folder; name the file, such as {target / 'report.html'}")
    told = judgement.to_json()
    times = walk.equity.index
    parts = {
        "title": escape(f"Walk-forward of {walk.strategy.__name__} on {walk.bars.symbol}"),
        "subtitle": escape(f"out of sample {times[0]:%Y-%m-%d} to {times[-1]:%Y-%m-%d}, {len(times):,} bars, "
                           f"{len(walk.folds)} folds of {walk.settings.trials} trials"),
        "banner": _banner(walk),
        "verdict": sections.verdict(walk, gates),
        "gates": sections.gates_table(gates),
        "procedure": sections.procedure(walk, judgement),
        "folds": sections.folds_table(walk, judgement),
        "choices": sections.choices_table(walk),
        "figures": sections.figures_table(walk, told),
        "certainty": sections.certainty_table(told),
        "overfitting": _overfitting(told),
        "stability": _stability(told),
        "stress": sections.stress_table(told),
        "regimes": sections.regimes_table(told),
        "tearsheet": _tearsheet(walk, judgement) if quantstats else "<p>Left out.</p>",
        "provenance": table(["", ""], sections.pairs(_provenance(walk, gates)), "settings"),
        "style": _asset("tearsheet.css"),
        "library": resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8"),
        "data": _script_json({"judgement": told, "gates": gates.to_json(), **plots(walk, judgement)}),
    }  # fmt: skip
    page = re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _asset("walkforward.html"))
    return write_text(target, page)


def plots(walk: WalkForward, judgement: Judgement) -> dict[str, Any]:
    """What the page draws."""
    told: dict[str, Any] = {"equity": _equity(walk, judgement), "trials": _trials(walk)}
    told["decay"] = [{"fold": f"fold {one.fold + 1}", "x": one.in_sample, "y": one.out_of_sample}
                     for one in judgement.decay.folds]  # fmt: skip
    try:
        found = judgement.overfitting
        counts, edges = np.histogram(found.logits, BINS)
        keep = np.unique(np.linspace(0, len(found.chosen) - 1, SPLITS).astype(int))
        year = np.sqrt(walk.periods * min(1.0, judgement.trial_returns.shape[0] / _bars(walk)))
        told["overfitting"] = {"edges": edges.tolist(), "counts": counts.tolist(),
                               "chosen": (found.chosen[keep] * year).tolist(),
                               "unseen": (found.unseen[keep] * year).tolist()}  # fmt: skip
    except NavaleError:
        told["overfitting"] = None
    plain: dict[str, Any] = nulled(told)
    return plain


def _bars(walk: WalkForward) -> int:
    """Bars of the candidate's train window."""
    times = walk.bars.times
    return int(((times >= walk.candidate.first) & (times <= walk.candidate.last)).sum())


def _equity(walk: WalkForward, judgement: Judgement) -> dict[str, Any]:
    times, values = walk.equity.index, walk.equity.to_numpy()
    keep = np.unique(np.linspace(0, len(times) - 1, min(POINTS, len(times))).astype(int))
    held = judgement.benchmark.equity * walk.settings.account.cash
    return {
        "time": [f"{times[k]:%Y-%m-%d %H:%M}" for k in keep],
        "record": values[keep].tolist(),
        "held": held[keep].tolist(),
        "borders": [f"{fold.times[0]:%Y-%m-%d %H:%M}" for fold in walk.folds],
        "idle": [fold.number + 1 for fold in walk.folds if fold.run is None],
    }


def _trials(walk: WalkForward) -> list[dict[str, Any]]:
    """The trials of each train window, columns first."""
    named = [(f"fold {fold.number + 1}", fold.choice) for fold in walk.folds] + [("candidate", walk.candidate)]
    return [{"name": name, "chosen": choice.number, **_columns(walk, choice)} for name, choice in named]


def _columns(walk: WalkForward, choice: Choice) -> dict[str, Any]:
    names = [name for name in (*COLUMNS, *walk.space.axes) if name in choice.trials.columns]
    return {
        "columns": names,
        "parameters": list(walk.space.axes),
        "rows": choice.trials[names].astype(object).to_numpy().tolist(),
    }


def _overfitting(told: dict[str, Any]) -> str:
    found = told["overfitting"]
    if not found:
        return sections.missing(told, "overfitting")
    half, loss = sections.percent(found["probability"], 1), sections.percent(found["loss"], 1)
    return (
        f"<p>The candidate's train window was cut into blocks; on every half of them ({found['splits']:,} ways) the "
        f"best trial was chosen and ranked among all trials on the other half. In <b>{half}</b> of the ways it came "
        "out no better than the middle: that is the probability of backtest overfitting, near one half when all trials "
        f"are equally good. In <b>{loss}</b> of the ways it earned nothing there.</p>"
    )


def _stability(told: dict[str, Any]) -> str:
    found, near = told["neighbourhood"], told["proximity"]
    if not found:
        return sections.missing(told, "neighbourhood")
    inert = f" Moves of {', '.join(map(escape, found['inert']))} change nothing here." if found["inert"] else ""
    share = sections.percent(found["median"])
    text = (
        f"<p>Each searched parameter of the candidate moved by 5 and 10 % of its range, one at a time, and all numbers "
        f"at once: {len(found['table'])} sets, {found['impossible']} more that the strategy's rule forbids. Their "
        f"median Sharpe on the candidate's train window is <b>{share}</b> of its own "
        f"({sections.number(found['own'])}); {sections.percent(found['positive'])} of them are above zero.{inert}</p>"
    )
    if near:
        where = "within" if near["within"] else "outside"
        way, allowed = sections.percent(near["nearest"]), sections.percent(near["allowed"])
        text += (
            f"<p>The candidate lies <b>{where}</b> the neighbourhood of the folds' choices: {way} of an axis on "
            f"average from that of fold {near['fold'] + 1}; up to {allowed} would be near.</p>"
        )
    return text


def _tearsheet(walk: WalkForward, judgement: Judgement) -> str:
    """The quantstats report of the stitched record beside buy and hold."""
    import pandas as pd

    from optimize.tearsheet_quantstats import report

    runs = [fold.run for fold in walk.folds if fold.run is not None]
    if not runs:
        return TOO_LITTLE
    stitched = dataclasses.replace(runs[0], equity=walk.equity, start=walk.equity.index[0], end=walk.equity.index[-1])
    held = pd.Series(judgement.benchmark.equity, index=walk.equity.index, name="buy and hold")
    html = report(stitched, held)
    if not html:
        return TOO_LITTLE
    text = html.replace("&", "&amp;").replace("'", "&#39;")  # all that a single-quoted attribute needs
    rules = "loading='lazy' sandbox='allow-same-origin'"  # no scripts; the page reads its height
    return f"<iframe id='quantstats' title='quantstats' {rules} srcdoc='{text}'></iframe>"


def _banner(walk: WalkForward) -> str:
    if not walk.bars.synthetic:
        return ""
    told = f"SYNTHETIC DATA: {walk.bars.symbol} is no market; results say nothing about trading"
    return f'<p class="banner">{escape(told)}</p>'


def _provenance(walk: WalkForward, gates: GateReport) -> dict[str, Any]:
    return {
        "data": describe_bars(walk.bars), "strategy": walk.strategy.__name__, "settings": walk.settings.to_json(),
        "gates": {"source": gates.source, "default": gates.default, "version": gates.version, "hash": gates.hash},
        "navale": navale_version(), "git": git_state(), "versions": library_versions(),
        "bars a year": walk.periods, "seconds": round(walk.seconds, 1),
    }  # fmt: skip


def _script_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _asset(name: str) -> str:
    return resources.files("optimize").joinpath("assets", name).read_text(encoding="utf-8")
