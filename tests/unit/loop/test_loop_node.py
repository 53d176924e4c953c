"""Whole investigations of a Node.js in memory: consent, snapshots that fit or do not, a port that is closed again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_machine import MIB, FakeMachine, FakePiece
from fake_node import DEFAULT, FakeNode, FakeSpools, FakeWorker
from v8_files import V8File

from oakum.heap.accrual import account, grown
from oakum.heap.formats.detect import read_dump
from oakum.loop.investigate import Settings, investigate
from oakum.loop.node_heaps import room_per_s, uncollected
from oakum.loop.progress import Silent
from oakum.loop.terms import Terms
from oakum.model.budget import Budget
from oakum.model.growth import HeapGrowth
from oakum.model.policy import Policy
from oakum.model.target import parse_target
from oakum.model.verdict import VerdictName
from oakum.probe.node_figures import Figures
from oakum.probe.node_session import Heaps
from oakum.probe.node_workers import Worker

FILE = "/srv/app.js"
SITE = {
    "callFrame": {"functionName": "put", "scriptId": "1", "url": FILE, "lineNumber": 1, "columnNumber": 0},
    "selfSize": 30 * MIB,
    "children": [],
}


def snapshot(entries):
    """A variable ``seen`` of /srv/app.js holds so many objects of 100 KB."""
    made = V8File()
    scope, seen = made.node("object", "system / Context"), made.node("object", "Map")
    made.function("put", FILE, 1, script=3, context=scope)
    made.edge(0, "internal", "x", scope)
    made.edge(scope, "context", "seen", seen)
    for number in range(entries):
        made.edge(seen, "internal", f"part {number}", made.node("object", "Quote", 100_000))
    return made.bytes()


def grown_by(lived_bytes, seconds):
    return HeapGrowth(seconds, 1000, 1000, 20 * MIB, 20 * MIB + lived_bytes, (), (), language="JavaScript")


class Here:
    """Port Apart, in this process: the snapshots are ours."""

    def __init__(self, spools):
        self._spools = spools

    def run(self, module, request, *, memory_bytes, told):
        del module, memory_bytes, told
        content = {spool.path(): spool.content for spool in self._spools.made}
        before, after = (account(read_dump(np.frombuffer(content[name], np.uint8))) for name in request["files"])
        return grown(before, after, request["milliseconds"] / 1000)


class Person(Silent):
    """Answers as told; ``asked`` is None for nobody."""

    def __init__(self, answer):
        self.answer, self.questions = answer, []

    def ask(self, question):
        self.questions.append(question)
        return self.answer


@pytest.fixture
def machine():
    return FakeMachine()


@pytest.fixture
def node(machine):
    return FakeNode(machine.clock, snapshots=[snapshot(100), snapshot(350)], profile={"head": SITE})


def process(machine, *, bytes_per_s=2 * MIB):
    started = machine.start(("/usr/bin/node", "app.js"), cgroup="/shop")
    started.executable = "/usr/bin/node"
    started.pieces[0x5000_0000] = FakePiece(
        bytearray(b"node.js/v20.20.2".ljust(4096, b"\0")), "/usr/bin/node", writable=False
    )
    started.files[FILE] = b"const seen = new Map();\nfunction put(key) {\n  seen.set(key, make(key));\n}\n"

    def grow():
        started.anon_bytes += bytes_per_s // 10
        machine.clock.after(0.1, grow)

    machine.clock.after(0.1, grow)
    return started


def investigated(machine, node, started, *, inspect=True, max_pause_s=15.0, person=None, free_bytes=1 << 40):
    spools = FakeSpools(free_bytes)
    ports = machine.ports(apart=Here(spools), debuggees=node, spools=spools)
    settings = Settings.of(watch_s=20.0, interval_s=0.5, terms=Terms(inspect, Budget(max_pause_s)))
    found = investigate(
        parse_target(f"pid/{started.pid}"),
        machine=ports,
        policy=Policy(),
        settings=settings,
        progress=person or Person(None),
    )
    assert all(spool.closed for spool in spools.made)
    assert node.ended or not node.held
    return found


def kinds(found):
    return [row.id.partition("-")[0] for row in found.evidence]


def absent(found):
    return {row.what: row for row in found.absent}


def test_a_leak_is_named_from_two_snapshots_and_the_port_is_closed(machine, node):
    found = investigated(machine, node, process(machine))
    assert found.verdict.name is VerdictName.LEAK
    assert found.causes[0].holder == "seen in app.js"
    assert str(found.causes[0].where[0]) == f"{FILE}:3 in put"
    assert (node.signals, node.listens) == (1, [])
    assert found.growth.seconds == pytest.approx(10.0, abs=0.1)
    assert kinds(found).count("snapshot") == 2


def test_one_that_does_not_grow_is_not_paused(machine, node):
    found = investigated(machine, node, process(machine, bytes_per_s=0))
    assert "HeapProfiler.takeHeapSnapshot" not in node.asked
    assert absent(found)["two heap snapshots, compared"].why.startswith("its memory does not grow")
    assert node.listens == []


@pytest.mark.parametrize(("answer", "why"), [(None, "nobody was there"), (False, "declined")])
def test_nothing_is_done_without_a_yes(machine, node, answer, why):
    found = investigated(machine, node, process(machine), inspect=None, person=Person(answer))
    assert (node.signals, node.asked) == (0, [])
    assert why in absent(found)["what the heap holds"].why
    assert found.verdict.name is VerdictName.SUSPECT


def test_a_person_who_agrees_is_asked_once(machine, node):
    person = Person(answer=True)
    assert investigated(machine, node, process(machine), inspect=None, person=person).verdict.name is VerdictName.LEAK
    assert len(person.questions) == 1


def test_where_it_does_not_fit_the_profile_speaks(machine, node):
    machine.start(("other",), cgroup="/shop")
    machine.groups["/shop"].limit_bytes = 300 * MIB
    found = investigated(machine, node, process(machine))
    assert absent(found)["a heap snapshot"].kind == "too-dear"
    assert found.verdict.name is VerdictName.SUSPECT
    assert [str(place) for place in found.causes[0].where] == [f"{FILE}:3 in put", f"{FILE}:2 in put"]
    assert node.listens == []


@pytest.mark.parametrize(("objects", "snapshots"), [(300_000, 2), (60_000, 0)])
def test_a_heap_too_large_by_its_bytes_is_judged_by_its_objects(machine, node, objects, snapshots):
    """Few objects in as many bytes are large ones, full of references."""
    machine.start(("other",), cgroup="/shop")
    machine.groups["/shop"].limit_bytes = 1000 * MIB
    node.objects = objects
    found = investigated(machine, node, process(machine))
    assert node.asked.count("HeapProfiler.takeHeapSnapshot") == snapshots
    # It collects every 50 ms until then: nothing is asked between.
    assert node.asked[node.asked.index("HeapProfiler.startTrackingHeapObjects") + 1] == "HeapProfiler.disable"
    assert node.asked.count("HeapProfiler.disable") == 1
    (row,) = (row for row in found.evidence if row.id == "objects")
    assert row.title.startswith(f"{objects:,} objects in a heap of 20.0 MiB")
    assert "counted in two pauses of up to" in row.title
    refused = absent(found).get("a heap snapshot")
    assert (refused is None) == (snapshots == 2)
    assert refused is None or f"in {objects:,} objects" in refused.why


def test_objects_are_not_counted_where_that_could_change_nothing(machine, node):
    machine.start(("other",), cgroup="/shop")
    machine.groups["/shop"].limit_bytes = 200 * MIB
    node.objects = 60_000
    investigated(machine, node, process(machine))
    assert "HeapProfiler.startTrackingHeapObjects" not in node.asked


def test_a_pause_that_is_too_long_is_not_made(machine, node):
    found = investigated(machine, node, process(machine), max_pause_s=0.5)
    assert "--max-pause" in absent(found)["a heap snapshot"].get
    assert "HeapProfiler.takeHeapSnapshot" not in node.asked


def test_an_inspector_that_was_open_stays_open(machine, node):
    node.open_inspector()
    found = investigated(machine, node, process(machine))
    assert (node.signals, node.listens) == (0, [DEFAULT])
    assert found.verdict.name is VerdictName.LEAK
    assert "closed" not in kinds(found)


def test_one_that_ends_between_the_snapshots_leaves_what_was_seen(machine, node):
    started = process(machine)

    def end():
        node.ended = True
        node.listens.clear()
        machine.end(started.pid)

    machine.clock.after(25.0, end)
    found = investigated(machine, node, started)
    assert found.verdict.name is VerdictName.SUSPECT
    assert found.causes[0].evidence == ("profile",)
    assert "two heap snapshots, compared" in absent(found)


def test_a_disk_that_is_full_is_told(machine, node):
    found = investigated(machine, node, process(machine), free_bytes=10 * MIB)
    assert "room on the disk" in absent(found)
    assert node.listens == []


def test_a_leak_in_a_worker_thread_is_named_from_that_threads_heap(machine, node):
    node.profile = {}
    node.workers = {
        "[worker 1] mail": FakeWorker(),
        "[worker 2] quotes": FakeWorker(profile={"head": SITE}, snapshots=[snapshot(100), snapshot(350)]),
    }
    found = investigated(machine, node, process(machine))
    assert found.verdict.name is VerdictName.LEAK
    assert found.causes[0].holder == "seen in app.js"
    assert "HeapProfiler.takeHeapSnapshot" not in node.asked + node.workers["[worker 1] mail"].asked
    titles = [row.title for row in found.evidence]
    assert any("worker thread [worker 2] quotes (w.js) is looked into" in title for title in titles)
    assert sum("[worker 2] quotes stood still, the others did not" in title for title in titles) == 2
    other = absent(found)["what the heaps of 1 other worker threads hold"]
    assert other.get.endswith("--inspect --worker 1")


def test_where_the_main_thread_grows_a_workers_heap_is_left_alone(machine, node):
    node.workers = {"[worker 1]": FakeWorker(heap_bytes=500 * MIB)}
    assert investigated(machine, node, process(machine)).verdict.name is VerdictName.LEAK
    assert "HeapProfiler.takeHeapSnapshot" not in node.workers["[worker 1]"].asked


@pytest.mark.parametrize(("sizes_told", "snapshots"), [(0, 0), (2, 1)])
def test_a_worker_whose_heap_is_of_an_unknown_size_is_not_paused_for_a_snapshot(machine, node, sizes_told, snapshots):
    """What that would cost is not known either. It is told before the first one, and before the second."""
    node.profile = {}
    quotes = FakeWorker(profile={"head": SITE}, snapshots=[snapshot(100), snapshot(350)], sizes_told=sizes_told)
    node.workers = {"[worker 1] quotes": quotes}
    found = investigated(machine, node, process(machine))
    assert quotes.asked.count("HeapProfiler.takeHeapSnapshot") == snapshots
    left = absent(found)["two heap snapshots, compared"]
    assert left.why.startswith("worker thread [worker 1] quotes (w.js) does not answer")
    assert left.get == "the same command again, when it is less busy"


def grow_outside(machine, node):
    def grow():
        node.external_bytes += MIB
        machine.clock.after(1.0, grow)

    machine.clock.after(1.0, grow)


def test_what_grows_outside_the_heap_is_said_so_and_its_holder_still_named(machine, node):
    node.profile = {}
    grow_outside(machine, node)
    found = investigated(machine, node, process(machine))
    assert found.verdict.name is VerdictName.LEAK
    assert found.verdict.reasons[0].startswith("it is not the JavaScript heap that grows: memory outside it (Buffers")
    assert found.causes[0].holder == "seen in app.js"


@pytest.mark.parametrize(
    ("figures", "lived", "said"),
    [
        ((100, 60, 10), 0, True),
        ((100, 59, 10), 0, False),
        ((100, 60, 10), 15, True),
        ((100, 60, 10), 16, False),
        ((0, 60, 10), 0, False),
        ((-5, -60, 10), 0, False),
    ],
)
def test_room_for_garbage_is_told_from_what_lives(figures, lived, said):
    """Figures: MiB gained by the process and by V8's pages in so many seconds; MiB that lived on in as many."""
    rss, pages, watch_s = figures
    before, after = (
        Heaps(Figures((200 + step * rss) * MIB, (100 + step * pages) * MIB, 50 * MIB, 0, 0), ()) for step in (0, 1)
    )
    told = uncollected(before, after, watch_s, grown_by(lived * MIB, watch_s))
    assert told.startswith("what lives in its heap does not grow: 20.0 MiB, and 10 s later") is said
    assert said or told == ""


