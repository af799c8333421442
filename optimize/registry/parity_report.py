"""Does a candidate do the same in both engines, on its own bars, without reading what it may not?"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from feeds.errors import NavaleError
from optimize.registry.kernel_hash import kernel_hash
from optimize.registry.record import stamp

if TYPE_CHECKING:
    from feeds.bars import Bars
    from strategies.base import Strategy
    from strategies.execution.account import Account

LEAST_FILLS = 30
EXACTBARS = 50_000  # bars up to which backtrader's slowest mode is run too


@dataclass(frozen=True)
class ParityReport:
    """kernel_hash: of the kernels that ran. fingerprints: of the bars, by symbol. fills: compared in each of
    `compared`. differences: one line each, empty when there is none. at: UTC."""

    kernel_hash: str
    fingerprints: Mapping[str, str]
    fills: int
    compared: tuple[str, ...]
    differences: tuple[str, ...]
    at: str

    @property
    def green(self) -> bool:
        """True when nothing differs and there was enough to compare."""
        return not self.differences and self.fills >= LEAST_FILLS

    def __str__(self) -> str:
        if self.differences:
            more = f" and {len(self.differences) - 1} more" if len(self.differences) > 1 else ""
            return f"{self.differences[0]}{more}"
        few = f"; {LEAST_FILLS} are needed" if self.fills < LEAST_FILLS else ""
        return f"{self.fills} fills alike in {', '.join(self.compared)}{few}"

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the verdict."""
        return {**asdict(self), "green": self.green}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> ParityReport:
        """What `to_json` wrote."""
        lists = {name: tuple(told[name]) for name in ("compared", "differences")}
        return cls(**{name: value for name, value in told.items() if name != "green"} | lists)


def parity_report(
    strategy: Strategy, bars: Mapping[str, Bars], account: Account, now: datetime.datetime
) -> ParityReport:
    """Run `strategy` in every engine and mode, with bounds checks, and with the future cut off, NaN and noise.

    Whatever differs or is raised becomes a difference; nothing is raised for what the strategy does.
    """
    from optimize.backtest import backtest
    from optimize.conformance import strategy_checks as checks
    from optimize.conformance.check import CheckFailed, perform
    from optimize.conformance.strategy_subject import StrategySubject
    from optimize.parity import parity

    own = dict(bars)
    fingerprints = {symbol: one.fingerprint for symbol, one in own.items()}
    try:
        reference = backtest(strategy, own, "vector", account=account)
    except NavaleError as error:
        return ParityReport(kernel_hash(strategy), fingerprints, 0, (), (f"vector: {error}",), stamp(now))
    subject = StrategySubject(strategy, own, account=account)

    def same(mode: str) -> str:
        found = parity(reference, backtest(strategy, own, "event", account=account, mode=mode))
        if not found.same:
            raise CheckFailed(found.difference)
        return str(found)

    cheap = len(own) == 1 and sum(map(len, own.values())) <= EXACTBARS
    probes = {f"backtrader {mode}": partial(same, mode) for mode in ("runonce", "next", *["exactbars"] * cheap)}
    probes |= {
        "bounds checks": partial(checks.bounds_checked, subject),
        "another future": partial(checks.causal, subject),
        "joined columns": partial(checks.joined_columns, subject),
    }
    found = perform(type(strategy).__name__, {}, probes)
    return ParityReport(
        kernel_hash(strategy),
        fingerprints,
        len(reference.fills),
        tuple(probes),
        tuple(f"{check.name}: {check.detail}" for check in found if not check.passed),
        stamp(now),
    )
