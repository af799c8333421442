"""The ATR trend strategy."""

from __future__ import annotations

from typing import ClassVar

from feeds.errors import ConfigError
from indicators.adx import Adx
from indicators.atr import Atr
from indicators.base import suggestion
from indicators.ema import Ema
from indicators.higher_timeframe import HigherTimeframe
from indicators.hv_zscore import HvZscore
from indicators.macd import Macd
from indicators.rsi import Rsi
from indicators.sma import Sma
from indicators.stoch_rsi import StochRsi
from indicators.trix import Trix
from strategies.base import Choice, Float, Int, Profile, Strategy, Switch, enter_long, hold, kernel, leave
from strategies.execution.account import Account, Costs, Sizing

COSTS = Costs(fee=0.001, slippage_bps=5.0)
SCENARIOS = ("stochrsi", "sma", "adx", "trix")
SMA, ADX, TRIX = 1, 2, 3  # places in SCENARIOS, as kernels see them

EMA_PAIRS = {
    "1min": (5, 13), "5min": (7, 17), "15min": (9, 21), "30min": (12, 26), "1h": (14, 26), "4h": (26, 50),
    "1d": (50, 200),
}  # fmt: skip


def ema_pair(timeframe: str, atr_over_close: float) -> tuple[int, int]:
    """Fast and slow EMA periods [bars] for a timeframe, shorter in wild markets and longer in quiet ones.

    atr_over_close: mean of ATR(14) / close over bars that the choice may know. Above 0.015 both periods are cut by
    12 % (not below 5 and 10), below 0.005 they grow by 12 %; fractions are dropped. Measured on data that reach into
    a test window it is a look-ahead: give it training bars only. Raises ConfigError for another timeframe or ratio.
    """
    if timeframe not in EMA_PAIRS:
        raise ConfigError(f"no EMA pair for timeframe {timeframe!r}{suggestion(timeframe, list(EMA_PAIRS))}")
    if not 0.0 < atr_over_close < 1.0:
        raise ConfigError(f"atr_over_close={atr_over_close!r} must be a ratio between 0 and 1, like 0.012")
    percent = 88 if atr_over_close > 0.015 else 112 if atr_over_close < 0.005 else 100
    fast, slow = (period * percent // 100 for period in EMA_PAIRS[timeframe])
    return max(fast, 5), max(slow, 10)


@kernel
def confirms(scenario, close, sma, adx, adx_min, trix_histogram):
    if scenario == SMA:
        return close > sma
    if scenario == ADX:
        return adx > adx_min
    if scenario == TRIX:
        return trix_histogram > 0.0
    return True


class AtrTrend(Strategy):
    """Long in an uptrend that is not overbought; stop and trailing stop in ATR, part of the profit taken on the way.

    Entry, at the next open, when all of this holds on the close: EMA(fast) > EMA(slow); buy_min < StochRSI < buy_max;
    the scenario's condition (stochrsi: none; sma: close > SMA(200); adx: ADX > adx_min; trix: TRIX(7, 15) histogram
    > 0); each filter that is on (hv: |z-score of volatility| < hv_limit; rsi: rsi_low <= RSI <= rsi_high; macd: MACD
    histogram / ATR > -macd_k; volume: above its mean of volume_bars; mtf: EMA(mtf_fast) > EMA(mtf_slow) on completed
    4-hour bars); `cooldown` bars or more since the last exit, whatever its reason. A value that is missing or not yet
    warm blocks the entry. What scenario and filters leave unread needs no data and no warm-up.

    Exits, with the ATR of the signal bar and levels around the real fill: stop stop_atr x ATR below it; from a gain of
    trail_atr x ATR on, a trailing stop trail_atr x ATR under the best close (or high: `best`); break_even: at a gain
    of even_after the stop rises to fill + round_trip; partials: share_1 of the position at a gain of partial_1 beyond
    round_trip, share_2 of the rest at partial_2; time_stop bars after the entry bar (0: never); else at the next open
    once EMA(slow) > EMA(fast) and StochRSI > sell_exit, decided min_hold bars or more after the entry bar.

    stop_atr, trail_atr [ATR]; buy_min, buy_max, sell_exit [0 ... 1]; share_1, share_2 [share of the position];
    partial_1, partial_2, even_after, round_trip [share of the fill; round_trip: 2 (fee + slippage) at default costs].
    ATR, RSI and ADX are Wilder's of 14 bars. Reads close, high, low; volume and 4-hour columns only when a filter does.
    """

    fast, slow = Int(26, 5, 60), Int(50, 10, 250)
    scenario = Choice("adx", SCENARIOS)
    buy_min, buy_max, sell_exit = Float(0.05, 0.02, 0.15), Float(0.80, 0.70, 0.85), Float(0.30, 0.20, 0.70)
    adx_min = Float(25.0, 10.0, 50.0)
    hv_filter, hv_limit = Switch(True), Float(1.5, 0.5, 4.0)
    rsi_filter, rsi_low, rsi_high = Switch(True), Float(30.0, 0.0, 50.0), Float(70.0, 50.0, 100.0)
    macd_filter, macd_k = Switch(False), Float(0.05, 0.0, 1.0, "ATR")
    volume_filter, volume_bars = Switch(False), Int(20, 2, 200)
    mtf_filter, mtf_fast, mtf_slow = Switch(False), Int(18, 2, 100), Int(58, 3, 300)
    stop_atr, trail_atr = Float(3.0, 1.5, 4.5, "ATR"), Float(5.5, 3.0, 9.0, "ATR")
    best = Choice("close", ("close", "high"))
    break_even, even_after = Switch(False), Float(0.01, 0.01, 0.02)
    partials = Switch(True)
    partial_1, share_1 = Float(0.02, 0.02, 0.05), Float(0.5, 0.3, 0.6)
    partial_2, share_2 = Float(0.04, 0.04, 0.10), Float(0.3, 0.2, 0.4)
    round_trip = Float(0.003, 0.0, 0.02)
    min_hold, time_stop, cooldown = Int(1, 0, 100), Int(0, 0, 1000), Int(6, 0, 12)

    ema_fast, ema_slow, stoch_rsi, atr = Ema(period=fast), Ema(period=slow), StochRsi(), Atr(period=14)
    sma, adx, trix = Sma(period=200), Adx(period=14), Trix(period=7, signal_period=15)
    hv_z, rsi, macd = HvZscore(period=20, lookback=50), Rsi(period=14), Macd(fast=12, slow=26, signal_period=9)
    mean_volume = Sma(period=volume_bars).on(close="volume")
    higher_fast = HigherTimeframe(Ema(period=mtf_fast), "4h")
    higher_slow = HigherTimeframe(Ema(period=mtf_slow), "4h")

    search: ClassVar[tuple[str, ...]] = (
        "fast", "slow", "scenario", "buy_min", "buy_max", "sell_exit", "hv_filter", "rsi_filter", "macd_filter",
        "stop_atr", "trail_atr", "break_even", "partials", "cooldown",
    )  # fmt: skip

    profiles: ClassVar[dict[str, Profile]] = {
        # Where to start from: every filter that has a meaning at any price scale, small risk. Not optimised.
        "reference": Profile(
            {
                "fast": 26, "slow": 50, "scenario": "adx", "buy_min": 0.05, "buy_max": 0.80, "sell_exit": 0.30,
                "adx_min": 25.0, "hv_filter": True, "hv_limit": 1.5, "rsi_filter": True, "rsi_low": 30.0,
                "rsi_high": 70.0, "macd_filter": False, "volume_filter": False, "mtf_filter": False, "stop_atr": 3.0,
                "trail_atr": 5.5, "best": "close", "break_even": False, "partials": True, "partial_1": 0.02,
                "share_1": 0.5, "partial_2": 0.04, "share_2": 0.3, "round_trip": 0.003, "min_hold": 1, "time_stop": 0,
                "cooldown": 6,
            },
            timeframe="4h",
            account=Account(costs=COSTS, sizing=Sizing.risk(0.01), cap=0.95, max_positions=5),
        ),
        # The values the rules came with: bare entry and three filters, gross profit levels, almost all the money.
        "seed": Profile(
            {
                "fast": 26, "slow": 50, "scenario": "stochrsi", "buy_min": 0.05, "buy_max": 0.80, "sell_exit": 0.20,
                "hv_filter": True, "hv_limit": 1.5, "rsi_filter": True, "rsi_low": 30.0, "rsi_high": 70.0,
                "macd_filter": True, "macd_k": 0.05, "volume_filter": False, "mtf_filter": False, "stop_atr": 3.0,
                "trail_atr": 5.5, "best": "close", "break_even": False, "partials": True, "partial_1": 0.02,
                "share_1": 0.5, "partial_2": 0.04, "share_2": 0.3, "round_trip": 0.0, "min_hold": 0, "time_stop": 0,
                "cooldown": 0,
            },
            timeframe="4h",
            account=Account(costs=COSTS, sizing=Sizing.fraction(0.95), cap=0.95),
        ),
    }  # fmt: skip

    def valid(self) -> bool:
        """fast must be below slow, mtf_fast below mtf_slow, partial_1 below partial_2, round_trip below even_after"""
        rising = self.fast < self.slow and self.mtf_fast < self.mtf_slow and self.partial_1 < self.partial_2
        return rising and (not self.break_even or self.round_trip < self.even_after)

    def unused(self) -> tuple[str, ...]:
        """What the scenario and the filters leave unread."""
        read = {
            "sma": self.scenario == "sma", "adx": self.scenario == "adx", "trix": self.scenario == "trix",
            "hv_z": self.hv_filter, "rsi": self.rsi_filter, "macd": self.macd_filter, "volume": self.volume_filter,
            "mean_volume": self.volume_filter, "higher_fast": self.mtf_filter, "higher_slow": self.mtf_filter,
        }  # fmt: skip
        return tuple(name for name, wanted in read.items() if not wanted)

    # fmt: off
    @kernel
    def decide(close, volume, ema_fast, ema_slow, stoch_rsi, atr, sma, adx_adx, trix_histogram, hv_z, rsi,
               macd_histogram, mean_volume, higher_fast, higher_slow, position, held, since_exit,
               scenario, buy_min, buy_max, sell_exit, adx_min, hv_filter, hv_limit, rsi_filter, rsi_low, rsi_high,
               macd_filter, macd_k, volume_filter, mtf_filter, stop_atr, trail_atr, best, break_even, even_after,
               partials, partial_1, share_1, partial_2, share_2, round_trip, min_hold, time_stop, cooldown):
        if position != 0.0:
            if ema_slow[-1] > ema_fast[-1] and stoch_rsi[-1] > sell_exit and held >= min_hold:
                return leave()
            return hold()
        if (ema_fast[-1] > ema_slow[-1] and buy_min < stoch_rsi[-1] < buy_max and since_exit >= cooldown
                and atr[-1] > 0.0
                and confirms(scenario, close[-1], sma[-1], adx_adx[-1], adx_min, trix_histogram[-1])
                and (hv_filter == 0 or abs(hv_z[-1]) < hv_limit)
                and (rsi_filter == 0 or rsi_low <= rsi[-1] <= rsi_high)
                and (macd_filter == 0 or macd_histogram[-1] > -macd_k * atr[-1])
                and (volume_filter == 0 or volume[-1] > mean_volume[-1])
                and (mtf_filter == 0 or higher_fast[-1] > higher_slow[-1])):
            return enter_long(
                stop=stop_atr * atr[-1], trail=trail_atr * atr[-1], trail_after=trail_atr * atr[-1], on_high=best,
                even_after_pct=break_even * even_after, even_offset_pct=round_trip,
                target_1_pct=partials * (partial_1 + round_trip), part_1=share_1,
                target_2_pct=partials * (partial_2 + round_trip), part_2=(1.0 - share_1) * share_2,
                time_stop=time_stop, volatility=atr[-1])
        return hold()
    # fmt: on
