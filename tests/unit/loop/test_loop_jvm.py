"""Whole investigations of a JVM in memory: consent, histograms, dumps that fit or do not, the holder by its field."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from fake_jvm import FakeJvm
from fake_machine import MIB, FakeMachine, FakePiece
from fake_node import FakeSpools

from oakum.heap.accrual import account, grown
from oakum.heap.formats.detect import read_dump
from oakum.loop.investigate import Settings, investigate
from oakum.loop.jvm import _share
from oakum.loop.progress import Silent
from oakum.loop.terms import Terms
from oakum.model.budget import Budget
from oakum.model.cause import CauseName
from oakum.model.policy import Policy
from oakum.model.target import parse_target
from oakum.model.verdict import VerdictName

sys.path.insert(0, str(Path(__file__).parents[1] / "heap"))
from shop_dump import shop_dump

LIBJVM = "/usr/lib/jvm/lib/server/libjvm.so"
GROWS_PER_S = 200 << 10
BEFORE, AFTER = {"shop.Session": (1000, 1 << 20)}, {"shop.Session": (9000, 9 << 20), "[B": (10, 4096)}


class Here:
    """Port Apart, in this process: the dumps are ours."""

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


@pytest.fixture(scope="module")
def dumps():
    return [shop_dump(sessions=1000), shop_dump(sessions=5000)]


@pytest.fixture
def machine():
    return FakeMachine()


@pytest.fixture
def jvm(machine, dumps):
    return FakeJvm(machine.clock, histograms=[BEFORE, AFTER], dumps=list(dumps))


def process(machine, *, bytes_per_s=GROWS_PER_S):
    started = machine.start(("/usr/bin/java", "shop.Main"), cgroup="/shop")
    says = b"OpenJDK 64-Bit Server VM (17.0.15+6) for linux-amd64 JRE (17.0.15+6)"
    started.pieces[0x5000_0000] = FakePiece(bytearray(says.ljust(4096, b"\0")), LIBJVM, writable=False)

    def grow():
        started.anon_bytes += bytes_per_s // 10
        machine.clock.after(0.1, grow)

    machine.clock.after(0.1, grow)
    return started


def investigated(machine, jvm, started, *, inspect=True, max_pause_s=15.0, person=None, free_bytes=1 << 40):
    spools = FakeSpools(free_bytes)
    ports = machine.ports(apart=Here(spools), spools=spools, jvms=jvm)
    settings = Settings.of(watch_s=20.0, interval_s=0.5, terms=Terms(inspect, Budget(max_pause_s)))
    found = investigate(
        parse_target(f"pid/{started.pid}"),
        machine=ports,
        policy=Policy(),
        settings=settings,
        progress=person or Person(None),
    )
    assert all(spool.closed for spool in spools.made)
    return found


def facts(found, kind):
    return [row for row in found.evidence if row.id.partition("-")[0] == kind]


def absent(found):
    return {row.what: row for row in found.absent}


def dumped(jvm):
    return [command for command in jvm.asked if command.startswith("GC.heap_dump")]


@pytest.mark.parametrize("kind", ["17-serial", "25-g1"])
def test_a_leak_is_named_by_class_and_field_from_two_dumps(machine, jvm, kind):
    jvm.kind = kind
    found = investigated(machine, jvm, process(machine))
    first = found.causes[0]
    assert (first.holder, first.name) == ("shop.SessionCache.entries", CauseName.SESSION_STATE)
    assert found.verdict.name is VerdictName.LEAK
    assert "removeIf" in first.example.after
    assert not [why for why in first.why if "was gone" in why]
    assert (jvm.signals, len(dumped(jvm))) == (1, 2)
    assert found.growth.language == "Java"
    assert found.growth.seconds == pytest.approx(10.0, abs=0.1)


def test_the_classes_that_grew_and_the_flags_that_are_wrong_are_told(machine, jvm):
    found = investigated(machine, jvm, process(machine))
    (classes,) = facts(found, "classes")
    assert "shop.Session 1,000 → 9,000 (+8.00 MiB)" in classes.title
    assert any("HeapDumpOnOutOfMemoryError" in row.title for row in facts(found, "flag"))
    assert "no" not in facts(found, "pools")[0].title.split()[:1]


def test_one_that_does_not_grow_is_counted_and_not_dumped(machine, jvm):
    found = investigated(machine, jvm, process(machine, bytes_per_s=0))
    assert dumped(jvm) == []
    assert len(facts(found, "histogram")) == 2
    assert absent(found)["two heap dumps, compared"].why.startswith("its memory does not grow")


@pytest.mark.parametrize(("answer", "why"), [(None, "nobody was there"), (False, "declined")])
def test_nothing_is_done_without_a_yes(machine, jvm, answer, why):
    found = investigated(machine, jvm, process(machine), inspect=None, person=Person(answer))
    assert (jvm.signals, jvm.asked) == (0, [])
    assert why in absent(found)["what the heap holds"].why


def test_a_person_who_agrees_is_asked_once_with_pause_and_what_is_done(machine, jvm):
    person = Person(answer=True)
    investigated(machine, jvm, process(machine), inspect=None, person=person)
    assert len(person.questions) == 1


def test_one_that_listens_is_sent_no_signal(machine, jvm):
    jvm.listens = True
    assert investigated(machine, jvm, process(machine)).verdict.name is VerdictName.LEAK
    assert jvm.signals == 0


def test_where_a_dump_does_not_fit_the_histograms_speak(machine, jvm):
    machine.start(("other",), cgroup="/shop")
    machine.groups["/shop"].limit_bytes = 60 * MIB
    found = investigated(machine, jvm, process(machine))
    assert absent(found)["a heap dump"].kind == "too-dear"
    assert (dumped(jvm), len(facts(found, "classes"))) == ([], 1)
    assert found.verdict.name is VerdictName.SUSPECT


def test_where_a_dump_would_come_too_slowly_the_histograms_speak(machine, jvm):
    jvm.carried = 100e3
    found = investigated(machine, jvm, process(machine))
    assert absent(found)["a heap dump"].kind == "too-dear"
    assert "--max-pause" in absent(found)["a heap dump"].get
    assert (dumped(jvm), len(facts(found, "classes"))) == ([], 1)


def test_a_newer_jvm_without_a_disk_under_its_tmp_is_not_dumped(machine, jvm):
    jvm.kind, jvm.tmp_free_bytes = "25-g1", 0
    found = investigated(machine, jvm, process(machine))
    assert "that is memory" in absent(found)["a heap dump"].why
    assert dumped(jvm) == []


def test_a_pause_that_is_too_long_is_not_made(machine, jvm):
    found = investigated(machine, jvm, process(machine), max_pause_s=0.01)
    assert "--max-pause" in absent(found)["two class histograms, compared"].get
    assert "--max-pause" in absent(found)["a heap dump"].get
    assert dumped(jvm) == []


def test_a_dump_that_was_given_up_is_absent_with_its_reason(machine, jvm):
    jvm.pause_s = 20.0
    found = investigated(machine, jvm, process(machine))
    assert "given up" in absent(found)["two heap dumps, compared"].why


def test_a_disk_that_is_full_is_told(machine, jvm):
    assert "room on the disk" in absent(investigated(machine, jvm, process(machine), free_bytes=10 * MIB))


def test_one_that_ends_meanwhile_leaves_what_was_seen(machine, jvm):
    started = process(machine)

    def end():
        jvm.ended = True
        machine.end(started.pid)

    machine.clock.after(25.0, end)
    found = investigated(machine, jvm, started)
    assert found.verdict.name is VerdictName.SUSPECT
    assert facts(found, "classes")
    assert "two heap dumps, compared" in absent(found)


@pytest.mark.parametrize(
    ("per_s", "rate", "said"),
    [(50.0, 100.0, ", 50 % of what the process gains"), (143.0, 100.0, "garbage"), (1.0, None, ""), (1.0, 0.0, "")],
)
def test_histograms_never_tell_more_than_all_of_it(per_s, rate, said):
    told = _share(per_s, rate)
    assert said in told
    assert bool(told) is bool(said)
