"""Commands of our own as real processes: their answer, their end, and that none outlives us."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from oakum.host.errands import SAID_BYTES, LiveErrands

PROGRAM = """
import os, signal, sys, time
word = sys.argv[1]
print("begun", os.getpid(), file=sys.stderr, flush=True)
if word == "answer":
    print(os.environ["OAKUM_TEST_WORD"], os.nice(0))
    sys.exit(5)
if word == "much":
    sys.stdout.write("x" * 5_000_000)
    sys.stderr.write("y" * 100_000 + "the end")
if word == "wait":
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        print("asked to end")
        sys.exit(130)
if word == "deaf":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(600)
"""


@pytest.fixture
def errands(tmp_path, monkeypatch):
    (tmp_path / "errand_program.py").write_text(PROGRAM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return LiveErrands("errand_program")


def waited(errand):
    """What it ended with; it is waited for without being reaped."""
    os.waitid(os.P_PID, errand._child.pid, os.WEXITED | os.WNOWAIT)
    return errand.ended()


def begun(errand):
    """Once it runs its own words."""
    while b"begun" not in os.pread(errand._said.fileno(), 100, 0):
        assert errand._child.poll() is None
    return errand


def test_its_answer_its_code_and_what_it_was_given(errands):
    ended = waited(errands.start(["answer"], {"OAKUM_TEST_WORD": "hello"}))
    assert (ended.code, ended.answer.split()[0]) == (5, b"hello")
    assert int(ended.answer.split()[1]) >= min(os.nice(0) + 5, 19)
    assert ended.said.startswith("begun")


def test_a_long_answer_is_whole_and_of_the_rest_the_end_is_kept(errands):
    ended = waited(errands.start(["much"], {}))
    assert (ended.code, len(ended.answer)) == (0, 5_000_000)
    assert ended.said.endswith("the end")
    assert len(ended.said) == SAID_BYTES


def test_one_that_runs_has_not_ended_and_is_asked_to(errands):
    errand = begun(errands.start(["wait"], {}))
    assert errand.ended() is None
    errand.stop()
    assert errand._child.returncode == 130


def test_one_that_does_not_listen_is_killed(errands, monkeypatch):
    monkeypatch.setattr("oakum.host.errands.PATIENCE_S", 0.2)
    errand = errands.start(["deaf"], {})
    begun(errand)
    while not _ignores(errand._child.pid):
        pass
    errand.stop()
    assert errand._child.returncode == -signal.SIGKILL


def _ignores(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    mask = next(line for line in status.splitlines() if line.startswith("SigIgn")).split()[1]
    return bool(int(mask, 16) & (1 << (signal.SIGINT - 1)))


PARENT = """
    import signal, sys, time
    from oakum.host.errands import LiveErrands
    if sys.argv[1] == "ignoring":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    errand = LiveErrands("errand_program").start(["wait"], {})
    while errand._said.seek(0) or b"begun" not in errand._said.read():
        time.sleep(0.01)
    print(errand._child.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("manner", ["listening", "ignoring"])
def test_it_ends_with_us_when_we_are_killed_also_where_a_script_began_us_in_its_background(errands, manner):
    del errands
    command = [sys.executable, "-c", textwrap.dedent(PARENT), manner]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        watched = os.pidfd_open(pid)
        parent.kill()
    with os.fdopen(watched):
        assert select.select([watched], [], [], 30.0)[0], "it still runs"
