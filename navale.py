"""The command line: `navale --help`. Thin: the verbs call functions of the packages, which say what they do."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import click

if __name__ == "__main__":  # `python -m navale`: ours come before folders of the same names in the working directory
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from feeds.chains.command_line import chains
from feeds.errors import ConfigError, ParityError
from feeds.history.command_line import fetch
from indicators.gex.command_line import gex
from optimize.calibration.command_line import calibrate
from optimize.command_line import DONE, FAILED, Verbs, account_options, as_json, data_options, runs_folder
from optimize.registry.command_line import configs, demote, promote, reoptimize
from optimize.sweep_command_line import sweep
from optimize.walkforward.command_line import optimize


def _show_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            click.echo(f"navale {version('navale')}")
        except PackageNotFoundError:
            click.echo("navale, not installed")
        context.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Say which.")
@click.option("--debug", is_flag=True, expose_value=False, help="With any command: show the trace of an error.")
def main() -> None:
    """Declare a strategy once; backtest, compare and report that same class.

    \b
    navale demo
    navale backtest AtrTrend --data sample:spx --engine both --tearsheet
    navale new strategy MyTrend && navale verify my_trend.py

    Exit codes: 0 done, 1 a check failed, 2 wrong usage or bad input.
    """


@main.command("list")
@click.argument("names", nargs=-1)
@as_json
def list_(names: tuple[str, ...], as_json: bool) -> None:
    """List strategies and indicators.

    NAMES, also yours as path.py:Class, show parameters with bounds, inputs and profiles.

    \b
    navale list
    navale list AtrTrend my_trend.py:MyTrend
    """
    from optimize import printing
    from strategies.description import describe
    from strategies.discovery import built_in, find

    classes = [find(name) for name in names] or [cls for kind in ("strategy", "indicator")
                                                 for cls in built_in(kind).values()]  # fmt: skip
    found = [describe(cls) for cls in classes]
    if as_json:
        click.echo(printing.document(found))
    elif names:
        for item in found:
            printing.details(item)
    else:
        printing.overview(found)


@main.command()
@click.argument("kind", type=click.Choice(["strategy", "indicator"]))
@click.argument("name")
@click.option("--folder", default=".", help="Where to write the file.")
def new(kind: str, name: str, folder: str) -> None:
    """Write a first strategy or indicator.

    The file that is called after the class NAME runs as it is; an existing file is never overwritten.

    \b
    navale new strategy MyTrend          writes my_trend.py
    navale new indicator MyRange
    """
    from strategies.scaffold import write

    path = write(kind, name, Path(folder))
    told = shlex.quote(f"{path}:{name}")
    click.echo(f"wrote {path}; now:\n  navale verify {told}")
    if kind == "strategy":
        click.echo(f"  navale backtest {told} --data sample:spx --engine both")


@main.command()
@click.argument("strategy")
@data_options
@click.option("--engine", type=click.Choice(["vector", "event", "both"]), default="vector", show_default=True,
              help="Compiled, backtrader, or both compared row by row.")  # fmt: skip
@click.option("-p", "assignments", multiple=True, metavar="NAME=VALUE", help="A parameter; `navale list STRATEGY`.")
@click.option("--profile", help="A named configuration of the strategy.")
@account_options
@click.option("--tearsheet", "sheet", is_flag=True, help="Write tearsheet.html beside the saved run.")
@click.option("--save/--no-save", default=True, show_default=True, help="Keep the run.")
@runs_folder
@as_json
def backtest(strategy: str, **options: Any) -> int:
    """Run a strategy over history.

    STRATEGY: a name of `navale list`, path.py:Class or package.module:Class.

    \b
    navale backtest AtrTrend --data sample:spx --profile seed --timeframe 1d --engine both --tearsheet
    navale backtest my_trend.py:MyTrend --data btc.csv --tz UTC -p fast=10 --cash 5000 --fee 0.0025
    navale backtest AtrTrend --data a.parquet --data b.parquet --sizing risk=0.01 --max-positions 2
    """
    from optimize.request import carry_out

    return carry_out(strategy, **options)


@main.command()
@click.argument("run")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.  [RUN/tearsheet.html]")
@click.option("--open", "show", is_flag=True, help="Show it in the browser.")
@runs_folder
def tearsheet(run: str, output: Path | None, show: bool, root: str) -> None:
    """Write the tearsheet of a saved run.

    \b
    navale tearsheet 20240131T143000Z-AtrTrend-SPX-1a2b3c4d --open        (the beginning of an id is enough)
    """
    from optimize.request import write_tearsheet

    path = write_tearsheet(run, root, output)
    click.echo(path)
    if show:
        click.launch(str(path))


@main.command()
@runs_folder
@as_json
def runs(root: str, as_json: bool) -> None:
    """List the saved runs.

    \b
    navale runs
    """
    from optimize import printing
    from optimize.runs import list_runs

    found = list_runs(root)
    if as_json:
        click.echo(printing.document(found.to_dict("records")))
    elif len(found):
        printing.runs(found)
    else:
        click.echo(f"no runs in {root}")


@main.command()
@click.argument("a")
@click.argument("b")
@runs_folder
@as_json
def compare(a: str, b: str, root: str, as_json: bool) -> None:
    """Compare two saved runs.

    \b
    navale compare 20240131T1430 20240131T1502
    """
    from optimize import printing
    from optimize.compare import compare
    from optimize.runs import open_run

    found = compare(open_run(a, root), open_run(b, root))
    click.echo(printing.document(printing.comparison_data(found)) if as_json else repr(found))


@main.command()
@click.argument("classes", nargs=-1, metavar="[CLASS]...")
@as_json
def verify(classes: tuple[str, ...], as_json: bool) -> int:
    """Check indicators and strategies.

    No look-ahead, the same values in every engine and one bar at a time, bounds, warm-up, and more.

    \b
    navale verify                        everything that comes along
    navale verify my_trend.py:MyTrend
    """
    from optimize import conformance, printing
    from strategies.discovery import built_in, find

    chosen = [find(name) for name in classes] or [*built_in("indicator").values(), *built_in("strategy").values()]
    with printing.progress(len(chosen)) as step:
        report = conformance.verify(chosen, step)
    if as_json:
        click.echo(printing.document(report.to_json()))
    else:
        printing.checks(report)
    return FAILED if report.failed else DONE


@main.command()
@click.argument("strategy")
@data_options
@click.option("-p", "assignments", multiple=True, metavar="NAME=VALUE", help="A parameter; `navale list STRATEGY`.")
@click.option("--profile", help="A named configuration of the strategy.")
@account_options
@click.option("--prefix", default="gex", show_default=True, help="Of the joined columns that are shuffled.")
@click.option("--shuffles", default=199, show_default=True, help="Runs on levels of other days.")
@click.option("--seed", default=1, show_default=True, help="Of the shuffles.")
@click.option("--block", default=5, show_default=True, help="Days that stay together when they are shuffled.")
@click.option("--alpha", default=0.05, show_default=True, help="Error rate of each comparison.")
@click.option("--trials", default=1, show_default=True, help="Strategies and settings tried on these data.")
@as_json
def placebo(strategy: str, **options: Any) -> int:
    """Ask whether option levels know anything.

    Runs the strategy on its levels, on levels of other days, on levels that are a day late and on round numbers, and
    says whether the real ones beat all of them. Exit code 1: they do not, or there is too little history.

    \b
    navale placebo GexLevels --profile reference --data synthetic:dealer?seed=1
    navale placebo GexLevels --profile reference --data spy.parquet --join gex=SPY.parquet
    """
    from optimize.placebo_request import carry_out

    return carry_out(strategy, **options)


@main.command()
@runs_folder
def demo(root: str) -> int:
    """Run the main job once around on data that come along.

    Backtest in both engines, sweep, walk-forward with its verdict, promotion of a planted (synthetic) candidate.

    \b
    navale demo
    """
    from optimize.demo import demo

    return demo(root)


@main.command()
@click.argument("names", nargs=-1)
@click.option("--quick", is_flag=True, help="Small sizes: says little, takes seconds.")
@as_json
def bench(names: tuple[str, ...], quick: bool, as_json: bool) -> int:
    """Run the benchmarks against peers.

    They check equal results before they time, and exit with 1 when a target is missed. They are part of a checkout.

    \b
    navale bench
    navale bench ema-cross --quick --json
    """
    import importlib

    from indicators.base import suggestion

    root = Path(__file__).resolve().parent
    if not (root / "benchmarks" / "run.py").is_file():
        raise ConfigError(f"{root / 'benchmarks' / 'run.py'} is missing: benchmarks come with a checkout of the source")
    sys.path.append(str(root))
    run = importlib.import_module("benchmarks.run")
    for name in names:
        if name not in run.NAMES:
            raise ConfigError(f"no benchmark is called {name!r}{suggestion(name, list(run.NAMES))}")
    try:
        return int(run.main(as_json, names, quick))
    except AssertionError as error:
        raise ParityError(f"results that must be equal are not: {error}") from error


for command in (sweep, optimize, promote, demote, configs, reoptimize, calibrate, fetch, gex, chains):
    main.add_command(command)


if __name__ == "__main__":
    main()
