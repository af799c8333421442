"""The files of one analysis: names, and writing them all or none."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from feeds.errors import ConfigError
from indicators.gex.export import ninjatrader, sierra_csv, sierra_template, tradingview
from indicators.gex.export.overlay import Overlay

OVERLAYS = (".csv", "_v3.csv", "_long.csv", "_sierra.csv", "_tradingview.pine", "_tradingview.txt", "_ninjatrader.csv")
"""Endings of the overlay files behind the symbol: they are written together, and removed together on NO_GO."""


def stem(symbol: str) -> str:
    """The symbol as a file name: `I:SPX` is SPX, other signs become "_". ConfigError if nothing stays."""
    name = re.sub(r"[^A-Za-z0-9.-]", "_", re.sub(r"^(I:|\^|_)", "", symbol.strip())).strip("._-")
    if not name:
        raise ConfigError(f"symbol {symbol!r} makes no file name; use letters and digits")
    return name


def overlay_texts(overlay: Overlay) -> dict[str, str]:
    """Text of every overlay file by its ending."""
    texts = (
        sierra_csv.write(overlay), sierra_csv.write(overlay, "v3"), sierra_csv.write_long(overlay),
        sierra_template.write(), tradingview.pine(overlay), tradingview.one_line(overlay) + "\n",
        ninjatrader.write(overlay),
    )  # fmt: skip
    return dict(zip(OVERLAYS, texts, strict=True))


def json_text(snapshot: Mapping[str, Any]) -> str:
    """Strict JSON (no NaN). Raises ValueError for a snapshot that holds one."""
    return json.dumps(snapshot, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def folder(path: Path) -> Path:
    """The folder to write to, made when its parent exists; ConfigError when it is a file or cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ConfigError(f"{path} cannot be a folder for the output ({problem.strerror}); name another") from problem
    return path


def replace_all(folder: Path, texts: Mapping[str, str], remove: tuple[str, ...] = ()) -> list[Path]:
    """Write every file beside its place, then put them all in place; a reader sees an old file or a new one, whole.

    remove: names that must not stay. When writing fails nothing has changed and the error is raised.
    """
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, text in texts.items():
            handle, part = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".part")
            waiting.append((Path(part), folder / name))
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(part).chmod(0o644)
        for name in remove:
            (folder / name).unlink(missing_ok=True)
        for part_path, target in waiting:
            part_path.replace(target)
    except BaseException:
        for part_path, _ in waiting:
            part_path.unlink(missing_ok=True)
        raise
    return [target for _, target in waiting]
