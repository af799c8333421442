"""The tutorial's program runs, and its page shows that program."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

import pytest
from repository.tree import ROOT

PAGE = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
PROGRAM = (ROOT / "docs/tutorial.py").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_program_runs_and_passes_verify(folder):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "docs/tutorial.py")]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "vector and event agree" in ran.stdout
    assert re.search(r"^\d+ checks, 0 failed$", ran.stdout, re.MULTILINE)
    path = folder / re.search(r"saved: (\S+)", ran.stdout)[1]
    assert (path / "tearsheet.html").is_file()


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_the_page_shows_the_program(number):
    kind, text = BLOCKS[number]
    known = {line.strip() for line in PROGRAM.splitlines()}
    if kind == "python":
        assert not [line for line in text.splitlines() if line.strip() not in known and "import" not in line]


def test_commands_of_the_page_run(navale, folder):
    lines = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
    assert lines
    for line in lines:
        words = shlex.split(line.replace("docs/tutorial.py", shlex.quote(str(ROOT / "docs/tutorial.py"))))
        assert words[0] == "navale"
        ran = navale(*words[1:])
        assert ran.exit_code == 0, ran.output


def test_names_in_the_text_exist():
    assert "`Breakout(entry_bras=40)` fails at once and suggests `entry_bars`" in PAGE
    from feeds.errors import ParameterError
    from strategies.discovery import find

    with pytest.raises(ParameterError, match="did you mean 'entry_bars'"):
        find(str(ROOT / "docs/tutorial.py") + ":Breakout")(entry_bras=40)
