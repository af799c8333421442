"""Hand-worked cases: entry orders and sizes. Notation: parity/notation.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parity.notation import CASH, PLAIN, Costs, Sizing, buy, case, short

# fmt: off

QUIET = "100 101 99 100"
TWO, THREE, FOUR = (replace(PLAIN, sizing=Sizing.lots(n)) for n in (2, 3, 4))
SMALL = replace(PLAIN, cash=1_000, sizing=Sizing.lots(50))


def quiet(count: int) -> str:
    return " | ".join([QUIET] * count)


def sized(sizing: Sizing, **changes: Any) -> Any:
    return replace(PLAIN, sizing=sizing, **changes)


# ---- 4 entry orders

case("a stop entry gapped over fills at the open", f"{QUIET} | 104 105 103 104", {1: buy(at_stop=102)},
     "2 buy 1 @ 104 entry | 2 sell 1 @ 104 window-end", mirrored=True)
case("a stop entry inside the bar fills at its price", f"{QUIET} | 100 103 99 102", {1: buy(at_stop=102)},
     "2 buy 1 @ 102 entry | 2 sell 1 @ 102 window-end", mirrored=True)
case("a high at the stop entry touches it", f"{QUIET} | 100 102 99 101", {1: buy(at_stop=102)},
     "2 buy 1 @ 102 entry | 2 sell 1 @ 101 window-end", mirrored=True)
case("a stop entry waits", f"{QUIET} | {QUIET} | 100 101.9 99 100 | 100 103 100 103", {1: buy(at_stop=102)},
     "4 buy 1 @ 102 entry #1 | 4 sell 1 @ 103 window-end", mirrored=True)
case("a limit entry gapped fills at the better open", f"{QUIET} | 96 97 95 96", {1: buy(at_limit=98)},
     "2 buy 1 @ 96 entry | 2 sell 1 @ 96 window-end", mirrored=True)
case("a limit entry inside the bar fills at its price", f"{QUIET} | 100 101 97 99", {1: buy(at_limit=98)},
     "2 buy 1 @ 98 entry | 2 sell 1 @ 99 window-end", mirrored=True)
case("a low at the limit entry touches it", f"{QUIET} | 100 101 98 99", {1: buy(at_limit=98)},
     "2 buy 1 @ 98 entry | 2 sell 1 @ 99 window-end", mirrored=True)
case("a stop-limit touched inside the bar is a limit from the next bar",
     f"{QUIET} | 100 103 99 102 | 102 103 100.5 101",
     {1: buy(at_stop=102, at_limit=101)}, "3 buy 1 @ 101 entry | 3 sell 1 @ 101 window-end", mirrored=True)
case("a triggered stop-limit fills at a better open", f"{QUIET} | 100 103 99 102 | 98 99 97 98",
     {1: buy(at_stop=102, at_limit=101)}, "3 buy 1 @ 98 entry | 3 sell 1 @ 98 window-end", mirrored=True)
case("a stop-limit triggered by the open fills there if the limit allows", f"{QUIET} | 103 105 102 104",
     {1: buy(at_stop=102, at_limit=104)}, "2 buy 1 @ 103 entry | 2 sell 1 @ 104 window-end", mirrored=True)
case("a stop-limit triggered by the open is a limit inside that bar", f"{QUIET} | 105 106 103 104",
     {1: buy(at_stop=102, at_limit=104)}, "2 buy 1 @ 104 entry | 2 sell 1 @ 104 window-end", mirrored=True)
case("an untouched stop-limit is no limit order", f"{QUIET} | 100 101 94 95 | {QUIET}",
     {1: buy(at_stop=102, at_limit=99)}, "", mirrored=True)
case("a stop price that rounds to nothing is refused", quiet(2), {1: short(at_stop=0.2)},
     "1 sell 0 @ 100 rejected-level #1", tick=0.25)
case("a stop-limit whose stop rounds to nothing is refused", quiet(2), {1: short(at_stop=0.2, at_limit=99)},
     "1 sell 0 @ 100 rejected-level #1", tick=0.25)
case("a limit price that rounds to nothing is refused", quiet(2), {1: buy(at_limit=0.2)},
     "1 buy 0 @ 100 rejected-level #1", tick=0.25)
case("entered inside the bar, stopped inside the same bar", f"{QUIET} | 100 103 98 101", {1: buy(at_stop=102, stop=3)},
     "2 buy 1 @ 102 entry | 2 sell 1 @ 99 stop", mirrored=True)
case("a limit entered inside the bar, stopped inside the same bar", f"{QUIET} | 100 103 95 101",
     {1: buy(at_limit=98, stop=3)}, "2 buy 1 @ 98 entry | 2 sell 1 @ 95 stop", mirrored=True)
case("targets are not live on a bar entered inside", f"{QUIET} | 100 106 99 103 | 105 106 104 105",
     {1: buy(at_stop=102, target_1=2)}, "2 buy 1 @ 102 entry | 3 sell 1 @ 105 target-1", mirrored=True)
case("a stop entry filled at the open has its targets live", f"{QUIET} | 103 106 102 104", {1: buy(at_stop=102,
     target_1=2)},
     "2 buy 1 @ 103 entry | 2 sell 1 @ 105 target-1", mirrored=True)
case("best follows the close on a bar entered inside, even on highs",
     f"{QUIET} | 100 110 100 103 | 103 104 101.5 103 | 103 103 102 103", {1: buy(at_stop=102, trail=2, on_high=1)},
     "2 buy 1 @ 102 entry | 4 sell 1 @ 102 trail", mirrored=True)
case("expiry 1 lives for one bar", f"{QUIET} | 100 101 96 97 | 97 98 94 95", {1: buy(at_limit=95, expiry=1)}, "",
     mirrored=True)
case("expiry 2 can fill on the second bar", f"{QUIET} | 100 101 96 97 | 97 98 94 95", {1: buy(at_limit=95, expiry=2)},
     "3 buy 1 @ 95 entry | 3 sell 1 @ 95 window-end", mirrored=True)
case("expiry counts the symbol's bars",
     {"A": f"{QUIET} | - | {QUIET} | - | 100 101 94 95", "B": " | ".join([QUIET] * 5)},
     {"A": {1: buy(at_limit=95, expiry=2)}}, "5 A buy 1 @ 95 entry | 5 A sell 1 @ 95 window-end")
case("a stop-limit's expiry counts from its decision", f"{QUIET} | 100 103 99 102 | {QUIET} | 100 101 94 95",
     {1: buy(at_stop=102, at_limit=98, expiry=2)}, "", mirrored=True)

# ---- 3 size

case("fraction of equity, at the close of the decision", f"{QUIET} | 120 121 119 120", {1: buy()},
     "2 buy 50 @ 120 entry | 2 sell 50 @ 120 window-end", account=sized(Sizing.fraction(0.5)))
case("fraction, by multiplier", quiet(2), {1: short()}, "2 sell 10 @ 100 entry | 2 buy 10 @ 100 window-end",
     account=sized(Sizing.fraction(0.5)), multiplier=5)
case("equity of the decision counts open profit", {"A": f"{QUIET} | 100 141 99 140 | 140 140 140 140", "B": quiet(3)},
     {"A": {1: buy()}, "B": {2: buy()}},
     "2 A buy 2.5 @ 100 entry | 3 B buy 2.75 @ 100 entry"
     " | 3 A sell 2.5 @ 140 window-end | 3 B sell 2.75 @ 100 window-end",
     account=sized(Sizing.fraction(0.25), cash=1_000))
case("one equity for all symbols that decide at a stamp", {"A": quiet(2), "B": quiet(2)}, {"A": {1: buy()},
     "B": {1: buy()}},
     "2 A buy 5 @ 100 entry #1 | 2 B buy 5 @ 100 entry #2 | 2 A sell 5 @ 100 window-end | 2 B sell 5 @ 100 window-end",
     account=replace(CASH, cash=1_000, sizing=Sizing.fraction(0.5)))
case("the cap of a cash account", quiet(2), {1: buy()}, "2 buy 5 @ 100 entry | 2 sell 5 @ 100 window-end",
     account=replace(CASH, cash=1_000, sizing=Sizing.fraction(1), cap=0.5))
case("the cap of a margin account, by leverage", quiet(2), {1: buy()},
     "2 buy 10 @ 100 entry | 2 sell 10 @ 100 window-end",
     account=sized(Sizing.fraction(5), cash=1_000, leverage=2, cap=0.5))
case("weight multiplies before the cap", quiet(2), {1: buy(weight=0.5)},
     "2 buy 9 @ 100 entry | 2 sell 9 @ 100 window-end",
     account=replace(CASH, cash=1_000, sizing=Sizing.fraction(2), cap=0.9))
case("weight of lots", quiet(2), {1: buy(weight=0.25)}, "2 buy 1 @ 100 entry | 2 sell 1 @ 100 window-end", account=FOUR,
     mirrored=True)
case("weight 0 is nothing to trade", quiet(2), {1: buy(weight=0)}, "1 buy 0 @ 100 rejected-size", mirrored=True)
case("a weight above 1 is rejected", quiet(2), {1: buy(weight=1.01)}, "1 buy 0 @ 100 rejected-level", mirrored=True)
case("lots are not capped", quiet(2), {1: buy()}, "2 buy 50 @ 100 entry | 2 sell 50 @ 100 window-end",
     account=replace(SMALL, cap=0.1), mirrored=True)
case("risk: the stop costs one percent of equity", f"{QUIET} | {QUIET} | 100 101 98 99", {1: buy(stop=2)},
     "2 buy 50 @ 100 entry | 3 sell 50 @ 98 stop", account=sized(Sizing.risk(0.01)), equity=9_900, mirrored=True)
case("risk with a distance in percent of the limit", f"{QUIET} | 90 91 79 80", {1: buy(at_limit=80, stop=1,
     stop_pct=0.05)},
     "2 buy 20 @ 80 entry | 2 sell 20 @ 80 window-end", account=sized(Sizing.risk(0.01)))
case("risk counts fees, slippage and commission both ways", quiet(2), {1: buy(stop=2)},
     "2 buy 29 @ 100.1 entry fee 17.4029 | 2 sell 29 @ 99.9 window-end fee 17.3971",
     account=sized(Sizing.risk(0.01), costs=Costs(fee=0.001, slippage_bps=10, commission=0.5)), lot_step=1,
     equity=9_959.4)
case("risk counts slippage in ticks", quiet(2), {1: buy(stop=3)}, "2 buy 5 @ 100.5 entry | 2 sell 5 @ 99.5 window-end",
     account=sized(Sizing.risk(0.01), costs=Costs(fee=0, slippage_bps=0, slippage_ticks=2)), tick=0.25, multiplier=5,
     equity=9_975, mirrored=True)
case("risk is capped", f"{QUIET} | 100 101 100 100", {1: buy(stop=0.01)},
     "2 buy 95 @ 100 entry | 2 sell 95 @ 100 window-end",
     account=replace(CASH, sizing=Sizing.risk(0.01)))
case("risk without a stop is rejected, whatever trails", quiet(2), {1: buy(trail=2)}, "1 buy 0 @ 100 rejected-level #1",
     account=sized(Sizing.risk(0.01)), mirrored=True)
case("the quantity is kept, the stop distance follows the fill", f"{QUIET} | 110 111 109 110 | 110 111 106 107",
     {1: buy(stop=4)}, "2 buy 25 @ 110 entry | 3 sell 25 @ 106 stop", account=sized(Sizing.risk(0.01)))
case("notional", quiet(2), {1: buy()}, "2 buy 1 @ 100 entry | 2 sell 1 @ 100 window-end",
     account=sized(Sizing.notional(500)), multiplier=5, mirrored=True)
case("size of a stop entry by its price", f"{QUIET} | 110 111 109 110", {1: buy(at_stop=102)},
     "2 buy 5 @ 110 entry | 2 sell 5 @ 110 window-end", account=sized(Sizing.notional(510)))
case("size of a stop-limit entry by its limit", f"{QUIET} | 103 104 102 103", {1: buy(at_stop=102, at_limit=104)},
     "2 buy 5 @ 103 entry | 2 sell 5 @ 103 window-end", account=sized(Sizing.notional(520)))
case("volatility parity", quiet(2), {1: buy(volatility=4)}, "2 buy 5 @ 100 entry | 2 sell 5 @ 100 window-end",
     account=sized(Sizing.volatility(0.01)), multiplier=5, mirrored=True)
case("volatility parity without a volatility", quiet(2), {1: buy()}, "1 buy 0 @ 100 rejected-level",
     account=sized(Sizing.volatility(0.01)), mirrored=True)
case("quantities are rounded down", quiet(2), {1: buy()}, "2 buy 5 @ 100 entry | 2 sell 5 @ 100 window-end",
     account=sized(Sizing.notional(599)), lot_step=1, mirrored=True)
case("0.3 is three lots of 0.1", quiet(2), {1: buy()}, "2 buy 0.3 @ 100 entry | 2 sell 0.3 @ 100 window-end",
     account=sized(Sizing.notional(30)), lot_step=0.1, mirrored=True)
case("less than one lot is rejected", quiet(2), {1: buy()}, "1 buy 0 @ 100 rejected-size #1",
     account=sized(Sizing.notional(99)), lot_step=1, mirrored=True)
case("less than the minimum notional is rejected", quiet(2), {1: buy()}, "1 buy 1 @ 100 rejected-size",
     minimum_notional=101,
     mirrored=True)
case("the minimum notional itself is enough", quiet(2), {1: buy()}, "2 buy 1 @ 100 entry | 2 sell 1 @ 100 window-end",
     minimum_notional=100, mirrored=True)
case("a reversal is sized before its exit, with the open profit",
     f"{QUIET} | {QUIET} | 100 126 99 125 | 125 126 124 125",
     {1: buy(), 3: short()},
     "2 buy 10 @ 100 entry | 4 sell 10 @ 125 signal | 4 sell 8.2 @ 125 entry | 4 buy 8.2 @ 125 window-end",
     account=sized(Sizing.fraction(0.1)), reverse=True)
