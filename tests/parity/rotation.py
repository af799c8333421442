"""Which share of the long tests a run takes. It moves on every day, and everything has its turn.

NAVALE_PARITY_SEED: the day's number by default; the header of a test run prints it, and giving it repeats that run.
NAVALE_PARITY_SHARE: share of the tests marked `parity`, 1 by default (`make parity`), 0.1 in CI.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

Item = TypeVar("Item")
SCENES = 500
SCENES_OF_A_DAY = 40


def seed() -> int:
    """The same in every worker of a run: the first to ask writes the day down in the environment."""
    return int(os.environ.setdefault("NAVALE_PARITY_SEED", str(datetime.now(UTC).toordinal())))


def share() -> float:
    return float(os.environ.get("NAVALE_PARITY_SHARE", "1"))


def scenes_of_the_day() -> list[int]:
    """Seeds of random scenes; the next day goes on where this one stops."""
    first = seed() * SCENES_OF_A_DAY
    return [(first + k) % SCENES for k in range(SCENES_OF_A_DAY)]


def chosen(items: Sequence[Item]) -> list[Item]:
    """The day's share, in order. With a tenth, the ten days of a seed that is a multiple of ten take each item once."""
    turns = max(1, round(1 / share()))
    order = list(range(len(items)))
    random.Random(seed() // turns).shuffle(order)
    return [items[k] for k in sorted(order[seed() % turns :: turns])]
