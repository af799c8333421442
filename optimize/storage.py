"""Files that are whole or absent: strict JSON, atomic writes, checksums."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from feeds.errors import ConfigError, DataError

MANIFEST = "manifest.json"
_FREE, _IN_THE_WAY, _ALLOWED = (
    "free some space there or name another folder",
    "a file is in the way: name another folder",
    "name a folder that you may write to",
)
_CURES = {
    errno.ENOSPC: _FREE, errno.EDQUOT: _FREE, errno.EEXIST: _IN_THE_WAY, errno.ENOTDIR: _IN_THE_WAY,
    errno.EACCES: _ALLOWED, errno.EPERM: _ALLOWED, errno.EROFS: _ALLOWED,
}  # fmt: skip


def nulled(value: Any) -> Any:
    """The value with every NaN and infinity as None, for strict JSON; numpy scalars become Python's."""
    if isinstance(value, dict):
        return {str(key): nulled(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [nulled(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_json(value: Any) -> str:
    """Strict JSON text. Raises ValueError for NaN or infinity: pass the value through `nulled` first."""
    return json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def from_json(path: Path) -> Any:
    """Content of a JSON file. Raises DataError naming the file when it is missing, broken or not strict."""
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except (OSError, ValueError) as problem:
        raise DataError(f"{path}: not readable as strict JSON ({problem}); restore the file or remove it") from problem


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not strict JSON")


def write_text(path: Path, text: str) -> Path:
    """Write a text file so that a reader sees the old content or the new one, never a part. Makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def unwritable(problem: OSError, folder: str | Path) -> str:
    """What is wrong with a folder that cannot be written, and the cure."""
    cure = _CURES.get(problem.errno or 0, "name another folder")
    what = os.strerror(problem.errno) if problem.errno else problem
    return f"{folder}: nothing can be written there ({what}); {cure}"


@contextlib.contextmanager
def writing_to(folder: str | Path) -> Iterator[None]:
    """Turn an error of the disk (full, a file where the folder should be, no permission) into a ConfigError that names
    the folder and the cure; other errors pass."""
    try:
        yield
    except OSError as problem:
        if problem.errno not in _CURES:
            raise
        raise ConfigError(unwritable(problem, folder)) from problem


def place(part: Path, home: Path, manifest: Mapping[str, Any]) -> Path:
    """Give a finished folder its name below `home`, that of manifest["id"], and the manifest with it.

    Where that name is taken, by an equal result of the same second, here or in another process, a number is added.
    """
    name = str(manifest["id"])
    for one in (name, *(f"{name}-{number}" for number in range(2, 10_000))):
        write_text(part / MANIFEST, to_json({**manifest, "id": one}))
        try:
            part.rename(home / one)
        except OSError:
            if not (home / one).exists():
                raise
        else:
            return home / one
    raise DataError(f"{home / name}: ten thousand equal results of one second; remove some")


def checksum(path: Path) -> str:
    """sha256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
