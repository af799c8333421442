"""`navale chains`: collect option chains day by day, and see what was collected."""

from __future__ import annotations

import json
from pathlib import Path

import click

store_folder = click.option("--store", type=click.Path(file_okay=False, path_type=Path), default=Path("chains"),
                            metavar="FOLDER", help="The chain store.  [chains]")  # fmt: skip
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")


@click.group()
def chains() -> None:
    """Collect option chains for history.

    Vendors give the present chain only: record it every day, and `navale gex SYMBOL --chain FOLDER --session DATE` can
    go back to it.

    \b
    navale chains record SPX SPY --chain cboe --store chains
    navale chains list --store chains
    """


@chains.command()
@click.argument("symbols", nargs=-1, required=True)
@click.option("--chain", "source", required=True, metavar="SOURCE", help="massive, cboe, synthetic:seed=1 or a file.")
@click.option("--session", metavar="DATE", help="Which session, where a file holds several.")
@store_folder
@as_json
def record(symbols: tuple[str, ...], source: str, session: str | None, store: Path, as_json: bool) -> None:
    """Fetch the chain of each of SYMBOLS and keep it.

    The same chain again changes nothing; another one of the same instant is refused. When a symbol fails the others
    are still recorded, and the command ends with the error.

    \b
    navale chains record SPX SPY --chain massive --store chains
    """
    from datetime import date

    from feeds.chains import recording
    from feeds.chains.provider import provider, utc_now
    from feeds.chains.store import ChainStore
    from feeds.errors import ConfigError, DataError, NavaleError

    try:
        day = None if session is None else date.fromisoformat(session)
    except ValueError:
        raise ConfigError(f"--session {session!r} is no date; write it like 2026-06-10") from None
    if store.exists() and not store.is_dir():
        raise ConfigError(f"--store {store} is a file; name a folder")
    chains_of, kept, failed = provider(source, session=day), [], []
    for symbol in dict.fromkeys(symbols):
        try:
            done = recording.record(chains_of, symbol, ChainStore(store), utc_now())
        except NavaleError as error:
            failed.append(f"{symbol}: {error}")
            continue
        kept.append({
            "symbol": done.symbol, "session": str(done.session), "asof": done.asof.isoformat(),
            "contracts": done.contracts, "spot": None if done.spot != done.spot else done.spot, "new": done.new,
            "path": str(done.path), "notes": list(done.notes),
        })  # fmt: skip
        if not as_json:
            state = "recorded" if done.new else "had already"
            click.echo(f"{state} {done.symbol}, session {done.session}: {done.contracts:,} contracts in {done.path}")
    if as_json:
        click.echo(json.dumps(kept, indent=2, allow_nan=False))
    if failed:
        raise DataError("; ".join(failed))


@chains.command("list")
@click.argument("symbol", required=False)
@store_folder
@as_json
def list_(symbol: str | None, store: Path, as_json: bool) -> None:
    """Show what a store holds; with SYMBOL every session of it.

    \b
    navale chains list SPX --store chains
    """
    from feeds.chains.contracts import session_of
    from feeds.chains.store import ChainStore
    from feeds.errors import DataError

    if not store.is_dir():
        raise DataError(f"{store} is no folder; record chains into it first")
    kept = ChainStore(store)
    rows: list[dict[str, str | int]] = []
    if symbol is None:
        for name in kept.symbols():
            sessions = kept.sessions(name)
            rows.append({"symbol": name, "sessions": len(sessions), "chains": len(kept.instants(name)),
                         "first": str(sessions[0]), "last": str(sessions[-1])})  # fmt: skip
    else:
        moments = kept.instants(symbol)
        if not moments:
            raise DataError(f"{store}: has no chain of {symbol}; it has {', '.join(kept.symbols()) or 'none at all'}")
        for day in kept.sessions(symbol):
            own = [moment.isoformat() for moment in moments if session_of(moment) == day]
            rows.append({"session": str(day), "chains": len(own), "first": own[0], "last": own[-1]})
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo(f"no chains in {store}")
        return
    widths = {name: max(len(name), *(len(str(row[name])) for row in rows)) for name in rows[0]}
    click.echo("  ".join(name.ljust(width) for name, width in widths.items()).rstrip())
    for row in rows:
        click.echo("  ".join(str(row[name]).ljust(width) for name, width in widths.items()).rstrip())
