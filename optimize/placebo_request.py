"""`navale placebo`: from the words of a command line to a verdict, shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from optimize import printing
from optimize.request import ACCOUNT
from optimize.sources import bars_of
from strategies import settings
from strategies.description import as_data
from strategies.discovery import find

if TYPE_CHECKING:
    from optimize.placebo import Placebo


def carry_out(
    name: str,
    *,
    sources: Sequence[str],
    assignments: Sequence[str] = (),
    profile: str | None = None,
    timeframe: str | None = None,
    start: str | None = None,
    end: str | None = None,
    columns: Sequence[str] = (),
    prefix: str = "gex",
    shuffles: int = 199,
    seed: int = 1,
    block: int = 5,
    alpha: float = 0.05,
    trials: int = 1,
    as_json: bool = False,
    **options: Any,
) -> int:
    """Load, run strategy and controls, print. Exit code: 0 when the levels beat every control, else 1.

    Raises DataError and ConfigError as `optimize.sources.bars_of` and `optimize.placebo.placebo` do, and ConfigError
    for several symbols.
    """
    from feeds.errors import ConfigError
    from optimize.placebo import BEATEN, placebo

    if len(sources) != 1:
        raise ConfigError(f"navale placebo takes one --data, not {len(sources)}: levels belong to one symbol")
    cls = find(name, "strategy")
    strategy, chosen = settings.strategy(cls, profile, assignments)
    account = settings.account(chosen.account, {word: options.pop(word) for word in ACCOUNT if word in options})
    with printing.progress(2) as step:
        step("reading bars")
        asked_by = f"profile {profile!r}" if timeframe is None else ""
        (bars,) = bars_of(sources, options, timeframe or chosen.timeframe, columns, asked_by).values()
        if start is not None or end is not None:
            bars = bars.window(start, end)
        step(f"the strategy and {shuffles + 2} controls")
        found = placebo(strategy, bars, prefix=prefix, account=account, shuffles=shuffles, seed=seed, block=block,
                        alpha=alpha, trials=trials)  # fmt: skip
    if as_json:
        print(printing.document({"strategy": repr(strategy), "data": printing.bars_data(bars)} | as_data(found)))
    else:
        _print(repr(strategy), found, bars.notes if bars.synthetic else ())
    return 0 if found.verdict == BEATEN else 1


def _print(strategy: str, found: Placebo, notes: Sequence[str]) -> None:
    print(strategy)
    for note in notes[:1]:
        print("note:", note)
    if found.controls:
        print(
            f"{found.sessions} sessions ({found.effective_sessions:.0f} worth of independent regimes), {found.rows} "
            f"rows of levels, {found.fills} fills; return {found.gross_return:+.2%} before costs, "
            f"{found.net_return:+.2%} after"
        )
        rows: list[tuple[Any, ...]] = [("the levels", round(found.statistic, 2), None, "")]
        rows += [
            (
                control.name,
                round(control.statistic, 2),
                round(control.p, 4),
                "beaten" if control.beaten else "not beaten",
            )
            for control in found.controls
        ]
        printing.table("", ("levels", "t of daily returns", "p", ""), rows)
        printing.table("", ("regime", "sessions", "trades", "mean return"), [
            (regime.name, regime.sessions, regime.trades, f"{regime.mean_return:+.4%}" if regime.trades else "–")
            for regime in found.regimes
        ])  # fmt: skip
    print(f"verdict: {found}")
