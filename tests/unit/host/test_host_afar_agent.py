"""The agent as a real process over pipes, and how its answers are read, however they were cut."""

from __future__ import annotations

import ast
import errno
import os
import select
import signal
import subprocess
import sys
import zlib
from hashlib import blake2b
from pathlib import Path

import pytest
from agent_pipes import pipes
from live_child import live_child

from oakum.host.afar import agent_program
from oakum.host.afar.agent import PIECE_BYTES, Agent, Answer, Answers, command
from oakum.host.afar.cgroups import AfarCgroups
from oakum.host.afar.keeper import keeper
from oakum.host.afar.node import AfarNode
from oakum.host.afar.processes import AfarProcesses
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import DataError, TargetError
from oakum.model.node import Room

PROGRAM = Path(agent_program.__file__).read_text(encoding="utf-8")


def said(name, told, *, state="ok", size=None):
    mark = blake2b(told, digest_size=16).hexdigest() if told else "-"
    return f"{name} {state} {len(told) if size is None else size} {len(told)} {mark}\n".encode() + told


@pytest.fixture
def agent():
    with pipes(command(sys.executable)) as channel:
        yield Agent(channel)


def test_answers_are_the_same_whole_and_byte_by_byte():
    told = b"rope\n" * 3000
    stream = said(0, b"a\nb") + said(1, b"it has ended", state="no", size=3) + said(2, b"")
    stream += said(3, zlib.compress(told), state="zlib", size=len(told))
    expected = [Answer("0", b"a\nb"), Answer("1", b"it has ended", 3), Answer("2", b""), Answer("3", told)]
    assert list(Answers().feed(stream)) == expected
    answers = Answers()
    assert [each for at in range(len(stream)) for each in answers.feed(stream[at : at + 1])] == expected


@pytest.mark.parametrize(
    "stream",
    [
        said(0, b"rope").replace(b"rope", b"rape"),
        said(0, b"rope", size=5),
        said(0, zlib.compress(b"rope"), state="zlib", size=3),
        said(0, b"rope", state="zlib"),
        said(0, zlib.compress(bytes(100)), state="zlib", size=1 << 40),
        b"0 ok 4 99999999999 -\n",
        b"Traceback (most recent call last):\n",
        b"x" * 300,
    ],
    ids=["hash", "size", "bomb", "no zlib", "huge", "endless", "words", "no line"],
)
def test_what_no_agent_says_is_one_data_error(stream):
    with pytest.raises(DataError, match="cannot be understood"):
        list(Answers().feed(stream))


