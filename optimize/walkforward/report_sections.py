"""Sections of a walk-forward's report as HTML. Every string that is not ours is escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from optimize.metrics import shown
from optimize.tearsheet_sections import table

if TYPE_CHECKING:
    from optimize.evidence.judgement import Judgement
    from optimize.gates.gates import GateReport
    from optimize.walkforward.result import Choice, WalkForward

BOUND = {"at_least": "at least", "at_most": "at most", "above": "above"}
STRESS = ("sharpe", "total_return", "max_drawdown", "profit_factor", "trades")


def number(value: Any, digits: int = 2) -> str:
    """A figure as people read it; "–" when it is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.{digits}f}"


def verdict(walk: WalkForward, gates: GateReport) -> str:
    """The outcome in a sentence."""
    chosen, other = walk.candidate.parameters is not None, ""
    if not gates.default:
        other = f" These are not the default gates but the {len(gates.results)} of {gates.source}."
    if gates.passed and chosen:
        told = f"Every gate is passed. The candidate may be promoted to paper trading.{other}"
        return f'<p class="verdict {"bad" if other else "good"}">{escape(told)}</p>'
    failed = ", ".join(result.name for result in gates.failed)
    told = f"{len(gates.failed)} of {len(gates.results)} gates are not passed: {failed}. " if failed else ""
    told += "Do not trade this."
    if not chosen:
        told += " The last train window led to no choice, so there is no candidate either."
    return f'<p class="verdict bad">{escape(told + other)}</p>'


def gates_table(gates: GateReport) -> str:
    """One row per gate; the exact value is kept in data-value."""
    rows = []
    for one in gates.results:
        value = "" if math.isnan(one.value) else repr(one.value)
        mark = '<td class="good">pass</td>' if one.passed else '<td class="bad"><b>FAIL</b></td>'
        limit = f"{BOUND[one.bound]} {one.threshold:g}"
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in (one.said, limit, one.why))
        rows.append(f'<tr data-figure="{escape(one.figure)}" data-value="{value}"><td>{escape(one.name)}</td>'
                    f"{mark}{cells}</tr>")  # fmt: skip
    heads = "".join(f"<th>{head}</th>" for head in ("gate", "", "what was found", "threshold", "why"))
    body = f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="scroll"><table id="gates">{body}</table></div>'


def procedure(walk: WalkForward, judged: Judgement) -> str:
    """What was done, in words."""
    plan, space = walk.settings, walk.space
    searched = ", ".join(escape(name) for name in space.axes)
    goal = " and ".join(plan.objectives)
    windows = "begin at the first bar and grow" if plan.scheme == "anchored" else "keep their length and move"
    tried = sum(len(fold.choice.trials) for fold in walk.folds) + len(walk.candidate.trials)
    return (
        f"<p>{len(walk.folds)} times a choice was made as it could have been made at the time. Train windows "
        f"{windows}. On each, {plan.trials} sets of parameters were tried (sampler {plan.sampler}, {tried:,} in all), "
        f"judged by their {escape(goal)} over {plan.blocks} parts of the train window that are purged of trades "
        f"reaching from one into the next. Sets with fewer than {plan.min_trades} closed trades are no evidence and "
        "cannot be chosen. The set with the best score, averaged over the trials near it, was frozen and run once, "
        "from a flat account, on the bars that follow after a gap (purge: longest holding time; embargo: a share of "
        "the train window). <b>Out of sample</b> means these bars: no choice has seen them. Their stitched record is "
        "what the gates judge.</p>"
        "<p>The evidence is that of the <i>procedure</i>: of choosing like this again and again. The candidate is what "
        "the same procedure chooses on all data up to the end; it has no out-of-sample record of its own.</p>"
        f"<p>Searched: {searched}. {_fixed(walk)}Judged with {judged.draws:,} bootstrap draws, seed {judged.seed}.</p>"
    )


def _fixed(walk: WalkForward) -> str:
    if not walk.space.fixed:
        return ""
    told = ", ".join(f"{name} = {value}" for name, value in walk.space.fixed.items())
    return f"Fixed: {escape(told)}. "


def folds_table(walk: WalkForward, judged: Judgement) -> str:
    """Windows and outcome of each fold, the candidate last."""
    heads = ("fold", "train window", "gap [bars]", "test window", "in-sample Sharpe", "out-of-sample Sharpe", "kept",
             "out-of-sample return", "trades")  # fmt: skip
    rows = []
    for fold, found in zip(walk.folds, judged.decay.folds, strict=True):
        own, gap = fold.choice, f"{fold.choice.purge} + {fold.choice.embargo}"
        rows.append([f"fold {fold.number + 1}", _days(own.first, own.last), gap, _days(fold.times[0], fold.times[-1]),
                     number(found.in_sample), number(found.out_of_sample), percent(found.ratio),
                     shown("total_return", found.total_return), found.trades])  # fmt: skip
    last, whole = walk.candidate, judged.decay
    rows.append(["stitched", "", "", _days(walk.equity.index[0], walk.equity.index[-1]), number(whole.in_sample),
                 number(whole.stitched), percent(whole.ratio), shown("total_return", walk.figures["total_return"]),
                 walk.figures["trades"]])  # fmt: skip
    inside = number(float(last.in_sample.get("sharpe", math.nan)))
    rows.append(["candidate", _days(last.first, last.last), f"{last.purge} + {last.embargo}", "", inside, "–", "–", "–",
                 "–"])  # fmt: skip
    return table(heads, rows, "numbers")


