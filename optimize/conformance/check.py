"""What a check is, how checks are run, and how results are compared."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Check:
    """One property of one declaration and whether it holds.

    detail: what was run, or what went wrong. exception: the class's declared reason (`verify_exceptions`) for failing
    this check; it then counts as passed, and is shown.
    """

    name: str
    subject: str
    passed: bool
    detail: str
    exception: str = ""


class CheckFailed(Exception):
    """A property does not hold; the text says where."""


Probe = Callable[[], str]


def perform(subject: str, exceptions: Mapping[str, str], probes: Mapping[str, Probe]) -> list[Check]:
    """Run every probe. It returns what it ran, or raises: CheckFailed or whatever the declaration itself raises.

    exceptions: name of a check to the reason why the declaration need not pass it. A name that is no check fails.
    """
    found: list[Check] = []
    told: dict[str, str] = {}
    for name, probe in probes.items():
        passed, detail = _outcome(probe)
        if not passed and told.setdefault(detail, name) != name:
            detail = f"the same as {told[detail]!r}"
        reason = exceptions.get(name, "")
        if reason and passed:
            detail += "; the declared exception is not needed"
        found.append(Check(name, subject, passed or bool(reason), detail, reason))
    for name in exceptions:
        if name not in probes:
            known = ", ".join(probes)
            found.append(Check(name, subject, False, f"verify_exceptions names {name!r}, which is no check: {known}"))
    return found


def _outcome(probe: Probe) -> tuple[bool, str]:
    try:
        return True, probe()
    except CheckFailed as failure:
        return False, str(failure)
    except Exception as error:  # noqa: BLE001 - whatever a user's kernel raises is a result, not our failure
        place = traceback.extract_tb(error.__traceback__)[-1]
        return False, f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})"


def require_same(found: Sequence[np.ndarray], expected: Sequence[np.ndarray], names: Sequence[str], what: str) -> None:
    """CheckFailed at the first bar where two lists of outputs differ by a bit (every NaN equals every other)."""
    for name, ours, theirs in zip(names, found, expected, strict=True):
        if ours.shape != theirs.shape:
            raise CheckFailed(f"{what}: {name!r} has shape {ours.shape}, not {theirs.shape}")
        same = (ours == theirs) & (np.signbit(ours) == np.signbit(theirs)) | (np.isnan(ours) & np.isnan(theirs))
        if not same.all():
            bar = int(np.argmin(same))
            raise CheckFailed(f"{what}: {name!r} on bar {bar} is {float(ours[bar])!r}, not {float(theirs[bar])!r}")
