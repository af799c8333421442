"""`@kernel`: marks the one function of a declaration (or a helper of it) that is compiled.

The mark compiles nothing; a kernel stays an ordinary Python function that tests and debuggers can call.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any


class Kernel:
    """A marked function; calling it runs the plain Python.

    source: its lines and the number of the first one, read now: when the file is edited later, what was imported runs
    until it is imported again. None when there is no source.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        try:
            self.source: tuple[list[str], int] | None = inspect.getsourcelines(function)
        except (OSError, TypeError):
            self.source = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<kernel {self.function.__module__}.{self.function.__qualname__}>"


def kernel(function: Callable[..., Any]) -> Kernel:
    """Mark a function as a kernel.

    Kernels are scalar code: numbers, loops, `math` functions and other kernels. They see trailing windows
    (`close[-1]` is this bar) and numbers, by argument name. No reductions (`close.mean()`), randomness, clocks,
    slices or writes into a window: the declaration refuses them with a DefinitionError.
    """
    return Kernel(function)
