"""Defects of the original about data, tests and secrets, each with the behaviour that replaces it."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from gex.chains_by_hand import changed, good_chain, good_run, judged
from repository import tree

from feeds.chains.files import write_chain
from feeds.errors import ConfigError
from feeds.vendors.massive import MassiveChains
from indicators.gex import compat_v22

ROOT = Path(__file__).resolve().parents[2]


def test_b10_the_regime_of_the_published_snapshot_contradicts_its_flip():
    """NEG with the flip below the spot: the symmetric rule says so, and the mirror case too."""
    for gex, flip in ((-2.3e12, 6475.0), (2.3e12, 6525.0)):
        told = {
            "symbol": "SPX", "timestamp": "2025-08-29T19:30:00+00:00",
            "analysis": {"underlying_price": 6500.0, "gex": {"gex_total_signed": gex},
                         "levels": {"call_wall": {"strike": 6550}, "put_wall": {"strike": 6450},
                                    "gamma_flip": {"gamma_flip_strike": flip}}},
        }  # fmt: skip
        assert compat_v22.run_sanity_checks(told)["warnings"] == ["FLIP_GEX_UNUSUAL"]


def test_b12_a_failed_check_is_an_exit_code_and_not_a_printed_line(tmp_path):
    """The original caught every exception, printed it and ended with 0."""
    broken = write_chain(changed(prev_close=5000.0), tmp_path / "SPX.parquet")
    words = [sys.executable, "-m", "navale", "gex", "SPX", "--chain", str(broken), "--now", "chain"]
    strict = subprocess.run([*words, "--strict"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert strict.returncode == 1, strict.stderr
    absent = [word if word != str(broken) else str(tmp_path / "none.parquet") for word in words]
    missing = subprocess.run(absent, cwd=ROOT, capture_output=True, text=True, check=False)
    assert missing.returncode == 2 and "Traceback" not in missing.stderr


def test_b13_the_verdict_is_not_derived_from_itself():
    """A rule must fail on what breaks it: here the regime is set against the total by hand, after the analysis."""
    import dataclasses

    from indicators.gex import checklist
    from indicators.gex.sanity import check

    chain, analysis, levels = good_run()
    verdict = check(chain, analysis, levels, chain.asof + timedelta(minutes=1))
    wrong = dataclasses.replace(analysis, regime="POS" if analysis.totals.net < 0 else "NEG")
    assert checklist.of(analysis, levels, verdict, chain.asof).verdict == "USE"
    assert checklist.of(wrong, levels, verdict, chain.asof).verdict == "CAUTION"


def test_b19_weeklies_and_more_than_one_expiry_are_in_the_levels():
    _, analysis, _ = good_run()
    roots = {row.root for row in analysis.by_expiry}
    assert roots == {"SPX", "SPXW"} and len(analysis.by_expiry) >= 6
    assert {"0dte", "weekly", "monthly"} <= set(analysis.buckets)


def test_b21_no_key_in_the_source_and_none_as_a_default():
    """Keys of this vendor are 32 letters and digits; the original has one in code and documents."""
    key = re.compile(r"(?i)(?:api_?key|token|bearer)\W{1,6}[A-Za-z0-9_]{32}\b")
    found = [name for name in tree.files() if key.search(tree.text(name)) and not name.startswith("tests/")]
    assert not found
    assert inspect.signature(MassiveChains).parameters["key"].default is None


def test_b21_without_a_key_nothing_is_asked_and_the_message_names_the_variable(monkeypatch):
    monkeypatch.delenv("MASSIVE_API_KEY", raising=False)
    monkeypatch.delenv("POLYGON_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="MASSIVE_API_KEY"):
        MassiveChains(base="http://127.0.0.1:9").fetch("SPX")


def test_b22_data_of_two_days_ago_are_not_five_minutes_old():
    chain = good_chain()
    verdict = judged(chain, chain.asof + timedelta(days=2, minutes=5))
    age = next(one for one in verdict.checks if one.code == "DATA_TOO_OLD")
    assert age.value == 2885 and "DATA_TOO_OLD" in verdict.fatal
