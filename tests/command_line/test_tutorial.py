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

# The VIX closed above 22 on 13 October 2014, at 24.64. S&P 500 on the 15th: open 1874.18, less 5 bps, down to the cent.
CALM_SELLS = re.compile(r"2014-10-15 20:00:00\+00:00 +sell +1873\.24 +signal")


@pytest.mark.slow
def test_the_program_runs_and_passes_verify(folder):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "docs/tutorial.py")]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "vector and event agree" in ran.stdout
    assert re.search(r"^\d+ checks, 0 failed$", ran.stdout, re.MULTILINE)
    assert re.search(r"^Calm: \d+ checks, 0 failed$", ran.stdout, re.MULTILINE)
    assert CALM_SELLS.search(ran.stdout)
    assert re.search(r"^NASDAQ +\d+\nSPX +\d+$", ran.stdout, re.MULTILINE)
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


def test_the_table_of_the_kernels_own_arguments_is_whole():
    from strategies.base import POSITION

    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert rows == list(POSITION)


@pytest.mark.parametrize("name", ["position", "entry", "held", "since_exit"])
def test_a_parameter_cannot_have_such_a_name(name, folder):
    from feeds.errors import DefinitionError
    from strategies.discovery import find

    (folder / "own.py").write_text(
        f"from strategies import Int, Strategy, hold, kernel\n\n\nclass Own(Strategy):\n    {name} = Int(3, 1, 5)\n\n"
        f"    @kernel\n    def decide(close, {name}):\n        return hold()\n"
    )
    with pytest.raises(DefinitionError, match=f"'{name}' is what the kernel is told of the position and a parameter"):
        find("own.py:Own")


@pytest.mark.slow
def test_verify_without_bars_of_ones_own_names_the_page(navale, folder):
    start, end = PROGRAM.index("    @staticmethod\n"), PROGRAM.index("def main()")
    (folder / "own.py").write_text(PROGRAM[:start] + "\n\n" + PROGRAM[end:], encoding="utf-8")
    failed = navale("verify", "own.py:Calm")
    assert failed.exit_code == 1
    assert "0 fills" in failed.stdout
    assert "verify_bars (docs/tutorial.md, section 7)" in failed.stdout
    assert "## 7. A column of another series" in PAGE
