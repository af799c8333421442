"""Do two engines agree? Row by row over the ledger, value by value over the equity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.errors import ParityError

if TYPE_CHECKING:
    from optimize.run import Run

EXACT = ("time", "symbol", "side", "order_id", "reason")
FILLS = {"quantity": 1e-9, "price": 1e-9, "position_after": 1e-9}  # relative
MONEY = 1e-6  # money units


@dataclass(frozen=True)
class Parity:
    """Verdict on two runs of one strategy. difference: the first one found, "" when there is none."""

    engines: tuple[str, str]
    rows: int
    stamps: int
    difference: str

    @property
    def same(self) -> bool:
        """True when ledgers and equity agree."""
        return not self.difference

    def __str__(self) -> str:
        first, second = self.engines
        if self.same:
            return f"{first} and {second} agree: {self.rows:,} ledger rows, {self.stamps:,} equity values"
        return f"{first} and {second} differ: {self.difference}"

    def require(self) -> None:
        """ParityError with the first difference, if there is one."""
        if not self.same:
            raise ParityError(str(self))


def parity(first: Run, second: Run) -> Parity:
    """Compare two runs: prices and quantities to 1e-9 of their size, money to 1e-6, everything else exactly."""
    difference = _ledgers(first, second) or _equity(first, second)
    if not difference and first.ruined != second.ruined:
        difference = f"ruined is {first.ruined} ({first.engine}) and {second.ruined} ({second.engine})"
    return Parity((first.engine, second.engine), len(first.ledger), len(first.equity), difference)


def _ledgers(first: Run, second: Run) -> str:
    one, two = first.ledger, second.ledger
    for row in range(min(len(one), len(two))):
        for column in one.columns:
            left, right = one[column].iloc[row], two[column].iloc[row]
            if not _same(str(column), left, right):
                return (f"ledger row {row + 1}, {column}: {left} ({first.engine}) and {right} ({second.engine}); "
                        f"the row is {_row(one, row)}")  # fmt: skip
    if len(one) != len(two):
        longer = first if len(one) > len(two) else second
        return (f"ledger of {len(one)} rows ({first.engine}) and {len(two)} ({second.engine}); first row too many: "
                f"{_row(longer.ledger, min(len(one), len(two)))}")  # fmt: skip
    return ""


def _same(column: str, left: Any, right: Any) -> bool:
    if column in EXACT:
        return bool(left == right)
    if column == "fee":
        return bool(abs(left - right) <= MONEY)
    return math.isclose(left, right, rel_tol=FILLS.get(column, 0.0), abs_tol=1e-12)


def _row(ledger: Any, row: int) -> str:
    return " ".join(str(value) for value in ledger.iloc[row])


def _equity(first: Run, second: Run) -> str:
    if not first.equity.index.equals(second.equity.index):
        return f"equity at {len(first.equity)} stamps ({first.engine}) and {len(second.equity)} ({second.engine})"
    left, right = first.equity.to_numpy(), second.equity.to_numpy()
    wrong = ~np.isclose(left, right, rtol=1e-12, atol=MONEY)
    if not wrong.any():
        return ""
    at = int(np.argmax(wrong))
    return f"equity at {first.equity.index[at]}: {left[at]!r} ({first.engine}) and {right[at]!r} ({second.engine})"
