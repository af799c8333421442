"""Where trials are kept: what each address means, what is refused, and that optuna-dashboard reads it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import optuna
import pytest
from walkforward.trial_worker import evaluate, rows

from feeds.errors import ConfigError
from optimize.walkforward.storage import open_storage, without_password
from optimize.walkforward.study import open_study, run_trials


def filled(place: str, count: int = 5) -> optuna.Study:
    study = open_study(open_storage(place), "fold-1", sampler="tpe", seed=7, attributes={"class": "AtrTrend"})
    run_trials(study, count, evaluate)
    return study


@pytest.mark.parametrize(
    ("text", "kind"),
    [("trials.log", "journal"), ("trials", "journal"), ("trials.db", "sqlite"), ("trials.sqlite3", "sqlite"),
     ("journal:trials.db", "journal"), ("sqlite:///trials.log", "sqlite")],
)  # fmt: skip
def test_kinds_of_files(tmp_path, monkeypatch, text, kind):
    monkeypatch.chdir(tmp_path)
    filled(text)
    path = Path(text.rpartition("/")[2].rpartition(":")[2])
    assert (path.read_bytes()[:6] == b"SQLite") == (kind == "sqlite")
    assert len(rows(filled(str(path)))) == 5, "an existing file is taken for what it holds"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("notes.txt", "not a file of trials"),
        ("other.db", "something else"),
        ("sqlite:///trials.log", "write journal:"),
        ("journal:trials.db", "write sqlite:///"),
        ("absent/trials.log", "existing folder"),
        ("folder", "existing folder"),
        ("mysql://user:hidden@host/db", "mysql: is not known"),
        ("postgresql://user:hidden@host:port/db", "write postgresql://"),
    ],
)
def test_what_is_refused(tmp_path, monkeypatch, text, said):
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("remember the milk")
    Path("folder").mkdir()
    with sqlite3.connect("other.db") as other:
        other.execute("CREATE TABLE orders (id)")
    other.close()
    filled("trials.log")
    filled("trials.db")
    before = {name: Path(name).stat().st_size for name in os.listdir() if Path(name).is_file()}
    with pytest.raises(ConfigError, match=said) as error:
        open_storage(text)
    assert "hidden" not in str(error.value)
    assert {name: Path(name).stat().st_size for name in before} == before


def test_a_server_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConfigError, match="check address") as error:
        open_storage(f"postgresql://navale:hidden@127.0.0.1:{port}/trials")
    assert "hidden" not in str(error.value)


def test_a_server_refuses_a_wrong_password(postgresql):
    with pytest.raises(ConfigError, match="password authentication failed") as error:
        open_storage(postgresql.replace("kept-secret", "guessed"))
    assert "guessed" not in str(error.value)
    assert ":***@" in str(error.value)


def test_the_driver_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"pip install 'navale\[postgres\]'"):
        open_storage("postgresql://navale@127.0.0.1/trials")


def test_passwords_are_hidden():
    assert without_password("postgresql://me:a@b:c@host/db") == "postgresql://me:***@host/db"
    assert without_password("postgresql://host/db?user=me&password=a%20b&x=1") == (
        "postgresql://host/db?user=me&password=***&x=1"
    )
    assert without_password("postgresql://me@host/db") == "postgresql://me@host/db"


def test_a_line_torn_by_a_kill_is_cut_off(tmp_path):
    path = tmp_path / "trials.log"
    filled(str(path))
    whole = path.read_bytes()
    line = whole.splitlines(keepends=True)[-1]
    path.write_bytes(whole + line[: len(line) // 2])
    assert len(rows(filled(str(path), 8))) == 8
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_a_lock_ends_with_its_owner(tmp_path):
    """Killed in the middle of a write: the next one writes at once."""
    path = tmp_path / "trials.log"
    filled(str(path))
    code = (
        "import sys; from pathlib import Path; from optimize.walkforward.journal_lock import JournalLock\n"
        "JournalLock(Path(sys.argv[1])).acquire(); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          cwd=Path(__file__).parents[2]) as owner:  # fmt: skip
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        assert len(rows(filled(str(path), 6))) == 6


def answer_of(program: subprocess.Popen[str], page: str) -> str:
    """The page, as soon as the program listens."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        ended = program.poll()
        try:
            with direct.open(page) as answer:
                text: str = answer.read().decode()
                return text
        except urllib.error.URLError as error:
            assert ended is None and isinstance(error.reason, ConnectionRefusedError), error
            time.sleep(0.05)


@pytest.mark.parametrize("name", ["trials.log", "trials.db"])
def test_studies_open_in_optuna_dashboard(tmp_path, name):
    program = shutil.which("optuna-dashboard", path=str(Path(sys.executable).parent))
    assert program is not None
    filled(str(tmp_path / name))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = name if name.endswith("log") else f"sqlite:///{name}"
    with subprocess.Popen([program, address, "--host", "127.0.0.1", "--port", str(port)], cwd=tmp_path,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True) as dashboard:  # fmt: skip
        try:
            listed = json.loads(answer_of(dashboard, f"http://127.0.0.1:{port}/api/studies"))["study_summaries"]
            assert [study["study_name"] for study in listed] == ["fold-1"]
            page = f"http://127.0.0.1:{port}/api/studies/{listed[0]['study_id']}"
            shown = json.loads(answer_of(dashboard, page))
            assert [trial["state"] for trial in shown["trials"]] == ["Complete"] * 5
            assert "<title>Optuna Dashboard" in answer_of(dashboard, f"http://127.0.0.1:{port}/dashboard")
        finally:
            dashboard.terminate()
