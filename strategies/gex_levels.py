"""The option levels strategy."""

from __future__ import annotations

from math import isnan, nan
from typing import TYPE_CHECKING, ClassVar

from indicators.gex_regime import GexRegime
from strategies.base import Choice, Float, Int, Profile, Strategy, enter_long, enter_short, hold, kernel, leave
from strategies.execution.account import Account, Costs, Sizing

if TYPE_CHECKING:
    from feeds.bars import Bars

PAIN, FLIP, PIN = 0, 1, 2  # places in MAGNETS, as kernels see them
MAGNETS = ("max_pain", "flip", "pin")


@kernel
def nearest(close, one, other):
    if isnan(one) or abs(other - close) < abs(one - close):
        return other
    return one


@kernel
def magnet(target, close, pain, flip, pin_1, pin_2):
    """The level that a fade aims at."""
    if target == PAIN:
        return pain
    if target == FLIP:
        return flip
    return nearest(close, pin_1, pin_2)


@kernel
def room(aim, close, opposite, side, least):
    """Distance to the target: to the magnet if it lies ahead, else half the way to the opposite wall."""
    ahead = side * (aim - close)
    return ahead if ahead >= least else side * (opposite - close) / 2.0


class GexLevels(Strategy):
    """Fade the walls while dealers damp moves, follow a break while they amplify them; flat when nobody knows.

    Reads the columns of a feature table joined as gex_… . `near` = near_wall x expected move of a day. Entries, at the
    next open, on a close on which the regime is known, `min_history` rows or more came before (too little history:
    no trade), and the monthly settlement is more than expiry_hours away:
    positive regime: within `near` of the call wall, not `near` beyond it: short; of the put wall: long. Target: max
    pain, flip or nearest pin (`target`), if it lies at least `near` ahead, else half the way to the other wall.
    Negative regime: short when the close falls from the last one and stands break_move x expected move under the put
    wall (break_level wall) or under the flip (flip); long, mirrored, over the call wall; no target.
    A level that is missing (none found, stale, or its chain refused) blocks what needs it; it is never filled.

    Exits: stop stop_move x expected move from the fill; the target; time_stop bars after the entry bar; at the next
    open once the close reaches the opposite wall (a long the call wall, a short the put wall; of a break: once the
    close is back on the other side of the wall), once the regime is known and no longer that of the entry, or once
    the monthly settlement is expiry_hours away. While the regime is unknown a position keeps its stop and target.

    Size: weight = min(1, calm_move x close / expected move), times negative_weight in the negative regime.
    near_wall, break_move, stop_move [expected moves]; calm_move [share of the price]. All values are priors. Works on
    intraday bars; daily ones decide at the close and fill at the next open.
    """

    inputs = (
        "time", "gex_flip", "gex_call_wall", "gex_put_wall", "gex_max_pain", "gex_pin_1", "gex_pin_2",
        "gex_expected_move", "gex_monthly_expiry", "gex_history",
    )  # fmt: skip
    state = ("entered",)
    near_wall, break_move = Float(0.15, 0.02, 1.0), Float(0.05, 0.0, 1.0)
    stop_move = Float(0.8, 0.1, 5.0)
    target = Choice("max_pain", MAGNETS)
    break_level = Choice("wall", ("wall", "flip"))
    time_stop, expiry_hours = Int(13, 0, 500), Float(2.0, 0.0, 100.0)
    calm_move, negative_weight = Float(0.01, 0.001, 0.1), Float(0.5, 0.0, 1.0)
    min_history = Int(60, 1, 2000)

    regime = GexRegime()

    profiles: ClassVar[dict[str, Profile]] = {
        # Where to start from: shorts allowed, half of the money in a trade. Not optimised.
        "reference": Profile(
            {"near_wall": 0.15, "stop_move": 0.8, "time_stop": 13, "min_history": 60},
            account=Account(kind="margin", cash=100_000.0, costs=Costs(fee=0.0, slippage_bps=1.0),
                            sizing=Sizing.fraction(0.5)),
        ),
    }  # fmt: skip

    def refusal(self, bars: Bars) -> str:
        """Too little history: fewer than min_history usable rows of levels."""
        import numpy as np

        rows = np.nan_to_num(bars.column("gex_history"))
        if rows.max() >= self.min_history:
            return ""
        return (
            f"{bars.symbol}: too little history: {rows.max():g} usable rows of option levels, GexLevels waits for "
            f"{self.min_history}; record more chains (navale chains record SYMBOL) or lower min_history"
        )

    @staticmethod
    def verify_bars(prices: Bars) -> Bars:
        """The given prices with levels that follow from those before them."""
        from feeds.synthetic_dealer import levels_for

        return prices.join(levels_for(prices, sigma=0.01), prefix="gex")

    # fmt: off
    @kernel
    def decide(close, time, regime, gex_flip, gex_call_wall, gex_put_wall, gex_max_pain, gex_pin_1, gex_pin_2,
               gex_expected_move, gex_monthly_expiry, gex_history, position, entered, near_wall, break_move, stop_move,
               target, break_level, time_stop, expiry_hours, calm_move, negative_weight, min_history):
        now, call, put, move = close[-1], gex_call_wall[-1], gex_put_wall[-1], gex_expected_move[-1]
        expiring = gex_monthly_expiry[-1] - time[-1] <= expiry_hours * 3600.0  # false where no expiry is known
        if position != 0.0:
            if expiring or (not isnan(regime[-1]) and regime[-1] != entered):
                return leave(), entered
            fade = entered > 0.0
            if position > 0.0 and ((fade and now >= call) or (not fade and now < call)):
                return leave(), entered
            if position < 0.0 and ((fade and now <= put) or (not fade and now > put and break_level == 0)):
                return leave(), entered
            return hold(), entered
        if expiring or not gex_history[-1] >= min_history or not move > 0.0 or not call > put:
            return leave(), nan
        near, stop = near_wall * move, stop_move * move
        weight = min(1.0, calm_move * now / move)
        if regime[-1] == 1.0:
            aim = magnet(target, now, gex_max_pain[-1], gex_flip[-1], gex_pin_1[-1], gex_pin_2[-1])
            if call - near <= now < call + near and now - put > near:
                return enter_short(stop=stop, target_1=room(aim, now, put, -1.0, near), time_stop=time_stop,
                                   weight=weight, volatility=move), 1.0
            if put - near < now <= put + near and call - now > near:
                return enter_long(stop=stop, target_1=room(aim, now, call, 1.0, near), time_stop=time_stop,
                                  weight=weight, volatility=move), 1.0
        if regime[-1] == -1.0 and negative_weight > 0.0:
            low = put if break_level == 0 else gex_flip[-1]
            if now < low - break_move * move and now < close[-2]:
                return enter_short(stop=stop, time_stop=time_stop, weight=weight * negative_weight,
                                   volatility=move), -1.0
            if now > call + break_move * move and now > close[-2]:
                return enter_long(stop=stop, time_stop=time_stop, weight=weight * negative_weight,
                                  volatility=move), -1.0
        return leave(), nan
    # fmt: on
