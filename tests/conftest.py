"""Shared by every test: the real market data, hypothesis profiles and a visible count of what was skipped."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from chromium import Page, browser

pytest_plugins = ["parity.plugin"]
ROOT = Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True, database=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def data_folder() -> Path:
    """NAVALE_DATA, or shared/data beside the checkout."""
    return Path(os.environ.get("NAVALE_DATA") or ROOT.parent / "shared" / "data")


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(100_000, 50, 50)  # compilers make many objects and few cycles: a sixteenth of a cold run's time
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):  # they put colours into tables that tests read
        os.environ.pop(name, None)
    wanted = os.environ.get("NAVALE_DATA")
    if wanted and not Path(wanted).is_dir():
        raise pytest.UsageError(f"NAVALE_DATA={wanted} is not a folder; unset it to skip the tests that need it")


def pytest_report_header(config: pytest.Config) -> str:
    folder = data_folder()
    return f"market data: {folder if folder.is_dir() else 'absent, tests that need it are skipped'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "market_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.data)


@pytest.fixture(scope="session")
def market_data() -> Path:
    """Folder of real market data; skips the test, visibly, where there is none."""
    folder = data_folder()
    if not folder.is_dir():
        pytest.skip("no market data: set NAVALE_DATA")
    return folder


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page in a headless browser, one for the tests of a module; skips them, visibly, where there is none."""
    if browser() is None:
        pytest.skip("no Chromium (Debian: apt install chromium)")
    opened = Page(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    terminalreporter.write_line(f"skipped tests: {sum(reasons.values())}")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"  {count} x {reason}")
