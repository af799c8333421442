"""The account that trades: money, costs, sizing and limits. Rules: docs/execution.md, sections 3, 5 and 6."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from feeds.errors import ConfigError

HARD_RISK_CAP = 0.02
SIZING_MODES = ("fraction", "risk", "notional", "volatility", "lots")


def _finite(owner: str, name: str, value: float, low: float, high: float = math.inf) -> None:
    if not (isinstance(value, (int, float)) and math.isfinite(value) and low <= value <= high):
        bound = f"{low:g} or more" if high == math.inf else f"from {low:g} to {high:g}"
        raise ConfigError(f"{owner}: {name}={value!r} must be a finite number, {bound}")


@dataclass(frozen=True, slots=True)
class Costs:
    """fee: share of the notional. slippage_bps: basis points, slippage_ticks: ticks, both on market and stop fills
    only. commission: money per contract."""

    fee: float = 0.001
    slippage_bps: float = 5.0
    slippage_ticks: float = 0.0
    commission: float = 0.0

    def __post_init__(self) -> None:
        _finite("Costs", "fee", self.fee, 0, 0.1)
        _finite("Costs", "slippage_bps", self.slippage_bps, 0, 1000)
        _finite("Costs", "slippage_ticks", self.slippage_ticks, 0, 1000)
        _finite("Costs", "commission", self.commission, 0)


@dataclass(frozen=True, slots=True)
class Sizing:
    """How many units an entry asks for. Use the constructors: fraction, risk, notional, volatility, lots."""

    mode: str
    value: float

    def __post_init__(self) -> None:
        if self.mode not in SIZING_MODES:
            raise ConfigError(f"sizing mode {self.mode!r} is unknown; use one of {', '.join(SIZING_MODES)}")
        high = {"fraction": 100.0, "risk": HARD_RISK_CAP, "volatility": 1.0}.get(self.mode, math.inf)
        _finite(f"Sizing.{self.mode}", "value", self.value, 0, high)
        if self.value == 0:
            raise ConfigError(f"Sizing.{self.mode}(0) would never trade")

    @classmethod
    def fraction(cls, share: float = 0.95) -> Sizing:
        """A share of equity per entry; the rest stays in cash."""
        return cls("fraction", share)

    @classmethod
    def risk(cls, share: float = 0.01) -> Sizing:
        """Lose this share of equity (costs included) when the initial stop is hit; at most 0.02."""
        return cls("risk", share)

    @classmethod
    def notional(cls, amount: float) -> Sizing:
        """A fixed amount of money per entry."""
        return cls("notional", amount)

    @classmethod
    def volatility(cls, target: float = 0.01) -> Sizing:
        """One unit of volatility (the entry's `volatility`, e.g. ATR) moves equity by this share."""
        return cls("volatility", target)

    @classmethod
    def lots(cls, quantity: float) -> Sizing:
        """A fixed quantity."""
        return cls("lots", quantity)


@dataclass(frozen=True, slots=True)
class Account:
    """Money and limits of one account; `kind` is "cash" (no shorts, no leverage) or "margin".

    cap: largest share of equity x leverage in one entry. max_positions: 0 = no limit. max_exposure: gross
    exposure / equity, inf = no limit. leverage, maintenance: margin accounts only, for instruments without
    margins of their own. max_correlation: entries whose returns correlate more (absolute Pearson over
    correlation_bars bars) with an open position are rejected; inf = off. Raises ConfigError.
    """

    cash: float = 10_000.0
    kind: str = "cash"
    costs: Costs = field(default_factory=Costs)
    sizing: Sizing = field(default_factory=Sizing.fraction)
    cap: float = 0.95
    leverage: float = 1.0
    maintenance: float = 0.0
    max_positions: int = 0
    max_exposure: float = math.inf
    max_correlation: float = math.inf
    correlation_bars: int = 168

    def __post_init__(self) -> None:
        if self.kind not in ("cash", "margin"):
            raise ConfigError(f"account kind {self.kind!r} is unknown; use 'cash' or 'margin'")
        _finite("Account", "cash", self.cash, 0)
        if self.cash == 0:
            raise ConfigError("Account: cash=0 cannot trade")
        _finite("Account", "cap", self.cap, 0, 1)
        _finite("Account", "leverage", self.leverage, 1, 1000)
        _finite("Account", "maintenance", self.maintenance, 0, 1)
        _finite("Account", "max_positions", self.max_positions, 0)
        _finite("Account", "correlation_bars", self.correlation_bars, 3)
        if self.max_positions != int(self.max_positions) or self.correlation_bars != int(self.correlation_bars):
            raise ConfigError("Account: max_positions and correlation_bars are whole numbers")
        if self.kind == "cash" and self.leverage != 1:
            raise ConfigError("Account: a cash account has no leverage; use kind='margin'")
        if not self.max_exposure > 0 or not self.max_correlation >= 0:
            raise ConfigError("Account: max_exposure must be above 0 and max_correlation 0 or more (inf = off)")
