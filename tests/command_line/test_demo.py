"""`navale demo`: the main job on data that come along."""

from __future__ import annotations

import re

import pytest

from optimize.registry.store import Registry
from optimize.runs import list_runs, open_run
from optimize.storage import from_json


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_demo_runs_both_engines_and_judges(navale, folder):
    ran = navale("demo")
    assert ran.exit_code == 0, ran.stderr
    assert "engines: vector and event agree" in ran.stdout
    assert re.search(r"benchmark: (Beat|Did not beat) buy and hold of SPX", ran.stdout)
    assert "note: S&P 500 index" in ran.stdout
    path = folder / re.search(r"tearsheet: (\S+)", ran.stdout)[1]
    assert path.stat().st_size > 100_000
    run = open_run(path.parent)
    assert len(run.trades) > 10
    assert abs(run.account.cash + run.trades["pnl"].sum() - run.equity.iloc[-1]) < 1e-6, "money is conserved"
    assert int(re.search(r"sweep of ([\d,]+) parameter sets", ran.stdout)[1].replace(",", "")) >= 500
    _real_and_planted(ran.stdout, folder)


def _real_and_planted(told, folder):
    reports = [folder / path for path in re.findall(r"^report: (\S+)", told, re.MULTILINE)]
    real, planted = (from_json(path.parent / "manifest.json") for path in reports)
    assert all(path.stat().st_size > 100_000 for path in reports)
    for walk in (real, planted):
        assert [sum(fold["trials"].values()) for fold in walk["folds"]] == [100] * 4
    assert (real["data"]["synthetic"], planted["data"]["synthetic"]) == (False, True)
    gates = [from_json(path.parent / "gates.json") for path in reports]
    assert all(report["passed"] == all(gate["passed"] for gate in report["gates"]) for report in gates)
    failed = sum(not gate["passed"] for gate in gates[0]["gates"])
    assert failed and f"verdict: {failed} of {len(gates[0]['gates'])} gates are not passed" in told
    with Registry(folder / "walks" / "demo-registry.db") as registry:
        stages = {record.synthetic: registry.stage(record) for record in registry.records()}
    assert stages == {False: "research", True: "paper"}
    assert len(list_runs(folder / "runs")) == 1


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
