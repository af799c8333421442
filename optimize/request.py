"""`navale backtest`: from the words of a command line to runs, kept and shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError, DataError
from optimize import printing
from optimize.sources import bars_of
from strategies import settings
from strategies.discovery import find

if TYPE_CHECKING:
    from optimize.parity import Parity
    from optimize.run import Run

ACCOUNT = ("kind", "cash", "sizing", "cap", "leverage", "maintenance", "max_positions", "max_exposure",
           "max_correlation", "fee", "slippage_bps", "slippage_ticks", "commission")  # fmt: skip


def carry_out(
    name: str,
    *,
    sources: Sequence[str],
    engine: str,
    assignments: Sequence[str] = (),
    profile: str | None = None,
    timeframe: str | None = None,
    start: str | None = None,
    end: str | None = None,
    columns: Sequence[str] = (),
    sheet: bool = False,
    save: bool = True,
    root: str = "runs",
    as_json: bool = False,
    **options: Any,
) -> int:
    """Load, run, compare, keep and print. Exit code: 0, or 1 when two engines differ.

    options: those of `optimize.sources.bars_of` and of ACCOUNT. Every input is checked before anything is written;
    raises DataError and ConfigError.
    """
    if sheet and not save:
        raise ConfigError("--tearsheet is written beside the saved run; leave out --no-save")
    cls = find(name, "strategy")
    strategy, chosen = settings.strategy(cls, profile, assignments)
    account = settings.account(chosen.account, {word: options.pop(word) for word in ACCOUNT if word in options})
    engines = ("vector", "event") if engine == "both" else (engine,)
    with printing.progress(1 + len(engines) + save) as step:
        step("reading bars")
        asked_by = f"profile {profile!r}" if timeframe is None else ""
        bars = bars_of(sources, options, timeframe or chosen.timeframe, columns, asked_by)
        since, until = instants(start, end)
        from optimize.backtest import backtest

        runs = []
        for each in engines:
            step(f"{each} engine (the first run of a strategy compiles it)")
            runs.append(backtest(strategy, bars, each, since, until, account))
        verdict = _verdict(runs)
        saved = []
        if save:
            step("writing the run" + (" and its tearsheet" if sheet else ""))
            kept = runs if verdict is not None and not verdict.same else runs[:1]
            saved = [run.save(root, tearsheet=sheet) for run in kept]
    _print(runs, verdict, saved, sheet, profile, as_json)
    if verdict is not None:
        verdict.require()
    return 0


def instants(start: str | None, end: str | None) -> tuple[Any, Any]:
    """--start and --end as aware times; a bare date (month, year) as the end is its last instant."""
    from feeds.bars import instant

    return (None if start is None else instant(start), None if end is None else instant(end, end=True))


def _verdict(runs: list[Run]) -> Parity | None:
    from optimize.parity import parity

    return parity(*runs) if len(runs) == 2 else None


def _benchmark(run: Run) -> tuple[bool | None, str]:
    from optimize.benchmark import benchmark_curve, verdict

    try:
        return verdict(run, benchmark_curve(run))
    except DataError as error:  # the first symbol may begin later than the others
        return None, f"none: {error}"


def _print(
    runs: list[Run], verdict: Parity | None, saved: list[Path], sheet: bool, profile: str | None, as_json: bool
) -> None:
    first = runs[0]
    better, told = _benchmark(first)
    sheets = [folder / "tearsheet.html" for folder in saved] if sheet else []
    if as_json:
        found = printing.run_data(first) | {"profile": profile, "saved": saved, "tearsheet": sheets}
        found["benchmark"] = {"beaten": better, "told": told}
        if verdict is not None:
            found["engine"] = "both"
            found["parity"] = {name: getattr(verdict, name) for name in ("same", "rows", "stamps", "difference")}
        print(printing.document(found))
        return
    currency = next(iter(first.bars.values())).instrument.currency
    print(first.summary())
    print("account:", printing.account_line(first.account, currency))
    if verdict is not None and verdict.same:
        print("engines:", verdict)
    print("benchmark:", told)
    for path in saved:
        print("saved:", path)
    for path in sheets:
        print("tearsheet:", path)


def write_tearsheet(run: str, root: str, output: Path | None) -> Path:
    """Write the tearsheet of a saved run to `output`, default tearsheet.html in its folder; one that is there stays.

    Raises DataError for a run that does not exist, ConfigError for a folder that does not.
    """
    from optimize.runs import open_run
    from optimize.tearsheet import tearsheet

    opened = open_run(run, root)
    path = output or _folder(run, root) / "tearsheet.html"
    if output is None and path.exists():
        return path
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent} is not a folder; make it first")
    with printing.progress(1) as step:
        step("writing the tearsheet")
        return tearsheet(opened, path)


def _folder(run: str, root: str) -> Path:
    """Folder of a run that open_run has found."""
    if Path(run).is_dir():
        return Path(run)
    exact = Path(root) / run
    return exact if exact.is_dir() else next(Path(root).glob(f"{run}*"))
