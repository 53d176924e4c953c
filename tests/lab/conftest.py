"""The lab: programs, and the table of what each investigation found and what it cost the target."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

# The lab's own modules stand beside its tests, others' in their folders, and importlib mode puts none on the path.
TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "lab"), str(TESTS / "fakes"), str(TESTS / "unit" / "render"), str(TESTS.parent)]

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

WALKED = ("work", "record", "points", "of which", "seconds")


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


POSTGRES_COLUMNS = ("client", "verdict", "cause", "holder", "dearest ms", "between ms", "seconds")


@pytest.fixture
def postgres_row(record_property):
    """As lab_row, for PostgreSQL: milliseconds of the server's own time."""

    def note(*values: object) -> None:
        assert len(values) == len(POSTGRES_COLUMNS)
        record_property("postgres_row", [str(value) for value in values])

    return note


PROBE_COLUMNS = ("runtime", "probe", "evidence found", "pause inside s", "pause said s", "seconds", "MB read")


class ProbeRows:
    """Rows of the one table that stands for every runtime: what each probe found there, and at what price."""

    def __init__(self, record_property):
        self._record = record_property

    def __call__(self, runtime, probe, found, *, pauses_s, seconds, bytes_read):
        """``pauses_s``: as the target itself saw it, None where it was not asked; as Oakum told it."""
        inside, said = ("-" if pause_s is None else f"{pause_s:.3f}" for pause_s in pauses_s)
        self._row(runtime, probe, found, inside, said, f"{seconds:.2f}", f"{bytes_read / 1e6:.1f}")

    def absent(self, runtime, why):
        self._row(runtime, "absent", why, "-", "-", "-", "-")

    def of(self, answer, pause_s, version=""):
        """Each piece of evidence of an investigation that cost something; the dearest of a kind speaks for it.

        The pause inside is of all of them together; it stands beside the one that stopped the target longest.
        """
        dearest = {}
        for row in answer["evidence"]:
            kind, cost = row["id"].partition("-")[0], row["cost"]
            price = (cost["pause_s"], cost["seconds"])
            if any(price) and price >= dearest.get(kind, (None, (0.0, 0.0)))[1]:
                dearest[kind] = row, price
        longest = max(dearest, key=lambda kind: dearest[kind][1], default="")
        for kind, (row, _) in dearest.items():
            cost, found = row["cost"], row["title"]
            if kind == longest and answer["causes"]:
                found = f"{answer['causes'][0]['holder']}; {found}"
            inside = pause_s if kind == longest else None
            price = {"seconds": cost["seconds"], "bytes_read": cost["bytes_read"]}
            self(
                f"{answer['runtime']} {version}".strip(), kind, found[:90], pauses_s=(inside, cost["pause_s"]), **price
            )

    def _row(self, *cells):
        assert len(cells) == len(PROBE_COLUMNS)
        self._record("probe_row", list(cells))


@pytest.fixture
def probe_row(record_property):
    """Call it per probe, ``of`` an investigation's answer, or ``absent``: the row travels with the report."""
    return ProbeRows(record_property)


def pytest_terminal_summary(terminalreporter):
    _table(terminalreporter, "probe_row", "probe by runtime", PROBE_COLUMNS)
    _table(terminalreporter, "lab_row", "what the lab measured", COLUMNS)
    _table(terminalreporter, "walk_row", "writes at which it was killed; losses: 0 where the test passed", WALKED)
    _table(terminalreporter, "node_row", "what Node.js paid", NODE_COLUMNS)
    _table(terminalreporter, "jvm_row", "what JVMs paid", JVM_COLUMNS)
    _table(terminalreporter, "postgres_row", "what was named of PostgreSQL, and what it paid", POSTGRES_COLUMNS)


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
