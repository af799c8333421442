"""Every calibration that was made before, whatever it said."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def earlier() -> list[dict[str, Any]]:
    """Dated outcomes, oldest first: seeds, procedure, gates, passed of noise and planted."""
    text = resources.files("optimize").joinpath("assets", "calibrations.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)
    return found
