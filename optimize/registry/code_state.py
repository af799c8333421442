"""Which code is running: a commit of a checkout, or a package that says which commit it was built from."""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from optimize.provenance import git_state


@dataclass(frozen=True)
class CodeState:
    """kind: "checkout", "wheel" or "unknown". clean: nothing differs from `commit`."""

    kind: str
    commit: str
    clean: bool

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def __str__(self) -> str:
        if self.kind == "unknown":
            return "code of an unknown commit"
        return f"{self.kind} of commit {self.commit[:12]}{'' if self.clean else ', changed since'}"


def code_state() -> CodeState:
    """The state of the code that runs. A package's commit is the one it was built from (setup.py writes it into every
    wheel), else the one that its installer noted (PEP 610)."""
    root = Path(__file__).resolve().parents[2]
    if (root / ".git").exists():
        found = git_state(root)
        if found is not None:
            return CodeState("checkout", found["commit"], found["clean"])
    built = root / "optimize" / "commit.json"
    if built.is_file():
        told = json.loads(built.read_text(encoding="utf-8"))
        return CodeState("wheel", str(told["commit"]), bool(told["clean"]))
    commit = _installed_commit()
    return CodeState("wheel", commit, True) if commit else CodeState("unknown", "", False)


def _installed_commit() -> str:
    try:
        told = importlib.metadata.distribution("navale").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return ""
    found = json.loads(told) if told else {}
    return str(found.get("vcs_info", {}).get("commit_id", ""))
