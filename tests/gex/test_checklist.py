"""The five points, each broken alone, and what follows from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from gex.chains_by_hand import good_run

from indicators.gex import checklist
from indicators.gex.checklist import five_points
from indicators.gex.sanity import check

GOOD = {
    "timestamp": "2025-08-29T15:30:00+00:00", "drawn": [6500.0, 6550.0, 6450.0, 6525.0], "pins": [6525.0],
    "spot": 6500.0, "gex_total": -2.3e12, "regime": "NEG", "score": 95, "status": "GO", "min_gap_pts": 20.0,
}  # fmt: skip


def broken(**change: object) -> tuple[list[int], str]:
    done = five_points(**GOOD | change)
    return [point.number for point in done.points if not point.passed], done.verdict


@pytest.mark.parametrize(
    ("change", "points", "verdict"),
    [
        ({}, [], "USE"),
        ({"timestamp": "2025-08-29T15:30:00Z"}, [], "USE"),
        ({"timestamp": datetime(2025, 8, 29, 15, tzinfo=UTC)}, [], "USE"),
        ({"timestamp": "2025-08-29T15:30:00"}, [1], "STOP"),
        ({"timestamp": "2025-08-29T15:30:00+02:00"}, [1], "STOP"),  # the string test of the original let it pass
        ({"timestamp": datetime(2025, 8, 29, 15, tzinfo=timezone(timedelta(hours=2)))}, [1], "STOP"),
        ({"timestamp": "yesterday"}, [1], "STOP"),
        ({"drawn": [6500.0, 6550.0, 6450.0, 6519.0]}, [2], "STOP"),
        ({"drawn": [6500.0, 6520.0]}, [], "USE"),
        ({"drawn": [6500.0], "pins": []}, [], "USE"),
        ({"drawn": [], "pins": []}, [], "USE"),
        ({"drawn": [6500.0, float("nan")]}, [2], "STOP"),
        ({"min_gap_pts": 60.0}, [2], "STOP"),
        ({"pins": [6525.0, 6550.0, 6450.0]}, [3], "CAUTION"),
        ({"pins": [6700.0]}, [3], "CAUTION"),
        ({"regime": "POS"}, [4], "CAUTION"),
        ({"regime": "NEUTRAL"}, [], "USE"),
        ({"regime": "MIXED"}, [], "USE"),
        ({"regime": "?"}, [4], "CAUTION"),
        ({"gex_total": 1.0, "regime": "POS"}, [], "USE"),
        ({"score": 59}, [5], "NO_GO"),
        ({"status": "NO_GO"}, [5], "NO_GO"),
        ({"status": "CAUTION", "score": 60}, [], "USE"),
        ({"status": "ERROR", "timestamp": "?", "regime": "?"}, [1, 4, 5], "NO_GO"),
    ],
)
def test_each_point_alone(change, points, verdict):
    assert broken(**change) == (points, verdict)


def test_levels_are_sorted_before_their_gaps_are_taken():
    """In the order of the slots 6550, 6450, 6545 are 100 and 95 apart; in order of price 5."""
    assert broken(drawn=[6550.0, 6450.0, 6545.0])[0] == [2]


def test_it_returns_and_does_not_assert():
    done = five_points(**GOOD)
    assert done.passed and len(done.points) == 5
    assert all(point.question and point.found for point in done.points)


def test_of_a_run():
    chain, analysis, levels = good_run()
    verdict = check(chain, analysis, levels, chain.asof)
    assert checklist.of(analysis, levels, verdict, chain.asof).verdict == "USE"
