"""setup.cfg, pyproject.toml, requirements.lock and the documents agree."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from repository import tree

SECTIONS = [("options", "install_requires")] + [
    ("options.extras_require", extra) for extra in tree.configuration()["options.extras_require"]
]


def locked() -> dict[str, str]:
    """Version of every pin of requirements.lock."""
    pins = [
        Requirement(line)
        for line in tree.text("requirements.lock").splitlines()
        if line and not line.startswith((" ", "#"))
    ]
    assert all(len(pin.specifier) == 1 and str(pin.specifier).startswith("==") and not pin.url for pin in pins)
    assert len({canonicalize_name(pin.name) for pin in pins}) == len(pins), "one version of each for every Python"
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}


@pytest.mark.parametrize(("section", "option"), SECTIONS)
def test_the_lock_satisfies_setup_cfg(section, option):
    pins = locked()
    for item in tree.requirements(section, option):
        version = pins.get(canonicalize_name(item.name))
        assert version, f"{item.name} is not in requirements.lock; run make lock"
        assert item.specifier.contains(version, prereleases=True), (
            f"lock has {item.name} {version}, setup.cfg {item.specifier}"
        )
        assert item.specifier, f"{item.name} needs a tested range"


def test_the_lock_names_no_place():
    assert not re.search(r"://|^-|@ ", tree.text("requirements.lock"), re.MULTILINE)


def test_both_parts_of_vectorbt_have_one_version():
    pins = locked()
    assert pins["vectorbt"] == pins["vectorbt-rust"]


def test_pyproject_holds_only_the_build_system():
    project = tomllib.loads(tree.text("pyproject.toml"))
    assert set(project) == {"build-system"}
    (builder,) = (Requirement(item) for item in project["build-system"]["requires"])
    assert builder.specifier.contains(locked()["setuptools"])


def test_every_library_has_its_reason():
    reasons = tree.text("docs/decisions/0002-libraries.md")
    names = [item.name for section, option in SECTIONS for item in tree.requirements(section, option)]
    assert not [name for name in names if f"`{name}`" not in reasons]


def test_the_changelog_knows_the_version():
    version = tree.configuration()["metadata"]["version"]
    assert re.search(rf"^## {re.escape(version)}\b", tree.text("CHANGELOG.md"), re.MULTILINE)
    assert "hanges results" in tree.text("CHANGELOG.md")


def test_the_licence_is_the_gpl():
    assert tree.configuration()["metadata"]["license_expression"] == "GPL-3.0-or-later"
    assert "GNU GENERAL PUBLIC LICENSE" in tree.text("LICENSE")
    assert "Version 3" in tree.text("LICENSE")
