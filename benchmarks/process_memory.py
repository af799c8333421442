"""Memory of a process and of everything it started, as the kernel counts it (Linux: /proc)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
INTERVAL = 0.05  # seconds between two samples


@dataclass(frozen=True)
class Memory:
    """Bytes of a tree of processes.

    rss: resident pages, those that processes share counted in each of them. pss: the same with shared pages divided
    among those who map them; None where the kernel does not tell.
    """

    rss: int
    pss: int | None
    processes: int

    def most(self, other: Memory) -> Memory:
        """The larger of each figure."""
        both = [one for one in (self.pss, other.pss) if one is not None]
        return Memory(max(self.rss, other.rss), max(both, default=None), max(self.processes, other.processes))


def measurable() -> bool:
    """Whether this system tells the memory of another process."""
    return (PROC / "self" / "statm").is_file()


def of_tree(root: int) -> Memory:
    """Memory of a process and its descendants at this moment; those that end meanwhile do not count."""
    found = [(_rss(pid), _pss(pid)) for pid in _tree(root)]
    shares = [pss for _, pss in found if pss is not None]
    return Memory(sum(rss for rss, _ in found), sum(shares) if shares else None, sum(rss > 0 for rss, _ in found))


def watched(process: subprocess.Popen[bytes]) -> Memory:
    """Peak over the samples, one every INTERVAL, until the process ends."""
    peak = Memory(0, None, 0)
    while True:
        peak = peak.most(of_tree(process.pid))
        try:
            process.wait(INTERVAL)
        except subprocess.TimeoutExpired:
            continue
        return peak


def high_water() -> int | None:
    """Largest RSS this process ever had [bytes], kept by the kernel: no peak is too short for it. None elsewhere."""
    path = PROC / "self" / "status"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)


def _tree(root: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            state = _text(entry / "stat").rpartition(")")[2].split()  # a name may hold blanks and brackets
            if state:
                children.setdefault(int(state[1]), []).append(int(entry.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, [])


def _rss(pid: int) -> int:
    words = _text(PROC / str(pid) / "statm").split()
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE") if words else 0


def _pss(pid: int) -> int | None:
    lines = _text(PROC / str(pid) / "smaps_rollup").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), None)


def _text(path: Path) -> str:
    """Content, or nothing where the process has ended or the kernel has no such file."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
