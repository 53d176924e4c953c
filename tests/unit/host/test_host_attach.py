"""The attach protocol against a process that speaks it, well or badly: nothing is left behind, whatever it does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from agent_pipes import pipes
from fake_node import FakeSpool

from oakum.host import attach, attach_flow
from oakum.host.afar import jvms as afar
from oakum.host.afar.agent import Agent, command
from oakum.host.afar.jvms import AfarJvms
from oakum.host.attach import LiveJvms
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import DataError, RefusedError, TargetError

SERVER = Path(__file__).parents[2] / "fakes" / "attach_server.py"
TMP = Path("/tmp")
PLAIN = "/usr/bin/python3"
"""One that every user may run."""


@contextmanager
def speaking(mode, *, folder=None, user=None):
    command = [PLAIN if user else sys.executable, "-I", "-S", str(SERVER), mode]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder, user=user, group=user) as process:
        pid = int(process.stdout.readline())
        try:
            yield process
        finally:
            process.kill()
            for name in (f".java_pid{pid}", f".given-up-{pid}", f".written-{pid}"):
                (TMP / name).unlink(missing_ok=True)


@pytest.fixture(autouse=True, params=["this machine", "from afar"])
def jvms(request, monkeypatch):
    if request.param == "this machine":
        yield LiveJvms()
        return
    with pipes(command()) as channel:
        made = AfarJvms(Agent(channel))
        monkeypatch.setattr(sys.modules[__name__], "LiveJvms", lambda: made)
        yield made


@contextmanager
def jvm_of(process):
    jvm = LiveJvms().open(process.pid)
    try:
        yield jvm
    finally:
        jvm.close()


def left(pid, folder=None):
    """What nobody must find afterwards."""
    names = [
        *TMP.glob(f".oakum-{pid}-*"),
        TMP / f".attach_pid{pid}",
        *([folder / f".attach_pid{pid}"] if folder else []),
    ]
    return [path for path in names if path.exists()]


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    for module in (attach, afar):
        monkeypatch.setattr(module, "OPENS_WITHIN_S", 0.5)
    for module in (attach, attach_flow, afar):
        monkeypatch.setattr(module, "BEGINS_WITHIN_S", 1.0)
        monkeypatch.setattr(module, "GIVES_UP_WITHIN_S", 0.5)


def test_the_signal_opens_the_socket_once_and_the_trigger_is_gone(tmp_path):
    with speaking("well", folder=tmp_path) as process, jvm_of(process) as jvm:
        assert not jvm.standing().listens
        assert jvm.ask("VM.version", may_signal=True, within_s=5.0).text == "1 jcmd VM.version\n"
        assert jvm.standing().listens
        # It listens now: the signal would not be sent again, and need not be allowed.
        assert jvm.ask("VM.flags -all", may_signal=False, within_s=5.0).text == "1 jcmd VM.flags -all\n"
        assert left(process.pid, tmp_path) == []


def test_a_socket_that_an_earlier_process_left_is_not_taken_for_its_own_and_opened_anew():
    with speaking("well") as process, jvm_of(process) as jvm, socket.socket(socket.AF_UNIX) as earlier:
        Path(f"/tmp/.java_pid{process.pid}").unlink(missing_ok=True)
        earlier.bind(f"/tmp/.java_pid{process.pid}")
        assert not jvm.standing().listens
        assert jvm.ask("VM.version", may_signal=True, within_s=5.0).text == "1 jcmd VM.version\n"
        assert jvm.standing().listens


def test_a_socket_that_is_not_open_is_not_opened_without_leave():
    with speaking("well") as process, jvm_of(process) as jvm:
        found = jvm.ask("VM.version", may_signal=False, within_s=5.0)
        assert isinstance(found, Absent)
        assert found.kind is AbsentKind.NOT_YET
        assert process.poll() is None


def test_no_signal_is_sent_to_one_that_would_die_of_it():
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        try:
            with jvm_of(process) as jvm:
                found = jvm.ask("VM.version", may_signal=True, within_s=5.0)
            assert "would end it" in found.why
            assert process.poll() is None
            assert left(process.pid) == []
        finally:
            process.kill()


def test_one_that_opens_nothing_is_told_and_asked_no_more(tmp_path):
    with speaking("deaf", folder=tmp_path) as process, jvm_of(process) as jvm:
        found = jvm.ask("VM.version", may_signal=True, within_s=5.0)
        assert "no attach socket opened" in found.why
        assert left(process.pid, tmp_path) == []


@pytest.mark.parametrize(("mode", "what"), [("refuses", "refuses"), ("rubbish", "hung up"), ("hangs-up", "hung up")])
def test_a_reply_that_is_none_is_one_error_with_its_reason(mode, what):
    with speaking(mode) as process, jvm_of(process) as jvm:
        with pytest.raises(TargetError, match=what) as told:
            jvm.ask("VM.version", may_signal=True, within_s=5.0)
        assert told.value.why
        assert told.value.next_step


def test_one_that_says_nothing_is_not_waited_for():
    with speaking("mute") as process, jvm_of(process) as jvm, pytest.raises(TargetError, match="does not answer"):
        jvm.ask("VM.version", may_signal=True, within_s=0.2)


def test_a_stopped_process_is_an_answer_too():
    with speaking("open") as process, jvm_of(process) as jvm:
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(TargetError, match="does not answer"):
            jvm.ask("VM.version", may_signal=True, within_s=0.2)
        os.kill(process.pid, signal.SIGCONT)


def test_a_socket_that_an_earlier_process_left_is_opened_anew():
    with speaking("deaf") as process:
        place = TMP / f".java_pid{process.pid}"
        # Numbers come again: a JVM that was killed may have left one there.
        place.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as old:
            old.bind(str(place))
        with jvm_of(process) as jvm:
            # Nobody answers there, and this one opens none: it is told as one that is silent.
            assert "no attach socket" in jvm.ask("VM.version", may_signal=True, within_s=5.0).why
            assert jvm.ask("VM.version", may_signal=False, within_s=5.0).kind is AbsentKind.NOT_YET


def test_a_socket_that_another_process_answers_is_not_spoken_to():
    with speaking("deaf") as process, speaking("open") as other:
        (TMP / f".java_pid{other.pid}").rename(TMP / f".java_pid{process.pid}")
        with jvm_of(process) as jvm:
            found = jvm.ask("VM.version", may_signal=True, within_s=5.0)
        assert "another process" in found.why


def test_a_file_where_the_socket_should_be_is_not_spoken_to():
    with speaking("deaf") as process:
        (TMP / f".java_pid{process.pid}").write_text("no socket")
        with jvm_of(process) as jvm:
            assert "another process" in jvm.ask("VM.version", may_signal=True, within_s=5.0).why


def test_a_file_comes_through_a_pipe_whole_and_its_name_is_gone():
    with speaking("well") as process, jvm_of(process) as jvm:
        spool = FakeSpool(1 << 30, "spool")
        found = jvm.stream("GC.heap_dump {file}", spool, in_pieces=False, may_signal=True, within_s=10.0)
        assert spool.content.startswith(b"JAVA PROFILE 1.0.2\0")
        assert found.bytes == len(spool.content) == 19 + 256 * 20_000
        assert "Heap dump file created" in found.text
        assert left(process.pid) == []


def test_a_file_that_takes_too_long_is_given_up_and_the_process_runs_on():
    with speaking("trickles") as process, jvm_of(process) as jvm:
        with pytest.raises(RefusedError, match="given up"):
            jvm.stream(
                "GC.heap_dump {file}", FakeSpool(1 << 30, "spool"), in_pieces=False, may_signal=True, within_s=0.3
            )
        assert appears(TMP / f".given-up-{process.pid}")
        assert left(process.pid) == []


def test_a_file_larger_than_its_spool_is_given_up():
    with speaking("well") as process, jvm_of(process) as jvm:
        with pytest.raises(RefusedError):
            jvm.stream("GC.heap_dump {file}", FakeSpool(1000, "spool"), in_pieces=False, may_signal=True, within_s=10.0)
        assert appears(TMP / f".given-up-{process.pid}")
        assert left(process.pid) == []


def test_a_reader_that_stands_still_does_not_hold_the_process_for_longer_than_was_allowed():
    with speaking("well") as process, jvm_of(process) as jvm:

        class Stuck(FakeSpool):
            def write(self, piece):
                super().write(piece)
                assert appears(TMP / f".written-{process.pid}", TMP / f".given-up-{process.pid}")

        with pytest.raises(RefusedError, match="given up"):
            jvm.stream("GC.heap_dump {file}", Stuck(1 << 30, "spool"), in_pieces=False, may_signal=True, within_s=0.3)
        assert left(process.pid) == []


class Lying(Agent):
    """What it says of a file is not what was sent."""

    def ask(self, *request):
        told = super().ask(*request)
        return told.replace(told.split()[1], b"0" * 32) if request[0] == "took" else told


@pytest.mark.parametrize("jvms", ["from afar"], indirect=True)
def test_a_file_whose_hash_is_another_one_is_not_taken():
    with speaking("well") as process, pipes(command()) as channel:
        jvm = AfarJvms(Lying(channel)).open(process.pid)
        with pytest.raises(DataError, match="did not come as it was sent"):
            jvm.stream(
                "GC.heap_dump {file}", FakeSpool(1 << 30, "spool"), in_pieces=False, may_signal=True, within_s=10.0
            )
        jvm.close()
        assert vanishes(process.pid)


@pytest.mark.parametrize("jvms", ["from afar"], indirect=True)
def test_how_fast_a_connection_is_was_measured_and_is_told():
    with speaking("open") as process, jvm_of(process) as jvm:
        assert 0 < jvm.carried_bytes_per_s() < 1e12


def test_one_that_never_opens_the_file_leaves_nothing():
    with speaking("no-file") as process, jvm_of(process) as jvm:
        with pytest.raises(TargetError, match="hung up"):
            jvm.stream(
                "GC.heap_dump {file}", FakeSpool(1 << 30, "spool"), in_pieces=False, may_signal=True, within_s=10.0
            )
        assert vanishes(process.pid)


@pytest.mark.skipif(os.geteuid() != 0 or not Path(PLAIN).exists(), reason="needs root, and a Python for all users")
def test_another_users_process_is_asked_as_that_user_and_we_stay_who_we_are(monkeypatch):
    for name in ("OPENS_WITHIN_S", "BEGINS_WITHIN_S", "GIVES_UP_WITHIN_S"):
        # A program is started as that user, which may take its time: here nothing is to be given up.
        monkeypatch.setattr(attach, name, 10.0)
    with speaking("well", user=65534) as process, jvm_of(process) as jvm:
        assert jvm.standing().uid == 65534
        assert jvm.ask("VM.version", may_signal=True, within_s=5.0).text == "1 jcmd VM.version\n"
        spool = FakeSpool(1 << 30, "spool")
        assert jvm.stream("GC.heap_dump {file}", spool, in_pieces=False, may_signal=False, within_s=10.0).bytes == len(
            spool.content
        )
        assert vanishes(process.pid)
    assert (os.geteuid(), os.getegid()) == (0, 0)


def test_one_that_has_ended_is_a_target_error():
    with speaking("open") as process, jvm_of(process) as jvm:
        process.kill()
        process.wait()
        with pytest.raises(TargetError):
            jvm.ask("VM.version", may_signal=True, within_s=5.0)
        with pytest.raises(TargetError):
            jvm.standing()


def appears(*paths, within_s=5.0):
    """One of them."""
    return _becomes(lambda: any(path.exists() for path in paths), within_s)


def vanishes(pid, within_s=5.0):
    return _becomes(lambda: not left(pid), within_s)


def _becomes(asked, within_s):
    until_s = time.monotonic() + within_s
    while not asked():
        if time.monotonic() > until_s:
            return False
        time.sleep(0.01)
    return True
