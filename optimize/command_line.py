"""What the verbs of the command line share: errors and exit codes, options of data and account."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import click

from feeds.errors import NavaleError, ParityError
from optimize.storage import unwritable

DONE, FAILED, WRONG, BUG = 0, 1, 2, 70


class Verbs(click.Group):
    """Says every error in one line on stderr and leaves with the exit code that belongs to it."""

    def main(self, args: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """Run one command line and exit: 0 done, 1 a check failed, 2 wrong usage or bad input, 70 a bug."""
        words = [str(word) for word in (sys.argv[1:] if args is None else args)]
        debug = "--debug" in words
        words = [word for word in words if word != "--debug"]
        try:
            code = super().main(words, **(options | {"prog_name": "navale", "standalone_mode": False}))
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            code = WRONG
        except (click.Abort, KeyboardInterrupt):
            code = _fail("interrupted", 130, debug)
        except ParityError as error:
            code = _fail(error, FAILED, debug)
        except (click.ClickException, NavaleError) as error:
            code = _fail(error.format_message() if isinstance(error, click.ClickException) else error, WRONG, debug)
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of our output has left, as `head` does
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                sys.exit(FAILED)
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
            code = _fail(unwritable(error, error.filename or "disk") if full else error, WRONG, debug)
        except Exception as error:  # noqa: BLE001 - nothing else stands between a bug and the user
            code = _fail(f"{type(error).__name__}: {error} (a bug; --debug shows where)", BUG, debug)
        sys.exit(code if isinstance(code, int) else DONE)


def _fail(message: object, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    click.echo("error: " + " ".join(str(message).split()), err=True)
    return code


as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
runs_folder = click.option("--runs", "root", default="runs", metavar="FOLDER", help="Where runs are kept.")


def data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--data and how to read it; what differs by source may be given once or once per --data."""
    once_each: dict[str, str] = {
        "symbol": "Name of the instrument.",
        "tz": "Zone of times written without one, like Europe/Berlin.",
        "time-format": "Form of unusual times, like %d.%m.%Y or %Y%m%d%H%M.",
        "label": "What the times mark: open or close of a bar.",
        "calendar": "24/7, FX, or a name such as XNYS.",
        "contract": "Value of the `contract` column to take.",
        "instrument": "Contract terms, like tick=0.25,multiplier=50,initial_margin=12000.",
    }
    options = [click.option("--data", "sources", multiple=True, required=True, metavar="SOURCE",
                            help="CSV, Parquet or Feather file, sample:spx, or synthetic:martingale?seed=1; several: "
                                 "symbols that share one account.")]  # fmt: skip
    options += [click.option(f"--{name}", multiple=True, metavar="TEXT", help=text) for name, text in once_each.items()]
    options += [
        click.option(
            "--join",
            multiple=True,
            metavar="PREFIX=FILE",
            help="Table to join by its available_at, like gex=SPY.parquet.",
        ),
        click.option("--columns", multiple=True, metavar="OURS=THEIRS", help="Like close=Last or time=Date+Time."),
        click.option("--gaps", type=click.Choice(["report", "refuse"]), help="What to do about holes.  [report]"),
        click.option("--repair", type=click.Choice(["drop"]), help="Drop impossible rows instead of refusing."),
        click.option("--timeframe", metavar="4h", help="Resample first; default: the profile's, else as given."),
        click.option(
            "--start",
            metavar="DATE",
            help="First bar of the window (UTC); earlier ones warm up (optimize leaves them out).",
        ),
        click.option(
            "--end", metavar="DATE", help="Last bar of the window; a bare date (month, year): the whole of it."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def user_name() -> str:
    """Who works at this machine; "unknown" where it knows no name, as in many containers."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def account_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The account; what is not given comes from the profile."""
    numbers: dict[str, str] = {
        "cash": "Money at the start.  [10000]", "fee": "Share of the notional.  [0.001]",
        "slippage-bps": "Basis points on market and stop fills.  [5]",
        "slippage-ticks": "Ticks on market and stop fills.  [0]", "commission": "Money per contract.  [0]",
        "cap": "Largest share of equity x leverage in an entry.  [0.95]", "leverage": "Margin account.  [1]",
        "maintenance": "Maintenance margin, share of the notional.  [0]", "max-exposure": "Gross exposure / equity.",
        "max-correlation": "Of an entry with open positions.",
    }  # fmt: skip
    options = [click.option("--account", "kind", type=click.Choice(["cash", "margin"]), help="Kind.  [cash]"),
               click.option("--sizing", metavar="MODE=VALUE",
                            help="fraction=0.95, risk=0.01, notional=5000, volatility=0.01 or lots=1.")]  # fmt: skip
    options += [click.option(f"--{name}", type=float, help=text) for name, text in numbers.items()]
    options += [click.option("--max-positions", type=int, help="Open at once; 0: no limit.")]
    for option in reversed(options):
        command = option(command)
    return command
