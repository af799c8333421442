"""Every calibration that was made before, whatever it said."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from feeds.errors import DataError

NOTES = "outcomes.jsonl"
SERIES = ("noise", "planted", "planted_5_years")


def earlier(folder: Path | None = None) -> list[dict[str, Any]]:
    """Dated outcomes, oldest first: seeds, procedure, gates, passed of noise and planted. Those that come along, and
    those that were noted in `folder`."""
    text = resources.files("optimize").joinpath("assets", "calibrations.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)
    path = None if folder is None else folder / NOTES
    if path is None or not path.is_file():
        return found
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            found.append(dict(json.loads(line)))
        except (ValueError, TypeError) as error:
            raise DataError(f"{path}, line {number}: is no outcome ({error}); mend or remove the line") from error
    return found


def note(folder: Path, told: Mapping[str, Any], now: datetime.datetime) -> None:
    """Add what `navale calibrate` found to the outcomes of `folder`, unless the same is known there already."""
    kept = {name: told[name] for name in ("seed_range", "procedure", "gates")} | told["plan"]
    kept |= {name: {part: told[name][part] for part in ("seeds", "passed")} for name in SERIES}
    if any(kept.items() <= one.items() for one in earlier(folder)):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / NOTES).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"date": f"{now:%Y-%m-%d}", **kept}) + "\n")


def seen(known: Sequence[Mapping[str, Any]], seed_range: Sequence[int], gates: str) -> str:
    """A sentence when some of these seeds were judged before by other gates: they are no longer fresh; else ""."""
    first, last = seed_range
    others = [one for one in known if one["gates"] != gates and one["seed_range"][0] <= last and
              one["seed_range"][1] >= first]  # fmt: skip
    if not others:
        return ""
    return (f"seeds {first} to {last} were judged before by other gates ({others[-1]['date']}, {len(others)} times): "
            "what was chosen after looking at them is not tested by them")  # fmt: skip