def choices_table(walk: WalkForward) -> str:
    """The searched parameters that each train window led to."""
    named = [(f"fold {fold.number + 1}", fold.choice) for fold in walk.folds] + [("candidate", walk.candidate)]
    rows = [[name, *(_chosen(choice, name) for _, choice in named)] for name in walk.space.axes]
    return table(["parameter", *(told for told, _ in named)], rows, "numbers")


def _chosen(choice: Choice, name: str) -> str:
    if choice.parameters is None:
        return "no choice"
    value = choice.parameters[name]
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def figures_table(walk: WalkForward, told: dict[str, Any]) -> str:
    """The stitched record beside buy and hold."""
    held = told["benchmark"] or {}
    rows = [[name.replace("_", " "), shown(name, walk.figures[name]),
             shown(name, held[name]) if held.get(name) is not None else ""]
            for name in ("total_return", "cagr", "sharpe", "sortino", "volatility", "max_drawdown", "calmar", "trades",
                         "win_rate", "profit_factor") if name in walk.figures]  # fmt: skip
    rows += [[label, number(held.get(key)), ""] for label, key in
             (("correlation with it", "correlation"), ("beta to it", "beta"))]  # fmt: skip
    return table(["figure", "out of sample", "buy and hold, same costs"], rows, "numbers")


def certainty_table(told: dict[str, Any]) -> str:
    """How sure the record is."""
    values = told["values"]
    rows = [[meaning, number(values[name], 4)] for meaning, name in (
        ("probability that the true out-of-sample Sharpe is above 0, from daily returns", "sharpe_probability_days"),
        ("the same from weekly returns (the lower one counts)", "sharpe_probability_weeks"),
        ("share of bootstrap draws with a Sharpe above 0", "sharpe_bootstrap"),
        ("deflated Sharpe: probability that the candidate's in-sample Sharpe is more than the luck of its trials",
         "deflated_sharpe"),
    )]  # fmt: skip
    for name, one in (told["intervals"] or {}).items():
        middle = f"{shown(name, one['value'])} ({shown(name, one['low'])} to {shown(name, one['high'])})"
        rows.append([f"{name.replace('_', ' ')} on daily returns, {percent(one['level'])} bootstrap interval", middle])
    if one := told["shuffled_drawdown"]:
        middle = f"{shown('max_drawdown', one['low'])} to {shown('max_drawdown', one['high'])}"
        rows.append([f"drawdown with the trades in another order, {percent(one['level'])} of the orders", middle])
    if one := told["deflation"]:
        rows.append(["trials that ran / independent tries among them", f"{one['tried']} / {one['independent']:.1f}"])
    return table(["", ""], rows, "numbers")


def stress_table(told: dict[str, Any]) -> str:
    """The test windows again under worse conditions."""
    if not told["stress"]:
        return missing(told, "stress")
    heads = ["condition", *(name.replace("_", " ") for name in STRESS)]
    rows = [[one["condition"], *(_figure(name, one[name]) for name in STRESS)] for one in told["stress"]]
    return table(heads, rows, "numbers")


def regimes_table(told: dict[str, Any]) -> str:
    """The record by kind of market."""
    if not told["regimes"]:
        return missing(told, "regimes")
    names = ("bars", "total_return", "sharpe", "max_drawdown", "trades")
    heads = ["kind", "regime", *(name.replace("_", " ") for name in names)]
    rows = [[one["kind"], one["regime"], *(_figure(name, one[name]) for name in names)]
            for one in told["regimes"]["table"]]  # fmt: skip
    notes = "".join(
        f"<p>{escape(kind)}: missing, {escape(why)}</p>" for kind, why in told["regimes"]["missing"].items()
    )
    return table(heads, rows, "numbers") + notes


def missing(told: dict[str, Any], part: str) -> str:
    """Why a part is not there."""
    return f"<p>Missing: {escape(told['missing'].get(part, 'not computed'))}</p>"


def _figure(name: str, value: Any) -> str:
    return "–" if value is None else shown(name, value)


def percent(value: float | None, digits: int = 0) -> str:
    """A share as people read it; "–" when it is missing."""
    return "–" if value is None or math.isnan(value) else f"{100 * value:,.{digits}f} %"


def _days(first: Any, last: Any) -> str:
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def pairs(told: dict[str, Any], prefix: str = "") -> Iterable[list[str]]:
    """A nested record as rows of two cells."""
    for key, value in told.items():
        if isinstance(value, dict):
            yield from pairs(value, f"{prefix}{key}.")
        else:
            yield [f"{prefix}{key}", "unknown" if value is None else str(value)]
