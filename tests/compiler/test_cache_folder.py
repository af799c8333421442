"""A cache folder that cannot be written is named, with the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.errors import ConfigError
from indicators.compiler import Program
from indicators.flatten import Flat


def test_a_folder_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NAVALE_CACHE", str(tmp_path / "file"))
    monkeypatch.setenv("NAVALE_INTERPRET", "0")
    with pytest.raises(ConfigError, match="set NAVALE_CACHE"):
        Program("nothing", "x = 1", Flat()).module  # noqa: B018
