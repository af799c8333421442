"""`navale backtest`: from words to runs, in both engines, with every setting shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from repository.tree import ROOT

from feeds import load
from optimize.backtest import backtest
from optimize.runs import list_runs, open_run
from strategies import Account, Costs, Sizing
from strategies.discovery import find


def told(result):
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_the_run_is_that_of_the_api(navale, tiny, hours):
    words = ("-p", "back=3", "--cash", 5000, "--fee", 0.002, "--slippage-bps", 0, "--sizing", "notional=1000")
    found = told(navale("backtest", tiny, "--data", hours, *words, "--json"))
    account = Account(cash=5000.0, costs=Costs(fee=0.002, slippage_bps=0.0), sizing=Sizing.notional(1000.0))
    run = backtest(find(tiny)(back=3), load(hours), account=account)
    saved = open_run(found["saved"][0])
    pd.testing.assert_frame_equal(saved.ledger, run.ledger)
    assert saved.account == account
    assert found["strategy"] == "Tiny(back=3, least=0.0)"
    assert found["fills"] == len(run.fills) > 4
    assert found["final_equity"] == run.equity.iloc[-1]
    assert found["parameters"] == {"back": 3, "least": 0.0}
    assert found["account"]["costs"]["fee"] == 0.002


def test_both_engines_are_compared_and_agree(navale, tiny, hours):
    ran = navale("backtest", tiny, "--data", hours, "--engine", "both")
    assert ran.exit_code == 0
    assert "engines: vector and event agree" in ran.stdout
    found = told(navale("backtest", tiny, "--data", hours, "--engine", "both", "--no-save", "--json"))
    assert found["engine"] == "both"
    assert found["parity"]["same"] is True
    assert found["parity"]["rows"] == found["fills"] + found["rejections"] > 4


def test_a_difference_between_engines_is_shown_and_exits_1(navale, tiny, hours, monkeypatch):
    from strategies.engines import event

    right = event.run

    def wrong(*given, **more):
        result = right(*given, **more)
        result.rows["price"][2] *= 1.0 + 1e-6
        return result

    monkeypatch.setattr(event, "run", wrong)
    failed = navale("backtest", tiny, "--data", hours, "--engine", "both")
    assert failed.exit_code == 1
    assert failed.stderr.startswith("error: vector and event differ: ledger row 3, price: ")
    assert failed.stderr.count("\n") == 1
    assert sorted(list_runs()["engine"]) == ["event", "vector"], "both are kept as evidence"
    ran = navale("backtest", tiny, "--data", hours, "--engine", "both", "--no-save", "--json")
    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["parity"]["same"] is False
    assert json.loads(ran.stdout)["parity"]["difference"].startswith("ledger row 3, price: ")


def test_notes_and_settings_are_printed_by_every_run(navale, tiny, folder):
    rows = ["time,open,high,low,close"]
    rows += [f"2024-01-01 {hour:02}:00,{price},{price + 1},{price - 1},{price}" for hour, price in
             enumerate([100, 101, 102, 103, 102, 101, 100, 101, 102, 103, 104]) if hour != 5]  # fmt: skip
    rows.insert(6, "2024-01-01 05:00,,,,")
    (folder / "holes.csv").write_text("\n".join(rows) + "\n")
    words = ("backtest", tiny, "--data", "holes.csv", "--tz", "UTC", "--repair", "drop", "--sizing", "lots=2")
    shown = navale(*words)
    assert shown.exit_code == 0, shown.stderr
    for piece in ("Tiny(back=2, least=0.0)", "dropped 1 rows", "1 gap", "open", "lots 2", "fee 0.1", "10,000.00 USD"):
        assert piece in shown.stdout
    notes = told(navale(*words, "--json"))["data"]["holes"]["notes"]
    assert any("dropped 1 rows" in note for note in notes)
    assert any("1 gap" in note for note in notes)


def test_a_profile_gives_parameters_timeframe_and_account_and_words_win(navale, tiny, hours):
    found = told(navale("backtest", tiny, "--data", hours, "--profile", "slow", "--json"))
    assert found["parameters"]["back"] == 4
    assert found["data"]["zigzag"]["timeframe"] == "2h"
    assert found["profile"] == "slow"
    words = ("--profile", "slow", "-p", "back=1", "--timeframe", "1h", "--cash", 700)
    found = told(navale("backtest", tiny, "--data", hours, *words, "--json"))
    assert found["parameters"]["back"] == 1
    assert found["data"]["zigzag"]["timeframe"] == "1h"
    assert found["account"]["cash"] == 700.0


def test_profiles_of_atr_trend_are_what_it_declares(navale):
    words = ("--data", "sample:spx", "--timeframe", "1d", "--end", "2003-12-31", "--no-save", "--json")
    found = told(navale("backtest", "AtrTrend", "--profile", "reference", *words))
    assert found["account"]["sizing"] == {"mode": "risk", "value": 0.01}
    assert found["account"]["max_positions"] == 5
    assert found["parameters"]["scenario"] == "adx"


def test_the_window_holds_the_whole_last_day(navale, tiny, hours):
    words = ("--start", "2024-01-02", "--end", "2024-01-02", "--json", "--no-save")
    found = told(navale("backtest", tiny, "--data", hours, *words))
    assert found["window"] == {"start": "2024-01-02T00:00:00+00:00", "end": "2024-01-02T23:00:00+00:00", "stamps": 24}


def test_several_symbols_share_one_account(navale, tiny, hours, folder):
    (folder / "second.csv").write_text(hours.read_text())
    words = ("--data", hours, "--data", "second.csv", "--symbol", "AAA", "--symbol", "BBB", "--sizing", "lots=1")
    found = told(navale("backtest", tiny, *words, "--max-positions", 1, "--engine", "both", "--json"))
    assert list(found["data"]) == ["AAA", "BBB"]
    assert found["rejections"] > 0, "one slot for two symbols that move alike"
    ledger = open_run(found["saved"][0]).ledger
    assert set(ledger[ledger["reason"] == "rejected-slots"]["symbol"]) == {"BBB"}


def test_options_of_data_reach_the_loader(navale, tiny, folder):
    prices = [10, 11, 12, 13, 12, 11, 10, 11, 12, 13]
    rows = ["Date,Time,O,H,L,Settle,contract"]
    rows += [f"2024-01-02,{9 + i}:00,{p},{p + 1},{p - 1},{p},{name}" for name in ("H4", "M4")
             for i, p in enumerate(prices)]  # fmt: skip
    (folder / "fut.csv").write_text("\n".join(rows) + "\n")
    words = ("--data", "fut.csv", "--columns", "time=Date+Time,close=Settle", "--tz", "America/New_York")
    words += ("--label", "close", "--contract", "H4", "--symbol", "ES", "--instrument", "tick=0.25,multiplier=50")
    words += ("--account", "margin", "--leverage", 10, "--sizing", "lots=1", "--commission", 2.5, "--json")
    found = told(navale("backtest", tiny, *words))
    data = found["data"]["ES"]
    assert data["first"] == "2024-01-02T14:00:00+00:00"  # 09:00 in New York, in winter
    assert data["bars"] == 10
    assert (data["instrument"]["tick"], data["instrument"]["multiplier"]) == (0.25, 50.0)
    assert found["account"]["kind"] == "margin"
    assert found["account"]["costs"]["commission"] == 2.5


def test_no_save_writes_nothing(navale, tiny, hours, folder):
    before = sorted(folder.iterdir())
    assert navale("backtest", tiny, "--data", hours, "--no-save").exit_code == 0
    assert [path for path in sorted(folder.iterdir()) if path not in before and path.name != "__pycache__"] == []


def test_runs_can_be_kept_elsewhere(navale, tiny, hours, folder):
    navale("backtest", tiny, "--data", hours, "--runs", "elsewhere")
    assert len(list_runs(folder / "elsewhere")) == 1
    assert not (folder / "runs").exists()


def test_the_documents_of_two_processes_are_equal_and_alone_on_stdout(tiny, hours, folder):
    command = [sys.executable, "-m", "navale", "backtest", tiny, "--data", str(hours), "--no-save", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = [subprocess.run([*command, "--engine", engine], cwd=folder, env=environment, capture_output=True, text=True)
           for engine in ("vector", "both")]  # fmt: skip
    first, second = (json.loads(one.stdout) for one in ran)
    assert [one.stderr for one in ran] == ["", ""]
    assert first["metrics"] == second["metrics"]
    assert first["data"] == second["data"]


def test_a_strategy_of_an_importable_module(navale, tiny, hours, folder):
    package = folder / "desk"
    package.mkdir()
    (folder / "tiny.py").rename(package / "rules.py")
    found = told(navale("backtest", "desk.rules:Tiny", "--data", hours, "--no-save", "--json"))
    assert found["name"] == "Tiny"


def test_json_has_no_number_that_json_does_not_know(navale, tiny, hours):
    ran = navale("backtest", tiny, "--data", hours, "-p", "least=0.5", "--no-save", "--json")
    found = json.loads(ran.stdout, parse_constant=lambda word: pytest.fail(word))
    assert found["fills"] == 0
    assert found["metrics"]["win_rate"] is None
    assert np.isfinite(found["final_equity"])
