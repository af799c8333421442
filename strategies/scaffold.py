"""`navale new`: a first strategy or indicator that runs, to be changed."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from pathlib import Path

from feeds.errors import ConfigError
from strategies.discovery import built_in

STRATEGY = '''from indicators import Atr, Ema
from strategies import Float, Int, Strategy, enter_long, hold, kernel, leave


class {name}(Strategy):
    """Long while a fast average is above a slow one; a stop in ATR under the entry."""

    fast, slow = Int(10, 2, 60), Int(30, 5, 200)  # default, lowest, highest value [bars]
    stop_atr = Float(3.0, 0.5, 10.0, "ATR")
    ema_fast, ema_slow, atr = Ema(period=fast), Ema(period=slow), Atr(period=14)

    @kernel  # called on every close; [-1] is the bar that just closed, [-2] the one before
    def decide(ema_fast, ema_slow, atr, position, stop_atr):
        if position == 0.0 and ema_fast[-1] > ema_slow[-1]:
            return enter_long(stop=stop_atr * atr[-1])  # at the next open; the stop is a distance from the fill
        if position != 0.0 and ema_fast[-1] < ema_slow[-1]:
            return leave()  # at the next open
        return hold()  # keep everything as it is
'''

INDICATOR = '''from indicators import Indicator, Int, kernel


class {name}(Indicator):
    """Mean of the highest high and the lowest low of the last `period` bars, in price units."""

    inputs, outputs = ("high", "low"), ("{output}",)
    period = Int(20, 2, 500)  # default, lowest, highest value [bars]
    window = period  # bars that the kernel looks back; before there are so many, the output is NaN

    @kernel  # called on every close; [-1] is the bar that just closed
    def step(high, low, period):
        top, bottom = high[-1], low[-1]
        for back in range(2, period + 1):
            top, bottom = max(top, high[-back]), min(bottom, low[-back])
        return (top + bottom) / 2.0
'''


def snake(name: str) -> str:
    """`MyTrend` as `my_trend`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def write(kind: str, name: str, folder: Path) -> Path:
    """Write the start of a "strategy" or "indicator" to `folder`, in a file named after the class; returns its path.

    Raises ConfigError for a name that is no class name or is one of ours, one whose file would hide a module, a missing
    folder, or a file that exists.
    """
    if not name.isidentifier() or keyword.iskeyword(name) or not name[0].isupper():
        raise ConfigError(f"{name!r} is no class name; write it like MyTrend: letters and digits, a capital first")
    if name in built_in(kind) or name in ("Strategy", "Indicator"):
        raise ConfigError(f"{name} is one of ours; choose another name")
    path = folder / f"{snake(name)}.py"
    if not path.exists():
        _hides_nothing(path, name)
    text = (STRATEGY if kind == "strategy" else INDICATOR).format(name=name, output=snake(name))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(f"{path} exists already; choose another name or folder") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConfigError(f"{folder} is not a folder; make it first") from error
    return path


def _hides_nothing(path: Path, name: str) -> None:
    """Python looks for modules in the folder of a program first, so json.py there takes the place of Python's own."""
    try:
        known = path.stem in sys.stdlib_module_names or importlib.util.find_spec(path.stem) is not None
    except ValueError:  # it is loaded, without saying from where
        known = True
    if known:
        raise ConfigError(f"{path} would hide the module {path.stem!r}; choose another name, like My{name}")
