"""`navale calibrate`: how often the gates pass on noise, and on a planted edge."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimize.command_line import DONE, as_json

if TYPE_CHECKING:
    from optimize.calibration.calibrating import Rate

SHORT = 5.0  # years of the second planted run


@click.command()
@click.option("--tune", is_flag=True, help="Seeds 0-299, which thresholds are chosen on; default: 10000-10299.")
@click.option("--seeds", "chosen", metavar="FIRST:LAST", help="Other seeds, both included.")
@click.option("--years", type=float, default=15.0, show_default=True, help="Length of each series.")
@click.option("--trials", type=int, default=200, show_default=True, help="Parameter sets per train window.")
@click.option("--gates", "gates", type=click.Path(dir_okay=False), help="TOML with other gates.")
@click.option("--workers", type=int, help="Processes.  [all cores]")
@click.option("--folder", default="calibration", show_default=True, help="Where finished cases are kept.")
@click.option("--planted-edge", is_flag=True, help="Only measure the best fixed set of the planted series.")
@click.option("--choices", is_flag=True, help="Only compare samplers and ways of choosing, on the seeds.")
@as_json
def calibrate(
    tune: bool, chosen: str | None, years: float, trials: int, gates: str | None, workers: int | None, folder: str,
    planted_edge: bool, choices: bool, as_json: bool,
) -> int:  # fmt: skip
    """Measure how often the gates pass.

    AtrTrend, its search space and the defaults of navale optimize, on made-up 4-hour bars: a price martingale (noise)
    and the same with a drift of two states (planted). Takes hours; finished cases are kept, the same command goes on.

    \b
    navale calibrate --json
    navale calibrate --tune --seeds 0:19
    navale calibrate --planted-edge
    navale calibrate --choices --seeds 0:7
    """
    from feeds.errors import ConfigError
    from optimize import printing
    from optimize.calibration.calibrating import REPORTED, TUNING, calibrate
    from optimize.calibration.cases import Plan
    from optimize.calibration.earlier import earlier, note, seen
    from optimize.calibration.planted import best_fixed
    from optimize.gates.gates import load_gates

    asked, plan, known = load_gates(gates), Plan(years, trials), earlier(Path(folder))
    if workers is not None and workers < 1:
        raise ConfigError(f"--workers {workers}: give 1 or more")
    seeds = _seeds(chosen) if chosen else TUNING if tune else REPORTED
    if choices:
        return _choices(seeds, as_json)
    if planted_edge:
        with printing.counted("parameter sets on the planted series") as step:
            _tell_edge(dataclasses.asdict(best_fixed(progress=step)), as_json)
        return DONE
    with printing.counted(f"walk-forwards of {years:g} years") as step:
        found = calibrate(seeds, asked, plan, Path(folder), workers=workers, progress=step)
    with printing.counted(f"walk-forwards of {SHORT:g} years") as step:
        short = calibrate(seeds, asked, Plan(SHORT, trials), Path(folder), kinds=("planted",), workers=workers,
                          progress=step)["planted"]  # fmt: skip
    with printing.counted("parameter sets on the planted series") as step:
        edge = best_fixed(progress=step)
    told = {
        **{kind: one.to_json() for kind, one in found.items()}, "planted_5_years": short.to_json(),
        "planted_edge": dataclasses.asdict(edge), "plan": dataclasses.asdict(plan),
        "seed_range": [seeds[0], seeds[-1]], "gates": asked.hash, "procedure": plan.digest(),
        "earlier": known, "seen": "" if tune else seen(known, [seeds[0], seeds[-1]], asked.hash),
    }  # fmt: skip
    note(Path(folder), told, datetime.datetime.now(datetime.UTC))
    if as_json:
        click.echo(printing.document(told))
    else:
        _tell({**found, "planted, 5 years": short}, told)
    return DONE


def _seeds(text: str) -> range:
    from feeds.errors import ConfigError

    first, colon, last = text.partition(":")
    if not (colon and first.strip().isdigit() and last.strip().isdigit() and int(first) <= int(last)):
        raise ConfigError(f"--seeds {text!r}: write FIRST:LAST, like 0:19")
    return range(int(first), int(last) + 1)


def _choices(seeds: range, as_json: bool) -> int:
    from optimize import printing
    from optimize.calibration.choices import worth

    with printing.counted("walk-forwards") as step:
        found = worth(seeds, progress=step)
    if as_json:
        click.echo(printing.document([dataclasses.asdict(one) for one in found]))
    else:
        rows = [[one.sampler, one.trials, one.rule, f"{one.sharpe:.3f}", one.choices] for one in found]
        printing.table("true Sharpe of what is chosen", ["sampler", "trials", "rule", "Sharpe", "choices"], rows)
    return DONE


def _tell_edge(edge: dict[str, Any], as_json: bool) -> None:
    from optimize import printing

    if as_json:
        click.echo(printing.document({"planted_edge": edge}))
        return
    click.echo(
        f"best fixed set of the planted series: Sharpe {edge['sharpe']:.3f} a year net of costs over "
        f"{edge['years']:g} years it was not chosen on, {edge['round_trips']:.1f} round trips a year"
    )


def _tell(found: dict[str, Rate], told: dict[str, Any]) -> None:
    from optimize import printing

    rows = [[kind, one.seeds, one.passed, f"{one.pass_rate:.1%}", "{:.1%} to {:.1%}".format(*one.interval)]
            for kind, one in found.items()]  # fmt: skip
    printing.table("all gates", ["series", "seeds", "passed", "rate", "95 % interval (Wilson)"], rows)
    names = next(iter(found.values())).gates
    printing.table("each gate alone", ["gate", *found],
                   [[name, *(f"{one.gates[name]:.1%}" for one in found.values())] for name in names])  # fmt: skip
    printing.table("refused by one gate only", ["gate", *found],
                   [[name, *(one.refused[name] for one in found.values())] for name in names])  # fmt: skip
    _tell_edge(told["planted_edge"], False)
    click.echo(f"procedure {told['procedure']}, gates {told['gates'][:16]}")
    click.echo(f"earlier calibrations: {len(told['earlier'])}, docs/calibration.md")
    if told["seen"]:
        click.echo(f"note: {told['seen']}")
