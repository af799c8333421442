"""Processes that help a command: same command line, ended with it, and heard of when they die."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from optimize.walkforward.workers import COMPANION, companions, is_companion

# Run as `python -m navale` in a folder whose navale.py this is.
PROGRAM = """
import os, sys, time
from pathlib import Path
place = Path(sys.argv[1])
(place / f"{os.getpid()}.tmp").write_text(" ".join([os.environ["NAVALE_COMPANION"], *sys.argv[2:]]))
(place / f"{os.getpid()}.tmp").rename(place / f"{os.getpid()}.here")
if "fail" in sys.argv:
    sys.exit("first line\\nerror: no such strategy")
while not (place / "release").exists():
    time.sleep(0.01)
(place / f"{os.getpid()}.done").touch()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "navale.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(COMPANION, raising=False)
    return tmp_path


def here(folder: Path, process: int) -> str:
    """What a companion wrote when it began."""
    path = folder / f"{process}.here"
    while not path.exists():
        time.sleep(0.01)
    return path.read_text()


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_they_get_the_command_line_and_are_waited_for(folder):
    told = []
    with companions([str(folder), "optimize", "x.py:X"], 2, report=told.append) as processes:
        assert [here(folder, process) for process in processes] == ["1 optimize x.py:X"] * 2
        (folder / "release").touch()
    assert len(list(folder.glob("*.done"))) == 2
    assert not told
    assert not is_companion()


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_error_ends_them(folder, error):
    told = []
    with pytest.raises(error), companions([str(folder)], 2, report=told.append) as processes:
        for process in processes:
            here(folder, process)
        raise error
    assert all(gone(process) for process in processes)
    assert not told
    assert not list(folder.glob("*.done"))


def test_one_that_dies_is_reported_while_the_others_go_on(folder):
    told, known = [], threading.Event()

    def report(line: str) -> None:
        told.append(line)
        known.set()

    with companions([str(folder)], 2, report=report) as processes:
        for process in processes:
            here(folder, process)
        os.kill(processes[0], signal.SIGKILL)
        known.wait()
        assert told == ["process 2 was ended by signal 9; the others go on"]
        (folder / "release").touch()
    assert (folder / f"{processes[1]}.done").exists()


def test_the_last_words_of_one_that_fails(folder, capsys):
    with companions([str(folder), "fail"], 1):
        pass
    assert capsys.readouterr().err == "process 2 ended with code 1: error: no such strategy; the others go on\n"


def test_a_companion_starts_none(folder, monkeypatch):
    monkeypatch.setenv(COMPANION, "1")
    with companions([str(folder)], 3) as processes:
        assert is_companion()
        assert processes == []
