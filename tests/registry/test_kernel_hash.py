"""The kernel hash follows what is compiled, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from feeds.errors import ConfigError
from optimize.registry.kernel_hash import kernel_hash
from strategies import AtrTrend
from strategies.discovery import find
from tests.registry.hand_records import HELPER, STRATEGY, write_strategy

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import sys
{before}
from optimize.registry.kernel_hash import kernel_hash
from strategies.discovery import find
print(kernel_hash(find({place!r})()))
"""


def fresh(place: str, before: str = "") -> str:
    """The hash in a process of its own."""
    code = RUN.format(place=place, before=before)
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def here(folder: Path, file: str = "", old: str = "", new: str = "") -> str:
    """The hash in this process, of the strategy with one edit, in a folder of its own."""
    home = Path(tempfile.mkdtemp(dir=folder))
    place = write_strategy(home)
    if file:
        text = (home / file).read_text()
        assert old in text
        (home / file).write_text(text.replace(old, new, 1))
    sys.modules.pop("middle", None)  # the helper of another folder
    return kernel_hash(find(place)())


def test_it_is_the_same_in_another_process_and_in_another_folder(tmp_path):
    assert here(tmp_path) == here(tmp_path) == fresh(write_strategy(tmp_path))
    assert len(here(tmp_path)) == 64


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("steps.py", "rise > 0.0", "rise > 0.001"),
        ("steps.py", "0.05 * close[-1]", "0.06 * close[-1]"),
        ("steps.py", "    window = 6", "    window = 7"),
        ("steps.py", "    window = 6", "    window = 6\n    reverse = True"),
        ("middle.py", "SCALE = 1.0", "SCALE = 2.0"),
        ("middle.py", "now / then - 1.0", "then / now - 1.0"),
    ],
)
def test_an_edit_of_what_takes_part_changes_it(tmp_path, file, old, new):
    assert here(tmp_path, file, old, new) != here(tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("steps.py", "  # since `back` bars ago", "  # a rise"),
        ("steps.py", "Long after a rise over", "Buys after a rise over"),
        ("steps.py", STRATEGY[:1], "# a first line\n" + STRATEGY[:1]),
        ("middle.py", "return 7", "return 8"),
        ("middle.py", HELPER[:1], "\n\n" + HELPER[:1]),
    ],
)
def test_an_edit_elsewhere_does_not(tmp_path, file, old, new):
    assert here(tmp_path, file, old, new) == here(tmp_path)


def test_parameters_change_it():
    assert kernel_hash(AtrTrend()) == kernel_hash(AtrTrend())
    assert kernel_hash(AtrTrend(fast=20)) != kernel_hash(AtrTrend())


EDITED = """
import importlib.util, pathlib
{which} = importlib.import_module({module!r})
text = pathlib.Path({which}.__file__).read_text()
assert {old!r} in text
path = pathlib.Path({folder!r}) / {which}.__file__.rsplit('/', 1)[-1]
path.write_text(text.replace({old!r}, {new!r}))
spec = importlib.util.spec_from_file_location({module!r}, path)
changed = importlib.util.module_from_spec(spec)
sys.modules[{module!r}] = changed
package, name = {module!r}.rpartition(".")[::2]
spec.loader.exec_module(changed)
setattr(importlib.import_module(package), name, changed)
"""


@pytest.mark.parametrize(
    ("module", "old", "new", "same"),
    [
        ("strategies.execution.exit_rules", "def exits_at_open():", "def exits_at_open():\n    cl = cl * 1.0", False),
        ("strategies.execution.setup", "10_000.0", "1_000.0", False),
        ("strategies.execution.setup", "Flat positions, no orders.", "No position, no order.", True),
    ],
)
def test_a_rule_of_execution_takes_part(tmp_path, module, old, new, same):
    place = write_strategy(tmp_path)
    (folder := tmp_path / "edited").mkdir()
    edited = EDITED.format(module=module, which="which", old=old, new=new, folder=str(folder))
    assert (fresh(place, before=edited) == here(tmp_path)) is same


def test_an_indicators_kernel_takes_part(tmp_path):
    text = (
        "from indicators.base import Indicator, kernel\n"
        "from strategies import Strategy, enter_long, hold, kernel, leave\n\n\n"
        "class Half(Indicator):\n    '''Half the close.'''\n\n    outputs = ('half',)\n\n"
        "    @kernel\n    def step(close):\n        return 0.5 * close[-1]\n\n\n"
        "class Own(Strategy):\n    '''Long above half.'''\n\n    half = Half()\n\n"
        "    @kernel\n    def decide(close, half, position):\n"
        "        if position == 0.0 and close[-1] > half[-1]:\n            return enter_long()\n"
        "        return leave() if position > 0.0 else hold()\n"
    )
    path = tmp_path / "own.py"
    path.write_text(text)
    before = kernel_hash(find(f"{path}:Own")())
    path.write_text(text.replace("0.5 *", "0.4 *"))
    assert kernel_hash(find(f"{path}:Own")()) != before


def test_interpreted_kernels_have_no_hash(monkeypatch):
    monkeypatch.setenv("NAVALE_INTERPRET", "1")
    with pytest.raises(ConfigError, match="NAVALE_INTERPRET"):
        kernel_hash(AtrTrend())
