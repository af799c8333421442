"""A run as text and as a table for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from optimize.metrics import DEFINITIONS, shown
from optimize.periods import counted

if TYPE_CHECKING:
    from optimize.run import Run

HEADLINE = ("total_return", "cagr", "sharpe", "sortino", "volatility", "max_drawdown", "calmar", "exposure")
PER_TRADE = ("trades", "win_rate", "profit_factor", "expectancy", "average_bars_held", "fees", "fills", "rejections")


def headline(run: Run) -> str:
    """One line: strategy, symbols, window and the figures that matter first."""
    figures = run.metrics
    told = ", ".join(f"{name} {shown(name, figures[name])}" for name in ("total_return", "sharpe", "max_drawdown"))
    ruin = ", RUINED" if run.ruined else ""
    return (
        f"Run({run.strategy_repr} on {', '.join(run.bars)}, {_window(run)}, {run.engine} engine: {told}, "
        f"{figures['trades']} trades{ruin})"
    )


def summary(run: Run) -> str:
    """A few lines: settings, data with their notes, figures."""
    lines = [run.strategy_repr, f"{run.engine} engine, {_window(run)}, {run.seconds:.2f} s"]
    for symbol, bars in run.bars.items():
        lines.append(f"{symbol}: {bars.source}{', SYNTHETIC' if bars.synthetic else ''}, {bars.gaps}")
        lines += [f"  note: {note}" for note in bars.notes]
    figures = run.metrics
    lines += ["RUINED: equity reached zero"] if run.ruined else []
    wide = max(map(len, (*HEADLINE, *PER_TRADE)))
    lines += [f"  {name:<{wide}}  {shown(name, figures[name]):>14}" for name in (*HEADLINE, *PER_TRADE)]
    lines.append(f"  rf {shown('rf', figures['rf'])}, {shown('periods', figures['periods'])} periods a year")
    if counted(run):
        lines.append(
            "  note: the symbols' bars close at different times, so stamps were counted; most move some symbols only, "
            "and volatility and Sharpe differ from those of daily returns (tearsheet)"
        )
    return "\n".join(lines)


def as_html(run: Run) -> str:
    """The summary as an HTML table; every string of the user is escaped."""
    rows = "".join(
        f"<tr title='{escape(DEFINITIONS[name])}'><td style='text-align:left'>{escape(name)}</td>"
        f"<td>{escape(shown(name, run.metrics[name]))}</td></tr>"
        for name in (*HEADLINE, *PER_TRADE)
    )
    kind = " SYNTHETIC DATA" if any(bars.synthetic for bars in run.bars.values()) else ""
    return (
        f"<div><b>{escape(run.strategy_repr)}</b>{kind}<br>{escape(', '.join(run.bars))}, {escape(_window(run))}, "
        f"{escape(run.engine)} engine<table>{rows}</table></div>"
    )


def _window(run: Run) -> str:
    stamps = run.equity.index
    return f"{stamps[0]:%Y-%m-%d} to {stamps[-1]:%Y-%m-%d}, {len(stamps):,} stamps"
