"""Which code runs: a checkout, a package installed from a commit, or nobody knows."""

from __future__ import annotations

import json
import subprocess
from types import SimpleNamespace

import pytest

from optimize.registry import code_state as module
from optimize.registry.code_state import CodeState, code_state


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder that seems to hold the code, not under git."""
    inside = tmp_path / "optimize" / "registry"
    inside.mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(inside / "code_state.py"))
    return tmp_path


def git(folder, *words):
    settings = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
    done = subprocess.run(["git", "-C", folder, *settings, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_checkout_is_clean_until_something_differs(root):
    (root / "file").write_text("one")
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "first")
    commit = git(root, "rev-parse", "HEAD")
    assert code_state() == CodeState("checkout", commit, True)
    (root / "file").write_text("two")
    assert code_state() == CodeState("checkout", commit, False)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"url": "https://example.org/navale", "vcs_info": {"vcs": "git", "commit_id": "c" * 40}},
         CodeState("wheel", "c" * 40, True)),
        ({"url": "file:///somewhere/navale.whl"}, CodeState("unknown", "", False)),
        (None, CodeState("unknown", "", False)),
    ],
)  # fmt: skip
def test_a_package_knows_its_commit_from_its_installer(root, monkeypatch, told, expected):
    text = None if told is None else json.dumps(told)
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: SimpleNamespace(read_text=lambda _: text))
    assert code_state() == expected


@pytest.mark.parametrize("clean", [True, False])
def test_a_wheel_says_what_it_was_built_from(root, clean):
    (root / "optimize" / "commit.json").write_text(json.dumps({"commit": "d" * 40, "clean": clean}))
    assert code_state() == CodeState("wheel", "d" * 40, clean)


def test_a_package_inside_somebody_elses_checkout_is_not_that_checkout(root, monkeypatch):
    """A virtual environment in the user's own project: its commit says nothing of ours."""
    package = root / ".venv" / "site-packages" / "optimize" / "registry"
    package.mkdir(parents=True)
    (root / "theirs").write_text("x")
    git(root, "init")
    git(root, "add", "theirs")
    git(root, "commit", "-m", "theirs")
    monkeypatch.setattr(module, "__file__", str(package / "code_state.py"))
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: SimpleNamespace(read_text=lambda _: None))
    assert code_state().kind == "unknown"
