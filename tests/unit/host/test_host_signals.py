"""What a process does with signals, read from the kernel, and one sent to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from oakum.host.gauge import ProcessFolder
from oakum.host.signals import dispositions, parse_dispositions, send

PROGRAM = """
import signal, sys
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(7))
signal.signal(signal.SIGUSR2, signal.SIG_IGN)
print("ready", flush=True)
signal.pause()
"""


def test_the_sets_are_read_from_their_masks():
    found = parse_dispositions(
        b"Name:\tnode\nSigBlk:\t0000000000000002\nSigIgn:\t0000000001001000\nSigCgt:\t0000000100004602\n"
    )
    assert found.caught == {2, 10, 11, 15, 33}
    assert found.ignored == {13, 25}
    assert found.blocked == {2}


@pytest.mark.parametrize("raw", [b"", b"SigCgt:\n", b"no table\xff"])
def test_lines_that_are_missing_read_as_empty(raw):
    assert parse_dispositions(raw).caught == frozenset()


@pytest.fixture
def child():
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        folder = ProcessFolder(process.pid)
        yield process, folder
        folder.close()
        process.kill()


def test_a_live_process_tells_and_gets_the_signal(child):
    process, folder = child
    found = dispositions(folder)
    assert signal.SIGUSR1 in found.caught
    assert signal.SIGUSR2 in found.ignored
    send(folder, signal.SIGUSR1)
    assert process.wait(timeout=10) == 7


def test_a_process_that_has_ended_is_sent_nothing(child):
    process, folder = child
    process.kill()
    process.wait()
    with pytest.raises(OSError, match="No such process"):
        send(folder, signal.SIGUSR1)
    with pytest.raises(OSError, match="No such process"):
        dispositions(folder)
    assert os.getpid() != folder.pid
