"""`navale optimize`: the words of the command line, and what is told of a walk-forward."""

from __future__ import annotations

import datetime
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimize.command_line import DONE, FAILED, account_options, as_json, data_options, user_name

if TYPE_CHECKING:
    from optimize.walkforward.concluding import Outcome

WHY = "chosen by navale optimize"


@click.command()
@click.argument("strategy")
@data_options
@click.option("--space", "ranges", multiple=True, metavar="NAME=LOW:HIGH",
              help="What to search, also NAME=a,b,c or NAME alone; default: what the strategy names.")  # fmt: skip
@click.option("-p", "assignments", multiple=True, metavar="NAME=VALUE", help="A parameter that stays as it is.")
@click.option("--profile", help="A named configuration of the strategy; the search and -p go over it.")
@account_options
@click.option("--trials", type=int, default=200, show_default=True, help="Parameter sets per train window.")
@click.option("--folds", type=int, default=4, show_default=True, help="Test windows.")
@click.option("--scheme", default="anchored", show_default=True, help="anchored (growing) or rolling train windows.")
@click.option("--sampler", default="random", show_default=True, help="random, tpe, cmaes or nsga2.")
@click.option("--objective", "objectives", multiple=True,
              help="sharpe, sortino, total_return, max_drawdown; several: Pareto front.  [sharpe]")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, one process: the same result.")
@click.option("--blocks", type=int, default=5, show_default=True, help="Parts of a train window that judge a trial.")
@click.option("--embargo", type=float, default=0.01, show_default=True, help="Share of a train window left out.")
@click.option("--min-trades", type=int, default=30, show_default=True, help="Closed trades a trial needs.")
@click.option("--gates", "gates", type=click.Path(dir_okay=False), help="TOML with other gates.")
@click.option("--storage", metavar="URL", help="File or postgresql:// for the trials.  [WALKS/trials.log]")
@click.option("--processes", type=int, default=1, show_default=True, help="Processes that share the trials.")
@click.option("--walks", "root", default="walks", metavar="FOLDER", show_default=True, help="Where results are kept.")
@click.option(
    "--registry", default="registry.db", metavar="FILE", show_default=True, help="Where candidates are filed."
)
@click.option("--by", "who", metavar="NAME", help="Who files the candidate.  [the user of this machine]")
@click.option("--strict", is_flag=True, help="Exit with 1 when a gate is not passed or there is no candidate.")
@as_json
def optimize(strategy: str, **options: Any) -> int:
    """Search parameters, judge them on bars the search has not seen.

    Nested walk-forward: each fold chooses on its train window only and touches its test window once. The stitched test
    windows are judged by gates; the report and the candidate that the procedure would trade next are kept. Ctrl-C keeps
    finished trials; the same command goes on.

    \b
    navale optimize AtrTrend --data sample:spx --trials 100
    navale optimize my_trend.py:MyTrend --data btc.csv --tz UTC --space fast=5:50 --space stop_atr=1.5:4.5 --folds 6
    navale optimize AtrTrend --data btc.csv --storage postgresql://user@host/trials --processes 4
    """
    return carry_out(strategy, **options)


