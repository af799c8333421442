"""Hand-worked cases: time, windows, intents and their arguments. Notation: parity/notation.py."""

from __future__ import annotations

from dataclasses import replace

from parity.notation import PLAIN, Sizing, buy, case, hold, leave, short

# fmt: off

QUIET = "100 101 99 100"

# ---- 1 time, 7 windows

case("a market order fills at the next open", "100 101 99 100 | 102 103 101 102 | 103 104 102 104",
     {1: buy()}, "2 buy 1 @ 102 entry #1 | 3 sell 1 @ 104 window-end #1", mirrored=True, equity=10_002)
case("the intent of the last bar never fills", f"{QUIET} | {QUIET}", {2: buy()}, "", mirrored=True, equity=10_000)
case("an order waits for the symbol's next bar",
     {"A": f"{QUIET} | - | 105 106 104 105 | {QUIET}", "B": " | ".join([QUIET] * 4)},
     {"A": {1: buy()}}, "3 A buy 1 @ 105 entry | 4 A sell 1 @ 100 window-end")
case("a queued exit waits for the symbol's next bar",
     {"A": f"{QUIET} | {QUIET} | - | 107 108 106 107 | {QUIET}", "B": " | ".join([QUIET] * 5)},
     {"A": {1: buy(), 2: leave}}, "2 A buy 1 @ 100 entry | 4 A sell 1 @ 107 signal")
case("a symbol that ends early is closed at its own last close when the window ends",
     {"A": f"{QUIET} | {QUIET} | 100 105 100 104 | - | -", "B": " | ".join([QUIET] * 5)},
     {"A": {1: buy(), 3: leave}}, "2 A buy 1 @ 100 entry | 5 A sell 1 @ 104 window-end", equity=10_004)
case("a position is marked at its last close while its symbol has no bar",
     {"A": f"{QUIET} | 100 110 100 110 | - | -", "B": " | ".join([QUIET] * 4)},
     {"A": {1: buy()}, "B": {3: buy()}},
     "2 A buy 10 @ 100 entry | 4 B buy 10.1 @ 100 entry"
     " | 4 A sell 10 @ 110 window-end | 4 B sell 10.1 @ 100 window-end",
     account=replace(PLAIN, sizing=Sizing.fraction(0.1)), equity=10_100)

# ---- 2 intents: hold, leave, enter, reversal

case("leave sells at the next open", f"{QUIET} | {QUIET} | {QUIET} | 104 105 103 104 | {QUIET}",
     {1: buy(), 3: leave}, "2 buy 1 @ 100 entry #1 | 4 sell 1 @ 104 signal #1", mirrored=True)
case("leave cancels an unfilled entry", f"{QUIET} | {QUIET} | 100 101 94 95 | 95 96 94 95",
     {1: buy(at_limit=95), 2: leave}, "", mirrored=True)
case("hold keeps an unfilled entry", f"{QUIET} | {QUIET} | 100 101 94 95 | 95 96 94 95",
     {1: buy(at_limit=96), 2: hold(stop=90, target=120)}, "3 buy 1 @ 96 entry | 4 sell 1 @ 95 window-end",
     mirrored=True)
case("a new entry replaces an unfilled one", f"{QUIET} | {QUIET} | 100 101 94 95 | 95 96 90 92",
     {1: buy(at_limit=95), 2: buy(at_limit=91)}, "4 buy 1 @ 91 entry #2 | 4 sell 1 @ 92 window-end #2", mirrored=True)
case("an opposite entry replaces an unfilled one", f"{QUIET} | {QUIET} | 100 101 94 95 | 95 106 90 92",
     {1: buy(at_limit=95), 2: short(at_limit=105)}, "4 sell 1 @ 105 entry #2 | 4 buy 1 @ 92 window-end #2")
case("a rejected entry replaces an unfilled one too", f"{QUIET} | {QUIET} | 100 101 94 95",
     {1: buy(at_limit=95), 2: buy(stop=-1)}, "2 buy 0 @ 100 rejected-level #2", mirrored=True)
case("entering again on the same side is hold", f"{QUIET} | {QUIET} | {QUIET} | {QUIET} | 100 101 97 99 | {QUIET}",
     {1: buy(stop=2), 3: buy(stop=50), 5: buy()},
     "2 buy 1 @ 100 entry #1 | 5 sell 1 @ 98 stop #1 | 6 buy 1 @ 100 entry #2 | 6 sell 1 @ 100 window-end #2",
     mirrored=True)
case("an opposite entry in a position is rejected", f"{QUIET} | {QUIET} | 100 102 99 101 | {QUIET}",
     {1: buy(), 3: short()},
     "2 buy 1 @ 100 entry #1 | 3 sell 0 @ 101 rejected-position #2 | 4 sell 1 @ 100 window-end #1", mirrored=True)
case("a reversal exits and enters at the same open", f"{QUIET} | {QUIET} | 100 102 99 101 | 103 104 102 103",
     {1: buy(), 3: short()},
     "2 buy 1 @ 100 entry #1 | 4 sell 1 @ 103 signal #1 | 4 sell 1 @ 103 entry #2 | 4 buy 1 @ 103 window-end #2",
     reverse=True, mirrored=True)
