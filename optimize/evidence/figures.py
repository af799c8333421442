"""Names of the figures that a walk-forward is judged by: what gates may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """label: as a sentence names it. meaning: what it is and when it is undefined (NaN)."""

    label: str
    meaning: str


_RECORD = "of the stitched out-of-sample record, rf 0, flat bars included"
FIGURES = {
    "sharpe": Figure("out-of-sample Sharpe", f"yearly Sharpe ratio {_RECORD}; undefined when it never moves"),
    "total_return": Figure("out-of-sample return", f"total return {_RECORD}"),
    "max_drawdown": Figure("out-of-sample drawdown", f"deepest drawdown, negative, {_RECORD}"),
    "profit_factor": Figure(
        "profit factor", "profits over losses of all out-of-sample trades; undefined without a loss"
    ),
    "trades": Figure("out-of-sample trades", "round trips closed in all test windows"),
    "trades_per_fold": Figure("trades in the poorest fold", "fewest round trips closed in a test window"),
    "folds": Figure("folds", "test windows"),
    "folds_positive": Figure("share of folds with a gain", "test windows with a return above zero, over all of them"),
    "oos_is": Figure(
        "Sharpe out of sample over in sample",
        "stitched out-of-sample Sharpe over the mean in-sample Sharpe of the folds' choices; undefined when that is "
        "not above zero",
    ),
    "sharpe_probability": Figure(
        "P(Sharpe > 0)",
        "probability that the true out-of-sample Sharpe is above zero: the lower of those from daily and weekly "
        "returns; undefined when they never move",
    ),
    "sharpe_probability_days": Figure("P(Sharpe > 0) by days", "the same from daily returns"),
    "sharpe_probability_weeks": Figure("P(Sharpe > 0) by weeks", "the same from weekly returns"),
    "sharpe_bootstrap": Figure(
        "bootstrap share of Sharpe > 0", "share of stationary-bootstrap draws of daily returns with a Sharpe above zero"
    ),
    "sharpe_low": Figure("low end of the Sharpe interval", "2.5th percentile of the bootstrapped yearly Sharpe"),
    "total_return_low": Figure("low end of the return interval", "2.5th percentile of the bootstrapped total return"),
    "max_drawdown_low": Figure("deep end of the drawdown interval", "2.5th percentile of the bootstrapped drawdown"),
    "shuffled_drawdown_low": Figure(
        "deep end of the shuffled drawdown", "2.5th percentile of the drawdown when trades come in another order"
    ),
    "deflated_sharpe": Figure(
        "deflated Sharpe of the candidate",
        "probability that the candidate's in-sample Sharpe is above what the best of as many trials reaches by luck",
    ),
    "pbo": Figure(
        "probability of backtest overfitting",
        "share of splits of the candidate's train window in which the best trial of one half is no better than the "
        "middle of the other half",
    ),
    "pbo_loss": Figure(
        "share of splits with a loss", "share of those splits in which the best of one half earned nothing on the other"
    ),
    "sharpe_costs_2": Figure("Sharpe at double costs", "stitched out-of-sample Sharpe with every cost twice"),
    "sharpe_costs_3": Figure("Sharpe at triple costs", "stitched out-of-sample Sharpe with every cost three times"),
    "late_share": Figure(
        "share of the Sharpe kept one bar late",
        "stitched Sharpe with every decision one bar late over the one in time; undefined when that is not above zero",
    ),
    "neighbourhood_median": Figure(
        "neighbourhood median",
        "median Sharpe of the sets around the candidate over its own, on its train window; undefined when its own is "
        "not above zero",
    ),
    "neighbourhood_positive": Figure(
        "share of neighbours above zero", "sets around the candidate with a Sharpe above 0"
    ),
    "neighbourhood_worst": Figure("worst neighbour", "lowest yearly Sharpe of the sets around the candidate"),
    "neighbourhood_folds": Figure(
        "lowest neighbourhood median of the folds",
        "the same as neighbourhood_median for the folds' choices, the lowest; undefined when one of them is",
    ),
    "candidate_distance": Figure(
        "distance of the candidate",
        "distance from the candidate to the closest fold's choice, over the longest between two folds' choices (10 % "
        "of the axes at least): the candidate lies in their neighbourhood up to 1",
    ),
    "benchmark_sharpe": Figure("Sharpe of buy and hold", "of the same bars with the same costs"),
    "benchmark_return": Figure("return of buy and hold", "of the same bars with the same costs"),
    "excess_return": Figure("return beyond buy and hold", "total return less that of buy and hold"),
    "correlation": Figure("correlation with buy and hold", "of returns per bar"),
    "beta": Figure("beta to buy and hold", "of returns per bar"),
}
