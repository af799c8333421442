"""Imports point one way; engines, compilers and vendors are named only where they belong."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys

import pytest
from packaging.utils import canonicalize_name
from repository import tree

MAY_IMPORT = {
    "feeds": {"feeds"},
    "indicators": {"feeds", "indicators"},
    "strategies": {"feeds", "indicators", "strategies"},
    "optimize": {"feeds", "indicators", "strategies", "optimize"},
    "live": {"feeds", "indicators", "strategies", "optimize", "live"},
    "navale.py": {*tree.PACKAGES, "navale"},
}
ENGINES = {"backtrader", "vectorbt", "vectorbt_rust", "quantstats"}
ENGINE_MODULES = re.compile(
    r"(indicators|strategies)/engines/|live/(feed|broker)[\w/]*\.py|optimize/tearsheet[\w/]*\.py"
)
VENDORS = {
    "ccxt",
    "tastytrade",
    "massive",
    "websockets",
    "httpx2",
    "httpx",
    "requests",
    "urllib3",
    "aiohttp",
    "yfinance",
}
VENDOR_MODULES = re.compile(r"live/adapters/|feeds/vendors/")
HEAVY = ("pandas", "numba", "scipy", "matplotlib", "plotly", "optuna", *sorted(ENGINES))
# Used by name only: pandas reads parquet with pyarrow, vectorbt calls its Rust part, optuna's CMA-ES needs cmaes.
USED_BY_OTHERS = {"pyarrow", "vectorbt-rust", "cmaes"}


def test_there_is_something_to_check():
    assert {name.split("/")[0] for name in tree.sources()} == {*tree.PACKAGES, "navale.py"}


def test_dependencies_point_one_way():
    wrong = [
        found
        for found in tree.all_imports()
        if found.top in {*tree.PACKAGES, "navale", "tests"} and found.top not in MAY_IMPORT[found.file.split("/")[0]]
    ]
    assert not wrong, "live > optimize > strategies > indicators > feeds:\n" + "\n".join(map(str, wrong))


def test_engines_are_imported_only_by_their_hosts():
    wrong = [found for found in tree.all_imports() if found.top in ENGINES and not ENGINE_MODULES.match(found.file)]
    assert not wrong, "\n".join(map(str, wrong))


def test_vendor_clients_are_imported_only_by_adapters():
    wrong = [found for found in tree.all_imports() if found.top in VENDORS and not VENDOR_MODULES.match(found.file)]
    assert not wrong, "\n".join(map(str, wrong))


def test_one_module_names_the_compiler():
    named = {found.file for found in tree.all_imports() if found.top in ("numba", "llvmlite")}
    assert len(named) == 1, f"numba is imported by {sorted(named)}; import it in one module only"


def test_every_import_is_declared():
    distributions = importlib.metadata.packages_distributions()
    declared = {canonicalize_name(item.name) for item in tree.requirements("options", "install_requires")}
    for extra in tree.configuration()["options.extras_require"]:
        if extra != "dev":
            declared |= {canonicalize_name(item.name) for item in tree.requirements("options.extras_require", extra)}
    known = {*sys.stdlib_module_names, *tree.PACKAGES, "navale", "__future__"}
    wrong = [
        found
        for found in tree.all_imports()
        if found.top not in known
        and not declared & {canonicalize_name(name) for name in distributions.get(found.top, [])}
    ]
    assert not wrong, "not in setup.cfg:\n" + "\n".join(map(str, wrong))


def test_every_declared_library_is_used():
    distributions = importlib.metadata.packages_distributions()
    written = {found.top for found in tree.all_imports()}
    written |= {word for name in tree.sources() for word in re.findall(r"[\"'](\w+)[\"'.:]", tree.text(name))}
    used = {canonicalize_name(name) for top in written for name in distributions.get(top, [])} | USED_BY_OTHERS
    unused = [
        item.name
        for item in tree.requirements("options", "install_requires")
        if canonicalize_name(item.name) not in used
    ]
    assert not unused, f"declared in setup.cfg, used nowhere: {unused}"


@pytest.mark.parametrize("package", tree.PACKAGES)
def test_importing_a_folder_is_cheap(package):
    code = f"import {package}, sys; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=tree.ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