def test_the_program_is_of_a_python_from_3_6_on_and_of_its_standard_library_alone():
    tree = ast.parse(PROGRAM, feature_version=(3, 6))
    imported = {each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names
    assert not {"json", "typing", "pathlib", "re", "subprocess", "asyncio"} & imported


def test_it_greets_and_is_modest_and_its_own_memory_stays_below_what_is_promised(agent):
    assert agent.greeting.pid != os.getpid()
    own = Path(f"/proc/{agent.greeting.pid}")
    assert own.joinpath("oom_score_adj").read_text() == "1000\n"
    assert list(agent.ask_all([("hold", 1, os.getpid()), *([("read", 1, "maps", 1 << 20)] * 50)]))
    anonymous = next(line for line in own.joinpath("status").read_text().splitlines() if line.startswith("RssAnon"))
    assert int(anonymous.split()[1]) << 10 < 12 << 20


def test_a_refusal_has_its_number_and_what_follows_it_is_answered(agent):
    refused, told = agent.ask_all([("read", 7, "stat", 10), ("pids",)])
    assert (refused.errno, str(os.getpid()).encode() in told.split()) == (errno.ESRCH, True)
    with pytest.raises(OSError, match="No such file"):
        agent.ask("hold", 8, 1 << 22)


def test_many_answers_larger_than_any_pipe_come_in_order_and_are_counted(agent):
    with live_child() as child:
        agent.ask("hold", 1, child.pid)
        asked = [("copy", 1, child.pattern_at + at % 7, 20_000) for at in range(300)]
        told = agent.ask_all(asked)
    assert [each[:7] for each in told[:3]] == [b"a rope ", b" rope u", b"rope un"]
    assert {len(each) for each in told} == {20_000}
    assert agent.told_bytes >= 300 * 20_000
    assert agent.came_bytes > 0


def test_no_answer_is_larger_than_a_piece(agent):
    agent.ask("hold", 1, agent.greeting.pid)
    assert len(agent.ask("held", 1, 1 << 20, PIECE_BYTES * 4)) == PIECE_BYTES


def test_what_a_link_names_outside_of_its_root_is_not_read(agent, tmp_path):
    (tmp_path / "within").write_text("oakum")
    (tmp_path / "way").symlink_to("/../../../../../../../../etc/hostname")
    agent.ask("hold", 1, os.getpid())
    assert agent.ask("file", 1, str(tmp_path / "within"), 100) == b"oakum"
    assert agent.ask("file", 1, str(tmp_path / "way"), 100) == Path("/etc/hostname").read_bytes()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        agent.ask("file", 1, str(tmp_path / "pipe"), 100)


def test_what_is_asked_and_not_wanted_any_more_is_heard_before_the_next_question(agent):
    agent.ask("hold", 1, agent.greeting.pid)
    asked = agent.ask_each([("held", 1, 1 << 20, PIECE_BYTES)] * 70)
    assert len(next(asked)) == PIECE_BYTES
    asked.close()
    assert str(agent.greeting.pid).encode() in agent.ask("pids").split()


def test_an_agent_that_was_interrupted_is_asked_no_more_and_letting_go_of_it_raises_nothing(agent, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(agent._channel, "receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            agent.ask("pids")
    with pytest.raises(TargetError, match="is lost"):
        agent.ask("pids")
    agent.drop([1])


def test_a_signal_is_sent_only_to_a_process_that_handles_it(agent):
    with live_child() as child:
        agent.ask("hold", 1, child.pid)
        with pytest.raises(OSError, match="does not handle"):
            agent.ask("signal", 1, signal.SIGUSR1)
        assert child.ask(f"note {int(signal.SIGUSR1)}") == "note"
        agent.ask("signal", 1, signal.SIGUSR1)
        assert child.answer() == f"signal {int(signal.SIGUSR1)}"


def test_it_ends_when_nobody_listens_any_more_and_that_is_told():
    with pipes(command(sys.executable)) as channel:
        agent = Agent(channel)
        held = os.pidfd_open(agent.greeting.pid)
        channel.process.stdin.close()
        assert select.select([held], [], [], 10.0)[0]
        os.close(held)
        assert channel.process.wait(10) == 0
        with pytest.raises(TargetError, match="has ended"):
            agent.ask("pids")


def test_it_ends_too_where_it_waits_for_a_reader_that_will_not_come():
    """Nodes keep the end that is read from open, when whoever asked is gone."""
    with live_child() as child, pipes(command(sys.executable)) as channel:
        agent = Agent(channel)
        agent.ask("hold", 1, child.pid)
        held = os.pidfd_open(agent.greeting.pid)
        channel.send(b"".join(b"%d copy 1 %d 20000\n" % (number, child.pattern_at) for number in range(200)))
        assert not select.select([held], [], [], 0.5)[0]
        channel.process.stdin.close()
        assert select.select([held], [], [], 10.0)[0]
        os.close(held)


def test_a_python_that_is_none_is_told(tmp_path):
    (tmp_path / "python3").write_text("#!/bin/sh\necho no python here\n")
    (tmp_path / "python3").chmod(0o755)
    with pipes([str(tmp_path / "python3")]) as channel, pytest.raises((DataError, TargetError)):
        Agent(channel)


def test_an_agent_that_is_lost_costs_only_what_was_still_to_be_asked():
    with live_child() as child, pipes(command(sys.executable)) as channel:
        agent = Agent(channel)
        processes = AfarProcesses(agent, "0" * 64, inside=True)
        cgroups = AfarCgroups(agent, processes, seen_by=child.pid)
        gauge = processes.open(child.pid)
        info = gauge.info
        assert gauge.sample() is not None
        channel.process.kill()
        assert gauge.sample() is None
        assert gauge.sample_in_full() is None
        assert gauge.info == info
        gauge.close()
        for told in (
            processes.read_file(child.pid, "/etc/hostname", 100),
            processes.environment(child.pid),
            cgroups.memory(processes.group),
        ):
            assert isinstance(told, Absent)
            assert told.kind is AbsentKind.UNREADABLE
            assert "the program has ended" in told.why


def test_what_is_left_is_told_of_the_agent_s_node_and_of_what_the_cluster_knows_and_not_of_this_machine(agent):
    beside = [Room(5, "its pod's limit")]
    node = AfarNode(agent, seen_by=os.getpid(), beside=lambda: beside)
    theirs, pod = node.rooms()
    assert theirs.boundary == "its node's memory"
    assert 0 < theirs.left_bytes <= node.view().total_bytes
    assert [pod] == beside
    agent.drop([1])
    assert node.rooms() == beside


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a process namespace")
def test_who_waits_for_a_program_that_never_comes_ends_also_as_the_first_process_of_its_namespace():
    words = [word.replace("alarm(60)", "alarm(1)") for word in command(sys.executable)]
    with subprocess.Popen(["unshare", "-Upf", "--kill-child", *words], stdin=subprocess.PIPE) as waiting:
        assert waiting.wait(30) == 1


def test_from_a_node_only_those_are_told_whose_cgroup_has_the_name(agent):
    (own, *_) = [line.rpartition(":")[2] for line in Path("/proc/self/cgroup").read_text(encoding="ascii").split()]
    told = {int(each) for each in agent.ask("within", own).split()}
    assert {os.getpid(), agent.greeting.pid} <= told
    assert agent.ask("within", "ab" * 32) == b""
    processes = AfarProcesses(agent, "ab" * 32, inside=False, on_node=True)
    assert processes.pids() == []
    assert os.getpid() in AfarProcesses(agent, own, inside=False, on_node=True).pids()


def test_what_keeps_a_container_open_lasts_no_longer_than_it_is_given_though_others_are_in_it():
    done = subprocess.run([*keeper(1, sys.executable)], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_keeper_is_of_a_python_from_3_6_on():
    ast.parse(keeper(900)[-1], feature_version=(3, 6))
