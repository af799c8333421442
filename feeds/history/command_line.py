"""`navale fetch`: bring histories of exchanges up to date."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd

    from feeds.history.fetching import Fetched


@click.command()
@click.argument("markets", nargs=-1, required=True, metavar="EXCHANGE:SYMBOL:TIMEFRAME...")
@click.option("--since", metavar="DATE", help="Open of the first bar, UTC.  [as before]")
@click.option(
    "--until", metavar="DATE", help="Close of the last bar, UTC; a bare date: the midnight that ends it.  [now]"
)
@click.option("--store", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
              help="Where histories are kept.  [NAVALE_HISTORY, else history]")  # fmt: skip
@click.option("--accept-revision", is_flag=True, help="Take bars that the exchange changed; the old files stay.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
def fetch(
    markets: tuple[str, ...], since: str | None, until: str | None, store: Path | None, accept_revision: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Get bars from exchanges and keep them.

    Asks for what is missing only, so the same command again brings a history up to date. The last bars are asked for
    again: a bar that the exchange has changed is an error. Then --data binance:BTC/USDT:1h reads them. Needs no key.

    \b
    navale fetch binance:BTC/USDT:1h --since 2024-01-01
    navale fetch binance:BTC/USDT:USDT:15min kraken:ETH/USD:1d --since 2024-01-01 --until 2024-06-30
    """
    import pandas as pd

    from feeds.bars import instant
    from feeds.errors import DataError, NavaleError
    from feeds.history.fetching import fetch as get
    from feeds.history.market import history_folder, parse_market
    from feeds.history.store import HistoryStore
    from feeds.vendors.ccxt_history import CcxtHistory

    chosen = [parse_market(text) for text in dict.fromkeys(markets)]
    span: dict[str, Any] = {"since": None if since is None else instant(since),
                            "until": None if until is None else _close(until)}  # fmt: skip
    done: list[Fetched] = []
    failed: list[NavaleError] = []
    for market in chosen:
        shown: Any = click.progressbar(length=1000, label=str(market), file=sys.stderr, hidden=not sys.stderr.isatty())
        with shown as bar:

            def step(ready: int, total: int, bar: Any = bar) -> None:
                bar.update(1000 * ready // total - bar.pos)

            try:
                kept = HistoryStore(history_folder(store), market)
                client = CcxtHistory(market)
                found = get(client, kept, now=client.final(pd.Timestamp.now("UTC")), accept_revision=accept_revision,
                            progress=step, **span)  # fmt: skip
            except NavaleError as error:
                failed.append(error)
                continue
        done.append(found)
        if not as_json:
            _tell(found)
    if as_json:
        click.echo(json.dumps([_plain(found) for found in done], indent=2, allow_nan=False))
    if failed:
        raise failed[0] if len(failed) == 1 else DataError("; ".join(map(str, failed)))


def _close(text: str) -> pd.Timestamp:
    """The close of the last bar. A bare date (month, year) means the midnight that ends it, for a bar that closes then
    is of that day."""
    import pandas as pd

    from feeds.bars import instant

    last = instant(text, end=True)
    return last if instant(text) == last else last + pd.Timedelta(1, unit="ns")


def _tell(found: Fetched) -> None:
    span = f", {found.first:%Y-%m-%d %H:%M} to {found.last:%Y-%m-%d %H:%M} UTC" if found.last is not None else ""
    click.echo(f"{found.market}: {found.new:,} new bars, {found.held:,} in {found.folder}{span}")
    for note in (*found.gaps, *found.notes, *map(str, found.changes)):
        click.echo(f"  {note}")


def _plain(found: Fetched) -> dict[str, Any]:
    return {
        "market": str(found.market), "folder": str(found.folder), "new": found.new, "bars": found.held,
        "first": _stamp(found.first), "last": _stamp(found.last), "gaps": list(found.gaps),
        "revised": [str(one) for one in found.changes], "notes": list(found.notes),
    }  # fmt: skip


def _stamp(value: pd.Timestamp | None) -> str | None:
    return None if value is None else value.isoformat()
