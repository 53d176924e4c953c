"""The probe of Node.js: when the signal is sent, when never, and what is left behind."""

from __future__ import annotations

import signal

import pytest
from fake_machine import FakeMachine
from fake_node import DEFAULT, FakeNode, FakeSpool, FakeWorker

from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Listener
from oakum.model.errors import RefusedError, TargetError
from oakum.probe.node import NodeProbe, Opening, inspector_ports
from oakum.probe.node_figures import Figures
from oakum.probe.node_workers import Worker, named

OWN = Listener("127.0.0.1", 8080)


@pytest.fixture
def machine():
    return FakeMachine()


@pytest.fixture
def node(machine):
    return FakeNode(machine.clock)


def probe(machine, node, command=("node", "app.js"), **environment):
    process = machine.start(command)
    process.environment.update(environment)
    return NodeProbe(process.pid, node, processes=machine.processes, memories=machine.memories, clock=machine.clock)


def test_an_inspector_that_is_closed_is_opened_by_one_signal_and_closed_again(machine, node):
    asking = probe(machine, node)
    opening = asking.look()
    assert opening == Opening(None, 9229)
    assert node.signals == 0
    with asking.open(opening) as session:
        assert (node.signals, node.listens, session.ours) == (1, [DEFAULT], True)
    assert node.listens == []


def test_one_that_is_open_is_used_and_left_open(machine, node):
    node.open_inspector()
    asking = probe(machine, node)
    opening = asking.look()
    assert opening.listener == DEFAULT
    with asking.open(opening) as session:
        session.hold(10.0)
        assert not session.ours
    assert (node.signals, node.listens, node.held) == (0, [DEFAULT], False)


@pytest.mark.parametrize(
    ("command", "environment", "port"),
    [
        (("node", "--inspect=9333", "app.js"), {}, 9333),
        (("node", "--inspect=0.0.0.0:9333", "app.js"), {}, 9333),
        (("node", "--inspect-port", "9333", "app.js"), {}, 9333),
        (("node", "--inspect=127.0.0.1:0", "app.js"), {}, 45678),
        (("node", "app.js"), {"NODE_OPTIONS": "--max-old-space-size=500 --inspect=9333"}, 9333),
    ],
)
def test_where_its_options_put_it_there_it_is_looked_for(machine, node, command, environment, port):
    node.opens_at = Listener("127.0.0.1", port)
    node.open_inspector()
    assert probe(machine, node, command, **environment).look().listener.port == port


def test_what_stands_still_is_not_signalled_for_it_would_open_when_nobody_is_there(machine, node):
    process = machine.start(("node", "app.js"))
    process.state = "T"
    asking = NodeProbe(process.pid, node, processes=machine.processes, memories=machine.memories, clock=machine.clock)
    absent = asking.look()
    assert isinstance(absent, Absent)
    assert "stands still" in absent.why
    assert absent.get.startswith(f"kill -CONT {process.pid}")
    process.state = "S"
    assert asking.look() == Opening(None, 9229)
    assert node.signals == 0


def test_what_the_application_itself_listens_on_is_left_alone(machine, node):
    node.listens.append(OWN)
    node.inspectors.add(OWN)
    assert probe(machine, node).look().listener is None


@pytest.mark.parametrize("ignored", [set(), {signal.SIGUSR1}])
def test_a_signal_that_is_not_handled_is_never_sent(machine, node, ignored):
    node.caught, node.ignored = set(), ignored
    found = probe(machine, node).look()
    assert isinstance(found, Absent)
    assert ("ignored" if ignored else "end the process") in found.why
    assert node.signals == 0


def test_a_port_that_another_has_is_waited_for(machine, node):
    node.neighbours.append(Listener("127.0.0.1", 9229))
    found = probe(machine, node).look()
    assert (found.kind, node.signals) == (AbsentKind.NOT_YET, 0)
    assert "another process" in found.why


def test_where_no_inspector_may_open_the_signal_that_it_was_started_with_is_told_and_not_sent(machine, node):
    node.caught = {signal.SIGUSR2}
    asking = probe(machine, node, NODE_OPTIONS="--heapsnapshot-signal=SIGUSR2")
    absent = asking.look()
    assert f"; or kill -USR2 {asking._pid} " in absent.get
    assert "with its texts, stands still" in absent.get
    assert node.signals == 0
    node.caught = set()
    assert "USR2" not in asking.look().get


def test_an_inspector_that_does_not_open_is_told_and_the_signal_is_not_sent_again(machine, node):
    node.opens_after_s = None
    asking = probe(machine, node)
    opening = asking.look()
    for _ in range(2):
        found = asking.open(opening)
        assert "sent once" in found.why
    assert node.signals == 1


def test_memory_that_may_not_be_looked_at_leaves_a_doubt_that_is_said(machine, node):
    asking = probe(machine, node)
    machine.table[asking._pid].may_be_read = False
    assert "could not be told" in asking.look().doubt


def test_one_that_does_not_close_is_told(machine, node):
    node.stubborn = True
    asking = probe(machine, node)
    session = asking.open(asking.look())
    assert "open still" in session.close().why


