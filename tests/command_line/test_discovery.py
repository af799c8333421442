"""Classes are found wherever a person keeps them, and nothing of theirs hides anything of ours."""

from __future__ import annotations

import sys

import pytest

from feeds.errors import ConfigError
from strategies.base import Strategy
from strategies.discovery import built_in, declared_in, find, load_file

ONE = "from strategies import Strategy, hold, kernel\n\n\nclass {name}(Strategy):\n{body}"
DECIDE = "    @kernel\n    def decide(close):\n        return hold()\n"


def write(path, name="Mine", before="", body=DECIDE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(before + ONE.format(name=name, body=body))
    return path


def test_ours_are_found_by_name():
    from indicators import Ema
    from strategies import AtrTrend

    assert find("AtrTrend") is AtrTrend
    assert find("Ema") is Ema
    assert find("Ema", "indicator") is Ema
    assert find("strategies.atr_trend:AtrTrend") is AtrTrend
    assert find("strategies:AtrTrend", "strategy") is AtrTrend


def test_bases_and_private_classes_are_not_listed():
    found = built_in("strategy")
    assert Strategy not in found.values()
    assert all(not name.startswith("_") for name in found)
    assert list(found) == sorted(found)


@pytest.mark.parametrize("place", ["mine.py", "strategies/mine.py", "strategies/deep/mine.py", "feeds/mine.py"])
def test_a_file_is_found_wherever_it_lies(folder, place):
    path = write(folder / place)
    found = find(f"{place}:Mine", "strategy")
    assert issubclass(found, Strategy)
    assert find(f"{path}:Mine") is find(f"{place}:Mine"), "a relative and an absolute path are the same file"
    assert find(place) is found, "the only class of a file needs no name"


def test_a_folder_of_ones_own_called_strategies_is_no_obstacle(folder):
    for package in ("strategies", "strategies/desk"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text("")
    write(folder / "strategies" / "desk" / "swing.py", "Swing")
    assert find("strategies.desk.swing:Swing").__name__ == "Swing"
    import strategies

    assert str(folder) not in str(strategies.__file__)
    assert "strategies.desk" not in sys.modules


def test_a_file_may_import_its_neighbours_but_ours_come_first(folder):
    (folder / "levels.py").write_text("LEVEL = 7\n")
    (folder / "indicators.py").write_text("raise RuntimeError('the wrong module')\n")
    write(folder / "mine.py", before="import levels\nfrom indicators import Ema\nSEEN = levels.LEVEL\n")
    before = list(sys.path)
    module = load_file(folder / "mine.py")
    assert module.SEEN == 7
    assert sys.path == before
    del sys.modules["levels"]


def test_a_file_that_changed_is_read_again_and_one_that_did_not_is_not(folder):
    path = write(folder / "mine.py")
    first = find("mine.py:Mine")
    assert find("mine.py:Mine") is first
    path.write_text(path.read_text() + "\n\nclass Yours(Mine):\n    pass\n")
    assert find("mine.py:Yours").__mro__[1].__name__ == "Mine"
    assert find("mine.py:Mine") is not first


def test_two_files_of_one_name_do_not_mix(folder):
    write(folder / "a" / "mine.py", body="    number = 1\n" + DECIDE)
    write(folder / "b" / "mine.py", body="    number = 2\n" + DECIDE)
    assert (find("a/mine.py:Mine").number, find("b/mine.py:Mine").number) == (1, 2)


def test_a_file_with_several_classes_needs_a_name(folder):
    path = write(folder / "mine.py")
    path.write_text(path.read_text() + "\n\nclass Yours(Mine):\n    pass\n")
    assert sorted(declared_in(load_file(path))) == ["Mine", "Yours"]
    with pytest.raises(ConfigError, match=r"mine\.py declares Mine, Yours; name one: mine\.py:Class"):
        find("mine.py")


def test_a_file_that_failed_is_forgotten(folder):
    (folder / "mine.py").write_text("raise ValueError('not yet')\n")
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"mine\.py, line 1: ValueError: not yet"):
            find("mine.py:Mine")
    write(folder / "mine.py")
    assert find("mine.py:Mine").__name__ == "Mine"
    assert not [name for name in sys.modules if name == "mine"]


def test_an_error_inside_a_neighbour_points_at_the_line_that_imports_it(folder):
    (folder / "levels.py").write_text("\n\n1 / 0\n")
    write(folder / "mine.py", before="\nimport levels\n")
    with pytest.raises(ConfigError, match=r"mine\.py, line 2: ZeroDivisionError"):
        find("mine.py:Mine")
