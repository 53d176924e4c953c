"""A collection asked of a Node.js in memory: once, its inspector closed again; refused where it must be."""

from __future__ import annotations

import pytest
from fake_machine import MIB, FakeMachine
from fake_node import DEFAULT, FakeNode

from oakum.loop.collection import collect, heap_at_first, reach
from oakum.loop.progress import Silent
from oakum.model.absent import Absent
from oakum.model.collection import Reach
from oakum.model.errors import RefusedError, TargetError
from oakum.model.incident import Kept


class Telling(Silent):
    def __init__(self):
        self.lines = []

    def stage(self, text):
        self.lines.append(text)


@pytest.fixture
def fakes():
    return FakeMachine()


@pytest.fixture
def node(fakes):
    return FakeNode(fakes.clock, heap_bytes=80 * MIB, garbage_bytes=30 * MIB, pause_s=0.25)


@pytest.fixture
def machine(fakes, node):
    return fakes.ports(debuggees=node)


@pytest.fixture
def pid(fakes):
    started = fakes.start(("/usr/bin/node", "app.js"), cgroup="/shop")
    started.anon_bytes = 100 * MIB
    return started.pid


def test_its_heap_is_told_before_and_after_and_its_inspector_is_closed_again(machine, node, pid):
    told = Telling()
    found = collect(pid, machine, told)
    assert (found.heap_before_bytes, found.heap_after_bytes, found.garbage_bytes) == (80 * MIB, 50 * MIB, 30 * MIB)
    assert (found.anon_before_bytes, found.anon_after_bytes, found.pause_s) == (100 * MIB, 100 * MIB, 0.25)
    assert node.asked.count("HeapProfiler.collectGarbage") == 1
    assert (node.signals, node.listens, node.held, told.lines) == (1, [], False, [])


def test_an_inspector_that_was_open_is_used_and_left_open(machine, node, pid):
    node.open_inspector()
    told = reach(pid, machine)
    assert isinstance(told, Reach)
    assert "left open" in told.how
    collect(pid, machine, Silent())
    assert (node.signals, node.listens) == (0, [DEFAULT])


def test_how_it_would_be_asked_is_told_without_a_signal(machine, node, pid):
    told = reach(pid, machine)
    assert isinstance(told, Reach)
    assert "SIGUSR1, sent once, opens its inspector on port 9229" in told.how
    assert told.pause_s > 0
    assert (node.signals, node.asked) == (0, [])


def test_what_would_die_of_the_signal_is_not_sent_one(machine, node, pid):
    node.caught.clear()
    assert isinstance(reach(pid, machine), Absent)
    with pytest.raises(RefusedError, match="was not asked for") as told:
        collect(pid, machine, Silent())
    assert "would end the process" in told.value.why
    assert node.signals == 0


def test_an_inspector_that_does_not_open_is_told_and_not_signalled_again(machine, node, pid):
    node.opens_after_s = None
    with pytest.raises(TargetError, match="was not asked for"):
        collect(pid, machine, Silent())
    assert node.signals == 1


def test_an_inspector_that_stays_open_is_told_with_how_to_look(machine, node, pid):
    node.stubborn = True
    told = Telling()
    collect(pid, machine, told)
    (line,) = told.lines
    assert "it is open still" in line
    assert "ss -atnp" in line


def test_growth_is_counted_from_the_first_look_at_this_very_process():
    kept = [
        Kept("figures", "of the one before it", "", 10.0, {"heap_used_bytes": 1}),
        Kept("samples", "no figures", "", 20.0),
        Kept("figures-2", "the first of this one", "", 30.0, {"heap_used_bytes": 2}),
        Kept("figures", "later", "", 40.0, {"heap_used_bytes": 3}),
    ]
    assert heap_at_first(kept, since_s=15.0) == 2
    assert heap_at_first(kept, since_s=50.0) is None
    assert heap_at_first([], since_s=0.0) is None
