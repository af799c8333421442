"""Names and sizes of modules."""

from __future__ import annotations

import re
import sys
from pathlib import PurePosixPath

import pytest
from repository import tree

VAGUE = re.compile(r"(util|utils|helper|helpers|common|misc|tools|stuff|manager)s?$")
SOURCE_LINES, TEST_LINES = 300, 500


def python_files() -> list[PurePosixPath]:
    return [PurePosixPath(name) for name in tree.files() if name.endswith(".py")]


def test_no_module_is_named_like_the_standard_library():
    names = [
        path for path in python_files() for part in (path.stem, *path.parent.parts) if part in sys.stdlib_module_names
    ]
    assert not [str(path) for path in names if path.stem != "__init__" or path.parent.name in sys.stdlib_module_names]


def test_module_names_say_what_is_in_them():
    assert not [str(path) for path in python_files() if VAGUE.fullmatch(path.stem) or VAGUE.fullmatch(path.parent.name)]


def test_files_are_short():
    long = []
    for path in python_files():
        limit = TEST_LINES if path.parts[0] == "tests" else SOURCE_LINES
        lines = tree.text(str(path)).count("\n")
        if lines > limit:
            long.append(f"{path}: {lines} lines, at most {limit}")
    assert not long, "\n".join(long)


@pytest.mark.parametrize("package", tree.PACKAGES)
def test_packages_are_typed_and_start_empty(package):
    assert f"{package}/py.typed" in tree.files()
    assert tree.text(f"{package}/__init__.py").count("\n") <= 60


def test_every_folder_of_a_package_is_importable():
    folders = {str(PurePosixPath(name).parent) for name in tree.sources()} - {"."}
    assert not [folder for folder in sorted(folders) if f"{folder}/__init__.py" not in tree.files()]


def test_tests_are_no_package():
    assert not [name for name in tree.files() if name.startswith("tests/") and name.endswith("__init__.py")]
