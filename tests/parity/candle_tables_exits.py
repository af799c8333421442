"""Hand-worked cases: stops, targets, parts, trailing, break-even, time stop, cooldown. Notation: parity/notation.py."""

from __future__ import annotations

from dataclasses import replace

from parity.notation import PLAIN, Sizing, buy, case, hold, leave, short

# fmt: off

QUIET = "100 101 99 100"
TWO, THREE, FOUR = (replace(PLAIN, sizing=Sizing.lots(n)) for n in (2, 3, 4))

# ---- 4 stops and targets

case("entered at the open, stopped inside the same bar", f"{QUIET} | 100 101 97 100 | {QUIET}",
     {1: buy(stop=2)}, "2 buy 1 @ 100 entry | 2 sell 1 @ 98 stop", mirrored=True)
case("gap through the stop fills at the open", f"{QUIET} | {QUIET} | 95 96 94 95",
     {1: buy(stop=2)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 95 stop", mirrored=True, equity=9_995)
case("a stop inside the bar fills at the stop", f"{QUIET} | {QUIET} | 99 100 95 96",
     {1: buy(stop=2)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 98 stop", mirrored=True)
case("a low at the stop touches it", f"{QUIET} | {QUIET} | 100 101 98 101 | {QUIET}",
     {1: buy(stop=2)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 98 stop", mirrored=True)
case("a low just above the stop does not touch it", f"{QUIET} | {QUIET} | 100 101 98.01 101",
     {1: buy(stop=2)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 101 window-end", mirrored=True)
case("stop_pct is a share of the fill", "100 101 99 100 | 110 111 109 110 | 110 111 107.8 108",
     {1: buy(stop=1, stop_pct=0.01)}, "2 buy 1 @ 110 entry | 3 sell 1 @ 107.9 stop")
case("stop_pct of a short", "100 101 99 100 | 110 111 109 110 | 110 112.2 109 111",
     {1: short(stop=1, stop_pct=0.01)}, "2 sell 1 @ 110 entry | 3 buy 1 @ 112.1 stop")
case("stop and target inside one bar: the stop wins", f"{QUIET} | {QUIET} | 100 104 97 103",
     {1: buy(stop=2, target_1=3)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 98 stop", mirrored=True)
case("stop and target inside the entry bar: the stop wins", f"{QUIET} | 100 104 97 103",
     {1: buy(stop=2, target_1=3)}, "2 buy 1 @ 100 entry | 2 sell 1 @ 98 stop", mirrored=True)
case("a target inside the bar fills at the target", f"{QUIET} | {QUIET} | 100 104 99 102",
     {1: buy(stop=2, target_1=3)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 103 target-1", mirrored=True)
case("a target is live on a bar entered at its open", f"{QUIET} | 100 104 99 102 | {QUIET}",
     {1: buy(target_1=3)}, "2 buy 1 @ 100 entry | 2 sell 1 @ 103 target-1", mirrored=True)
case("half a per cent of a position is a position", f"{QUIET} | {QUIET} | 100 104 99 102 | {QUIET}",
     {1: buy(target_1=3, part_1=0.995)},
     "2 buy 200 @ 100 entry | 3 sell 199 @ 103 target-1 | 4 sell 1 @ 100 window-end",
     account=replace(PLAIN, sizing=Sizing.lots(200)), lot_step=1, mirrored=True)
case("targets at one price fill in their order", f"{QUIET} | {QUIET} | 100 104 99 102 | {QUIET}",
     {1: buy(target_1=3, part_1=0.5, target_2=3, part_2=0.25, target_3=3, part_3=0.125, target_4=3, part_4=0.0625)},
     "2 buy 16 @ 100 entry | 3 sell 8 @ 103 target-1 | 3 sell 4 @ 103 target-2 | 3 sell 2 @ 103 target-3"
     " | 3 sell 1 @ 103 target-4 | 4 sell 1 @ 100 window-end",
     account=replace(PLAIN, sizing=Sizing.lots(16)), mirrored=True)
case("a high at the target touches it", f"{QUIET} | {QUIET} | 100 103 99 102",
     {1: buy(target_1=3)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 103 target-1", mirrored=True)
case("a high just below the target does not touch it", f"{QUIET} | {QUIET} | 100 102.99 99 102",
     {1: buy(target_1=3)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 102 window-end", mirrored=True)
case("gap through the target fills at the better open", f"{QUIET} | {QUIET} | 105 106 104 105",
     {1: buy(target_1=3)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 105 target-1", mirrored=True)
case("target_pct is a share of the fill", "100 101 99 100 | 110 111 109 110 | 110 115 109 111",
     {1: buy(target_1=1, target_1_pct=0.02)}, "2 buy 1 @ 110 entry | 3 sell 1 @ 113.2 target-1")
case("target_pct of a short", "100 101 99 100 | 110 111 109 110 | 110 111 105 108",
     {1: short(target_1_pct=0.02)}, "2 sell 1 @ 110 entry | 3 buy 1 @ 107.8 target-1")
case("two targets in one bar, nearest first", f"{QUIET} | {QUIET} | 100 105 99 104",
     {1: buy(target_1=4, part_1=0.5, target_2=2, part_2=0.5)},
     "2 buy 2 @ 100 entry | 3 sell 1 @ 102 target-2 | 3 sell 1 @ 104 target-1", account=TWO, mirrored=True)
case("targets at one price fill in the order 1 to 4", f"{QUIET} | {QUIET} | 100 105 99 104",
     {1: buy(target_4=2, part_4=0.5, target_3=2, part_3=0.25, target_1=2, part_1=0.25)},
     "2 buy 4 @ 100 entry | 3 sell 1 @ 102 target-1 | 3 sell 1 @ 102 target-3 | 3 sell 2 @ 102 target-4", account=FOUR,
     mirrored=True)
case("a gap through two targets fills both at the open", f"{QUIET} | {QUIET} | 110 111 109 110",
     {1: buy(target_1=2, part_1=0.5, target_2=4)},
     "2 buy 2 @ 100 entry | 3 sell 1 @ 110 target-1 | 3 sell 1 @ 110 target-2", account=TWO, mirrored=True)
case("a gap through the first target, then the second inside the bar", f"{QUIET} | {QUIET} | 103 105 102 104",
     {1: buy(target_1=2, part_1=0.5, target_2=4)},
     "2 buy 2 @ 100 entry | 3 sell 1 @ 103 target-1 | 3 sell 1 @ 104 target-2", account=TWO, mirrored=True)
case("a gap through a target, then the stop inside the bar takes the rest", f"{QUIET} | {QUIET} | 103 105 97 104",
     {1: buy(stop=2, target_1=2, part_1=0.5, target_2=4)},
     "2 buy 2 @ 100 entry | 3 sell 1 @ 103 target-1 | 3 sell 1 @ 98 stop", account=TWO, mirrored=True)
case("a target closes everything by default and ends the others", f"{QUIET} | {QUIET} | 100 105 99 104",
     {1: buy(stop=2, target_1=2, target_2=4)}, "2 buy 2 @ 100 entry | 3 sell 2 @ 102 target-1", account=TWO,
     mirrored=True)
case("after a target the rest keeps its stop", f"{QUIET} | {QUIET} | 100 103 99 102 | 100 101 98 99",
     {1: buy(stop=2, target_1=2, part_1=0.5)}, "2 buy 2 @ 100 entry | 3 sell 1 @ 102 target-1 | 4 sell 1 @ 98 stop",
     account=TWO, mirrored=True)
case("a queued exit in a gap beyond the stop fills once, as signal", f"{QUIET} | {QUIET} | 95 96 94 95",
     {1: buy(stop=2), 2: leave}, "2 buy 1 @ 100 entry | 3 sell 1 @ 95 signal", mirrored=True)
case("a queued exit in a gap beyond the target fills once, as signal", f"{QUIET} | {QUIET} | 105 106 104 105",
     {1: buy(target_1=2), 2: leave}, "2 buy 1 @ 100 entry | 3 sell 1 @ 105 signal", mirrored=True)

# ---- 4 parts of targets

case("parts are shares of the quantity at entry", f"{QUIET} | {QUIET} | 100 107 99 106",
     {1: buy(target_1=2, part_1=0.5, target_2=4, part_2=0.25, target_3=6, part_3=0.25)},
     "2 buy 4 @ 100 entry | 3 sell 2 @ 102 target-1 | 3 sell 1 @ 104 target-2 | 3 sell 1 @ 106 target-3", account=FOUR,
     mirrored=True)
case("parts are rounded down to the lot step", f"{QUIET} | {QUIET} | 100 107 99 106",
     {1: buy(target_1=2, part_1=0.5, target_2=4, part_2=0.5)},
     "2 buy 3 @ 100 entry | 3 sell 1 @ 102 target-1 | 3 sell 1 @ 104 target-2 | 3 sell 1 @ 106 window-end",
     account=THREE,
     lot_step=1, mirrored=True)
case("a part is never more than what is left", f"{QUIET} | {QUIET} | 100 107 99 106",
     {1: buy(target_1=2, part_1=0.75, target_2=4, part_2=0.75)},
     "2 buy 4 @ 100 entry | 3 sell 3 @ 102 target-1 | 3 sell 1 @ 104 target-2", account=FOUR, lot_step=1, mirrored=True)
case("a remainder below 1e-9 of the entry goes with the last part", f"{QUIET} | {QUIET} | 100 109 99 108",
     {1: buy(target_1=2, part_1=0.7, target_2=4, part_2=0.2, target_3=6, part_3=0.1)},
     "2 buy 1 @ 100 entry #1 | 3 sell 0.7 @ 102 target-1 | 3 sell 0.2 @ 104 target-2 | 3 sell 0.1 @ 106 target-3 #1",
     mirrored=True)
case("a part that rounds down to nothing is not placed", f"{QUIET} | {QUIET} | 100 107 99 106",
     {1: buy(target_1=2, part_1=0.5, target_2=4)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 104 target-2", lot_step=1,
     mirrored=True)
case("a part below the minimum notional is not placed", f"{QUIET} | {QUIET} | 100 107 99 106",
     {1: buy(target_1=2, part_1=0.25, target_2=4, part_2=0.75)},
     "2 buy 4 @ 100 entry | 3 sell 3 @ 104 target-2 | 3 sell 1 @ 106 window-end", account=FOUR, minimum_notional=150)
case("a target below the minimum notional that closes everything is placed", f"{QUIET} | {QUIET} | 100 101 94 95",
     {1: short(target_1=5)}, "2 sell 1 @ 100 entry | 3 buy 1 @ 95 target-1", minimum_notional=99)
case("hold(target) after a target that was not placed", f"{QUIET} | {QUIET} | 100 107 99 106",
     {1: buy(target_1=2, part_1=0.5), 2: hold(target=105)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 105 target-1", lot_step=1,
     mirrored=True)

# ---- 4 trailing, break-even, time, cooldown

case("a trailing stop computed on the close holds from the next bar", f"{QUIET} | 100 106 99 105 | 105 106 102 104",
     {1: buy(trail=2)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 103 trail", mirrored=True)
case("a trailing stop never loosens",
     f"{QUIET} | 100 106 99 105 | 105 105 103.5 103.6 | 104 104 103 104", {1: buy(trail=2)},
     "2 buy 1 @ 100 entry | 4 sell 1 @ 103 trail", mirrored=True)
case("a gap through the trailing stop fills at the open", f"{QUIET} | 100 106 99 105 | 101 102 100 101",
     {1: buy(trail=2)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 101 trail", mirrored=True)
case("a trailing stop on highs", f"{QUIET} | 100 106 99 105 | 105 105 103.5 104", {1: buy(trail=2, on_high=1)},
     "2 buy 1 @ 100 entry | 3 sell 1 @ 104 trail", mirrored=True)
case("a trailing stop on closes does not see the high", f"{QUIET} | 100 106 99 105 | 105 105 103.5 104",
     {1: buy(trail=2)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 104 window-end", mirrored=True)
case("best starts at the fill", f"{QUIET} | 100 101 97 98 | 98 99 97 98", {1: buy(trail=2)},
     "2 buy 1 @ 100 entry | 3 sell 1 @ 98 trail", mirrored=True)
case("trail_pct of a long", f"{QUIET} | 100 110 99 110 | 110 111 98 100", {1: buy(trail=1, trail_pct=0.1)},
     "2 buy 1 @ 100 entry | 3 sell 1 @ 98 trail")
case("trail_pct of a short", f"{QUIET} | 100 101 90 90 | 90 101 89 95", {1: short(trail=1, trail_pct=0.1)},
     "2 sell 1 @ 100 entry | 3 buy 1 @ 100 trail")
case("trailing starts once best is far enough, for good",
     f"{QUIET} | 100 105 99 104 | 104 104 98 100 | 100 106 99 105 | 105 105 104 104.5 | 104 105 103 104",
     {1: buy(trail=2, trail_after=5)}, "2 buy 1 @ 100 entry | 6 sell 1 @ 103 trail", mirrored=True)
case("trail_after_pct is a share of the fill",
     "100 101 99 100 | 200 212 199 209 | 209 210 200 205 | 205 220 205 210 | 210 211 207 208",
     {1: buy(trail=2, trail_after_pct=0.05)}, "2 buy 1 @ 200 entry | 5 sell 1 @ 208 trail")
case("a looser trailing level leaves the initial stop", f"{QUIET} | {QUIET} | 100 101 98 99",
     {1: buy(stop=1.5, trail=5)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 98.5 stop", mirrored=True)
case("break-even moves the stop to the fill", f"{QUIET} | 100 104 99 103 | 103 104 100 101",
     {1: buy(stop=5, even_after=3)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 100 break-even", mirrored=True)
case("break-even with an offset", f"{QUIET} | 100 104 99 103 | 103 104 100 101",
     {1: buy(stop=5, even_after=3, even_offset=1)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 101 break-even", mirrored=True)
case("break-even in shares of the fill", "100 101 99 100 | 200 207 199 206 | 206 207 201 203",
     {1: buy(even_after_pct=0.03, even_offset_pct=0.01)}, "2 buy 1 @ 200 entry | 3 sell 1 @ 202 break-even")
case("break-even in shares of the fill, of a short", "100 101 99 100 | 200 201 193 194 | 194 199 193 195",
     {1: short(even_after_pct=0.03, even_offset_pct=0.01)}, "2 sell 1 @ 200 entry | 3 buy 1 @ 198 break-even")
case("break-even looks at the close", f"{QUIET} | 100 104 99 102 | 102 103 99 101", {1: buy(even_after=3)},
     "2 buy 1 @ 100 entry | 3 sell 1 @ 101 window-end", mirrored=True)
case("break-even on highs", f"{QUIET} | 100 104 99 102 | 102 103 99 101", {1: buy(even_after=3, on_high=1)},
     "2 buy 1 @ 100 entry | 3 sell 1 @ 100 break-even", mirrored=True)
case("a tighter trailing level on the same close names the trail", f"{QUIET} | 100 104 99 103 | 103 104 100 101",
     {1: buy(even_after=3, trail=2)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 101 trail", mirrored=True)
case("an equal trailing level leaves break-even", f"{QUIET} | 100 104 99 103 | 103 104 100 101",
     {1: buy(even_after=3, trail=3)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 100 break-even", mirrored=True)
case("break-even below the present stop changes nothing", f"{QUIET} | {QUIET} | 100 105 100 104 | 104 105 101 102",
     {1: buy(even_after=4), 2: hold(stop=99), 3: hold(stop=102)}, "2 buy 1 @ 100 entry | 4 sell 1 @ 102 stop",
     mirrored=True)
case("time stop: decided on the close of the n-th bar after the entry bar",
     " | ".join([QUIET] * 4) + " | 102 103 101 102", {1: buy(time_stop=2)},
     "2 buy 1 @ 100 entry | 5 sell 1 @ 102 time", mirrored=True)
case("a due time stop ignores the intent of that close", " | ".join([QUIET] * 7),
     {1: buy(time_stop=1), 3: short(), 5: short()},
     "2 buy 1 @ 100 entry #1 | 4 sell 1 @ 100 time #1 | 6 sell 1 @ 100 entry #2 | 7 buy 1 @ 100 window-end #2",
     reverse=True, mirrored=True)
case("a stop before the time stop is a stop", f"{QUIET} | {QUIET} | 100 101 97 98 | {QUIET} | {QUIET}",
     {1: buy(time_stop=2, stop=2)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 98 stop", mirrored=True)
case("time stop counts the symbol's bars",
     {"A": f"{QUIET} | {QUIET} | - | {QUIET} | - | 103 104 102 103", "B": " | ".join([QUIET] * 6)},
     {"A": {1: buy(time_stop=1)}}, "2 A buy 1 @ 100 entry | 6 A sell 1 @ 103 time")
case("no cooldown: an entry on the bar of the stop", f"{QUIET} | {QUIET} | 100 101 97 98 | {QUIET}",
     {1: buy(stop=2), 3: buy()},
     "2 buy 1 @ 100 entry | 3 sell 1 @ 98 stop | 4 buy 1 @ 100 entry | 4 sell 1 @ 100 window-end",
     mirrored=True)
case("cooldown 2: an entry is decided from bar exit + 2 on",
     f"{QUIET} | {QUIET} | 100 101 97 98 | " + " | ".join([QUIET] * 3),
     {1: buy(stop=2), 3: buy(), 4: buy(), 5: buy()},
     "2 buy 1 @ 100 entry #1 | 3 sell 1 @ 98 stop | 6 buy 1 @ 100 entry #2 | 6 sell 1 @ 100 window-end", cooldown=2,
     mirrored=True)
