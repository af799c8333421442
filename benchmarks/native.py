"""C beside us: compiled when the benchmark runs."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

FLAGS = ("-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC")


def compiler() -> str | None:
    """Path of $CC, cc, gcc or clang; None when there is no C compiler."""
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        found = shutil.which(name) if name else None
        if found:
            return found
    return None


def load(source: Path) -> ctypes.CDLL | None:
    """Compile a C file with FLAGS and load it; None without a compiler."""
    found = compiler()
    if found is None:
        return None
    folder = tempfile.mkdtemp(prefix="navale-bench-")
    library = Path(folder) / f"{source.stem}.so"
    try:
        subprocess.run([found, *FLAGS, "-o", str(library), str(source), "-lm"], check=True)
        return ctypes.CDLL(str(library))
    finally:
        shutil.rmtree(folder)
