"""Hand-worked cases: costs, rounding, account checks, margin calls, ruin. Notation: parity/notation.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parity.notation import CASH, PLAIN, Costs, Sizing, buy, case, hold, leave, short

from feeds.instrument import Instrument

# fmt: off

QUIET = "100 101 99 100"
TWO = replace(PLAIN, sizing=Sizing.lots(2))
SMALL = replace(PLAIN, cash=1_000, sizing=Sizing.lots(50))


def quiet(count: int) -> str:
    return " | ".join([QUIET] * count)


def sized(sizing: Sizing, **changes: Any) -> Any:
    return replace(PLAIN, sizing=sizing, **changes)


def costs(**changes: float) -> Any:
    return replace(PLAIN, costs=Costs(**{"fee": 0, "slippage_bps": 0, **changes}))


# ---- 5 costs and rounding

case("fee and commission", f"{QUIET} | {QUIET} | {QUIET} | 110 111 109 110", {1: buy(), 3: leave},
     "2 buy 2 @ 100 entry fee 2 | 4 sell 2 @ 110 signal fee 2.1",
     account=replace(TWO, costs=Costs(fee=0.001, slippage_bps=0, commission=0.5)), multiplier=5, equity=10_095.9)
case("slippage of market orders, beyond the bar", "100 100 100 100 | 100 100 100 100 | 100 100 100 100",
     {1: buy(), 2: leave}, "2 buy 1 @ 100.1 entry | 3 sell 1 @ 99.9 signal", account=costs(slippage_bps=10),
     mirrored=True)
case("slippage of a short at the end of the window", "100 101 99 100 | 200 200 200 200", {1: short()},
     "2 sell 1 @ 199.8 entry | 2 buy 1 @ 200.2 window-end", account=costs(slippage_bps=10))
case("slippage in ticks", f"{QUIET} | {QUIET} | 104 105 103 104", {1: buy(), 2: leave},
     "2 buy 1 @ 100.5 entry | 3 sell 1 @ 103.5 signal", account=costs(slippage_ticks=2), tick=0.25, mirrored=True)
case("slippage of a stop inside the bar, from the fill with slippage", f"{QUIET} | {QUIET} | 100 101 98 99",
     {1: buy(stop=2)}, "2 buy 1 @ 100.1 entry | 3 sell 1 @ 98.0019 stop", account=costs(slippage_bps=10))
case("slippage of a gapped stop", f"{QUIET} | {QUIET} | 95 96 94 95", {1: buy(stop=2)},
     "2 buy 1 @ 100.1 entry | 3 sell 1 @ 94.905 stop", account=costs(slippage_bps=10))
case("no slippage on a target, inside", f"{QUIET} | {QUIET} | 100 104 99 103", {1: buy(target_1=3)},
     "2 buy 1 @ 100.1 entry | 3 sell 1 @ 103.1 target-1", account=costs(slippage_bps=10))
case("no slippage on a target, gapped", f"{QUIET} | {QUIET} | 105 106 104 105", {1: buy(target_1=3)},
     "2 buy 1 @ 100.1 entry | 3 sell 1 @ 105 target-1", account=costs(slippage_bps=10))
case("a stop nearer than the slippage stands at the price before costs", f"{QUIET} | 100 100.1 100 100.05 | {QUIET}",
     {1: buy(stop=0.2)}, "2 buy 1 @ 100.5 entry | 2 sell 1 @ 99.5 stop", account=costs(slippage_bps=50), mirrored=True)
case("and is touched there, not above", f"{QUIET} | 100 103 100.1 102 | 102 102 99.9 100", {1: buy(stop=0.2)},
     "2 buy 1 @ 100.5 entry | 3 sell 1 @ 99.5 stop", account=costs(slippage_bps=50), mirrored=True)
case("a stop nearer than the slippage of a stop entry", f"{QUIET} | 100 103 99 102 | {QUIET}",
     {1: buy(at_stop=102, stop=0.2)}, "2 buy 1 @ 102.51 entry | 2 sell 1 @ 101.49 stop",
     account=costs(slippage_bps=50))
case("a stop nearer than the slippage of a stop entry, short", f"{QUIET} | 100 101 97 98 | {QUIET}",
     {1: short(at_stop=98, stop=0.2)}, "2 sell 1 @ 97.51 entry | 2 buy 1 @ 98.49 stop", account=costs(slippage_bps=50))
case("a limit entry has no slippage to be nearer than", f"{QUIET} | 100 101 97 99 | {QUIET}",
     {1: buy(at_limit=98, stop=0.2)}, "2 buy 1 @ 98 entry | 2 sell 1 @ 97.311 stop", account=costs(slippage_bps=50))
case("a sale brings nothing at the least", "0.05 0.05 0.05 0.05 | 0.05 0.05 0.05 0.05 | 0.05 0.05 0.05 0.05",
     {1: buy(), 2: leave}, "2 buy 1 @ 0.15 entry | 3 sell 1 @ 0 signal", account=costs(slippage_ticks=2), tick=0.05,
     equity=9_999.85)
case("slippage of a stop entry", f"{QUIET} | 100 103 99 102 | {QUIET} | {QUIET}", {1: buy(at_stop=102), 2: leave},
     "2 buy 1 @ 102.102 entry | 3 sell 1 @ 99.9 signal", account=costs(slippage_bps=10))
case("no slippage on limit entries", f"{QUIET} | 100 101 97 99 | {QUIET} | {QUIET} | 90 91 89 90 | {QUIET}",
     {1: buy(at_limit=98, target_1=2), 4: buy(at_limit=95, target_1=10)},
     "2 buy 1 @ 98 entry | 3 sell 1 @ 100 target-1 | 5 buy 1 @ 90 entry | 6 sell 1 @ 100 target-1",
     account=costs(slippage_bps=10, slippage_ticks=3), tick=0.25, mirrored=True)
case("no slippage on a triggered stop-limit", f"{QUIET} | 103 104 102 103 | 105 107 104 105",
     {1: buy(at_stop=102, at_limit=104, target_1=2)}, "2 buy 1 @ 103 entry | 3 sell 1 @ 105 target-1",
     account=costs(slippage_bps=10))
case("fills: buys are rounded up, sells down", f"{QUIET} | {QUIET} | {QUIET}", {1: buy(), 2: leave},
     "2 buy 1 @ 100.25 entry | 3 sell 1 @ 99.75 signal", account=costs(slippage_bps=10), tick=0.25, mirrored=True)
case("an open off the grid is rounded too", f"{QUIET} | 100.1 101 99 100 | 104.1 105 103 104", {1: buy(), 2: leave},
     "2 buy 1 @ 100.25 entry | 3 sell 1 @ 104 signal", tick=0.25, mirrored=True)
case("a buy limit is rounded down", f"{QUIET} | 100 101 98.05 99 | 99 100 98 99", {1: buy(at_limit=98.1)},
     "3 buy 1 @ 98 entry | 3 sell 1 @ 99 window-end", tick=0.25, mirrored=True)
case("a buy stop is rounded up", f"{QUIET} | 100 102.2 99 101 | 101 102.25 99 101", {1: buy(at_stop=102.1)},
     "3 buy 1 @ 102.25 entry | 3 sell 1 @ 101 window-end", tick=0.25, mirrored=True)
case("a protective stop of a long is rounded down", f"{QUIET} | {QUIET} | 100 101 98.05 99 | 99 100 98 99",
     {1: buy(stop=1.9)}, "2 buy 1 @ 100 entry | 4 sell 1 @ 98 stop", tick=0.25, mirrored=True)
case("a target of a long is rounded up", f"{QUIET} | {QUIET} | 100 102.2 99 101 | 101 102.25 99 101",
     {1: buy(target_1=2.1)}, "2 buy 1 @ 100 entry | 4 sell 1 @ 102.25 target-1", tick=0.25, mirrored=True)
case("levels given while holding are rounded alike", f"{QUIET} | {QUIET} | 100 102.2 98.55 101 | 101 102 98.5 100",
     {1: buy(), 2: hold(stop=98.6, target=102.1)}, "2 buy 1 @ 100 entry | 4 sell 1 @ 98.5 stop", tick=0.25,
     mirrored=True)
case("trailing levels are rounded alike", f"{QUIET} | 100 106 99 105 | 105 106 103 104", {1: buy(trail=1.9)},
     "2 buy 1 @ 100 entry | 3 sell 1 @ 103 trail", tick=0.25, mirrored=True)
case("a level a hair off the tick is on it", "100 101 99 100 | 100.1 101 100 100 | 100 101 99.9 100",
     {1: buy(stop=0.2)},
     "2 buy 1 @ 100.1 entry | 3 sell 1 @ 99.9 stop", tick=0.1)
case("a high of 0.57 touches a limit of 0.57", "0.56 0.56 0.56 0.56 | 0.56 0.57 0.56 0.56", {1: short(at_limit=0.57)},
     "2 sell 1 @ 0.57 entry | 2 buy 1 @ 0.56 window-end", tick=0.01)

# ---- 6 account checks

case("exactly payable is payable", quiet(2), {1: buy()}, "2 buy 10 @ 100 entry | 2 sell 10 @ 100 window-end",
     account=replace(CASH, cash=1_000, sizing=Sizing.lots(10)), equity=1_000)
case("more than the cash is rejected", quiet(2), {1: buy()}, "2 buy 11 @ 100 rejected-cash #1",
     account=replace(CASH, cash=1_000, sizing=Sizing.lots(11)), equity=1_000)
case("the fee must be payable too", quiet(2), {1: buy()}, "2 buy 10 @ 100 rejected-cash",
     account=replace(CASH, cash=1_000, sizing=Sizing.lots(10), costs=Costs(fee=0.001, slippage_bps=0)))
case("an order that a gap makes too dear is rejected, not shrunk", f"{QUIET} | 110 111 109 110", {1: buy()},
     "2 buy 9.5 @ 110 rejected-cash", account=replace(CASH, cash=1_000, sizing=Sizing.fraction(0.95)))
case("a rejected order is gone", f"{QUIET} | 110 111 109 110 | 90 91 89 90", {1: buy()},
     "2 buy 9.5 @ 110 rejected-cash",
     account=replace(CASH, cash=1_000, sizing=Sizing.fraction(0.95)))
case("no shorts on a cash account", quiet(2), {1: short()}, "2 sell 1 @ 100 rejected-short", account=CASH)
case("shorts before slots", {"A": quiet(3), "B": f"{QUIET} | {QUIET} | 105 106 104 105"},
     {"A": {1: buy()}, "B": {2: short(at_limit=104)}},
     "2 A buy 1 @ 100 entry | 3 B sell 1 @ 105 rejected-short | 3 A sell 1 @ 100 window-end",
     account=replace(CASH, max_positions=1))
case("slots go to the first declared", {"B": quiet(2), "A": quiet(2)}, {"A": {1: buy()}, "B": {1: short()}},
     "2 B sell 1 @ 100 entry #1 | 2 A buy 1 @ 100 rejected-slots #2 | 2 B buy 1 @ 100 window-end #1",
     account=replace(PLAIN, max_positions=1))
case("slots before cash", {"A": quiet(2), "B": quiet(2)}, {"A": {1: buy()}, "B": {1: buy()}},
     "2 A buy 8 @ 100 entry | 2 B buy 8 @ 100 rejected-slots | 2 A sell 8 @ 100 window-end",
     account=replace(CASH, cash=1_000, sizing=Sizing.lots(8), max_positions=1))
case("cash without slots", {"A": quiet(2), "B": quiet(2)}, {"A": {1: buy()}, "B": {1: buy()}},
     "2 A buy 8 @ 100 entry | 2 B buy 8 @ 100 rejected-cash | 2 A sell 8 @ 100 window-end",
     account=replace(CASH, cash=1_000, sizing=Sizing.lots(8)))
case("a slot freed at the open can be used at that open", {"B": quiet(4), "A": quiet(4)},
     {"A": {1: buy(), 3: leave}, "B": {3: buy()}},
     "2 A buy 1 @ 100 entry | 4 A sell 1 @ 100 signal | 4 B buy 1 @ 100 entry | 4 B sell 1 @ 100 window-end",
     account=replace(PLAIN, max_positions=1), mirrored=True)
case("an open exactly at the stop frees the slot at that open",
     {"B": quiet(3), "A": f"{QUIET} | {QUIET} | 98 99 97 98"}, {"A": {1: buy(stop=2)}, "B": {2: buy()}},
     "2 A buy 1 @ 100 entry | 3 A sell 1 @ 98 stop | 3 B buy 1 @ 100 entry | 3 B sell 1 @ 100 window-end",
     account=replace(PLAIN, max_positions=1), mirrored=True)
case("cash freed at the open can be used at that open", {"B": quiet(4), "A": quiet(4)},
     {"A": {1: buy(), 3: leave}, "B": {3: buy()}},
     "2 A buy 8 @ 100 entry | 4 A sell 8 @ 100 signal | 4 B buy 8 @ 100 entry | 4 B sell 8 @ 100 window-end",
     account=replace(CASH, cash=1_000, sizing=Sizing.lots(8)))
case("cash freed inside the bar cannot be used at its open", {"A": f"{QUIET} | {QUIET} | 100 101 97 98", "B": quiet(3)},
     {"A": {1: buy(stop=2)}, "B": {2: buy()}},
     "2 A buy 8 @ 100 entry | 3 B buy 8 @ 100 rejected-cash | 3 A sell 8 @ 98 stop",
     account=replace(CASH, cash=1_000, sizing=Sizing.lots(8)))
case("cash freed inside the bar cannot be used inside that bar", {"A": f"{QUIET} | {QUIET} | 100 101 97 98",
     "B": quiet(3)},
     {"A": {1: buy(stop=2)}, "B": {2: buy(at_limit=99.5)}},
     "2 A buy 8 @ 100 entry | 3 B buy 8 @ 99.5 rejected-cash | 3 A sell 8 @ 98 stop",
     account=replace(CASH, cash=1_000, sizing=Sizing.lots(8)))
case("entries at the open precede those inside the bar", {"A": quiet(2), "B": quiet(2)},
     {"A": {1: buy(at_limit=99.5)}, "B": {1: buy()}},
     "2 B buy 1 @ 100 entry #2 | 2 A buy 1 @ 99.5 rejected-slots #1 | 2 B sell 1 @ 100 window-end",
     account=replace(PLAIN, max_positions=1), mirrored=True)
case("a reversal finds its own slot free", quiet(3), {1: buy(), 2: short()},
     "2 buy 1 @ 100 entry | 3 sell 1 @ 100 signal | 3 sell 1 @ 100 entry | 3 buy 1 @ 100 window-end",
     account=replace(PLAIN, max_positions=1), reverse=True, mirrored=True)
case("exposure above the limit is rejected", {"A": quiet(2), "B": quiet(2)}, {"A": {1: buy()}, "B": {1: short()}},
     "2 A buy 6 @ 100 entry | 2 B sell 6 @ 100 rejected-exposure | 2 A sell 6 @ 100 window-end",
     account=replace(SMALL, sizing=Sizing.lots(6), max_exposure=1.1), mirrored=True)
case("exposure at the limit is allowed", {"A": quiet(2), "B": quiet(2)}, {"A": {1: buy()}, "B": {1: short()}},
     "2 A buy 6 @ 100 entry | 2 B sell 6 @ 100 entry | 2 A sell 6 @ 100 window-end | 2 B buy 6 @ 100 window-end",
     account=replace(SMALL, sizing=Sizing.lots(6), max_exposure=1.2), mirrored=True)
case("exposure is measured against the last marked equity",
     {"A": f"{QUIET} | 100 131 99 130 | 130 131 129 130", "B": quiet(3)}, {"A": {1: buy()}, "B": {2: buy()}},
     "2 A buy 6 @ 100 entry | 3 B buy 6 @ 100 entry | 3 A sell 6 @ 130 window-end | 3 B sell 6 @ 100 window-end",
     account=replace(SMALL, sizing=Sizing.lots(6), max_exposure=1.2))
case("a position of this open counts at its fill", {"A": f"{QUIET} | 150 151 149 150", "B": quiet(2)},
     {"A": {1: buy()}, "B": {1: buy()}},
     "2 A buy 6 @ 150 entry | 2 B buy 6 @ 100 rejected-exposure | 2 A sell 6 @ 150 window-end",
     account=replace(SMALL, sizing=Sizing.lots(6), max_exposure=1.4))
case("initial margin by leverage, exactly enough", quiet(2), {1: buy()},
     "2 buy 10 @ 100 entry | 2 sell 10 @ 100 window-end", account=sized(Sizing.lots(10), cash=100), mirrored=True)
case("initial margin by leverage, too much", quiet(2), {1: buy()}, "2 buy 11 @ 100 rejected-cash",
     account=sized(Sizing.lots(11), cash=100), mirrored=True)
case("initial margin of a position is by its entry price, whatever the last one",
     {"A": f"{QUIET} | 100 133 99 132 | 132 133 131 132", "B": quiet(3)}, {"A": {1: buy(weight=0.25)}, "B": {2: buy()}},
     "2 A buy 5 @ 100 entry | 3 B buy 20 @ 100 entry | 3 A sell 5 @ 132 window-end | 3 B sell 20 @ 100 window-end",
     account=sized(Sizing.lots(20), cash=100))
case("initial margin per contract is tied up by open positions", {"A": quiet(2), "B": quiet(2)},
     {"A": {1: buy()}, "B": {1: short()}},
     "2 A buy 1 @ 100 entry | 2 B sell 1 @ 100 rejected-cash | 2 A sell 1 @ 100 window-end",
     account=replace(PLAIN, cash=100), tools={s: Instrument(s, initial_margin=60) for s in "AB"}, mirrored=True)

# ---- 6 correlation, margin calls, ruin

WAVE = "100 100 100 100 | 110 110 110 110 | 100 100 100 100 | 110 110 110 110 | 100 100 100 100 | 100 100 100 100"
GUARD = replace(PLAIN, max_correlation=0.5, correlation_bars=4)
case("correlated with an open position", {"A": WAVE, "B": WAVE}, {"A": {4: buy()}, "B": {5: buy()}},
     "5 A buy 1 @ 100 entry | 6 B buy 1 @ 100 rejected-correlation | 6 A sell 1 @ 100 window-end", account=GUARD)
case("anticorrelated with an open position",
     {"A": WAVE, "B": "55 55 55 55 | 50 50 50 50 | 55 55 55 55 | 50 50 50 50 | 55 55 55 55 | 55 55 55 55"},
     {"A": {4: buy()}, "B": {5: short()}},
     "5 A buy 1 @ 100 entry | 6 B sell 1 @ 55 rejected-correlation | 6 A sell 1 @ 100 window-end", account=GUARD)
SWELL = "50 50 50 50 | 55 55 55 55 | 60.5 60.5 60.5 60.5 | 55 55 55 55 | 50 50 50 50 | 50 50 50 50"
case("uncorrelated with an open position", {"A": WAVE, "B": SWELL}, {"A": {4: buy()}, "B": {5: buy()}},
     "5 A buy 1 @ 100 entry | 6 B buy 1 @ 50 entry | 6 A sell 1 @ 100 window-end | 6 B sell 1 @ 50 window-end",
     account=GUARD)
case("too few returns before the fill", {"A": WAVE, "B": SWELL}, {"A": {2: buy()}, "B": {4: buy()}},
     "3 A buy 1 @ 100 entry | 5 B buy 1 @ 50 rejected-correlation | 6 A sell 1 @ 100 window-end", account=GUARD)
case("only the last returns count",
     {"A": f"100 100 100 100 | 121 121 121 121 | {WAVE}", "B": f"50 50 50 50 | 60.5 60.5 60.5 60.5 | {SWELL}"},
     {"A": {6: buy()}, "B": {7: buy()}},
     "7 A buy 1 @ 100 entry | 8 B buy 1 @ 50 entry | 8 A sell 1 @ 100 window-end | 8 B sell 1 @ 50 window-end",
     account=GUARD)
case("no open position, no correlation", {"A": quiet(2), "B": quiet(2)}, {"A": {1: buy()}},
     "2 A buy 1 @ 100 entry | 2 A sell 1 @ 100 window-end", account=GUARD)

CALLED = replace(SMALL, maintenance=0.05)
FALL = f"{QUIET} | {QUIET} | 100 101 83 84 | 85 86 84 85 | {QUIET}"
case("equity below the maintenance margin: liquidation at the next open", FALL, {1: buy()},
     "2 buy 50 @ 100 entry #1 | 4 sell 50 @ 85 liquidation #1", account=CALLED, equity=250)
case("liquidation of a short", f"{QUIET} | {QUIET} | 100 117 99 116 | 115 116 114 115", {1: short()},
     "2 sell 50 @ 100 entry | 4 buy 50 @ 115 liquidation", account=CALLED, equity=250)
case("equity at the maintenance margin is enough", FALL, {1: buy()},
     "2 buy 50 @ 100 entry | 5 sell 50 @ 100 window-end", account=SMALL, maintenance_margin=4, mirrored=True)
case("maintenance margin per contract", FALL, {1: buy()}, "2 buy 50 @ 100 entry | 4 sell 50 @ 85 liquidation",
     account=SMALL, maintenance_margin=4.01, mirrored=True)
case("maintenance margin per contract beside another symbol", {"A": FALL, "B": quiet(5)}, {"A": {1: buy()}},
     "2 A buy 50 @ 100 entry | 4 A sell 50 @ 85 liquidation", account=SMALL,
     tools={s: Instrument(s, maintenance_margin=4.01) for s in "AB"}, mirrored=True)
case("the intents of a margin call are ignored", FALL, {1: buy(), 3: leave, 4: buy()},
     "2 buy 50 @ 100 entry #1 | 4 sell 50 @ 85 liquidation | 5 buy 50 @ 100 rejected-cash #2", account=CALLED)
case("liquidation in a gap beyond the stop", f"{QUIET} | {QUIET} | 100 101 83 84 | 81 82 80.5 81", {1: buy(stop=18)},
     "2 buy 50 @ 100 entry | 4 sell 50 @ 81 liquidation", account=CALLED)
case("a margin call closes all symbols and cancels entries",
     {"A": FALL, "B": quiet(5), "C": f"{QUIET} | {QUIET} | {QUIET} | 100 100 90 95 | {QUIET}"},
     {"A": {1: buy()}, "B": {1: short(weight=0.02)}, "C": {1: buy(at_limit=95), 3: buy()}},
     "2 A buy 50 @ 100 entry #1 | 2 B sell 1 @ 100 entry #2"
     " | 4 A sell 50 @ 85 liquidation | 4 B buy 1 @ 100 liquidation",
     account=CALLED)
case("a margin call waits for the symbol's next bar",
     {"A": f"{QUIET} | {QUIET} | 100 101 83 84 | 85 86 84 85 | {QUIET}",
     "B": f"{QUIET} | {QUIET} | {QUIET} | - | 101 101 101 101"},
     {"A": {1: buy()}, "B": {1: buy(weight=0.02)}},
     "2 A buy 50 @ 100 entry | 2 B buy 1 @ 100 entry | 4 A sell 50 @ 85 liquidation | 5 B sell 1 @ 101 liquidation",
     account=CALLED)
case("equity of exactly zero is ruin", f"{QUIET} | {QUIET} | 100 101 79 80 | {QUIET} | {QUIET}", {1: buy(), 3: buy(),
     4: buy()},
     "2 buy 50 @ 100 entry #1 | 3 sell 50 @ 80 ruin #1", account=SMALL, equity=0, mirrored=True)
case("equity above zero is no ruin", f"{QUIET} | {QUIET} | 100 101 79 80.5 | {QUIET}", {1: buy()},
     "2 buy 50 @ 100 entry | 4 sell 50 @ 100 window-end", account=SMALL, equity=1_000, mirrored=True)
case("a dip inside the bar is no ruin", f"{QUIET} | {QUIET} | 100 101 60 99", {1: buy()},
     "2 buy 50 @ 100 entry | 3 sell 50 @ 99 window-end", account=SMALL, equity=950, mirrored=True)
case("ruin closes with costs, equity is zero all the same", f"{QUIET} | {QUIET} | 100 101 79 80 | {QUIET}", {1: buy()},
     "2 buy 50 @ 100.1 entry | 3 sell 50 @ 79.92 ruin", account=replace(SMALL, costs=Costs(fee=0, slippage_bps=10)),
     equity=0)
case("ruin closes every symbol, also one without a bar, and cancels entries",
     {"A": f"{QUIET} | {QUIET} | 100 101 78 79 | {QUIET}", "B": f"{QUIET} | 100 101 98 99 | - | {QUIET}",
     "C": quiet(4)},
     {"A": {1: buy()}, "B": {1: short(weight=0.02)}, "C": {1: buy(at_limit=50), 3: buy()}},
     "2 A buy 50 @ 100 entry | 2 B sell 1 @ 100 entry | 3 A sell 50 @ 79 ruin | 3 B buy 1 @ 99 ruin", account=SMALL,
     equity=0)
case("a loss beyond the equity is ruin though nothing is left to close",
     f"{QUIET} | {QUIET} | {QUIET} | 79 80 78 79 | {QUIET} | {QUIET}", {1: buy(), 3: leave, 4: buy(), 5: buy()},
     "2 buy 50 @ 100 entry #1 | 4 sell 50 @ 79 signal #1", account=SMALL, equity=0, mirrored=True)
