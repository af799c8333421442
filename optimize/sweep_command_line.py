"""`navale sweep`: the words of the command line, and what is told of the result."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimize.command_line import DONE, account_options, as_json, data_options

if TYPE_CHECKING:
    from optimize.sweep_table import Sweep

INTERRUPTED = 130


@click.command()
@click.argument("strategy")
@data_options
@click.option("--grid", "axes", multiple=True, required=True, metavar="NAME=VALUES",
              help="stop_atr=1.5:4.5:0.5 (first:last:step) or fast=10,20,30; once per parameter.")  # fmt: skip
@click.option("-p", "assignments", multiple=True, metavar="NAME=VALUE", help="A parameter that stays as it is.")
@click.option("--profile", help="A named configuration of the strategy; --grid and -p go over it.")
@account_options
@click.option("--by", default="sharpe", show_default=True, help="Figure to sort by.")
@click.option("--least/--most", default=None, help="Which values come first.  [smallest of volatility, fees, ruined; "
              "largest of the others; max_drawdown is negative]")  # fmt: skip
@click.option("--trades", type=int, default=0, help="Leave rows with fewer closed trades out of the best.  [0]")
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="Rows to show.")
@click.option("--threads", type=int, help="Default: all cores.")
@click.option("--backend", type=click.Choice(["threads", "loky", "dask", "ray"]), default="threads", show_default=True,
              help="Processes of this machine or of a cluster.")  # fmt: skip
@click.option("--workers", type=int, help="Processes of loky, dask, ray.  [all cores]")
@click.option("--scheduler", metavar="ADDRESS", help="Of a Dask scheduler or Ray head: tcp://10.0.0.5:8786.")
@click.option("--sweeps", "root", default="sweeps", metavar="FOLDER", help="Where sweeps are kept.  [sweeps]")
@as_json
def sweep(strategy: str, **options: Any) -> int:
    """Run every combination of a grid.

    The table grows on disk, Ctrl-C keeps what is finished, and the same command goes on from there. Beside it lies
    sweep.html: heatmaps, the spread of the figure, equity of the best. --timeframe takes several, like 1h,4h.

    \b
    navale sweep AtrTrend --data sample:spx --grid stop_atr=1.5:4.5:0.5 --grid fast=10,20,30
    navale sweep AtrTrend --data sample:spx --grid fast=10:30 --backend dask --scheduler tcp://10.0.0.5:8786
    navale sweep my_trend.py:MyTrend --data a.csv --data b.csv --grid fast=5:30 --by calmar --trades 30
    """
    return carry_out(strategy, **options)


def carry_out(
    name: str,
    *,
    sources: Sequence[str],
    axes: Sequence[str],
    assignments: Sequence[str],
    profile: str | None,
    timeframe: str | None,
    start: str | None,
    end: str | None,
    columns: Sequence[str],
    by: str,
    least: bool | None,
    trades: int,
    top: int,
    threads: int | None,
    backend: str,
    workers: int | None,
    scheduler: str | None,
    root: str,
    as_json: bool,
    **options: Any,
) -> int:
    """Load, sweep, write the page and print. Exit code 0, or 130 after Ctrl-C."""
    from feeds.errors import ConfigError
    from optimize import printing
    from optimize.grid import parse_grid
    from optimize.request import ACCOUNT, instants
    from optimize.sources import bars_of
    from optimize.storage import writing_to
    from optimize.sweep import sweep as run
    from optimize.sweep_table import smallest_first
    from strategies import settings
    from strategies.base import Profile
    from strategies.discovery import find

    if workers is not None and backend == "threads":
        raise ConfigError(f"--workers {workers} is for --backend loky, dask or ray; give --threads {workers} instead")
    if workers is not None and scheduler is not None:
        raise ConfigError("--workers and --scheduler: a scheduler has its own workers; give one of the two")
    smallest_first(by)  # refuses a figure that does not exist before the work begins
    cls = find(name, "strategy")
    chosen = cls.profile(profile) if profile else Profile({})
    grid = parse_grid(cls, axes)
    given = settings.parameters(cls, assignments)
    for word in given:
        if word in grid:
            raise ConfigError(f"--grid {word} and -p {word}={given[word]}: it varies or stays as it is; leave one out")
    fixed = {word: value for word, value in (dict(chosen.parameters) | given).items() if word not in grid}
    account = settings.account(chosen.account, {word: options.pop(word) for word in ACCOUNT if word in options})
    lengths = [word.strip() for word in (timeframe or chosen.timeframe).split(",") if word.strip()]
    asked_by = f"profile {profile!r}" if timeframe is None else ""
    bars = bars_of(sources, options, lengths[0] if len(lengths) == 1 else "", columns, asked_by)
    since, until = instants(start, end)
    with writing_to(root), printing.counted("combinations") as step:
        found = run(cls, bars, grid, fixed=fixed, start=since, end=until, account=account, threads=threads, root=root,
                    backend=backend, workers=scheduler or workers, timeframes=lengths if len(lengths) > 1 else (),
                    progress=step)  # fmt: skip
    return _tell(found, by, least, trades, top, as_json)


def _tell(found: Sweep, by: str, least: bool | None, trades: int, top: int, as_json: bool) -> int:
    from optimize import printing
    from optimize.storage import writing_to
    from optimize.sweep_page import write_page
    from optimize.sweep_table import with_length

    best = found.top(top, by, least=least, trades=trades)
    with writing_to(found.folder):
        page = write_page(found, Path(found.folder) / "sweep.html", by, trades, least) if len(best) else None
    rows = [with_length(row) for row in best.to_dict("records")]
    if as_json:
        sent = None if found.deliveries is None else dataclasses.asdict(found.deliveries)
        told = {"rows": len(found), "complete": found.complete, "folder": found.folder, "page": page, "by": by,
                "workers": sent, "best": rows}  # fmt: skip
        click.echo(printing.document(told))
    else:
        shown = ["set", *(name for name in ("symbol", "timeframe") if name in best), *found.grid.axes]
        shown += dict.fromkeys((by, "total_return", "sharpe", "max_drawdown", "trades"))
        printing.table("", shown, [[row[name] for name in shown] for row in rows])
        click.echo(f"{len(found):,} rows in {found.folder}" + (f"\npage: {page}" if page else ""))
        if found.deliveries is not None and found.deliveries.chunks:
            click.echo(str(found.deliveries))
        click.echo("The best of many rows looks good by luck alone: judge a choice on data it has not seen.")
    if not found.complete:
        click.echo(f"interrupted: what is finished is kept in {found.folder}; run the same command to go on", err=True)
        return INTERRUPTED
    return DONE
