"""Ctrl-C while LLVM calls back into Python is swallowed there; the run must end as interrupted all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from numba.core.registry import cpu_target

from indicators.compiler import Program, entry
from indicators.flatten import Flat


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_inside_the_compilers_callback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NAVALE_CACHE", str(tmp_path))
    monkeypatch.setenv("NAVALE_INTERPRET", "0")
    program = Program("sum", f"{entry(False)}\ndef twice(x):\n    return x + x\n", Flat())

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cpu_target.target_context.codegen()._engine._ee, "_object_cache_notify", interrupted)
        with pytest.raises(KeyboardInterrupt):
            program.call("twice", 2.0)
    assert program.call("twice", 2.0) == 4.0
