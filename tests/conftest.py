"""OAKUM_NO_SKIP=1 turns every skip into a failure: where everything must run, a test that did not is a hole.

What Oakum keeps in the user's cache folder is kept in one of the tests' own.
"""

from __future__ import annotations

import hashlib
import os
import tempfile

import pytest
from hypothesis import settings

# The same examples on every machine: a run that fails fails again. OAKUM_FUZZ=1 looks for new ones.
settings.register_profile("oakum", derandomize=os.environ.get("OAKUM_FUZZ") != "1", deadline=None)
settings.load_profile("oakum")


@pytest.fixture(autouse=True)
def _record_of_its_own(monkeypatch, tmp_path_factory, request):
    """No test writes to the record of who runs it, or to another test's."""
    folder = tmp_path_factory.getbasetemp() / "state" / hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    monkeypatch.delenv("OAKUM_STORE", raising=False)


_cache = tempfile.TemporaryDirectory(prefix="oakum-tests-")
os.environ["XDG_CACHE_HOME"] = _cache.name


def pytest_unconfigure():
    _cache.cleanup()


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    return f"OAKUM_NO_SKIP is set, and this was skipped: {reason}"


def _forbid(report: pytest.TestReport | pytest.CollectReport) -> None:
    """An expected failure is reported as skipped too; it did run."""
    if os.environ.get("OAKUM_NO_SKIP") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.longrepr = _reason(report)
        report.outcome = "failed"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    _forbid(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector):
    """A whole module that skips itself while it is collected."""
    report = yield
    _forbid(report)
    return report
