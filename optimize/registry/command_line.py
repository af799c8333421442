"""`navale promote`, `demote`, `configs` and `reoptimize`."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimize.command_line import DONE, FAILED, as_json, user_name

if TYPE_CHECKING:
    from optimize.registry.requirements import Requirement
    from optimize.registry.store import Registry

REGISTRY = "registry.db"
DOWN = ("retired", "research", "candidate", "approved", "paper")

registry_file = click.option("--registry", "path", default=REGISTRY, show_default=True, metavar="FILE",
                             help="Where records are kept.")  # fmt: skip


def signed(command: Callable[..., Any]) -> Callable[..., Any]:
    """--by and --why."""
    command = click.option("--why", required=True, metavar="TEXT", help="For what reason; kept for ever.")(command)
    return click.option("--by", required=True, metavar="NAME", help="Who decides.")(command)


def now() -> datetime.datetime:
    """The present time."""
    return datetime.datetime.now(datetime.UTC)


def _open(path: str) -> Registry:
    from optimize.registry.store import Registry

    return Registry(path, create=False)


@click.command()
@click.argument("name", metavar="ID")
@signed
@registry_file
@click.option("--data", "sources", multiple=True, metavar="SOURCE",
              help="The record's bars, where they lie elsewhere or have grown; read as they were then.")  # fmt: skip
@click.option("--paper-record", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="What the paper account did, towards live.")  # fmt: skip
@as_json
def promote(
    name: str, by: str, why: str, path: str, sources: tuple[str, ...], paper_record: Path | None, as_json: bool
) -> int:
    """Move a record one stage up.

    Stages: research, candidate, approved, paper, live. Each has its checks: green gates, parameters like those of the
    folds, the same kernels, both engines alike, code of a commit; then enough days on paper that went like a backtest.
    A refusal says which failed and how to cure it, and exits with 1.

    \b
    navale promote 1a2b3c --by Ada --why "gates green, read the report"
    navale promote 1a2b3c --by Ada --why "month on paper" --paper-record paper.json --data btc.csv
    """
    from optimize.registry.data import load_again
    from optimize.registry.promotion import PromotionRefused
    from optimize.registry.promotion import promote as move
    from optimize.registry.store import details_of
    from optimize.registry.telling import event_data

    with _open(path) as registry:
        bars = load_again(registry.record(name), sources) if sources else None
        try:
            event = move(registry, name, by=by, why=why, now=now(), bars=bars, paper_record=paper_record)
        except PromotionRefused as refused:
            return _refused(refused.record.id, refused.stage, refused.requirements, str(refused), as_json)
    checks = details_of(event)["requirements"]
    if as_json:
        return _json(event_data(event) | {"promoted": True, "checks": checks})
    for check in checks:
        click.echo(f"{'look' if check['warning'] else 'ok':5} {check['name']}: {check['detail']}")
    click.echo(f"{event.record}: {event.from_stage} -> {event.to_stage}")
    return DONE


def _refused(name: str, stage: str, found: tuple[Requirement, ...], message: str, as_json: bool) -> int:
    if as_json:
        _json({"record": name, "promoted": False, "to": stage, "checks": [item.to_json() for item in found]})
        return FAILED
    for item in found:
        click.echo(f"{'ok' if item.passed else 'FAIL':5} {item}", err=True)
    click.echo(f"error: {name} is not promoted to {stage}", err=True)
    return FAILED


@click.command()
@click.argument("name", metavar="ID")
@signed
@click.option("--to", type=click.Choice(DOWN), help="Default: one stage down.")
@registry_file
@as_json
def demote(name: str, by: str, why: str, to: str | None, path: str, as_json: bool) -> int:
    """Move a record down, or retire it.

    Nothing is checked: what looks wrong goes down at once. A retired record never comes back.

    \b
    navale demote 1a2b3c --by Ada --why "paper fills drift"
    navale demote 1a2b3c --by Ada --why "replaced by 9f8e7d" --to retired
    """
    from optimize.registry.promotion import demote as move
    from optimize.registry.telling import event_data

    with _open(path) as registry:
        event = move(registry, name, by=by, why=why, now=now(), to=to)
    if as_json:
        return _json(event_data(event))
    click.echo(f"{event.record}: {event.from_stage} -> {event.to_stage}")
    return DONE


@click.command()
@click.argument("name", metavar="ID")
@signed
@click.option("--data", "sources", multiple=True, metavar="SOURCE", help="Default: the record's, which may have grown.")
@click.option("--walks", "root", default="walks", metavar="FOLDER", show_default=True, help="Where results are kept.")
@registry_file
@as_json
def reoptimize(name: str, by: str, why: str, sources: tuple[str, ...], root: str, path: str, as_json: bool) -> int:
    """Repeat a record's optimization on new data.

    Same search space, settings, seed and gates; the outcome is reported and filed as a new record, and nothing is
    promoted. Exit code 1: its gates are not all green. Ctrl-C keeps finished trials; the same command goes on.

    \b
    navale reoptimize 1a2b3c --data btc.csv --by Ada --why "refit_by has come"
    """
    from optimize import printing
    from optimize.registry.reoptimize import reoptimize as run
    from optimize.walkforward.command_line import tell

    with _open(path) as registry, printing.counted("trials") as step:
        outcome = run(registry, name, by=by, why=why, now=now(), sources=sources, root=root, progress=step)
    if as_json:
        _json(outcome.to_json())
    else:
        tell(outcome)
    return DONE if outcome.gates.passed else FAILED


@click.group(invoke_without_command=True, subcommand_metavar="[COMMAND] [ARGS]...")
@registry_file
@as_json
@click.pass_context
def configs(context: click.Context, path: str, as_json: bool) -> int:
    """List the records of the registry; show, compare and export them.

    ID is the beginning of a record's id.

    \b
    navale configs
    navale configs show 1a2b3c
    navale configs diff 1a2b3c 9f8e7d
    navale configs export 1a2b3c --output trend.toml
    """
    if context.invoked_subcommand is not None:
        if as_json or path != REGISTRY:
            raise click.UsageError(f"write --json and --registry after {context.invoked_subcommand!r}")
        return DONE
    from optimize import printing
    from optimize.registry.telling import cell, overview

    if not Path(path).is_file():
        click.echo("[]" if as_json else f"no registry {path}")
        return DONE
    with _open(path) as registry:
        found = [overview(registry, record) for record in registry.records()]
    if as_json:
        return _json(found)
    if not found:
        click.echo(f"no records in {path}")
        return DONE
    shown = ("id", "stage", "strategy", "refit_by", "gates", "synthetic", "by", "when")
    printing.table("", shown, [[cell(row[name]) for name in shown] for row in found])
    return DONE


@configs.command()
@click.argument("name", metavar="ID")
@registry_file
@as_json
def show(name: str, path: str, as_json: bool) -> int:
    """Show a record: what it is, its evidence, its history.

    --json shows all of it, with the tables behind the figures.

    \b
    navale configs show 1a2b3c
    """
    from optimize import printing
    from optimize.registry.store import details_of
    from optimize.registry.telling import brief, cell, event_data, flat

    with _open(path) as registry:
        record = registry.record(name)
        history = registry.history(record)
    if as_json:
        events = [event_data(event) | {"details": details_of(event)} for event in history]
        told = {"id": record.id, "sha256": record.digest, "stage": history[-1].to_stage, **record.content}
        return _json(told | {"history": events})
    rows = [("id", record.id), ("stage", history[-1].to_stage)]
    rows += [(name, cell(value)) for name, value in flat(brief(record)).items()]
    printing.table("", ("", ""), rows)
    gates = [(gate["name"], "ok" if gate["passed"] else "FAIL", gate.get("said", "")) for gate in record.gates["gates"]]
    printing.table("gates", ("gate", "", ""), gates)
    shown = ("at", "kind", "from", "to", "by", "why")
    printing.table("history", shown, [[event_data(event)[name] for name in shown] for event in history])
    return DONE


@configs.command()
@click.argument("a")
@click.argument("b")
@registry_file
@as_json
def diff(a: str, b: str, path: str, as_json: bool) -> int:
    """Show in what two records differ.

    \b
    navale configs diff 1a2b3c 9f8e7d
    """
    from optimize import printing
    from optimize.registry.telling import cell, flat

    with _open(path) as registry:
        one, other = registry.record(a), registry.record(b)
    left, right = flat(one.content), flat(other.content)
    differ = {name: (left.get(name), right.get(name)) for name in dict.fromkeys((*left, *right))
              if left.get(name) != right.get(name)}  # fmt: skip
    if as_json:
        return _json({"a": one.id, "b": other.id, "differences": differ})
    printing.table("", ("", one.id, other.id), [(name, *map(cell, values)) for name, values in differ.items()])
    return DONE


@configs.command()
@click.argument("name", metavar="ID")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="File to write.  [ID.toml]"
)
@click.option("--by", metavar="NAME", help="Who exports.  [the user's name]")
@registry_file
@as_json
def export(name: str, output: Path | None, by: str | None, path: str, as_json: bool) -> int:
    """Write the frozen configuration that `live` takes.

    Only at stages paper and live. The registry keeps the file's hash: a copy with one byte changed is refused.

    \b
    navale configs export 1a2b3c --output trend.toml
    """
    from optimize.registry import frozen_config
    from optimize.registry.telling import event_data

    with _open(path) as registry:
        target = output or Path(f"{registry.record(name).id}.toml")
        written, event = frozen_config.export(
            registry, name, target, by=by or user_name(), why=f"to {target}", now=now()
        )
    if as_json:
        return _json(event_data(event) | {"file": str(written)})
    click.echo(written)
    return DONE


def _json(value: Any) -> int:
    from optimize import printing

    click.echo(printing.document(value))
    return DONE
