"""`navale --help` answers at once: it loads no engine and no data library."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repository.tree import ROOT

HEAVY = {"pandas", "backtrader", "vectorbt", "quantstats", "numba", "scipy", "optuna", "matplotlib", "plotly"}


def test_help_loads_no_engine():
    command = [sys.executable, "-X", "importtime", "-m", "navale", "--help"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in re.findall(r"^import time:.*\| +(\S+)$", run.stderr, re.MULTILINE)}
    assert "navale" in loaded or "click" in loaded
    assert not loaded & HEAVY
    assert "Usage" in run.stdout


def test_help_answers_within_400_ms():
    """Of processor time, at best of ten: what it takes where nothing else runs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}
    taken = []
    for _ in range(10):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "navale", "--help"], cwd=ROOT, env=environment, check=True, capture_output=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < 0.4, f"navale --help took {min(taken):.2f} s at best"


def test_the_installed_command_works_anywhere(tmp_path):
    command = Path(sys.executable).with_name("navale")
    if not command.exists():
        pytest.skip("navale is not installed in this environment; use ./run test")
    run = subprocess.run([command, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Usage" in run.stdout


def test_run_is_a_posix_script():
    shell = shutil.which("dash") or shutil.which("sh")
    assert shell
    assert os.access(ROOT / "run", os.X_OK)
    subprocess.run([shell, "-n", ROOT / "run"], check=True)
    helped = subprocess.run([ROOT / "run", "help"], check=True, capture_output=True, text=True, cwd="/")
    assert "./run demo" in helped.stdout
