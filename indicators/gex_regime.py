"""Volatility regime that dealers' gamma suggests."""

from math import isnan, nan

from indicators.base import Float, Indicator, Int, kernel


@kernel
def label(close, flip, ratio, neutral):
    """1 damping, -1 amplifying, 0 neutral or mixed."""
    if abs(ratio) < neutral:
        return 0.0
    sign = 1.0 if ratio > 0.0 else -1.0
    if not isnan(flip) and (close > flip) != (sign > 0.0):
        return 0.0
    return sign


class GexRegime(Indicator):
    """Regime of dealers' gamma at this price: 1 positive (moves are damped), -1 negative (amplified), 0 neither.

    0 when |net / gross| < `neutral`, and when the price stands on the other side of the flip than the sign of net
    exposure says (mixed). A missing flip (a profile that never changes sign) leaves the sign alone to decide. The
    regime changes at once when |net / gross| is above `decisive` or the new one is 0, else after `confirm` bars in a
    row. Inputs: close, and gex_flip [price] and gex_net_over_gross [-1 ... 1] as joined.
    Output: regime; NaN where the ratio or the price is missing (NaN); what came before is then forgotten.
    Source: sign of dealers' gamma and zero gamma level as Perfiliev uses them; thresholds of ours.
    """

    inputs, outputs = ("close", "gex_flip", "gex_net_over_gross"), ("regime",)
    state = ("last", "other", "count")
    neutral, decisive = Float(0.05, 0.0, 0.5), Float(0.08, 0.0, 1.0)
    confirm = Int(2, 1, 100)

    @kernel
    def step(close, gex_flip, gex_net_over_gross, last, other, count, neutral, decisive, confirm):
        ratio = gex_net_over_gross[-1]
        if isnan(ratio) or isnan(close[-1]):
            return nan, nan, nan, nan
        now = label(close[-1], gex_flip[-1], ratio, neutral)
        if isnan(last) or now == last or now == 0.0 or abs(ratio) > decisive:
            return now, now, nan, 0.0
        count = count + 1.0 if now == other else 1.0
        if count >= confirm:
            return now, now, nan, 0.0
        return last, last, now, count
