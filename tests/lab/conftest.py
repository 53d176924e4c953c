"""The lab: programs, and the table of what each investigation found and what it cost the target."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

# The lab's own modules stand beside its tests, others' in their folders, and importlib mode puts none on the path.
TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "lab"), str(TESTS / "fakes"), str(TESTS / "unit" / "render")]

# A run that was started in the background ignores Ctrl-C, and so would all that it starts: here Ctrl-C is tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def tiny_disk(tmp_path):
    """A real file system of 16 KiB, nearly full."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no mount here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


COLUMNS = ("program", "objects", "seconds", "pause inside s", "pause said s", "MB read", "verdict", "cause", "holder")

WALKED = ("work", "points", "of which", "seconds")


NODE_COLUMNS = (
    "program", "verdict", "cause", "holder", "where",
    "heap MB", "pause inside s", "pause said s", "extra MB", "peak MB", "seconds",
)  # fmt: skip


@pytest.fixture
def node_row(record_property):
    """As lab_row, for Node.js."""

    def note(*values: object) -> None:
        assert len(values) == len(NODE_COLUMNS)
        record_property("node_row", [str(value) for value in values])

    return note


JVM_COLUMNS = (
    "program", "verdict", "cause", "holder", "dump MB", "count said s", "dump said s", "pause inside s",
    "extra MB", "peak MB", "seconds",
)  # fmt: skip


@pytest.fixture
def jvm_row(record_property):
    """As lab_row, for JVMs."""

    def note(*values: object) -> None:
        assert len(values) == len(JVM_COLUMNS)
        record_property("jvm_row", [str(value) for value in values])

    return note


@pytest.fixture
def lab_row(record_property):
    """Call it with one value per column; the row travels with the report, so that workers of xdist can send it."""

    def note(*values: object) -> None:
        assert len(values) == len(COLUMNS)
        record_property("lab_row", [str(value) for value in values])

    return note


def pytest_terminal_summary(terminalreporter):
    _table(terminalreporter, "lab_row", "what the lab measured", COLUMNS)
    _table(terminalreporter, "walk_row", "writes at which it was killed; losses: 0 where the test passed", WALKED)
    _table(terminalreporter, "node_row", "what Node.js paid", NODE_COLUMNS)
    _table(terminalreporter, "jvm_row", "what JVMs paid", JVM_COLUMNS)


def _table(terminalreporter, kind, title, columns):
    rows = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == kind
    ]
    if not rows:
        return
    table = [list(columns), *sorted(rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(columns))]
    terminalreporter.section(title)
    for row in table:
        terminalreporter.write_line(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
