"""The outcome of a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from feeds.bars import Bars
    from strategies.execution.account import Account


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """One strategy on one window in one engine: what it was told, the ledger and the equity.

    ledger: rows as in docs/execution.md, section 8. equity: account value at every stamp of the window. levels: stop
    and targets in force after each bar of a position (vector engine), or None.
    """

    strategy_repr: str
    strategy_name: str
    parameters: dict[str, Any]
    engine: str
    bars: dict[str, Bars]
    account: Account
    ledger: pd.DataFrame
    equity: pd.Series
    levels: pd.DataFrame | None
    start: pd.Timestamp | None
    end: pd.Timestamp | None
    ruined: bool
    seconds: float

    @cached_property
    def fills(self) -> pd.DataFrame:
        """Ledger rows that traded."""
        return self.ledger[~self.ledger["reason"].str.startswith("rejected-")].reset_index(drop=True)

    @cached_property
    def rejections(self) -> pd.DataFrame:
        """Ledger rows of entries that were refused."""
        return self.ledger[self.ledger["reason"].str.startswith("rejected-")].reset_index(drop=True)

    @cached_property
    def trades(self) -> pd.DataFrame:
        """Round trips, flat to flat; columns: optimize.trades.round_trips."""
        from optimize.trades import round_trips

        return round_trips(self.fills, self.bars)

    @cached_property
    def metrics(self) -> dict[str, float | int]:
        """Figures by name, rf 0; NaN where undefined. With another rf: optimize.metrics.measure(run, rf=0.04)."""
        from optimize.metrics import measure

        return measure(self)

    @cached_property
    def portfolio(self) -> Any:
        """The fills as a vectorbt.Portfolio; no second simulation."""
        from strategies.engines.portfolio import portfolio

        return portfolio(self)

    def save(self, root: str | Path = "runs", *, tearsheet: bool = False) -> Path:
        """Write the run to a new folder below `root` and return it; reopen with optimize.open_run."""
        from optimize.runs import save

        return save(self, root, tearsheet=tearsheet)

    def summary(self) -> str:
        """What was run on what and how it went, in a few lines of text."""
        from optimize.run_text import summary

        return summary(self)

    def __repr__(self) -> str:
        from optimize.run_text import headline

        return headline(self)

    def _repr_html_(self) -> str:
        from optimize.run_text import as_html

        return as_html(self)
