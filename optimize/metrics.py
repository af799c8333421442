"""Figures of merit of a run. Those on returns equal quantstats with the same rf and periods."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError
from optimize.periods import run_periods

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from optimize.run import Run

NAN = math.nan

DEFINITIONS = {
    "total_return": "equity at the end over equity at the first stamp, less 1",
    "cagr": "(1 + total return) ^ (periods / number of returns) - 1",
    "sharpe": "mean of returns less rf per bar, over their standard deviation (n - 1), times √periods",
    "sortino": "mean of returns less rf per bar, over √(sum of squared negative ones / n), times √periods",
    "volatility": "standard deviation (n - 1) of returns times √periods",
    "max_drawdown": "deepest fall of equity from its highest value so far; negative",
    "calmar": "cagr over the size of the deepest drawdown",
    "exposure": "share of stamps with a position at the close",
    "trades": "round trips, flat to flat",
    "win_rate": "per closed trade: share with a profit after costs",
    "profit_factor": "per closed trade: profits over losses after costs; undefined without a loss",
    "expectancy": "per closed trade: mean profit after costs, in money",
    "expectancy_return": "per closed trade: mean return on the money entered, after costs",
    "best_trade": "per closed trade: largest profit, in money",
    "worst_trade": "per closed trade: largest loss, in money",
    "losing_streak": "per closed trade: most losses in a row",
    "average_bars_held": "per closed trade: mean number of bars from entry to exit",
    "fees": "fees and commissions paid, in money; slippage is in the prices",
    "fills": "ledger rows that traded",
    "rejections": "entries that were refused",
    "ruined": "1 when equity reached zero: everything closed, -100 %",
    "periods": "stamps per year, from the trading calendar",
    "rf": "yearly risk-free rate used by sharpe and sortino",
    "returns": "number of returns: stamps of the window less 1, flat ones included",
}
SHARES = ("total_return", "cagr", "volatility", "max_drawdown", "exposure", "win_rate", "expectancy_return", "rf")


def measure(run: Run, rf: float = 0.0, periods: float | None = None) -> dict[str, float | int]:
    """All figures of a run by name; what each means: DEFINITIONS. NaN where a figure is undefined.

    rf: yearly risk-free rate. periods: stamps per year; by default from the calendar (optimize.periods).
    Returns are those of equity from stamp to stamp, flat bars included. Raises ConfigError for a senseless setting.
    """
    periods = run_periods(run) if periods is None else periods
    figures: dict[str, float | int] = {**performance(run.equity.to_numpy(), periods, rf)}
    figures["exposure"] = _exposure(run)
    figures |= trade_figures(run.trades)
    figures |= {"fees": float(run.fills["fee"].sum()), "fills": len(run.fills), "rejections": len(run.rejections)}
    figures |= {"ruined": int(run.ruined), "periods": periods, "rf": rf, "returns": len(run.equity) - 1}
    return {name: figures[name] for name in DEFINITIONS}


def returns_of(equity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns from stamp to stamp; 0 after ruin, where nothing is left to lose."""
    before, after = equity[:-1], equity[1:]
    known = before != 0
    return np.where(known, after / np.where(known, before, 1.0) - 1.0, 0.0)


def performance(equity: NDArray[np.float64], periods: float, rf: float = 0.0) -> dict[str, float]:
    """Figures that depend on the equity curve alone: total_return, cagr, sharpe, sortino, volatility, max_drawdown,
    calmar. equity: one value per stamp. NaN where undefined (no spread, no drawdown, fewer than two stamps)."""
    if not (math.isfinite(periods) and periods > 0):
        raise ConfigError(f"periods={periods!r} must be the number of stamps per year, above 0")
    if not (math.isfinite(rf) and rf > -1):
        raise ConfigError(f"rf={rf!r} must be a yearly rate such as 0.04, above -1")
    values = np.asarray(equity, dtype=np.float64)
    returns = returns_of(values)
    count = len(returns)
    total = float(values[-1] / values[0] - 1.0) if count else 0.0
    wealth = 1.0 + total
    with np.errstate(over="ignore"):  # a short, very profitable window grows beyond any float: inf
        cagr = float(np.power(wealth, periods / count)) - 1.0 if count and wealth >= 0 else NAN
    drawdown = float(np.min(values / np.maximum.accumulate(values)) - 1.0)
    excess = returns - ((1.0 + rf) ** (1.0 / periods) - 1.0)
    below = math.sqrt(float(np.sum(excess[excess < 0] ** 2)) / count) if count else 0.0
    mean = float(np.mean(excess)) if count else NAN
    spread = float(np.std(returns, ddof=1)) if count > 1 else NAN
    return {
        "total_return": total,
        "cagr": cagr,
        "sharpe": _ratio(mean, spread) * math.sqrt(periods),
        "sortino": _ratio(mean, below) * math.sqrt(periods),
        "volatility": spread * math.sqrt(periods),
        "max_drawdown": drawdown,
        "calmar": _ratio(cagr, -drawdown),
    }


def trade_figures(trades: pd.DataFrame) -> dict[str, float | int]:
    """Figures per closed trade, costs included; NaN where there is none to judge by."""
    count = len(trades)
    pnl = trades["pnl"].to_numpy(dtype=np.float64)
    gains, losses = float(pnl[pnl > 0].sum()), float(-pnl[pnl < 0].sum())
    return {
        "trades": count,
        "win_rate": float(np.mean(pnl > 0)) if count else NAN,
        "profit_factor": _ratio(gains, losses),
        "expectancy": float(pnl.mean()) if count else NAN,
        "expectancy_return": float(trades["return"].mean()) if count else NAN,
        "best_trade": float(pnl.max()) if count else NAN,
        "worst_trade": float(pnl.min()) if count else NAN,
        "losing_streak": _longest(pnl < 0),
        "average_bars_held": float(trades["bars_held"].mean()) if count else NAN,
    }


def held_after(run: Run) -> NDArray[np.bool_]:
    """Whether any symbol has a position after each stamp of the equity curve."""
    stamps = run.equity.index
    held = np.zeros(len(stamps), dtype=np.bool_)
    for _, own in run.fills.groupby("symbol", sort=False):
        after = np.concatenate(([0.0], own["position_after"].to_numpy()))
        held |= after[own["time"].searchsorted(stamps, side="right")] != 0
    return held


def _exposure(run: Run) -> float:
    return float(np.mean(held_after(run)))


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 and not math.isnan(above) else NAN


def _longest(flags: NDArray[np.bool_]) -> int:
    longest = now = 0
    for flag in flags:
        now = now + 1 if flag else 0
        longest = max(longest, now)
    return longest


def shown(name: str, value: Any) -> str:
    """A figure as people read it: "12.3 %", "1.42", "37", "undefined"."""
    if isinstance(value, float) and math.isnan(value):
        return "undefined"
    if name in SHARES:
        return f"{value:.2%}".replace("%", " %")
    if name == "ruined":
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
