"""Real CPython and Node.js processes and JVMs, through the agent, as from another machine: over pipes, no cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from agent_pipes import pipes
from fake_clock import FakeClock
from jvm_programs import compiled, jvm_program, left_of
from live_child import live_child
from node_programs import node_program, ports_of
from programs import PAUSE_BEYOND_S

from oakum.host import this_machine
from oakum.host.afar.agent import Agent, command
from oakum.host.afar.debuggees import AfarDebuggees
from oakum.host.afar.folder import AfarFolder
from oakum.host.afar.jvms import AfarJvms
from oakum.host.afar.keeper import ALONE_S, FIRST_WITHIN_S, keeper
from oakum.host.afar.memory import AfarMemories
from oakum.host.afar.processes import AfarProcesses
from oakum.host.afar.stream import AfarStream
from oakum.host.sandbox import LiveSandboxes
from oakum.host.spool import LiveSpool
from oakum.loop.captures import Captures
from oakum.loop.facts import Facts
from oakum.loop.progress import Silent
from oakum.model.absent import Absent, AbsentKind
from oakum.model.budget import Budget
from oakum.model.errors import RefusedError, TargetError
from oakum.probe.jvm import JvmProbe
from oakum.probe.node import NodeProbe
from oakum.probe.python import PythonProbe
from oakum.probe.runtime import recognise

pytestmark = pytest.mark.lab


@pytest.fixture
def spool():
    with closing(LiveSpool(1 << 30)) as found:
        yield found


@pytest.fixture
def agent():
    with pipes(command()) as channel:
        yield Agent(channel)


@contextmanager
def inspected(pid, agent):
    with closing(AfarDebuggees(agent).open(pid)) as debuggee:
        probe = NodeProbe(
            pid,
            debuggee,
            processes=AfarProcesses(agent, "none", inside=True),
            memories=AfarMemories(agent),
            clock=this_machine().clock,
        )
        opening = probe.look()
        assert (opening.listener, opening.doubt) == (None, "")
        yield probe.open(opening)


@contextmanager
def asked(pid, agent):
    with closing(AfarJvms(agent).open(pid)) as jvm:
        probe = JvmProbe(pid, jvm, AfarProcesses(agent, "none", inside=True))
        reach = probe.look()
        assert reach.signals
        session = probe.session(reach)
        assert session.version().startswith(reach.version)
        yield session


def closes(pid, within_s=20.0):
    until_s = time.monotonic() + within_s
    while ports_of(pid) and time.monotonic() < until_s:
        time.sleep(0.05)
    return ports_of(pid) == set()


def test_a_snapshot_comes_whole_the_pause_is_as_said_and_the_inspector_is_closed_again(agent, spool):
    with node_program("map.cjs") as program:
        program.serve_for(0.5)
        program.ask("reset")
        with inspected(program.pid, agent) as session:
            assert session.heaps().main.heap_used_bytes > 0
            cost = session.snapshot(spool, within_s=60.0)
            assert session.close() is None
        assert program.number("pause", "pause_s") <= cost.pause_s + PAUSE_BEYOND_S
        assert ports_of(program.pid) == set()
    with Path(spool.path()).open("rb") as file:
        assert file.read(12) == b'{"snapshot":'


def test_an_inspector_whose_agent_was_killed_closes_itself(agent):
    with node_program("map.cjs") as program, inspected(program.pid, agent) as session:
        # One second, with the 30 that it is always given.
        session.hold(-29.0)
        os.kill(agent.greeting.pid, signal.SIGKILL)
        with pytest.raises(TargetError):
            session.figures()
        assert closes(program.pid)
        assert program.process.poll() is None


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("java"))


def test_a_dump_comes_whole_and_what_is_said_of_its_pause_was_measured_beside_the_jvm(agent, spool, classes):
    with jvm_program("StaticMap", classes) as program:
        program.serve_for(0.5)
        with asked(program.pid, agent) as session:
            histogram, _ = session.histogram(within_s=60.0)
            assert histogram["leaks.StaticMap$Quote"][0] > 0
            begun_s = time.monotonic()
            told = session.dump(session.dump_command(), spool, within_s=60.0)
            assert 0 < told.seconds <= time.monotonic() - begun_s
        assert told.bytes == spool.size_bytes
        assert left_of(program.pid) == []
        assert program.serve_for(0.3) > 0
    with Path(spool.path()).open("rb") as file:
        assert file.read(12) == b"JAVA PROFILE"


@pytest.mark.parametrize("ends", ["too long", "the agent is killed"])
def test_a_dump_that_cannot_come_lets_the_jvm_go_on_and_leaves_nothing(ends, agent, spool, classes):
    """A reader that stands still stands for a network that does: the agent waits for it, and gives up in time."""
    with jvm_program("StaticMap", classes, rate=20.0) as program:
        program.serve_for(1.5)

        class Slow:
            size_bytes = 0

            def write(self, piece: bytes) -> None:
                self.size_bytes += len(piece)
                if ends == "too long":
                    served = program.serve_for(0.0)
                    until_s = time.monotonic() + 20.0
                    while program.serve_for(0.1) <= served and time.monotonic() < until_s:
                        time.sleep(0.1)
                else:
                    os.kill(agent.greeting.pid, signal.SIGKILL)

        with asked(program.pid, agent) as session:
            error = RefusedError if ends == "too long" else TargetError
            with pytest.raises(error):
                session.dump(session.dump_command(), Slow(), within_s=0.5)
        before = program.serve_for(0.0)
        assert program.serve_for(0.3) > before
        until_s = time.monotonic() + 20.0
        while left_of(program.pid) and time.monotonic() < until_s:
            time.sleep(0.05)
        assert left_of(program.pid) == []


def looked(agent, pid, budget):
    """A first copy of a Python heap, as an investigation begins with; what was told of it."""
    processes, memories, clock = AfarProcesses(agent, "none", inside=True), AfarMemories(agent), this_machine().clock
    probe = PythonProbe(memories, processes, clock, recognise(pid, processes, memories))
    facts = Facts(FakeClock())
    with Captures(probe, pid, stop=False, budget=budget) as captures:
        captures.prepare(facts, Silent())
    return {each.id: each for each in facts.evidence}, facts.absent


def test_what_a_python_heap_costs_the_network_is_told_before_and_is_what_it_then_costs(agent):
    with live_child() as child:
        child.ask(f"grow {8 << 20}")
        told, absent = looked(agent, child.pid, Budget())
    assert absent == []
    price, paid = told["preflight"].facts, told["capture"].cost
    assert price["bytes_to_read"] > 8 << 20
    assert paid.bytes_read == pytest.approx(price["bytes_to_read"], rel=0.2)
    assert price["takes_s"] == price["bytes_to_read"] / price["carried_bytes_per_s"] > 0


@pytest.mark.parametrize("budget", [Budget(max_bytes=1 << 20), Budget(max_copy_s=1e-6)], ids=["bytes", "seconds"])
def test_a_python_heap_that_may_not_cross_stays_where_it_is(agent, budget):
    with live_child() as child:
        child.ask(f"grow {32 << 20}")
        told, (refused,) = looked(agent, child.pid, budget)
    assert refused.kind is AbsentKind.TOO_DEAR
    assert refused.get.startswith(f"oakum investigate pid/{child.pid} --max-")
    assert "capture" not in told
    # The connection was measured, and mappings were read; no heap came.
    assert agent.told_bytes < 24 << 20


LISTENS = """\
import socket, sys
made = socket.create_server(("127.0.0.1", 0))
print(made.getsockname()[1], flush=True)
joined, _ = made.accept()
joined.sendall(b"from within")
joined.close()
sys.stdin.read()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to enter a network")
def test_from_its_node_a_process_is_reached_in_its_own_network_and_the_agent_stays_in_its(agent):
    up = 'ip link set lo up && exec "$@"'
    words = ["unshare", "--net", "sh", "-c", up, "sh", sys.executable, "-c", LISTENS]
    with (
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program,
        closing(AfarFolder.opened(agent, program.pid)) as folder,
        closing(AfarFolder.opened(agent, agent.greeting.pid)) as own,
    ):
        port, before = int(program.stdout.readline()), agent.ask("link", own.number, "ns/net")
        with pytest.raises(ConnectionRefusedError):
            AfarStream(agent, "127.0.0.1", port)
        with closing(AfarStream(agent, "127.0.0.1", port, inside=folder.number)) as stream:
            assert stream.heard(time.monotonic() + 20) == b"from within"
        assert agent.ask("link", own.number, "ns/net") == before != agent.ask("link", folder.number, "ns/net")
        program.stdin.close()


ID = "ab" * 8


def turns(process):
    """How often it has waited for something."""
    told = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").split()
    return int(told[told.index("voluntary_ctxt_switches:") + 1])


@pytest.mark.parametrize("asked_to_end", [False, True])
def test_a_container_of_ours_is_kept_open_while_somebody_is_in_it_and_a_monitor_is_none_of_its_container(
    agent, asked_to_end
):
    sandbox = LiveSandboxes().create(f"crio-conmon-{ID}", 256 << 20)
    if isinstance(sandbox, Absent):
        pytest.skip(f"no memory cgroup here: {sandbox.why}")
    with closing(sandbox):
        guest = sandbox.start(["cat"])
        kept = sandbox.start(keeper(300, sys.executable))
        looked = turns(kept) + ALONE_S + 2
        while kept.poll() is None and turns(kept) < looked:
            time.sleep(0.05)
        assert kept.poll() is None
        assert agent.ask("within", ID) == b""
        if asked_to_end:
            kept.terminate()
            looked = turns(kept) + 3
            while kept.poll() is None and turns(kept) < looked:
                time.sleep(0.05)
            assert kept.poll() is None
        guest.stdin.close()
        assert kept.wait(FIRST_WITHIN_S - 10) == 0
