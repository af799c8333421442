"""Sections of the tearsheet as HTML. Every string that is not ours is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimize.manifest import describe
from optimize.metrics import DEFINITIONS, measure, performance, shown
from optimize.periods import run_periods
from optimize.tearsheet_quantstats import daily, daily_periods
from optimize.trades import exit_legs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optimize.run import Run

TILES = ("total_return", "cagr", "sharpe", "max_drawdown", "trades", "win_rate", "profit_factor", "exposure")


def words(name: str) -> str:
    """A key as people read it: "max_drawdown" is "Max drawdown"."""
    fixed = {"cagr": "CAGR", "rf": "Risk-free rate", "max_drawdown": "Max. drawdown"}
    return fixed.get(name, name.replace("_", " ").capitalize())


def tiles(run: Run, rf: float) -> str:
    """The headline figures."""
    figures = measure(run, rf)
    cells = (
        f'<div class="tile" title="{escape(DEFINITIONS[name])}"><b class="{_sign(name, figures[name])}">'
        f"{escape(shown(name, figures[name]))}</b><span>{escape(words(name))}</span></div>"
        for name in TILES
    )
    return f'<div class="tiles">{"".join(cells)}</div>'


def figures_table(run: Run, benchmark: pd.Series, rf: float) -> str:
    """All figures with what they mean, beside those of the benchmark; on daily returns too for intraday runs."""
    ours = measure(run, rf)
    theirs = performance(benchmark.to_numpy(), run_periods(run), rf)
    columns = ["figure", run.strategy_name, str(benchmark.name)]
    days: dict[str, float] = {}
    if daily_periods(run) != run_periods(run):
        columns.append("on daily returns")
        curve = (1.0 + daily(run, run.equity)).cumprod()
        days = performance(pd.concat([pd.Series([1.0]), curve]).to_numpy(), daily_periods(run), rf)
    rows = []
    for name, meaning in DEFINITIONS.items():
        row = [words(name), shown(name, ours[name]), shown(name, theirs[name]) if name in theirs else ""]
        row += [shown(name, days[name]) if name in days else ""] if days else []
        rows.append([*row, meaning])
    return table([*columns, "meaning"], rows, "figures")


def exits(run: Run) -> str:
    """How positions were closed: what the exit fills of each reason earned."""
    legs = exit_legs(run.fills, run.bars)
    if legs.empty:
        return "<p>No trade was closed.</p>"
    groups = [(str(reason), own) for reason, own in legs.groupby("reason", sort=True)]
    rows = [
        [
            name,
            f"{len(own):,}",
            _percent((own["pnl"] > 0).mean()),
            f"{own['pnl'].mean():,.2f}",
            f"{own['pnl'].sum():,.2f}",
        ]
        for name, own in [*groups, ("all", legs)]
    ]
    return table(["reason", "exit fills", "with a profit", "mean P&L", "P&L"], rows, "numbers total")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def rejections(run: Run) -> str:
    """Entries that were refused, by reason."""
    rows = [
        [str(reason).removeprefix("rejected-"), f"{len(own):,}", f"{own['time'].iloc[0]:%Y-%m-%d %H:%M}",
         f"{own['time'].iloc[-1]:%Y-%m-%d %H:%M}"]
        for reason, own in run.rejections.groupby("reason", sort=True)
    ]  # fmt: skip
    return table(["reason", "entries", "first", "last"], rows, "numbers") if rows else "<p>No entry was refused.</p>"


def settings(run: Run) -> str:
    """Everything the run was told, and the data it saw, as the manifest of a saved run has it."""
    told = describe(run, "", pd.Timestamp.now(tz="UTC"))
    parts = [table(["", ""], _pairs({key: told[key] for key in ("strategy", "engine", "window", "seconds")}), "pairs")]
    parts.append("<h3>Parameters</h3>" + table(["", ""], _pairs(told["parameters"]), "pairs"))
    parts.append("<h3>Account, costs, sizing</h3>" + table(["", ""], _pairs(told["account"]), "pairs"))
    for symbol, data in told["data"].items():
        notes = "".join(f"<li>{escape(note)}</li>" for note in data.pop("notes"))
        data["timeframe"] = str(pd.Timedelta(data["timeframe"], unit="ns"))
        label = ' <em class="warn">SYNTHETIC</em>' if data["synthetic"] else ""
        parts.append(f"<h3>Data: {escape(symbol)}{label}</h3>{table(['', ''], _pairs(data), 'pairs')}<ul>{notes}</ul>")
    origin = {"navale": told["navale"], "git": told["git"] or "no checkout", "versions": told["versions"]}
    parts.append("<h3>Versions</h3>" + table(["", ""], _pairs(origin), "pairs"))
    return "".join(f"<section>{part}</section>" for part in parts)


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]], kind: str) -> str:
    """An HTML table; all cells are escaped."""
    head = "".join(f"<th>{escape(str(cell))}</th>" for cell in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    top = f"<thead><tr>{head}</tr></thead>" if "<th></th>" not in head else ""
    return f'<div class="scroll"><table class="{kind}">{top}<tbody>{body}</tbody></table></div>'


def _pairs(values: dict[str, Any], prefix: str = "") -> list[list[str]]:
    rows: list[list[str]] = []
    for key, value in values.items():
        if isinstance(value, dict):
            rows += _pairs(value, f"{prefix}{key}.")
        else:
            rows.append([f"{prefix}{key}", "unknown" if value is None else str(value)])
    return rows


def _sign(name: str, value: float) -> str:
    if name not in ("total_return", "cagr", "sharpe") or value == 0:
        return ""
    return "good" if value > 0 else "bad" if value < 0 else ""
