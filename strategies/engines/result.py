"""What an engine hands back: the ledger rows and the levels of a window, still as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from strategies.engines.window import Window


@dataclass(frozen=True)
class Result:
    """rows: ledger records (records.LEDGER) in the order they happened. account: the account record at the end.

    levels: one array per symbol, shape (bars, 5), stop and targets in force after each bar; or None.
    """

    window: Window
    rows: np.ndarray
    account: np.ndarray
    book: np.ndarray
    levels: list[np.ndarray] | None
    memory: np.ndarray

    @property
    def ruined(self) -> bool:
        """True when equity fell to zero or below."""
        return bool(self.account[0]["ruined"])
