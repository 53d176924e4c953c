"""Attaching to real JVMs: in namespaces of their own, as other users, and those that must be left alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from jvm_programs import compiled, jdks, jvm_program, left_of
from programs import Program

from oakum.host import this_machine
from oakum.model.absent import Absent
from oakum.model.errors import RefusedError, TargetError
from oakum.probe.jvm import JvmProbe, Reach
from oakum.probe.jvm_session import JvmSession

pytestmark = pytest.mark.lab

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
NOBODY = 65534
APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c")


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("java"))


@pytest.fixture
def seen_by_all(classes):
    """The same classes where every user can read them, and where a mount over /tmp does not hide them."""
    place = Path(tempfile.mkdtemp(prefix="oakum-lab-", dir="/var/tmp"))
    place.chmod(0o755)
    yield Path(shutil.copytree(classes, place / "classes"))
    shutil.rmtree(place)


def looked(pid: int, ask=lambda session: session.version()):
    """The JVM's answer to a question, or why it was not asked."""
    machine = this_machine()
    with closing(machine.jvms.open(pid)) as jvm:
        probe = JvmProbe(pid, jvm, machine.processes)
        reach = probe.look()
        return ask(probe.session(reach)) if isinstance(reach, Reach) else reach


def serves(program: Program) -> bool:
    before = program.serve_for(0.0)
    return program.serve_for(0.3) > before and program.process.poll() is None


@pytest.mark.parametrize("version", ["17", "25"])
def test_every_question_has_an_answer_that_can_be_read(version, classes):
    if version not in jdks():
        pytest.skip(f"no JDK {version} on this machine")

    def ask(session: JvmSession):
        assert session.version().startswith(version)
        return (
            session.pools(), session.histogram(within_s=30.0), session.flags(), session.threads(), session.loaders(),
            session.native(), session.dump_command(),
        )  # fmt: skip

    options = ("-XX:NativeMemoryTracking=summary",)
    with jvm_program("StaticMap", classes, *options, java=str(jdks()[version] / "java")) as program:
        program.serve_for(1.0)
        pools, histogram, flags, threads, loaders, native, command = looked(program.pid, ask)
        assert serves(program)
        assert left_of(program.pid) == []
    assert 0 < pools.heap_used_bytes <= pools.heap_committed_bytes
    assert 0 < pools.metaspace_used_bytes <= pools.metaspace_committed_bytes
    assert histogram[0]["leaks.StaticMap$Quote"][0] >= 1000
    assert flags["MaxHeapSize"] == str(640 << 20)
    assert flags["HeapDumpOnOutOfMemoryError"] == "false"
    assert dict(threads.names)["pulse"] == 1
    assert "RUNNABLE" in dict(threads.states)
    assert loaders.loaders >= 2
    assert native["Thread"] > 0
    assert native["Total"] > native["Java Heap"]
    assert command.in_pieces is (version == "25")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("-XX:+DisableAttachMechanism",), "DisableAttachMechanism"),
        (("-XX:+DisableAttachMechanism", "-XX:-UsePerfData"), "DisableAttachMechanism"),
    ],
    ids=["told by its performance data", "told by its options"],
)
def test_one_that_takes_no_questions_is_sent_nothing(options, why, classes):
    with jvm_program("StaticMap", classes, *options) as program:
        # An earlier process that had its number may have left one.
        Path(f"/tmp/.java_pid{program.pid}").unlink(missing_ok=True)
        found = looked(program.pid)
        assert isinstance(found, Absent)
        assert why in found.why
        assert found.get
        assert serves(program)
        assert not Path(f"/tmp/.java_pid{program.pid}").exists()


def test_one_whose_signals_are_reduced_listens_by_itself_and_is_never_sent_one(classes):
    with jvm_program("StaticMap", classes, "-Xrs") as program:
        socket = Path(f"/tmp/.java_pid{program.pid}")
        assert looked(program.pid).startswith("17")
        socket.unlink()
        assert "would end it" in looked(program.pid).why
        assert serves(program)


def test_a_jvm_that_has_not_started_yet_is_sent_nothing(classes, tmp_path):
    """Its launcher waits for a debugger's pipe before it has handlers: java reads its argument file from a pipe."""
    pipe = tmp_path / "arguments"
    os.mkfifo(pipe)
    with subprocess.Popen(["java", f"@{pipe}"], stdin=subprocess.DEVNULL) as process:
        try:
            time.sleep(0.3)
            found = looked(process.pid)
            assert isinstance(found, Absent)
            assert process.poll() is None
        finally:
            process.kill()


@NEEDS_ROOT
@pytest.mark.parametrize("apart", [(), APART], ids=["here", "in namespaces of its own"])
def test_another_users_jvm_is_asked_and_dumped_as_that_user(apart, seen_by_all):
    spool = Spooled()
    prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "env", "HOME=/tmp")
    if apart:
        prefix = (*APART, f'mount -t tmpfs none /tmp -o mode=1777 && cd / && exec {" ".join(prefix)} "$@"', "sh")
    with jvm_program("StaticMap", seen_by_all, prefix=prefix) as program:
        pid = innermost(program.pid) if apart else program.pid
        machine = this_machine()
        with closing(machine.jvms.open(pid)) as jvm:
            probe = JvmProbe(pid, jvm, machine.processes)
            session = probe.session(probe.look())
            assert session.version().startswith("17")
            told = session.dump(session.dump_command(), spool, within_s=30.0)
        assert serves(program)
        assert left_of(pid) == []
    assert spool.begin.startswith(b"JAVA PROFILE")
    assert told.bytes == spool.size_bytes
    assert os.geteuid() == 0


def innermost(pid: int) -> int:
    """The JVM behind what started it."""
    while True:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        if not children:
            return pid
        pid = int(children[0])


class Spooled:
    """Port Spool, that keeps the begin only."""

    def __init__(self, most_bytes: int = 1 << 40) -> None:
        self.size_bytes, self.begin, self._most_bytes = 0, b"", most_bytes

    def write(self, piece: bytes) -> None:
        self.begin = self.begin or piece[:32]
        self.size_bytes += len(piece)
        if self.size_bytes > self._most_bytes:
            raise RefusedError("more came")


def test_a_dump_that_is_given_up_lets_the_jvm_go_on_at_once_and_the_next_one_works(classes):
    with jvm_program("StaticMap", classes, rate=20.0) as program:
        program.serve_for(4.0)

        def cut(session: JvmSession):
            assert session.version()
            command = session.dump_command()
            with pytest.raises(RefusedError):
                session.dump(command, Spooled(1 << 20), within_s=30.0)
            assert serves(program)
            return session.dump(command, Spooled(), within_s=30.0)

        whole = looked(program.pid, cut)
        assert whole.bytes > 40_000_000
        assert serves(program)
        assert left_of(program.pid) == []


def test_one_that_dies_in_the_middle_is_a_target_error_and_nothing_is_left(classes):
    with jvm_program("StaticMap", classes, rate=20.0) as program:
        program.serve_for(3.0)

        class Killing(Spooled):
            def write(self, piece: bytes) -> None:
                super().write(piece)
                program.process.kill()

        def dump(session: JvmSession):
            assert session.version()
            return session.dump(session.dump_command(), Killing(), within_s=30.0)

        with pytest.raises(TargetError):
            looked(program.pid, dump)
    until_s = time.monotonic() + 10.0
    # The process apart that made it takes it away: it may end after the error is told.
    while left := [name for name in os.listdir("/tmp") if name.startswith(f".oakum-{program.pid}-")]:
        assert time.monotonic() < until_s, left
        time.sleep(0.05)
