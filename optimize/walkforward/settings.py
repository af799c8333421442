"""How a walk-forward is carried out: plain data, kept with every result so that it can be repeated."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from feeds.errors import ConfigError
from indicators.declaration import suggestion
from strategies.execution.account import Account

SCHEMES = ("anchored", "rolling")
SAMPLERS = ("tpe", "cmaes", "nsga2", "random")
OBJECTIVES = ("sharpe", "sortino", "total_return", "max_drawdown")  # more is better; drawdowns are negative
SHARE, LEAST_TRAIN, LEAST_TEST = 0.40, 500, 200  # of the bars, bars, bars: docs/walk_forward.md


@dataclass(frozen=True)
class Settings:
    """trials: parameter sets tried per train window. folds: test windows. scheme: "anchored" train windows begin at the
    first bar and grow, "rolling" ones keep the length of the first. first_train: share of the bars in the first train
    window. embargo: share of a train window left out between it and its test window, besides the purge. blocks: parts
    of a train window that judge a trial. min_trades: closed trades on the train window below which a trial is no
    evidence. objectives: figures, the first one decides; with several the choice is made on their Pareto front.
    seed: of sampler and probes. account: money, costs, sizing.
    """

    trials: int = 200
    folds: int = 4
    scheme: str = "anchored"
    sampler: str = "random"
    seed: int = 1
    first_train: float = SHARE
    embargo: float = 0.01
    blocks: int = 5
    min_trades: int = 30
    objectives: tuple[str, ...] = ("sharpe",)
    account: Account = field(default_factory=Account)

    def __post_init__(self) -> None:
        _least("trials", self.trials, 2)
        _least("folds", self.folds, 2)
        _least("blocks", self.blocks, 2)
        _least("min_trades", self.min_trades, 1)
        _least("seed", self.seed, 0)
        _known("scheme", self.scheme, SCHEMES)
        _known("sampler", self.sampler, SAMPLERS)
        told: Any = self.objectives
        if isinstance(told, str):
            raise ConfigError(f"objectives={told!r} must be a tuple, like ({told!r},)")
        for name in self.objectives:
            _known("objective", name, OBJECTIVES)
        if not self.objectives or len(set(self.objectives)) != len(self.objectives):
            raise ConfigError(f"objectives={self.objectives!r} must be one or more figures, each once")
        if len(self.objectives) > 1 and self.sampler == "cmaes":
            raise ConfigError("sampler cmaes has one objective; use nsga2 or tpe for several")
        _share("first_train", self.first_train, "the bars", 0.2, 0.9)
        _share("embargo", self.embargo, "the train window", 0.0, 0.1)
        if not isinstance(self.account, Account):
            raise ConfigError(f"account={self.account!r} must be an Account, like Account(cash=10_000)")

    @classmethod
    def of(cls, **given: Any) -> Settings:
        """Settings by name; ConfigError for a name that there is not."""
        names = [one.name for one in fields(cls)]
        for name in given:
            if name not in names:
                raise ConfigError(f"walk_forward has no setting {name!r}{suggestion(name, names)}")
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        from optimize.manifest import plain_fields

        return {**asdict(self), "objectives": list(self.objectives), "account": plain_fields(self.account)}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Settings:
        """What `to_json` wrote."""
        from optimize.manifest import read_account

        rest = {name: value for name, value in told.items() if name not in ("account", "objectives")}
        return cls(**rest, objectives=tuple(told["objectives"]), account=read_account(told["account"]))


def _least(name: str, value: Any, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigError(f"{name}={value!r} must be a whole number, {least} or more")


def _share(name: str, value: Any, of: str, low: float, high: float) -> None:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(f"{name}={value!r} must be a share of {of} from {low:g} to {high:g}")


def _known(name: str, value: Any, among: tuple[str, ...]) -> None:
    if value not in among:
        raise ConfigError(f"{name} {value!r} is unknown{suggestion(str(value), list(among))}; "
                          f"use one of {', '.join(among)}")  # fmt: skip