def test_a_program_closes_its_inspector_itself_should_nothing_more_come(machine, node):
    asking = probe(machine, node)
    with asking.open(asking.look()) as session:
        session.hold(20.0)
        assert node.held
    assert not node.held


def test_a_snapshot_is_streamed_and_its_pause_is_told(machine, node):
    node.snapshots = [b"x" * 2500]
    asking = probe(machine, node)
    spool = FakeSpool(1 << 20, "spool")
    with asking.open(asking.look()) as session:
        cost = session.snapshot(spool, within_s=30.0)
    assert (spool.content, cost.bytes, cost.pause_s) == (b"x" * 2500, 2500, pytest.approx(1.0))


def test_a_snapshot_larger_than_its_spool_ends_and_the_inspector_closes_all_the_same(machine, node):
    node.snapshots = [b"x" * 2500]
    asking = probe(machine, node)
    with pytest.raises(RefusedError), asking.open(asking.look()) as session:
        session.snapshot(FakeSpool(2000, "spool"), within_s=30.0)
    assert node.listens == []


@pytest.mark.parametrize(
    ("words", "ports"),
    [
        ([], []),
        (["--inspect"], []),
        (["--inspect=[::1]:9300"], [9300]),
        (["--inspect-brk=9301", "--inspect-wait=9302"], [9301, 9302]),
        (["--debug-port=9303", "--inspect-port", "9304"], [9303, 9304]),
        (["--inspect=localhost", "--inspect=99999", "--inspection=9305", "--inspect=٣"], []),
    ],
)
def test_ports_in_options(words, ports):
    assert list(inspector_ports(words)) == ports


PROFILE = {"head": {"callFrame": {"functionName": "put", "url": "file:///w.js", "lineNumber": 4}, "selfSize": 900}}


def test_worker_threads_are_told_with_the_size_of_their_heaps(machine, node):
    node.workers = {
        "[worker 1]": FakeWorker(17_000_000),
        "[worker 2]": FakeWorker(says="no answer"),
        "[worker 3] mail": FakeWorker(says="[]"),
        "[worker 4]": FakeWorker(ends_when="Runtime.evaluate"),
    }
    asking = probe(machine, node)
    with asking.open(asking.look()) as session:
        found = session.heaps()
    assert [(worker.name, worker.file, worker.heap_used_bytes) for worker in found.workers] == [
        ("[worker 1]", "/w.js", 17_000_000),
        ("[worker 2]", "/w.js", None),
        ("[worker 3] mail", "/w.js", None),
    ]
    assert node.asked.count("NodeWorker.disable") == 1


def test_a_worker_threads_heap_is_sampled_and_dumped_apart_from_the_main_threads(machine, node):
    node.workers = {"[worker 1]": FakeWorker(snapshots=[b"of the worker"], profile=PROFILE), "[worker 2]": FakeWorker()}
    node.snapshots = [b"of the main thread"]
    asking = probe(machine, node)
    spool = FakeSpool(1 << 20, "spool")
    with asking.open(asking.look()) as session:
        first, second = session.heaps().workers
        session.begin_sampling()
        profiles = session.end_sampling()
        cost = session.snapshot(spool, within_s=30.0, worker=first)
    assert [str(site.place) for site in profiles.of(first).sites] == ["/w.js:5 in put"]
    assert (profiles.of(second).total_bytes, profiles.of(None).total_bytes) == (0, 0)
    assert (spool.content, cost.pause_s) == (b"of the worker", pytest.approx(1.0))
    assert node.workers["[worker 2]"].asked.count("HeapProfiler.takeHeapSnapshot") == 0
    assert node.listens == []


@pytest.mark.parametrize(
    ("worker", "why"),
    [(FakeWorker(says="{}"), "in time"), (FakeWorker(ends_when="HeapProfiler.takeHeapSnapshot"), "ended")],
)
def test_a_worker_that_does_not_answer_is_told_and_the_inspector_closes(machine, node, worker, why):
    node.workers = {"[worker 1]": worker}
    worker.snapshots = [b"x"]
    asking = probe(machine, node)
    with asking.open(asking.look()) as session:
        (first,) = session.heaps().workers
        with pytest.raises(TargetError) as caught:
            session.snapshot(FakeSpool(1 << 20, "spool"), within_s=5.0, worker=first)
    assert why in caught.value.why
    assert node.listens == []


@pytest.mark.parametrize(
    ("name", "found"), [("2", 1), ("mail", 1), ("[worker 2] mail", 1), ("largest", 2), ("4", None), ("", None)]
)
def test_a_worker_is_chosen_by_its_number_its_name_or_its_size(name, found):
    figures = [Figures(0, 0, size, 0, 0) for size in (5, 6, 7)]
    names = ("[worker 1] post", "[worker 2] mail", "[worker 3] bills")
    workers = [Worker(str(at), names[at], "/w.js", figures[at]) for at in range(3)]
    assert named(workers, name) == (None if found is None else workers[found])
