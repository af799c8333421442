"""Small functions of the convention: the quantity of an entry, the nearest target, the guards."""

from __future__ import annotations

from math import inf, isfinite, isnan, log, nan, sqrt

from indicators.kernels import kernel
from strategies.execution.prices import round_down
from strategies.execution.records import FRACTION, LOTS, NOTIONAL, RISK


@kernel
def acceptable(intent):
    """True when no argument of an entry is negative or not finite, and its weight is not above 1."""
    smallest = min(
        intent.at_stop,
        min(
            intent.at_limit,
            min(intent.expiry, min(intent.time_stop, min(intent.weight, min(intent.volatility, intent.on_high)))),
        ),
    )
    total = intent.at_stop + intent.at_limit + intent.expiry + intent.time_stop + intent.weight + intent.volatility
    smallest = min(
        smallest,
        min(
            intent.stop,
            min(
                intent.stop_pct,
                min(intent.trail, min(intent.trail_pct, min(intent.trail_after, intent.trail_after_pct))),
            ),
        ),
    )
    total += (
        intent.on_high
        + intent.stop
        + intent.stop_pct
        + intent.trail
        + intent.trail_pct
        + intent.trail_after
        + intent.trail_after_pct
    )
    smallest = min(
        smallest, min(intent.even_after, min(intent.even_after_pct, min(intent.even_offset, intent.even_offset_pct)))
    )
    total += intent.even_after + intent.even_after_pct + intent.even_offset + intent.even_offset_pct
    smallest = min(smallest, min(min(intent.target_1, intent.target_2), min(intent.target_3, intent.target_4)))
    total += intent.target_1 + intent.target_2 + intent.target_3 + intent.target_4
    smallest = min(
        smallest, min(min(intent.target_1_pct, intent.target_2_pct), min(intent.target_3_pct, intent.target_4_pct))
    )
    total += intent.target_1_pct + intent.target_2_pct + intent.target_3_pct + intent.target_4_pct
    smallest = min(smallest, min(min(intent.part_1, intent.part_2), min(intent.part_3, intent.part_4)))
    total += intent.part_1 + intent.part_2 + intent.part_3 + intent.part_4
    return isfinite(total) and smallest >= 0.0 and intent.weight <= 1.0


@kernel
def entry_size(
    sizing,
    value,
    equity,
    price,
    stop,
    volatility,
    weight,
    cap,
    leverage,
    multiplier,
    fee,
    slip,
    slip_money,
    commission,
    lot_num,
    lot_den,
):
    """Quantity of an entry, rounded to the lot step; -1 when the mode needs a stop or volatility that is missing."""
    unit = price * multiplier
    if sizing == FRACTION:
        quantity = value * equity / unit
    elif sizing == RISK:
        if stop <= 0.0:
            return -1.0
        loss = (stop + price * (2.0 * fee + 2.0 * slip) + 2.0 * slip_money) * multiplier + 2.0 * commission
        quantity = value * equity / loss
    elif sizing == NOTIONAL:
        quantity = value / unit
    elif sizing == LOTS:
        quantity = value
    else:
        if volatility <= 0.0:
            return -1.0
        quantity = value * equity / (volatility * multiplier)
    quantity = quantity * weight
    if sizing != LOTS:
        quantity = min(quantity, cap * equity * leverage / unit)
    return round_down(quantity, lot_num, lot_den)


@kernel
def nearest_target(is_long, limit, first, second, third, fourth):
    """Number of the nearest target that price `limit` reaches, 0 for none; equal prices in order."""
    found = 0
    level = inf if is_long else -inf
    if is_long:
        if first <= limit:
            found, level = 1, first
        if second <= limit and second < level:
            found, level = 2, second
        if third <= limit and third < level:
            found, level = 3, third
        if fourth <= limit and fourth < level:
            found, level = 4, fourth
    else:
        if first >= limit:
            found, level = 1, first
        if second >= limit and second > level:
            found, level = 2, second
        if third >= limit and third > level:
            found, level = 3, third
        if fourth >= limit and fourth > level:
            found, level = 4, fourth
    return found


@kernel
def correlation(closes, stamp, first, second, bars):
    """Pearson correlation of log returns over the last `bars` common stamps before `stamp`; NaN when there are fewer.

    Zero variance on either side gives NaN too: what cannot be judged is refused by the guard.
    """
    count = 0
    later_x = nan
    later_y = nan
    sum_x = sum_y = sum_xx = sum_yy = sum_xy = 0.0
    at = stamp - 1
    while at >= 0 and count < bars:
        x = closes[at, first]
        y = closes[at, second]
        if not isnan(x) and not isnan(y):
            if not isnan(later_x):
                move_x = log(later_x / x)
                move_y = log(later_y / y)
                sum_x += move_x
                sum_y += move_y
                sum_xx += move_x * move_x
                sum_yy += move_y * move_y
                sum_xy += move_x * move_y
                count += 1
            later_x = x
            later_y = y
        at -= 1
    if count < bars:
        return nan
    spread_x = sum_xx - sum_x * sum_x / count
    spread_y = sum_yy - sum_y * sum_y / count
    if spread_x <= 0.0 or spread_y <= 0.0:
        return nan
    return (sum_xy - sum_x * sum_y / count) / sqrt(spread_x * spread_y)


@kernel
def correlated(book, closes, stamp, symbol, limit, bars):
    """True when `symbol` moves too much like a symbol in a position, or that cannot be told."""
    for other in range(len(book)):
        if other != symbol and book[other].quantity != 0.0:
            found = correlation(closes, stamp, symbol, other, bars)
            if isnan(found) or abs(found) > limit:
                return True
    return False
