"""`navale demo`: the main job on data that come along."""

from __future__ import annotations

import re
import time

import pytest

from optimize.runs import open_run


@pytest.mark.slow
def test_the_demo_runs_both_engines_and_judges(navale, folder):
    begun = time.perf_counter()
    ran = navale("demo")
    assert ran.exit_code == 0, ran.stderr
    assert time.perf_counter() - begun < 300, "compilation included"
    assert "engines: vector and event agree" in ran.stdout
    assert re.search(r"benchmark: (Beat|Did not beat) buy and hold of SPX", ran.stdout)
    assert "note: S&P 500 index" in ran.stdout
    path = folder / re.search(r"tearsheet: (\S+)", ran.stdout)[1]
    assert path.stat().st_size > 100_000
    run = open_run(path.parent)
    assert len(run.trades) > 10
    assert abs(run.account.cash + run.trades["pnl"].sum() - run.equity.iloc[-1]) < 1e-6, "money is conserved"


def test_the_demo_fails_when_the_engines_differ(navale, folder, monkeypatch):
    from strategies.engines import event

    right = event.run

    def wrong(*given, **more):
        result = right(*given, **more)
        result.rows["quantity"][0] += 1e-3
        return result

    monkeypatch.setattr(event, "run", wrong)
    failed = navale("demo")
    assert failed.exit_code == 1
    assert failed.stderr.startswith("error: vector and event differ: ledger row 1, quantity")
