"""Do the levels know anything? The same strategy on levels that cannot, and the odds that chance did as well."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ConfigError
from optimize import placebo_levels

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from feeds.bars import Bars
    from strategies.base import Strategy
    from strategies.execution.account import Account

    Floats = NDArray[np.float64]

BEATEN, NOT_BEATEN, TOO_LITTLE = "beats", "does not beat", "too little history"


@dataclass(frozen=True)
class Control:
    """One kind of levels that know nothing, and how the real ones compare.

    statistic: of the control (the median of the shuffled ones), as Placebo.statistic. p: chance of a difference like
    the one seen when the real levels know no more than the control. beaten: p x trials is at most alpha.
    """

    name: str
    statistic: float
    p: float
    beaten: bool


@dataclass(frozen=True)
class Regime:
    """What happened under one sign of the regime: sessions, trades entered, their mean return after costs."""

    name: str
    sessions: int
    trades: int
    mean_return: float


@dataclass(frozen=True)
class Placebo:
    """The outcome. verdict: beats, does not beat or too little history; told: why, in one line.

    statistic: t value of the strategy's daily returns before costs, mean / (standard deviation / sqrt(sessions)).
    gross_return, net_return: of the whole window, before and after the account's costs. rows: usable rows of levels
    that the window saw; effective_sessions: sessions worth of independent regimes, n (1 - a) / (1 + a) with a the
    autocorrelation of the regime from one session to the next.
    """

    verdict: str
    told: str
    statistic: float
    sessions: int
    effective_sessions: float
    rows: int
    fills: int
    gross_return: float
    net_return: float
    shuffles: int
    alpha: float
    trials: int
    controls: tuple[Control, ...]
    regimes: tuple[Regime, ...]

    def __str__(self) -> str:
        return f"{self.verdict}: {self.told}"


def placebo(
    strategy: Strategy,
    bars: Bars,
    *,
    prefix: str = "gex",
    account: Account | None = None,
    shuffles: int = 199,
    seed: int = 1,
    block: int = 5,
    alpha: float = 0.05,
    trials: int = 1,
    least_rows: int = 60,
    least_fills: int = 30,
) -> Placebo:
    """Run `strategy` on the real levels and on three controls, and say whether the real ones beat every one of them.

    bars: with the features joined (indicators.gex.features) as `prefix`_spot, `prefix`_flip and so on; a row of levels
    is a stretch of bars on which they stay the same. Statistic: t value of daily returns before costs, so that a
    control cannot lose by trading more often; costs are in `net_return`.
    Null of `shuffled`: the levels of a day are exchangeable with those of other days, given the prices; its p is
    (1 + shuffles that do as well) / (1 + shuffles), exact for that null up to the blocks. Null of `shifted` and
    `round`: the daily returns differ by 0 on average; one-sided t test of the differences. The verdict "beats" needs
    all three and a positive statistic, so its error rate is at most the smallest of theirs under each null (an
    intersection-union test: no correction among them). trials: how many strategies or settings were tried on these
    data, this one included; p values are multiplied by it (Bonferroni).
    Fewer than least_rows usable rows, or least_fills fills: "too little history", and no p value.
    Raises ConfigError for settings that make no sense and for missing columns.
    """
    _check(shuffles, block, alpha, trials)
    from strategies.execution.account import Account, Costs

    account = account or Account(kind="margin", cash=100_000.0)
    free = dataclasses.replace(account, costs=Costs(fee=0.0, slippage_bps=0.0, slippage_ticks=0.0, commission=0.0))
    stage = _Stage(strategy, bars, prefix)
    table = stage.table
    good = int(placebo_levels.usable(table).sum())
    needed = max(least_rows, int(strategy.parameters.get("min_history", 0)))
    if good < needed:
        told = f"{good} usable rows of levels within the bars, {needed} are needed; record more chains"
        return _short(told, 0, good, shuffles, alpha, trials)
    net, gross = stage.run(table, account), stage.run(table, free)
    fills = len(net.fills)
    if fills < least_fills:
        told = f"{fills} fills, {least_fills} are needed to judge; load a longer history"
        return _short(told, fills, good, shuffles, alpha, trials)
    real = stage.daily(gross.equity)
    random = np.random.default_rng(seed)
    others = np.array([
        _t(stage.daily(stage.run(placebo_levels.shuffled(table, random, block), free).equity)) for _ in range(shuffles)
    ])  # fmt: skip
    value = _t(real)
    p = (1 + int((others >= value).sum())) / (1 + shuffles)
    found = [Control("shuffled", float(np.median(others)), p, p * trials <= alpha)]
    for name, control in (("shifted", placebo_levels.shifted(table)), ("round", placebo_levels.round_numbers(table))):
        returns = stage.daily(stage.run(control, free).equity)
        p = _chance(_t(real - returns), len(real))
        found.append(Control(name, _t(returns), p, p * trials <= alpha))
    lost = [control.name for control in found if not control.beaten]
    beats = not lost and value > 0
    return Placebo(
        BEATEN if beats else NOT_BEATEN, _told(value, lost, alpha), value, len(real), stage.effective(), good, fills,
        _total(gross.equity, account), _total(net.equity, account), shuffles, alpha, trials, tuple(found),
        stage.regimes(net),
    )  # fmt: skip


def _told(value: float, lost: list[str], alpha: float) -> str:
    if lost:
        return f"levels are not told from {', '.join(lost)} at {alpha:g}"
    if value <= 0:
        return "better than every control, but it loses before costs"
    return f"better than shuffled, shifted and round levels, each at {alpha:g}"


def _short(told: str, fills: int, rows: int, shuffles: int, alpha: float, trials: int) -> Placebo:
    nan = float("nan")
    return Placebo(TOO_LITTLE, told, nan, 0, nan, rows, fills, nan, nan, shuffles, alpha, trials, (), ())


class _Stage:
    """The rows of levels that the bars have seen, the row that each bar sees, and the sessions."""

    def __init__(self, strategy: Strategy, bars: Bars, prefix: str) -> None:
        self.strategy, self.bars, self.prefix = strategy, bars, prefix
        mark = f"{prefix}_"
        joined = bars.frame[[name for name in bars.columns if name.startswith(mark)]].rename(
            columns=lambda name: str(name).removeprefix(mark)
        )
        self.names = [name.removeprefix(mark) for name in strategy.columns() if name.startswith(mark)]
        missing = [name for name in self.names if name not in joined]
        if missing or not self.names:
            what = f"reads {mark}{missing[0]}" if missing else f"reads no column {mark}…"
            raise ConfigError(
                f"placebo: {type(strategy).__name__} {what}, the bars have {', '.join(bars.columns)}; join the "
                f"feature table (--join {prefix}=FILE), or name another prefix"
            )
        values = joined.to_numpy()
        same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
        begins = np.concatenate(([True], ~same.all(axis=1)))
        self.table = joined[begins].reset_index(drop=True)
        self.seen = np.cumsum(begins) - 1
        self.sessions = bars.column("session")

    def run(self, table: pd.DataFrame, account: Account) -> Any:
        from optimize.backtest import backtest

        frame = self.bars.frame
        for name in self.names:
            frame[f"{self.prefix}_{name}"] = table[name].to_numpy()[self.seen]
        return backtest(self.strategy, dataclasses.replace(self.bars, _frame=frame), account=account)

    def daily(self, equity: pd.Series) -> Floats:
        """Returns from the close of a session to the next one's."""
        sessions = self.sessions[len(self.sessions) - len(equity) :]
        values = equity.to_numpy()[np.append(np.diff(sessions) != 0, True)]
        return np.asarray(np.diff(values) / values[:-1])

    def signs(self) -> Floats:
        """Sign of net over gross in force at the end of each session."""
        values = self.table["net_over_gross"].to_numpy()[self.seen]
        return np.sign(values[np.append(np.diff(self.sessions) != 0, True)])

    def effective(self) -> float:
        signs = self.signs()
        signs = signs[~np.isnan(signs)]
        if len(signs) < 3 or np.ptp(signs) == 0:
            return 1.0
        related = max(0.0, float(np.corrcoef(signs[:-1], signs[1:])[0, 1])) if np.ptp(signs[:-1]) else 0.0
        return len(signs) * (1 - related) / (1 + related)

    def regimes(self, run: Any) -> tuple[Regime, ...]:
        """By the sign of net over gross that the bar of the decision saw."""
        values = self.table["net_over_gross"].to_numpy()[self.seen]
        entered = self.bars.times.searchsorted(run.trades["entry_time"], side="left") - 1
        at, returns = np.sign(values[np.maximum(entered, 0)]), run.trades["return"].to_numpy()
        signs = self.signs()
        known = {"POS": 1.0, "NEG": -1.0}
        found = [_regime(name, signs == sign, returns[at == sign]) for name, sign in known.items()]
        other, there = ~np.isin(signs, (1.0, -1.0)), ~np.isin(at, (1.0, -1.0))
        return (*found, _regime("unknown", other, returns[there]))


