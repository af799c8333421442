"""`navale gex`: a chain becomes levels, overlays and a page; `navale gex watch` does it again and again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

FAILED = 1


class Defaulted(click.Group):
    """A group that takes its default command when the first word names none: `navale gex SPY` is a snapshot."""

    default = "snapshot"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command before words that do not begin with a command, nor ask for help."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of the default command, then the other commands."""
        command = self.commands[self.default]
        given = [item for item in command.get_params(ctx) if isinstance(item, click.Option)]
        rows = [row for item in given if (row := item.get_help_record(ctx)) is not None]
        with formatter.section("Options"):
            formatter.write_dl(rows)
        self.format_commands(ctx, formatter)


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where the chain comes from, how it is analysed, where the files go."""
    options = [
        click.option("--chain", "source", required=True, metavar="SOURCE",
                     help="massive, cboe, synthetic:seed=1, a file (CSV, Parquet, JSON) or a folder of chains."),
        click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("gex"), metavar="FOLDER",
                     help="Where the files go.  [gex]"),
        click.option("-p", "assignments", multiple=True, metavar="NAME=VALUE",
                     help="A setting: sign_model, wall_mode, max_dte, rate, dividend_yield, window_pct, ..."),
        click.option("--rates", metavar="TENOR=PCT,...", help="Yields in percent: 1m=4.3,3m=4.2,1y=3.9."),
        click.option("--future", metavar="ES=PRICE@TIME", help="Levels on a future; ES@EXPIRY: by cost of carry."),
        click.option("--history", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
                     help="Keep one row per session here; percentiles against the year before."),
        click.option("--vix", type=float, help="VIX, for the bias."),
        click.option("--vix3m", type=float, help="VIX3M, for the bias."),
        click.option("--accept-synthetic", is_flag=True, help="Let made-up chains pass: for demonstrations only."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.group(cls=Defaulted, options_metavar="[OPTIONS]", subcommand_metavar="SYMBOL | COMMAND [ARGS]...")
def gex() -> None:
    """Dealer gamma levels from an option chain.

    Writes SYMBOL.json, SYMBOL.html and, unless the verdict is NO_GO, overlays for Sierra Chart, TradingView and
    NinjaTrader. Replays of old chains need --now chain.

    \b
    navale gex SPY --chain spy.csv --out levels
    navale gex SPX --chain cboe --future ES=6512.25@2026-06-10T18:00:00Z
    navale gex SPX --chain chains --session 2026-06-10 --now chain -p wall_mode=oi_side
    navale gex watch SPX --chain massive --every 5m
    """


@gex.command(hidden=True)
@click.argument("symbol")
@source_options
@click.option("--session", metavar="DATE", help="Which session, where the source holds several.")
@click.option("--asof", metavar="TIME", help="The last chain known then.")
@click.option("--now", "clock", metavar="TIME", help="Judge age at this time; chain: at the chain's own.  [now]")
@click.option("--strict", is_flag=True, help="Exit with 1 when the verdict is NO_GO.")
@click.option("--open", "show", is_flag=True, help="Show the page in the browser.")
@click.option(
    "--json", "as_json", is_flag=True, help="The snapshot and the names of the files on stdout, nothing else."
)
def snapshot(symbol: str, strict: bool, show: bool, as_json: bool, **options: Any) -> int:
    """One analysis of the chain of SYMBOL."""
    from indicators.gex.request import Request
    from indicators.gex.telling import summary, with_files

    request = Request.of(symbol, **options)
    result = request.run()
    files = request.write(result)
    click.echo(with_files(result, files) if as_json else summary(result, files))
    if show:
        click.launch(str(next(path for path in files if path.suffix == ".html")))
    return FAILED if strict and not result.usable else 0


@gex.command()
@click.argument("symbol")
@source_options
@click.option("--every", default="5m", show_default=True, metavar="5m", help="How often: 30s, 5m, 1h.")
@click.option("--hours", type=click.Choice(["regular", "all"]), default="regular", show_default=True,
              help="all: also curb and overnight sessions.")  # fmt: skip
@click.option("--count", type=click.IntRange(min=1), help="Stop after so many.  [until stopped]")
@click.option("--json", "as_json", is_flag=True, help="One JSON line per refresh.")
def watch(symbol: str, every: str, hours: str, count: int | None, as_json: bool, **options: Any) -> int:
    """Refresh the files while the market is open; waits for the next opening.

    The first refresh is made at once, whatever the hour; what goes wrong in it ends the command. A later failure is
    told and tried again at the next turn. An open page loads itself anew. Ctrl-C and SIGTERM end it after the refresh
    at hand, with exit code 0.

    \b
    navale gex watch SPX --chain massive --out levels --every 5m
    """
    from indicators.gex.request import Request
    from indicators.gex.settings_text import duration
    from indicators.gex.watching import Watch

    request = Request.of(symbol, **options)
    return Watch(request, duration(every, "--every"), all_hours=hours == "all", count=count, as_json=as_json).run()


@gex.command()
@click.argument("symbol")
@click.option("--store", type=click.Path(file_okay=False, path_type=Path), default=Path("chains"), metavar="FOLDER",
              help="The chain store.  [chains]")  # fmt: skip
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="File to write.  [SYMBOL.parquet]"
)
@click.option("-p", "assignments", multiple=True, metavar="NAME=VALUE", help="A setting, as for a snapshot.")
@click.option("--valid-sessions", type=click.IntRange(min=1), default=1, show_default=True,
              help="Sessions that a row holds without a successor.")  # fmt: skip
@click.option("--accept-synthetic", is_flag=True, help="Let made-up chains pass: to test a harness only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
def features(
    symbol: str,
    store: Path,
    out: Path | None,
    assignments: tuple[str, ...],
    valid_sessions: int,
    accept_synthetic: bool,
    as_json: bool,
) -> None:
    """Write the levels of recorded chains as a table for strategies.

    Each row holds from when all of it was known; a chain with verdict NO_GO is a row without levels.

    \b
    navale gex features SPY --store chains --out SPY.parquet
    navale backtest GexLevels --profile reference --data spy.csv --join gex=SPY.parquet
    """
    import json

    from feeds.chains.store import ChainStore
    from indicators.gex.features import LEAST, feature_table
    from indicators.gex.settings_text import settings

    table = feature_table(ChainStore(store).history(symbol), settings(assignments), valid_sessions=valid_sessions,
                          accept_synthetic=accept_synthetic)  # fmt: skip
    path = table.write(out or Path(f"{symbol}.parquet"))
    if as_json:
        told = {"file": str(path), "symbol": symbol, "rows": len(table.rows), "usable": table.usable, "enough": LEAST}
        click.echo(json.dumps(told | {"refused": table.notes}, indent=2))
        return
    for note in table.notes:
        click.echo(f"refused: {note}")
    few = f"; too little history for GexLevels, which waits for {LEAST}" if table.usable < LEAST else ""
    click.echo(f"{path}: {table.usable} usable rows{few}")
