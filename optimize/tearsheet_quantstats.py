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

from feeds.sessions import DAY, sessions_per_year
from optimize.periods import run_periods

if TYPE_CHECKING:
    from optimize.run import Run

FEWEST_DAYS = 20


def daily(run: Run, values: pd.Series) -> pd.Series:
    """Simple returns per trading session of a curve on the run's stamps; naive dates that name the sessions.

    Bars of a day or longer give one return per stamp; shorter ones are resampled to the sessions of the first symbol's
    calendar (UTC days for "24/7"), the first session measured from the curve's first value.
    """
    bars = next(iter(run.bars.values()))
    stamps = pd.DatetimeIndex(values.index)
    days = bars.sessions.days[bars.sessions.locate(stamps.asi8)[0]]
    intraday = bars.timeframe.value < DAY
    last = values.groupby(days).last() if intraday else pd.Series(values.to_numpy(), index=days)
    last = last if not intraday else pd.concat([pd.Series([values.iloc[0]], index=[last.index[0] - 1]), last])
    before, after = last.to_numpy()[:-1], last.to_numpy()[1:]
    alive = before > 0
    returns = np.where(alive, after / np.where(alive, before, 1.0) - 1.0, 0.0)
    index = pd.DatetimeIndex(last.index[1:].to_numpy() * DAY).as_unit("ns")
    return pd.Series(returns, index=index, name=values.name)


def daily_periods(run: Run) -> float:
    """Returns per year of `daily`."""
    bars = next(iter(run.bars.values()))
    return float(sessions_per_year(bars.calendar)) if bars.timeframe.value < DAY else run_periods(run)


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
