"""A verdict on levels: checks with their values and penalties, and the score and status that follow from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from feeds.errors import NavaleError

FATAL, ERROR, WARNING = "fatal", "error", "warning"
GO, CAUTION, NO_GO, FAILED = "GO", "CAUTION", "NO_GO", "ERROR"
GO_FROM, CAUTION_FROM = 80, 60


@dataclass(frozen=True)
class Check:
    """One rule applied. value against limit, both in the unit that `message` names; None where nothing was known.

    severity: fatal (NO_GO whatever the score; costs no points), error or warning. penalty: points it costs if failed.
    """

    code: str
    severity: str
    passed: bool
    value: float | str | None
    limit: float | str | None
    penalty: int
    message: str
    recommendation: str = ""


@dataclass(frozen=True)
class Sanity:
    """The verdict: score = 100 - penalties of the failed checks, within 0 and 100.

    status: NO_GO when a fatal check failed or the score is below 60, CAUTION below 80, else GO; ERROR when the levels
    could not be computed at all.
    """

    status: str
    score: int
    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed, the gravest first."""
        order = (FATAL, ERROR, WARNING)
        return tuple(sorted((one for one in self.checks if not one.passed), key=lambda one: order.index(one.severity)))

    @property
    def errors(self) -> tuple[str, ...]:
        """Codes of failed checks that are fatal or errors."""
        return tuple(one.code for one in self.failed if one.severity != WARNING)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Codes of failed checks that are warnings."""
        return tuple(one.code for one in self.failed if one.severity == WARNING)

    @property
    def fatal(self) -> tuple[str, ...]:
        """Codes of the failed checks that forbid use whatever the score."""
        return tuple(one.code for one in self.failed if one.severity == FATAL)

    @property
    def recommendations(self) -> tuple[str, ...]:
        """What to do about the failed checks."""
        return tuple(one.recommendation for one in self.failed if one.recommendation)


def judge(checks: Iterable[Check]) -> Sanity:
    """The verdict over checks."""
    done = tuple(checks)
    cost = sum(one.penalty for one in done if not one.passed)
    score = max(0, min(100, 100 - cost))
    if any(one.severity == FATAL and not one.passed for one in done) or score < CAUTION_FROM:
        return Sanity(NO_GO, score, done)
    return Sanity(GO if score >= GO_FROM else CAUTION, score, done)


def could_not(error: NavaleError) -> Sanity:
    """The verdict when an error of ours ended the computation: status ERROR, score 0."""
    check = Check("COMPUTATION_FAILED", FATAL, False, None, None, 0, str(error), "see the message")
    return Sanity(FAILED, 0, (check,))
