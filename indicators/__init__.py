"""Indicators: `from indicators import Atr, Ema, Indicator, Int, kernel`. Each has a file of its own name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from indicators.adx import Adx
    from indicators.atr import Atr
    from indicators.base import Choice, Float, Indicator, Int, Switch, kernel
    from indicators.cross_over import CrossOver
    from indicators.ema import Ema
    from indicators.gex_balance import GexBalance
    from indicators.gex_distance import GexDistance
    from indicators.gex_range import GexRange
    from indicators.gex_regime import GexRegime
    from indicators.higher_timeframe import HigherTimeframe
    from indicators.highest import Highest
    from indicators.hv import Hv
    from indicators.hv_zscore import HvZscore
    from indicators.log_return import LogReturn
    from indicators.lowest import Lowest
    from indicators.macd import Macd
    from indicators.rsi import Rsi
    from indicators.sma import Sma
    from indicators.standard_deviation import StandardDeviation
    from indicators.stoch_rsi import StochRsi
    from indicators.trix import Trix
    from indicators.trix_line import TrixLine
    from indicators.vwap import Vwap

_AUTHORING = ("Choice", "Float", "Indicator", "Int", "Switch", "kernel")
__all__ = ["Adx", "Atr", "Choice", "CrossOver", "Ema", "Float", "GexBalance", "GexDistance", "GexRange", "GexRegime"]
__all__ += ["HigherTimeframe", "Highest", "Hv", "HvZscore"]
__all__ += ["Indicator", "Int", "LogReturn", "Lowest", "Macd", "Rsi", "Sma", "StandardDeviation", "StochRsi", "Switch"]
__all__ += ["Trix", "TrixLine", "Vwap", "kernel"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'indicators' has no attribute {name!r}")
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
    return getattr(import_module("indicators.base" if name in _AUTHORING else f"indicators.{snake}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
