"""How runs, tables and progress look in a terminal, and a run as one JSON document."""

from __future__ import annotations

import contextlib
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strategies.description import as_data
from strategies.execution.account import Account

if TYPE_CHECKING:
    from feeds.bars import Bars
    from optimize.conformance.report import Report
    from optimize.run import Run

Step = Callable[[str], None]


@contextlib.contextmanager
def progress(total: int) -> Iterator[Step]:
    """A bar on the error stream that moves one step with each call `step("what comes now")`; silent elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), BarColumn(24), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task, begun = shown.add_task("", total=total), [0]

        def step(what: str) -> None:
            shown.update(task, description=what, completed=begun[0])
            begun[0] += 1

        yield step


@contextlib.contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar with rate and time left, moved by `step(done, total)`; silent without a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Any) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "")

    columns = (BarColumn(24), MofNCompleteColumn(), TextColumn(what), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; numbers to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[_cell(value) for value in row] for row in rows]
    drawn = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD)
    for number, name in enumerate(columns):
        right = bool(cells) and all(_numeric(row[number]) for row in cells)
        drawn.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*map(Text, row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(drawn)


def document(value: Any) -> str:
    """JSON text; what is not finite becomes null, times become text."""
    return json.dumps(_plain(value), indent=2, allow_nan=False)


def account_line(account: Account, currency: str = "") -> str:
    """Money, costs, sizing and limits in one line."""
    costs, sizing = account.costs, account.sizing
    parts = [f"{account.kind} account of {account.cash:,.2f} {currency}".rstrip(), f"{sizing.mode} {sizing.value:g}"]
    parts += [f"cap {account.cap:g}", f"fee {costs.fee:.4%}", f"slippage {costs.slippage_bps:g} bps"]
    parts += [f"slippage {costs.slippage_ticks:g} ticks"] if costs.slippage_ticks else []
    parts += [f"commission {costs.commission:g}"] if costs.commission else []
    plain = Account(kind=account.kind)
    for name in ("leverage", "maintenance", "max_positions", "max_exposure", "max_correlation"):
        if getattr(account, name) != getattr(plain, name):
            parts.append(f"{name} {getattr(account, name):g}")
    return ", ".join(parts)


def bars_data(bars: Bars) -> dict[str, Any]:
    """What the bars are, without the prices."""
    from feeds.timeframe import timeframe_name

    return {
        "source": bars.source, "bars": len(bars), "timeframe": timeframe_name(bars.timeframe), "first": bars.times[0],
        "last": bars.times[-1], "calendar": bars.calendar, "adjusted": bars.adjusted, "synthetic": bars.synthetic,
        "columns": bars.columns, "fingerprint": bars.fingerprint, "notes": bars.notes,
        "gaps": {"count": bars.gaps.count, "missing": bars.gaps.missing, "longest": bars.gaps.longest},
        "instrument": as_data(bars.instrument),
    }  # fmt: skip


def run_data(run: Run) -> dict[str, Any]:
    """Settings, data, window and figures of a run."""
    return {
        "strategy": run.strategy_repr, "name": run.strategy_name, "parameters": run.parameters, "engine": run.engine,
        "account": as_data(run.account), "data": {symbol: bars_data(bars) for symbol, bars in run.bars.items()},
        "window": {"start": run.equity.index[0], "end": run.equity.index[-1], "stamps": len(run.equity)},
        "metrics": run.metrics, "fills": len(run.fills), "rejections": len(run.rejections),
        "final_equity": float(run.equity.iloc[-1]), "ruined": run.ruined, "seconds": run.seconds,
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    if value != value:  # NaN, NaT, NA
        return None
    if hasattr(value, "item"):  # a number of numpy
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}" if math.isfinite(value) else "–"
    return "" if value is None else str(value)


def _numeric(text: str) -> bool:
    return text in ("", "–") or re.sub(r"[-,.%]", "", text).isdigit()


def overview(found: Sequence[Mapping[str, Any]]) -> None:
    """One row per class of `describe`."""
    for kind in ("strategy", "indicator"):
        rows = [(item["name"], item["summary"], ", ".join(item["profiles"] or item["outputs"]))
                for item in found if item["kind"] == kind]  # fmt: skip
        if rows:
            table("", (kind, "", "profiles" if kind == "strategy" else "outputs"), rows)


def details(item: Mapping[str, Any]) -> None:
    """Everything `describe` says about one class."""
    print(f"{item['name']}: {item['summary']}")
    print(f"reads {', '.join(item['inputs']) or 'no bar column'}; warm-up {item['warmup']} bars")
    if item["outputs"]:
        print(f"gives {', '.join(item['outputs'])}")
    rows = []
    for one in item["parameters"]:
        bounds = " | ".join(one["options"]) if "options" in one else f"{one['low']} … {one['high']}"
        rows.append((one["name"], str(one["default"]), bounds, one["unit"]))
    if rows:
        table("", ("parameter", "default", "bounds", "unit"), rows)
    for name, profile in item["profiles"].items():
        sizing = profile["account"]["sizing"]
        changed = [f"{key}={value}" for key, value in profile["parameters"].items()]
        print(f"profile {name}: {profile['timeframe'] or 'any timeframe'}, {sizing['mode']} {sizing['value']:g}, "
              f"{' '.join(changed)}")  # fmt: skip


def checks(report: Report) -> None:
    """The checks of `navale verify`: failures and declared exceptions in full, the rest counted by class."""
    subjects: dict[str, list[bool]] = {}
    for check in report.checks:
        subjects.setdefault(check.subject, []).append(check.passed)
    table("", ("class", "passed", "of"), [(name, sum(own), len(own)) for name, own in subjects.items()])
    for check in report.excepted:
        print(f"exception: {check.subject}, {check.name}: {check.exception}")
    for check in report.failed:
        print(f"FAILED: {check.subject}, {check.name}: {check.detail}")
    counts = f"{len(report.checks)} checks, {len(report.failed)} failed, {len(report.excepted)} exceptions"
    print(f"{report.classes} classes, {counts}")


def runs(found: Any) -> None:
    """The table of `optimize.runs.list_runs`."""
    shown = ("id", "strategy", "symbols", "engine", "total_return", "sharpe", "max_drawdown", "trades", "problem")
    rows = []
    for row in found.to_dict("records"):
        strategy = str(row["strategy"]).partition("(")[0]
        figures = [f"{row[name]:.2%}" if row[name] == row[name] else "" for name in ("total_return", "max_drawdown")]
        sharpe, trades = (row[name] if row[name] == row[name] else None for name in ("sharpe", "trades"))
        rows.append((row["id"], strategy, row["symbols"], row["engine"], figures[0], sharpe, figures[1],
                     None if trades is None else int(trades), row["problem"]))  # fmt: skip
    table("", shown, rows)


def comparison_data(found: Any) -> dict[str, Any]:
    """A `Comparison` as plain data."""
    return {
        "settings": found.settings.to_dict("records"),
        "metrics": found.metrics.rename_axis("name").reset_index().to_dict("records"),
        "differing_fills": found.differing_fills,
        "first": found.first.to_dict("records"),
    }
