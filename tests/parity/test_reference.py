"""The third opinion: hand-worked tables, what the random scenes reach, and what no ledger may ever violate."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

import pytest
from parity.candle_tables import CASES, Case, compare
from parity.random_scenes import coverage, random_scene
from parity.reference import Book, Numbers, Reference, Trade
from parity.scene import Row, Scene

SEEDS = range(1_000, 1_040)
EXITS = ("signal", "stop", "trail", "break-even", "time", "liquidation", "ruin", "window-end")
TARGETS = tuple(f"target-{k}" for k in (1, 2, 3, 4))
REJECTIONS = ("position", "level", "size", "short", "slots", "correlation", "exposure", "cash")
KINDS = ("market entry", "stop entry", "limit entry", "stop-limit entry", "reversal")
REACHED = (*EXITS, *TARGETS, *(f"rejected-{word}" for word in REJECTIONS), *KINDS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_reference_agrees_with_the_hand_worked_table(case: Case) -> None:
    rows, equity = Reference(case.scene).run()
    assert not compare(rows, case, equity[-1])


def test_the_tables_trade() -> None:
    assert len(CASES) >= 150
    assert len({case.name for case in CASES}) == len(CASES)
    assert sum(bool(case.expected) for case in CASES) > 0.9 * len(CASES)
    reasons = {row.reason for case in CASES for row in case.expected}
    assert reasons >= {reason for reason in REACHED if "entry" not in reason and reason != "reversal"}


def test_compare_shows_a_wrong_row() -> None:
    case = next(case for case in CASES if case.expected)
    rows, _ = Reference(case.scene).run()
    assert "want" in compare([replace(rows[0], price=rows[0].price + 1e-6), *rows[1:]], case)
    assert "want" in compare(rows[:-1], case)
    assert "add up" in compare([replace(rows[0], position_after=7.0), *rows[1:]], case)


def test_random_scenes_reach_every_rule() -> None:
    seen = coverage(range(60))
    assert not {name: seen[name] for name in REACHED if seen[name] < 5}


@pytest.mark.slow
def test_random_scenes_reach_every_rule_a_hundred_times() -> None:
    seen = coverage(range(500))
    assert not {name: seen[name] for name in REACHED if seen[name] < 100}


def signed(row: Row) -> float:
    if row.reason.startswith("rejected"):
        return 0.0
    return row.quantity if row.side == "buy" else -row.quantity


@pytest.mark.parametrize("seed", SEEDS)
def test_fills_add_up_to_the_position(seed: int) -> None:
    rows, _ = Reference(random_scene(seed)).run()
    position: dict[str, float] = defaultdict(float)
    for row in rows:
        position[row.symbol] += signed(row)
        assert position[row.symbol] == pytest.approx(row.position_after, abs=1e-9, rel=1e-9), row
    assert rows and all(row.position_after == 0 for row in {row.symbol: row for row in rows}.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_equity_is_cash_and_positions_at_their_last_close(seed: int) -> None:
    scene = random_scene(seed)
    rows, equity = Reference(scene).run()
    stamps = sorted(set().union(*(frame.index for frame in scene.bars.values())))
    assert len(equity) == len(stamps)
    ruined = False
    for stamp, value in zip(stamps, equity, strict=True):
        worth = scene.account.cash
        for symbol, frame in scene.bars.items():
            mine = [r for r in rows if r.symbol == symbol and r.time <= stamp and signed(r)]
            closing = ("ruin",) if stamp == stamps[-1] else ("ruin", "window-end")
            mine = [r for r in mine if r.reason not in closing]
            close = frame["close"][:stamp].iloc[-1] if mine else 0.0
            multiplier = scene.instruments[symbol].multiplier
            worth += sum(signed(r) * (close - r.price) * multiplier - r.fee for r in mine)
        ruined = ruined or worth <= 0
        assert value == pytest.approx(0 if ruined else worth, abs=1e-6, rel=1e-9), stamp


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_tell_round_trips_in_order(seed: int) -> None:
    scene = random_scene(seed)
    rows, _ = Reference(scene).run()
    assert [row.time for row in rows] == sorted(row.time for row in rows)
    asked = [row.order_id for row in rows if row.reason == "entry" or row.reason.startswith("rejected")]
    assert len(asked) == len(set(asked)) and min(asked) >= 1
    open_order: dict[str, int] = {}
    for row in rows:
        if row.reason.startswith("rejected"):
            assert row.fee == 0 and row.quantity >= 0, row
            continue
        assert row.quantity > 0, row
        if row.reason == "entry":
            assert row.symbol not in open_order, f"entered while in a position: {row}"
            assert scene.account.kind == "margin" or row.side == "buy", row
            open_order[row.symbol] = row.order_id
        assert open_order[row.symbol] == row.order_id, row
        if row.position_after == 0:
            del open_order[row.symbol]
    limit = scene.account.max_positions
    held: set[str] = set()
    for row in rows:
        (held.add if row.position_after else held.discard)(row.symbol)
        assert not limit or len(held) <= limit, row


@pytest.mark.parametrize("seed", SEEDS)
def test_the_past_does_not_depend_on_the_future(seed: int) -> None:
    """A scene cut at any stamp has the same rows up to there, but for the closing of the window."""
    scene = random_scene(seed)
    rows, equity = Reference(scene).run()
    stamps = sorted(set().union(*(frame.index for frame in scene.bars.values())))
    for cut in (len(stamps) // 3, len(stamps) - 2):
        last = stamps[cut]
        frames = {symbol: frame[:last] for symbol, frame in scene.bars.items()}
        names = [symbol for symbol, frame in frames.items() if len(frame)]
        early = replace(
            scene,
            bars={symbol: frames[symbol] for symbol in names},
            script={symbol: scene.script[symbol][:last] for symbol in names},
        )
        past, worth = Reference(early).run()
        assert [r for r in past if r.reason != "window-end"] == [
            r for r in rows if r.time <= last and r.reason != "window-end"
        ]
        assert worth[:-1] == equity[:cut]


class StopsOnly(Reference):
    """Checks after every decision that the stop of a position has not loosened."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.levels: dict[int, float] = {}
        self.moved = 0

    def decide(self, book: Book, held: Trade | None, bar: Numbers) -> None:
        super().decide(book, held, bar)
        held = book.held
        if held is None or math.isnan(held.stop):
            return
        before = self.levels.setdefault(held.number, held.stop)
        assert held.side * (held.stop - before) >= 0, (
            f"{book.symbol} {self.now}: stop went from {before} to {held.stop}"
        )
        self.moved += held.stop != before
        self.levels[held.number] = held.stop


def test_a_stop_never_loosens() -> None:
    watched = [StopsOnly(random_scene(seed)) for seed in SEEDS]
    for one in watched:
        one.run()
    assert sum(one.moved for one in watched) > 20, "38 at the least, whatever the day"