def _regime(name: str, sessions: NDArray[np.bool_], returns: Floats) -> Regime:
    return Regime(name, int(sessions.sum()), len(returns), float(returns.mean()) if len(returns) else float("nan"))


def _t(returns: Floats) -> float:
    spread = float(returns.std(ddof=1)) if len(returns) > 1 else 0.0
    return float(returns.mean() / spread * np.sqrt(len(returns))) if spread > 0 else 0.0


def _chance(t: float, count: int) -> float:
    from scipy.stats import t as student

    return float(student.sf(t, count - 1))


def _total(equity: pd.Series, account: Account) -> float:
    return float(equity.iloc[-1]) / account.cash - 1.0


def _check(shuffles: int, block: int, alpha: float, trials: int) -> None:
    if not 0 < alpha < 1:
        raise ConfigError(f"placebo: alpha={alpha!r} must lie between 0 and 1; the usual one is 0.05")
    if trials < 1 or block < 1:
        raise ConfigError(f"placebo: trials={trials!r} and block={block!r} must be 1 or more")
    least = int(np.ceil(trials / alpha - 1e-9)) - 1
    if shuffles < least:
        raise ConfigError(
            f"placebo: {shuffles} shuffles cannot reach alpha {alpha:g} with {trials} trials; give {least} or more"
        )
