"""A stop by ptrace: what stands still, and that it always goes on; the targets are real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from oakum.host import stop
from oakum.host.stat import parse_stat
from oakum.host.stop import stopped
from oakum.model.errors import TargetError

HOLD = """
import sys
from oakum.host.stop import stopped
with stopped(int(sys.argv[1]), 60):
    print("standing", flush=True)
    sys.stdin.read()
"""
LEADER_ENDS = """
import ctypes, os, sys, threading
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0)
def serve():
    while open(f"/proc/self/task/{os.getpid()}/stat").read().rpartition(")")[2].split()[0] != "Z":
        pass
    print("alone", flush=True)
    for line in iter(sys.stdin.readline, ""):
        print(line, end="", flush=True)
    os._exit(0)
threading.Thread(target=serve).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def states(pid):
    tasks = [parse_stat(path.read_bytes()) for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return [task.state for task in tasks]


def tracers(pid):
    """The threads that hold a thread of ``pid``; empty for none."""
    lines = [line for path in Path(f"/proc/{pid}/task").glob("*/status") for line in path.read_text().splitlines()]
    return {line.split()[1] for line in lines if line.startswith("TracerPid:")} - {"0"}


def threads(pid):
    return set(os.listdir(f"/proc/{pid}/task"))


def test_every_thread_stands_still_inside_and_goes_on_after(child):
    assert child.ask("threads 5") == "threads"
    with stopped(child.pid, 30):
        assert states(child.pid) == ["t"] * 6
        assert len(tracers(child.pid) & threads(os.getpid())) == 1
        child.tell("ping")
        assert not child.answers(0.05)
    assert child.answer() == "ping"
    assert tracers(child.pid) == set()
    assert "t" not in states(child.pid)


def test_a_stop_ends_by_itself_when_its_time_is_up(child):
    child.tell("ping")
    with stopped(child.pid, 0.25):
        child.answer()
        assert child.ask("again") == "again"


def test_an_error_inside_lets_the_target_go_on(child):
    with pytest.raises(ZeroDivisionError), stopped(child.pid, 30):
        raise ZeroDivisionError
    assert tracers(child.pid) == set()
    assert child.ask("ping") == "ping"


def test_the_kernel_lets_the_target_go_on_when_oakum_is_killed(child):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(child.pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"standing\n"
        assert states(child.pid) == ["t"]
        assert len(tracers(child.pid) & threads(holder.pid)) == 1
        child.tell("ping")
        assert not child.answers(0.05)
        holder.kill()
        assert holder.wait() == -signal.SIGKILL
        assert child.answer() == "ping"
    assert tracers(child.pid) == set()
    assert "t" not in states(child.pid)
    # Free for the next one.
    with stopped(child.pid, 30):
        assert states(child.pid) == ["t"]


def test_a_target_that_another_tracer_holds_is_refused_and_let_be(child):
    with stopped(child.pid, 30):
        with pytest.raises(TargetError, match="cannot be stopped"), stopped(child.pid, 30):
            pytest.fail("two tracers of one process")
        assert states(child.pid) == ["t"]
    assert child.ask("ping") == "ping"


def test_a_target_that_has_ended_cannot_be_stopped(child):
    child.end()
    with pytest.raises(TargetError, match="cannot be stopped"), stopped(child.pid, 30):
        pytest.fail("entered")


def test_a_target_killed_inside_ends(child):
    with stopped(child.pid, 30):
        child.process.kill()
        assert child.process.wait() == -signal.SIGKILL


def test_a_signal_that_comes_while_the_target_is_seized_is_not_lost(child, monkeypatch):
    number = signal.SIGUSR1
    assert child.ask(f"note {int(number)}") == "note"
    asked = stop._ptrace

    def signalled(request, pid, address, data):
        if request == stop._INTERRUPT:
            os.kill(pid, number)
            # It stops to tell its tracer of the signal, before the interruption.
            while "t" not in states(pid):
                pass
        return asked(request, pid, address, data)

    monkeypatch.setattr(stop, "_ptrace", signalled)
    with stopped(child.pid, 30):
        assert states(child.pid) == ["t"]
    assert child.answer() == f"signal {int(number)}"


def test_a_stopped_job_stays_stopped(child):
    child.process.send_signal(signal.SIGSTOP)
    assert os.waitpid(child.pid, os.WUNTRACED)[0] == child.pid
    with stopped(child.pid, 30):
        assert states(child.pid) == ["t"]
    # Let go, it wakes inside the kernel only to stop again.
    until = time.monotonic() + 10
    while states(child.pid) != ["T"]:
        assert time.monotonic() < until
    child.tell("ping")
    assert not child.answers(0.05)
    child.process.send_signal(signal.SIGCONT)
    assert child.answer() == "ping"


def test_a_process_whose_first_thread_has_ended_can_be_stopped():
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", LEADER_ENDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"alone\n"
        with stopped(process.pid, 30):
            assert sorted(states(process.pid)) == ["Z", "t"]
        process.stdin.write(b"ping\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"ping\n"
        process.stdin.close()


def test_no_thread_of_ours_is_left(child):
    before = threading.active_count()
    with stopped(child.pid, 30):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
