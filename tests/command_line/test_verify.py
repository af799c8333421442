"""`navale verify` passes what `navale new` writes, and fails, with exit code 1, what breaks a promise."""

from __future__ import annotations

import json

CHEAT = '''from math import nan

from indicators import Indicator, Int
from indicators.base import kernel


class LateStart(Indicator):
    """Says that it is ready on its first bar, and is not before the fifth."""

    outputs, state = ("late",), ("count",)
    warmup = 1

    @kernel
    def step(close, count):
        count = 1.0 if count != count else count + 1.0
        return close[-1] if count >= 5.0 else nan, count
'''


def test_what_new_writes_passes(navale, folder):
    navale("new", "strategy", "Swing")
    navale("new", "indicator", "MidPoint")
    checked = navale("verify", "swing.py:Swing", "mid_point.py:MidPoint", "--json")
    assert checked.exit_code == 0, checked.output
    found = json.loads(checked.stdout)
    assert found["classes"] == 2
    assert found["checks"] >= 20
    assert found["failed"] == 0 == len(found["failures"])


def test_a_broken_promise_fails(navale, folder):
    (folder / "late.py").write_text(CHEAT)
    checked = navale("verify", "late.py")
    assert checked.exit_code == 1
    assert "FAILED: LateStart" in checked.stdout
    assert "1 classes" in checked.stdout
    found = json.loads(navale("verify", "late.py", "--json").stdout)
    assert found["failed"] == len(found["failures"]) > 0
    assert all(set(item) == {"subject", "check", "detail"} for item in found["failures"])


def test_without_names_everything_that_comes_along_is_checked(navale, monkeypatch):
    from optimize import conformance
    from strategies.discovery import built_in

    seen = []

    def verify(classes, progress=None):
        seen.extend(classes)
        return conformance.report.Report(len(classes), ())

    monkeypatch.setattr(conformance, "verify", verify, raising=False)
    assert navale("verify").exit_code == 0
    assert set(seen) == {*built_in("strategy").values(), *built_in("indicator").values()}
