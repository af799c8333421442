"""Everything is in setup.cfg; what is built also says which commit it was built from."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
NOTE = Path("optimize") / "commit.json"


def git(*words: str) -> str | None:
    """What git says of this checkout; None without git or outside a checkout."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


# Asked before anything is built, for building leaves files in the checkout.
COMMIT, CHANGES = (git("rev-parse", "HEAD"), git("status", "--porcelain")) if (ROOT / ".git").exists() else (None, None)


def note(folder: Path) -> None:
    """Write the commit into a built tree; copy it when the tree is made from a source archive that holds one."""
    (folder / NOTE).unlink(missing_ok=True)
    if COMMIT is not None and CHANGES is not None:
        told = {"commit": COMMIT, "clean": not CHANGES}
        (folder / NOTE).write_text(json.dumps(told) + "\n", encoding="utf-8")
    elif (ROOT / NOTE).is_file():
        shutil.copyfile(ROOT / NOTE, folder / NOTE)


class BuildWithCommit(build_py):
    """The packages, and the commit. An editable install needs none: its checkout speaks for itself."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            note(Path(self.build_lib))


class ArchiveWithCommit(sdist):
    """The source archive, and the commit."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        note(Path(base_dir))


setup(cmdclass={"build_py": BuildWithCommit, "sdist": ArchiveWithCommit})