case("a reversal must be a market order, and still exits", f"{QUIET} | {QUIET} | {QUIET} | 103 104 102 103",
     {1: buy(), 3: short(at_limit=102)},
     "2 buy 1 @ 100 entry #1 | 3 sell 0 @ 100 rejected-level #2 | 4 sell 1 @ 103 signal #1", reverse=True,
     mirrored=True)
case("a reversal in a gap beyond the stop: exit as signal, then the entry",
     f"{QUIET} | {QUIET} | {QUIET} | 95 96 94 95", {1: buy(stop=2), 3: short()},
     "2 buy 1 @ 100 entry | 4 sell 1 @ 95 signal | 4 sell 1 @ 95 entry | 4 buy 1 @ 95 window-end", reverse=True,
     mirrored=True)
case("hold(stop) tightens", f"{QUIET} | {QUIET} | {QUIET} | 100 101 99 100", {1: buy(stop=5), 2: hold(stop=99.5)},
     "2 buy 1 @ 100 entry | 3 sell 1 @ 99.5 stop", mirrored=True)
case("a looser hold(stop) is ignored", f"{QUIET} | {QUIET} | 100 101 97.5 99", {1: buy(stop=2), 2: hold(stop=97)},
     "2 buy 1 @ 100 entry | 3 sell 1 @ 98 stop", mirrored=True)
case("hold(stop) protects a position that had no stop", f"{QUIET} | {QUIET} | 100 101 96 99",
     {1: buy(), 2: hold(stop=97)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 97 stop", mirrored=True)
case("hold(stop) beyond the price fills at the next open", f"{QUIET} | {QUIET} | 101 104 100 103",
     {1: buy(), 2: hold(stop=102)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 101 stop", mirrored=True)
case("hold(stop) over a trailing stop names the stop", f"{QUIET} | 100 106 99 105 | 105 106 103.5 105",
     {1: buy(trail=2), 2: hold(stop=104)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 104 stop", mirrored=True)
case("hold(target) moves the nearest target, which keeps its number and part",
     f"{QUIET} | {QUIET} | 100 104 99 103 | 103 109 103 109", {1: buy(target_1=5, part_1=0.5, target_2=8),
     2: hold(target=103)},
     "2 buy 2 @ 100 entry | 3 sell 1 @ 103 target-1 | 4 sell 1 @ 108 target-2",
     account=replace(PLAIN, sizing=Sizing.lots(2)), mirrored=True)
case("a target moved behind another is no longer the nearest",
     f"{QUIET} | {QUIET} | {QUIET} | 100 104 99 103 | 103 111 103 110",
     {1: buy(target_1=5, target_2=8, part_2=0.5), 2: hold(target=110), 3: hold(target=104)},
     "2 buy 2 @ 100 entry | 4 sell 1 @ 104 target-2 | 5 sell 1 @ 110 target-1",
     account=replace(PLAIN, sizing=Sizing.lots(2)), mirrored=True)
case("hold(target) without a target places target 1 for everything", f"{QUIET} | {QUIET} | 100 104 99 103",
     {1: buy(), 2: hold(target=103)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 103 target-1", mirrored=True)
case("hold(target) after the last target places target 1 for everything left",
     f"{QUIET} | 100 102 99 101 | {QUIET} | 100 104 99 103", {1: buy(target_2=2, part_2=0.25), 3: hold(target=103)},
     "2 buy 4 @ 100 entry | 2 sell 1 @ 102 target-2 | 4 sell 3 @ 103 target-1",
     account=replace(PLAIN, sizing=Sizing.lots(4)), mirrored=True)
case("a moved target that the next open is beyond fills at that open", f"{QUIET} | {QUIET} | 100 101 99 100",
     {1: buy(target_1=5), 2: hold(target=98)}, "2 buy 1 @ 100 entry | 3 sell 1 @ 100 target-1", mirrored=True)
case("levels given while flat are not remembered", f"{QUIET} | {QUIET} | 100 104 90 95 | 95 110 90 95",
     {1: hold(stop=99, target=101), 2: buy()}, "3 buy 1 @ 100 entry | 4 sell 1 @ 95 window-end", mirrored=True)

# ---- 2 arguments

case("a NaN argument rejects the entry", f"{QUIET} | {QUIET}", {1: buy(target_3=float("nan"))},
     "1 buy 0 @ 100 rejected-level", mirrored=True)
case("an infinite argument rejects the entry", f"{QUIET} | {QUIET}", {1: buy(trail_pct=float("inf"))},
     "1 buy 0 @ 100 rejected-level", mirrored=True)
case("a negative argument rejects the entry", f"{QUIET} | {QUIET}", {1: buy(even_offset=-1)},
     "1 buy 0 @ 100 rejected-level", mirrored=True)
case("a rejected entry uses up a number", f"{QUIET} | {QUIET} | {QUIET}", {1: buy(stop=-1), 2: buy()},
     "1 buy 0 @ 100 rejected-level #1 | 3 buy 1 @ 100 entry #2 | 3 sell 1 @ 100 window-end #2", mirrored=True)
