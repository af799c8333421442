"""What the README shows works: its files, scripts and commands are taken from it and run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from repository.tree import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
FILES = {
    re.match(r"# (\S+\.py)\n", text)[1]: text for kind, text in BLOCKS if kind == "python" and text.startswith("# ")
}
SCRIPTS = [text for kind, text in BLOCKS if kind == "python" and text not in FILES.values()]


@pytest.fixture
def written(folder: Path) -> Path:
    """A folder with the files that the README writes."""
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def commands() -> list[tuple[str, list[str]]]:
    """Each command of the README with the lines of output that it shows."""
    found: list[tuple[str, list[str]]] = []
    for kind, text in BLOCKS:
        lines = [line.split("  #")[0].strip() for line in text.splitlines() if line.strip()]
        if kind == "sh":
            found += [(line, []) for line in lines]
        elif kind == "text":
            found[-1][1].extend(lines)
    return found


def test_the_two_commands_come_first():
    assert [line for line, _ in commands()][:2] == ["make demo", "make test"]
    assert README.index("make demo") < README.index("## ")


def test_a_strategy_fits_in_fifteen_lines():
    text = FILES["my_trend.py"]
    assert len([line for line in text.splitlines() if line.strip() and not line.startswith("#")]) <= 15


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(SCRIPTS)))
def test_scripts_run(written, number):
    script = written / f"script_{number}.py"
    script.write_text(SCRIPTS[number])
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{written}"}
    ran = subprocess.run([sys.executable, script.name], cwd=written, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(("line", "shown"), commands(), ids=[line for line, _ in commands()])
def test_commands_run(navale, written, line, shown):
    words = shlex.split(line)
    if words[0] == "make":
        assert re.search(rf"^[^#]*\b{words[1]}\b[^#]*:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        return
    assert words[0] == "navale"
    ran = navale(*words[1:])
    assert ran.exit_code == 0, ran.output
    assert all(piece in ran.stdout for piece in shown), ran.stdout


def test_places_that_are_linked_exist():
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    missing = [link for link in links if not (ROOT / link).exists() and link != "docs/tearsheet.png"]
    assert not missing


def test_licences_are_told():
    assert all(word in README for word in ("GPL-3.0-or-later", "Commons Clause", "not financial advice"))