def test_what_lived_on_before_the_program_paused_is_no_garbage():
    """Between the snapshots it did nothing; in the watch it kept what it made."""
    before, after = (Heaps(Figures(size * MIB, size * MIB, size * MIB, 0, 0), ()) for size in (19, 30))
    assert uncollected(before, after, 10, grown_by(0, 10)) == ""


def test_the_room_for_garbage_is_what_v8_took_in_the_watch():
    before, after = (Heaps(Figures(9 * size * MIB, size * MIB, MIB, 0, 0), ()) for size in (20, 40))
    assert room_per_s(before, after, 10) == 2 * MIB
    assert room_per_s(None, after, 10) == 0


def test_beside_worker_threads_nothing_is_claimed_of_garbage():
    figures = Figures(200 * MIB, 100 * MIB, 50 * MIB, 0, 0)
    more = replace(figures, rss_bytes=300 * MIB, heap_total_bytes=200 * MIB)
    workers = (Worker("1", "[worker 1]", "w.js"),)
    assert uncollected(Heaps(figures, ()), Heaps(more, workers), 10, grown_by(0, 10)) == ""
    assert uncollected(Heaps(figures, ()), Heaps(more, ()), 10, grown_by(0, 10)) != ""


def test_a_profile_of_the_heap_accuses_nobody_of_what_grows_outside_it(machine, node):
    grow_outside(machine, node)
    found = investigated(machine, node, process(machine), max_pause_s=0.5)
    assert (found.verdict.name, found.causes) == (VerdictName.SUSPECT, ())


def test_who_would_end_it_first_is_told(machine, node):
    machine.start(("other",), cgroup="/shop")
    machine.groups["/shop"].limit_bytes = 3000 * MIB
    node.heap_limit_bytes = 4096 * MIB
    (told,) = [row for row in investigated(machine, node, process(machine)).evidence if row.id == "limit"]
    assert told.facts["kernel_first"] is True
    assert "better: --max-old-space-size=2384" in told.title
