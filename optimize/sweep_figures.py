"""Figures of a sweep from the sums that a driver keeps: the same as those of `backtest`, without an equity curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIGURES = (
    "total_return", "cagr", "sharpe", "sortino", "volatility", "max_drawdown", "calmar", "exposure", "trades",
    "win_rate", "profit_factor", "expectancy", "fees", "ruined",
)  # fmt: skip
"""Names and meanings as in optimize.metrics.DEFINITIONS, with rf 0."""


def figures(records: NDArray[np.void], periods: float) -> dict[str, NDArray[np.float64]]:
    """One array per figure from account records. periods: stamps per year. NaN where a figure is undefined."""
    count = records["stamps"] - 1.0  # returns
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        total = records["equity"] / records["start_cash"] - 1.0
        cagr = np.where(count > 0, np.power(1.0 + total, periods / count) - 1.0, np.nan)
        mean = records["sum_r"] / count
        squares = np.maximum(records["sum_rr"] - count * mean * mean, 0.0)
        spread = np.where(count > 1, np.sqrt(squares / (count - 1.0)), np.nan)
        below = np.where(count > 0, np.sqrt(records["sum_dd"] / count), 0.0)
        trades = records["trades"]
        year = np.sqrt(periods)
        found = {
            "total_return": np.where(count > 0, total, 0.0),
            "cagr": cagr,
            "sharpe": _ratio(mean, spread) * year,
            "sortino": _ratio(mean, below) * year,
            "volatility": spread * year,
            "max_drawdown": -records["drawdown"],
            "calmar": _ratio(cagr, records["drawdown"]),
            "exposure": records["exposed"] / records["stamps"],
            "trades": trades.copy(),
            "win_rate": _ratio(records["wins"], trades),
            "profit_factor": _ratio(records["gain"], records["loss"]),
            "expectancy": _ratio(records["gain"] - records["loss"], trades),
            "fees": records["fees"].copy(),
            "ruined": records["ruined"].copy(),
        }
    return {name: found[name] for name in FIGURES}


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)
