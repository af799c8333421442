"""Test run: the day's share of the matrix, and the table of what its cells reached."""

from __future__ import annotations

from collections import Counter

import pytest
from parity import rotation
from parity.counting import missing, text

COUNTED = "parity counts"


def pytest_report_header(config: pytest.Config) -> str:
    if "not parity" in config.getoption("markexpr"):
        return f"random scenes of the day: NAVALE_PARITY_SEED={rotation.seed()}"
    part = f"{rotation.share():g} of the tests marked parity"
    return f"parity: {part}, to be repeated with NAVALE_PARITY_SEED={rotation.seed()}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    marked = [item for item in items if item.get_closest_marker("parity")]
    left = {item.nodeid for item in marked} - {item.nodeid for item in rotation.chosen(marked)}
    if left:
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left])
        items[:] = [item for item in items if item.nodeid not in left]


class Summed:
    """Adds up what the cells counted, also in other processes; the whole matrix must reach each a hundred times."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.cells = 0
        self.short: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = [value for name, value in report.user_properties if name == COUNTED]
        if report.when == "call" and found:
            self.cells += 1
            self.counts.update(found[0])

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        option = session.config.getoption
        picked = option("keyword") or option("lf", False) or "::" in "".join(option("file_or_dir"))
        whole = option("markexpr") == "parity" and rotation.share() == 1.0 and not picked
        if self.cells and whole:  # a part may leave out the few cells that reach a reason
            self.short = missing(self.counts)
        if self.short and not exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        if self.cells:
            terminalreporter.section(f"reached by {self.cells} cells of the parity matrix")
            terminalreporter.write_line(text(self.counts))
            for line in self.short:
                terminalreporter.write_line(f"ERROR: {line}", red=True)
        if self.cells or exitstatus:
            terminalreporter.write_line(pytest_report_header(terminalreporter.config))


def pytest_configure(config: pytest.Config) -> None:
    rotation.seed()
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Summed(), "parity-sums")
