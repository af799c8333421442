"""Who holds which side: from open interest to the dealers' signed contracts. Always an assumption, always named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from feeds.errors import ConfigError, DataError
from indicators.gex.surface import Floats, Surface

if TYPE_CHECKING:
    import pandas as pd


class SignModel(Protocol):
    """Strategy that says what dealers hold; its name is kept with every result."""

    @property
    def name(self) -> str: ...

    def positions(self, surface: Surface) -> Floats:
        """Dealers' contracts, long positive, one per contract of the surface; NaN where nobody knows."""


@dataclass(frozen=True)
class FixedSigns:
    """All calls are held with one sign and all puts with one: `call` and `put` are +1 (dealers long) or -1 (short)."""

    name: str
    call: float
    put: float

    def positions(self, surface: Surface) -> Floats:
        return np.where(surface.is_call, self.call, self.put) * surface.oi


NAIVE = FixedSigns("naive", 1.0, -1.0)
"""Customers sell calls and buy puts (SqueezeMetrics' white paper, Perfiliev): the convention of the public field."""
SHORT_ALL = FixedSigns("short_all", -1.0, -1.0)
"""Dealers short everything: the total is never positive and no flip can exist."""
SHORT_CALLS_LONG_PUTS = FixedSigns("short_calls_long_puts", -1.0, 1.0)
"""The mirror of naive: same flip, every sign the other way."""
LONG_ALL = FixedSigns("long_all", 1.0, 1.0)
"""Gross gamma, for maps of concentration only."""

SIGN_MODELS = {model.name: model for model in (NAIVE, SHORT_ALL, SHORT_CALLS_LONG_PUTS, LONG_ALL)}


@dataclass(frozen=True, eq=False)
class Flow:
    """Dealers took the other side of every trade whose aggressor is known.

    trades: one row per trade: root, expiry_ts_utc, strike, right ("C" or "P"), size [contracts > 0] and aggressor
    ("buy", "sell" or "unknown"). A contract without any trade of known side stays unknown: it is left out, not signed.
    """

    trades: pd.DataFrame
    name: str = "flow"

    def positions(self, surface: Surface) -> Floats:
        needed = ["root", "expiry_ts_utc", "strike", "right", "size", "aggressor"]
        if missing := [column for column in needed if column not in self.trades]:
            raise DataError(f"signed trades: no column {missing[0]!r}; needed are {', '.join(needed)}")
        signs = {"buy": -1.0, "sell": 1.0, "unknown": 0.0}
        dealer: dict[tuple[object, ...], float] = {}
        for row, (root, settles, strike, right, size, aggressor) in enumerate(
            self.trades[needed].itertuples(index=False, name=None)
        ):
            if aggressor not in signs:
                raise DataError(f"signed trades, row {row}: aggressor {aggressor!r} is not buy, sell or unknown")
            if not size > 0:
                raise DataError(f"signed trades, row {row}: size {size} is not above 0")
            if aggressor != "unknown":
                key = (root, settles.timestamp(), float(strike), right)
                dealer[key] = dealer.get(key, 0.0) + signs[aggressor] * float(size)
        instants = [(expiry.root, expiry.settles.timestamp()) for expiry in surface.expiries]
        return np.array(
            [
                dealer.get((*instants[expiry], strike, "C" if call else "P"), np.nan)
                for expiry, strike, call in zip(
                    surface.expiry.tolist(), surface.strike.tolist(), surface.is_call.tolist(), strict=True
                )
            ],
            dtype=np.float64,
        )


def sign_model(name: str) -> SignModel:
    """The model of that name. Errors: ConfigError for an unknown one, or for "flow", which needs its trades."""
    if name == "flow":
        raise ConfigError("sign_model 'flow' needs signed trades: pass sign_model=Flow(trades), or choose 'naive'")
    if name not in SIGN_MODELS:
        raise ConfigError(f"sign_model {name!r} is unknown; choose one of {', '.join([*SIGN_MODELS, 'flow'])}")
    return SIGN_MODELS[name]
