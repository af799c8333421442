"""The quantstats report of a run: daily returns, right number of periods, no network."""

from __future__ import annotations

import contextlib
import logging
import re
import tempfile
import warnings
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from feeds.sessions import DAY, sessions, sessions_per_year
from optimize.periods import run_periods

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optimize.run import Run

FEWEST_DAYS = 20


def daily(run: Run, values: pd.Series) -> pd.Series:
    """Simple returns per trading session of a curve on the run's stamps; naive dates that name the sessions.

    Where every stamp has a session of its own there is one return per stamp; else the curve is resampled to the
    sessions of the first symbol's calendar (UTC days for "24/7"), the first one measured from the curve's first value.
    """
    days = _days(run, values)
    many = _resampled(run)
    last = values.groupby(days).last() if many else pd.Series(values.to_numpy(), index=days)
    last = last if not many else pd.concat([pd.Series([values.iloc[0]], index=[last.index[0] - 1]), last])
    before, after = last.to_numpy()[:-1], last.to_numpy()[1:]
    alive = before > 0
    returns = np.where(alive, after / np.where(alive, before, 1.0) - 1.0, 0.0)
    index = pd.DatetimeIndex(last.index[1:].to_numpy() * DAY).as_unit("ns")
    return pd.Series(returns, index=index, name=values.name)


def daily_periods(run: Run) -> float:
    """Returns per year of `daily`."""
    return float(sessions_per_year(_calendar(run))) if _resampled(run) else run_periods(run)


def _calendar(run: Run) -> str:
    return next(iter(run.bars.values())).calendar


def _days(run: Run, values: pd.Series) -> NDArray[np.int64]:
    """Session of each stamp [days since 1970-01-01], by a table that spans them all, whichever symbol they are of."""
    stamps = pd.DatetimeIndex(values.index).asi8
    table = sessions(_calendar(run), int(stamps[0]), int(stamps[-1]))
    return table.days[table.locate(stamps)[0]]


def _resampled(run: Run) -> bool:
    """Whether sessions hold several stamps: bars shorter than a day, or daily bars that close at different hours."""
    short = any(bars.timeframe.value < DAY for bars in run.bars.values())
    return short or bool((np.diff(_days(run, run.equity)) == 0).any())


def report(run: Run, benchmark: pd.Series | None, rf: float = 0.0) -> str:
    """The quantstats report as an HTML page without links to elsewhere, or "" when there is too little to report.

    benchmark: a curve on the run's stamps. quantstats needs returns that vary over at least 20 days, and would take
    returns that never fall and once exceed 100 % for prices.
    """
    returns = daily(run, run.equity)
    other = None if benchmark is None else daily(run, benchmark)
    if not _usable(returns):
        return ""
    if other is not None and not _usable(other):
        other = None
    name, other_name = (escape(text).replace("$", "") for text in (run.strategy_name, str(getattr(other, "name", ""))))
    with _quiet(), tempfile.TemporaryDirectory() as folder:
        import quantstats

        path = Path(folder) / "report.html"
        quantstats.reports.html(  # type: ignore[no-untyped-call]
            returns,
            benchmark=other,
            rf=rf,
            output=str(path),
            title=name,
            strategy_title=name,
            benchmark_title=other_name or None,
            periods_per_year=round(daily_periods(run)),
            match_dates=False,  # else it drops the days before the first trade
        )
        page = path.read_text(encoding="utf-8")
    page = re.sub(r"<link\b[^>]*>|<script\b.*?</script>", "", page, flags=re.DOTALL)
    page = re.sub(r'\s+onload="[^"]*"', "", page)
    return re.sub(r"<a\b[^>]*>(.*?)</a>", r"\1", page, flags=re.DOTALL)


def _usable(returns: pd.Series) -> bool:
    looks_like_prices = returns.min() >= 0 and returns.max() > 1
    return len(returns) >= FEWEST_DAYS and returns.std() > 0 and not looks_like_prices


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without a window system and without the noise of fonts and deprecations."""
    import matplotlib as mpl

    fonts = logging.getLogger("matplotlib.font_manager")
    level = fonts.level
    fonts.setLevel(logging.ERROR)
    backend = mpl.get_backend()
    mpl.use("Agg")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        fonts.setLevel(level)
        mpl.use(backend)
