"""Hand-worked candle tables for every rule of docs/execution.md, as data that any engine can run.

CASES: all cases. Run `case.scene` on an engine and look at `compare(rows, case, last_equity)`: empty means equal.
Notation: parity/notation.py.
"""

from __future__ import annotations

from parity import (  # noqa: F401  each adds its cases
    candle_tables_entries,
    candle_tables_exits,
    candle_tables_intents,
    candle_tables_money,
)
from parity.notation import CASES, Case, compare

__all__ = ["CASES", "Case", "compare"]
