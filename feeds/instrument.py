"""What is traded: price grid, quantity grid, contract size and calendar."""

from __future__ import annotations

import math
from dataclasses import dataclass

from feeds.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Instrument:
    """One tradable symbol.

    tick: price step [price units], 0 = continuous prices. lot_step: quantity step, 0 = continuous.
    multiplier: money per price unit and contract. minimum_notional [money].
    initial_margin, maintenance_margin: money per contract on a margin account; 0 = by the account's leverage.
    calendar: "24/7" or a name known to exchange_calendars ("XNYS", "CMES", ...).
    Raises ConfigError for values that make no sense.
    """

    symbol: str
    tick: float = 0.0
    lot_step: float = 0.0
    multiplier: float = 1.0
    minimum_notional: float = 0.0
    currency: str = "USD"
    calendar: str = "24/7"
    initial_margin: float = 0.0
    maintenance_margin: float = 0.0

    def __post_init__(self) -> None:
        for name in ("tick", "lot_step", "minimum_notional", "initial_margin", "maintenance_margin"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigError(f"instrument {self.symbol}: {name}={value!r} must be a finite number, 0 or more")
        if not (math.isfinite(self.multiplier) and self.multiplier > 0):
            raise ConfigError(f"instrument {self.symbol}: multiplier={self.multiplier!r} must be above 0")
        if not self.symbol:
            raise ConfigError("an instrument needs a symbol")