def carry_out(
    name: str,
    *,
    sources: Sequence[str],
    ranges: Sequence[str],
    assignments: Sequence[str],
    profile: str | None,
    timeframe: str | None,
    start: str | None,
    end: str | None,
    columns: Sequence[str],
    objectives: Sequence[str],
    gates: str | None,
    storage: str | None,
    processes: int,
    root: str,
    registry: str,
    who: str | None,
    strict: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Load, search, judge, write the report, file the candidate and print. Exit code 0, or 1 with strict and a gate
    that is not passed or no candidate."""
    from feeds.errors import ConfigError
    from optimize import printing
    from optimize.gates.gates import load_gates
    from optimize.registry.store import Registry
    from optimize.request import ACCOUNT, instants
    from optimize.sources import bars_of
    from optimize.walkforward.concluding import conclude
    from optimize.walkforward.procedure import walk_forward
    from optimize.walkforward.space import parse_space
    from optimize.walkforward.workers import companions, is_companion
    from strategies import settings
    from strategies.base import Profile
    from strategies.discovery import find

    if len(sources) != 1:
        raise ConfigError(f"navale optimize takes one --data, not {len(sources)}; optimize symbols one by one")
    if processes < 1:
        raise ConfigError(f"--processes {processes}: give 1 or more")
    asked = load_gates(gates)
    if Path(registry).exists():
        with Registry(registry):  # what is no registry is told before the search
            pass
    cls = find(name, "strategy")
    chosen = cls.profile(profile) if profile else Profile({})
    searched = parse_space(cls, ranges)
    fixed = dict(chosen.parameters) | settings.parameters(cls, assignments)
    free = searched or cls.search or cls.declared
    fixed = {word: value for word, value in fixed.items() if word not in free or word in _named(assignments)}
    account = settings.account(chosen.account, {word: options.pop(word) for word in ACCOUNT if word in options})
    plan = {word: options.pop(word) for word in ("trials", "folds", "scheme", "sampler", "seed", "blocks", "embargo",
                                                 "min_trades")}  # fmt: skip
    asked_by = f"profile {profile!r}" if timeframe is None else ""
    reading = {"sources": list(sources), "options": dict(options), "timeframe": timeframe or chosen.timeframe,
               "columns": list(columns), "start": start}  # fmt: skip
    (bars,) = bars_of(sources, options, timeframe or chosen.timeframe, columns, asked_by).values()
    since, until = instants(start, end)
    Path(root).mkdir(parents=True, exist_ok=True)
    where = storage or str(Path(root) / "trials.log")
    with companions(sys.argv[1:], processes - 1), printing.counted("trials") as step:
        walk = walk_forward(
            cls, bars, space=searched, fixed=fixed, start=since, end=until, account=account, storage=where,
            objectives=tuple(objectives) or ("sharpe",), progress=step, **plan,
        )  # fmt: skip
    if is_companion():
        return DONE
    with printing.counted("figures of the judgement") as step:
        outcome = conclude(walk, asked, root=root, registry=registry, by=who or user_name(), why=WHY,
                           now=datetime.datetime.now(datetime.UTC), reading=reading, progress=step)  # fmt: skip
    if as_json:
        click.echo(printing.document(outcome.to_json()))
    else:
        tell(outcome)
    return FAILED if strict and not (outcome.gates.passed and outcome.record is not None) else DONE


def _named(assignments: Sequence[str]) -> set[str]:
    return {text.partition("=")[0].strip() for text in assignments}


def tell(outcome: Outcome) -> None:
    """Folds, stitched record, gates, and where everything lies."""
    from optimize import printing
    from optimize.metrics import shown

    rows = [
        [fold.number + 1, f"{fold.choice.first:%Y-%m-%d}", f"{fold.choice.last:%Y-%m-%d}", f"{fold.times[0]:%Y-%m-%d}",
         f"{fold.times[-1]:%Y-%m-%d}", fold.choice.in_sample.get("sharpe", math.nan),
         math.nan if fold.run is None else fold.run.metrics["sharpe"],
         0 if fold.run is None else fold.run.metrics["trades"]]
        for fold in outcome.walk.folds
    ]  # fmt: skip
    printing.table("Sharpe of each fold", ["fold", "train", "to", "test", "to", "in sample", "out of sample", "trades"],
                   rows)  # fmt: skip
    stitched = outcome.walk.figures
    words = (f"{name.replace('_', ' ')} {shown(name, stitched[name])}" for name in
             ("total_return", "sharpe", "max_drawdown", "trades"))  # fmt: skip
    click.echo("out of sample, stitched: " + ", ".join(words))
    results, failed = outcome.gates.results, len(outcome.gates.failed)
    verdicts = [[one.name, "pass" if one.passed else "FAIL", one.said] for one in results]
    printing.table("gates", ["gate", "", "what was found"], verdicts)
    told = f"{failed} of {len(results)} gates are not passed: do not trade this" if failed else "every gate is passed"
    if not outcome.gates.default:
        told += f"; these are not the default gates but those of {outcome.gates.source}"
    click.echo(f"verdict: {told}")
    click.echo(f"report: {outcome.report}")
    if outcome.record is None:
        click.echo("candidate: none, the last train window gave too little evidence for any choice")
    else:
        click.echo(f"candidate: {outcome.record.id}, filed at stage {outcome.stage}")
