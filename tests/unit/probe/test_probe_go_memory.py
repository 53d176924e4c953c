"""A Go program's own structures, laid out in memory: goroutines by what they wait for, variables by what they hold."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest
from fake_machine import FakeMachine
from living_go import DATA, GOROUTINES, HEAP, PAGE, SESSIONS_AT, LivingGo

from oakum.heap.formats.golive import kernels
from oakum.heap.formats.golive.held import hold
from oakum.heap.formats.golive.spans import Spans
from oakum.heap.formats.pprof.goroutines import groups
from oakum.model.absent import Absent, AbsentKind
from oakum.model.runtime import Runtime, RuntimeName
from oakum.probe import go_memory
from oakum.probe.gathered import Pages
from oakum.probe.go_heap import copied, preflight, roots, spans_now, uses_of, variables, ways_in
from oakum.probe.go_memory import anatomy, standings

GO = Runtime(RuntimeName.GO, "1.26.8")


@pytest.fixture
def go():
    return LivingGo()


def opened(go):
    machine = FakeMachine()
    started = machine.start(("/srv/shop/shop",))
    started.pieces.update(go.pieces())
    return machine.memories.open(started.pid)


def looked(go, runtime=GO):
    pages = Pages(opened(go))
    body = anatomy(pages, runtime)
    assert not isinstance(body, Absent), body
    return pages, body, standings(pages, body, 1.0)


def held(go):
    pages, body, standing = looked(go)
    copy = copied(pages, spans_now(pages, body), body)
    return hold(copy, roots(pages, body, variables(body), standing, ways_in(pages, body, variables(body)), copy))


def test_goroutines_are_grouped_by_what_they_wait_for_and_where(go):
    for _ in range(25):
        go.goroutine()
    _, body, found = looked(go)
    rows = groups(found.profile(body.lines))
    most = next(iter(rows.values()))
    assert (most.name, most.count) == ("goroutines at chan send in main.ask (fetch.go:15)", 25)
    assert most.made_by == "main.fetch (fetch.go:7)"
    assert [frame.function for frame in most.stack] == ["runtime.gopark", "runtime.chansend1", "main.ask"]
    assert (len(found.found), found.moved) == (29, 1), "the one that runs is counted, its stack is not told"
    assert found.stack_bytes == 29 * 2048


def test_stacks_are_kept_up_to_a_bound_and_names_beyond_it(go, monkeypatch):
    for _ in range(25):
        go.goroutine()
    monkeypatch.setattr(go_memory, "MOST_STACKS_KEPT", 1 << 10)
    found = looked(go)[2]
    assert sum(map(len, found.stacks)) <= 1 << 10
    assert (found.unkept > 0, len(found.found)) == (True, 29)
    assert len(found.found[-1].stack) == 4, "where it stands is told all the same"


def test_ended_goroutines_are_not_counted(go):
    for _ in range(5):
        go.goroutine(status=6)
    assert len(looked(go)[2].found) == 4


def test_a_goroutine_that_went_on_meanwhile_has_no_stack(go):
    place = go.goroutine()
    memory = opened(go)
    before = memory.read_many

    def read_many(pieces, **kept):
        done = before(pieces, **kept)
        if any(0xC100000000 <= start < 0xC200000000 for start, _ in pieces):
            struct.pack_into("<Q", go.heap, place + 56, 0xC100000100)
        return done

    memory.read_many = read_many
    pages = Pages(memory)
    found = standings(pages, anatomy(pages, GO), 1.0)
    assert found.moved == 2
    assert found.found[-1].state == "running"
    assert found.found[-1].stack == (go.inside("main.ask") - 0x20,)


def test_what_does_not_look_like_goroutines_is_not_told(go):
    struct.pack_into("<Q", go.heap, GOROUTINES * PAGE + 152, 7)
    found = anatomy(Pages(opened(go)), GO)
    assert isinstance(found, Absent)
    assert "no list of goroutines" in found.why


def test_a_list_that_became_something_else_is_not_told_in_part(go):
    pages, body, _ = looked(go)
    for at in range(4):
        struct.pack_into("<I", go.heap, GOROUTINES * PAGE + 448 * at + 144, 77)
    found = standings(pages, body, 1.0)
    assert isinstance(found, Absent)
    assert "does not look like goroutines" in found.why


def test_a_number_behind_another_pointer_to_the_list_is_not_its_length(go):
    _, right, standing = looked(go)
    struct.pack_into("<QQQ", go.file, DATA + 0x700, right.all_goroutines.address, 38_265_566, 40_000_000)
    struct.pack_into("<QQQ", go.file, DATA + 0x720, right.all_goroutines.address, 100, 4000)
    _, body, found = looked(go)
    assert body.all_goroutines == right.all_goroutines
    assert len(found.found) == len(standing.found)


@pytest.mark.parametrize("version", ["1.17.2", "1.20.14", "devel +abc", ""])
def test_releases_that_are_not_known_are_said_so(go, version):
    found = anatomy(Pages(opened(go)), Runtime(RuntimeName.GO, version))
    assert isinstance(found, Absent)
    assert "1.21 to 1.26 are" in found.why
    assert "net/http/pprof" in found.get


def test_a_newer_release_is_read_where_it_looks_the_same(go):
    assert len(looked(go, Runtime(RuntimeName.GO, "1.27rc1"))[2].found) == 4


def test_another_processor_is_said_so():
    found = anatomy(Pages(opened(LivingGo(machine=183))), GO)
    assert isinstance(found, Absent)
    assert "x86-64" in found.why


def test_a_32_bit_program_is_said_so(go):
    go.file[4] = 1
    found = anatomy(Pages(opened(go)), GO)
    assert isinstance(found, Absent)
    assert "32-bit" in found.why


def test_a_stripped_program_tells_its_goroutines_and_says_why_not_its_variables():
    go = LivingGo(stripped=True)
    _, body, found = looked(go)
    assert len(found.found) == 4
    missing = variables(body)
    assert isinstance(missing, Absent)
    assert missing.kind is AbsentKind.NOT_APPLICABLE
    assert "stripped" in missing.why


def test_what_a_variable_leads_to_is_its_own(go):
    go.remember(5)
    found, walk = held(go)
    assert (found.objects["main.sessions"], found.bytes["main.sessions"]) == (5, 5 * 4096)
    assert found.reached.tolist() == sorted(found.reached.tolist())
    assert walk.copy.address(walk.order).size == 5


def test_what_stands_on_a_stack_belongs_to_its_group(go):
    go.remember(1)
    first = struct.unpack_from("<Q", go.file, DATA + SESSIONS_AT)[0]
    go.put(DATA + SESSIONS_AT, bytes(8))
    go.goroutine(word=first + 100)
    found, _ = held(go)
    assert found.bytes["goroutines at chan send in main.ask (fetch.go:15)"] == 4096


def test_what_was_freed_is_led_to_by_nobody(go):
    go.remember(1)
    struct.pack_into("<H", go.spans, go.cache + 48, 0)
    found, _ = held(go)
    assert found.reached.size == 0


def test_pages_without_pointers_are_not_read(go):
    pages, body, _ = looked(go)
    price = preflight(spans_now(pages, body), None)
    assert (price.bytes_to_read, price.pause_s) == (PAGE, 0.0)


def test_the_line_that_appends_is_named(go):
    grow = go.inside("main.remember") - 0x20
    target = 0x400000 + DATA + SESSIONS_AT
    # MOVQ AX, main.sessions(SB): the address counts from the next instruction.
    go.code("main.remember", b"\x48\x89\x05" + struct.pack("<i", target - (grow + 7)))
    pages, body, _ = looked(go)
    (use,) = uses_of(body, variables(body), "main.sessions")
    assert str(use.place) == "/srv/shop/sessions.go:31 in main.remember"
    assert use.stores
    assert not uses_of(body, variables(body), "main.other")
    assert pages.read_bytes > 0


def test_kernels_are_the_same_without_the_compiler(go):
    go.remember(9)
    pages, body, standing = looked(go)
    copy = copied(pages, spans_now(pages, body), body)
    found = roots(pages, body, variables(body), standing, ways_in(pages, body, variables(body)), copy)
    fast, _ = hold(copy, found)
    spans, last = copy.spans, copy.spans.last
    owner, order = np.zeros(spans.objects, np.int32), np.zeros(spans.objects, np.int64)
    parent = np.full(spans.objects, -1, np.int64)
    place = (copy.words, spans.low, spans.high, spans.each, last - spans.count, last, spans.free)
    words = next(each.words for each in found if each.name == "main.sessions")
    plain = getattr(kernels.follow, "py_func", kernels.follow)
    filled = plain(*place, copy.bit, copy.bits, copy.place, copy.mask, words, owner, parent, order, 0, 1)
    assert filled == fast.objects["main.sessions"] == 9
    weight = np.ones(spans.objects, np.int64)
    getattr(kernels.sum_up, "py_func", kernels.sum_up)(order, filled, parent, weight)
    assert weight[order[0]] == 9
    assert int(copy.address(order[:1])[0]) >= HEAP


@pytest.mark.parametrize(("fit", "at"), [(72, 8192 - 128), (70, 8192 - 256), (73, -1)])
def test_where_the_bits_of_a_span_are_is_told_by_how_many_objects_fit(fit, at):
    one = np.array([112], np.int64)
    found = Spans(one * 8192, one * 8192 + 8192, one, one - 112 + fit, one, one, one - 112)
    assert found.masked().tolist() == [at]


def test_a_word_that_is_no_pointer_by_the_bits_leads_nowhere(go):
    """What an object leaves of its place keeps what stood there before."""
    go.remember(3)
    pages, body, standing = looked(go)
    copy = copied(pages, spans_now(pages, body), body)
    found = roots(pages, body, variables(body), standing, ways_in(pages, body, variables(body)), copy)
    words = np.concatenate((copy.words, np.zeros(64, np.int64)))
    mask = np.where(copy.place >= 0, copy.words.size, -1)
    told, _ = hold(replace(copy, words=words, mask=mask), found)
    assert told.objects["main.sessions"] == 1
    words[copy.words.size :] = 1
    assert hold(replace(copy, words=words, mask=mask), found)[0].objects["main.sessions"] == 3


def test_one_that_was_met_while_it_changed_spoils_nothing(go):
    place = go.goroutine()
    struct.pack_into("<I", go.heap, place + 144, 77)
    assert len(looked(go)[2].found) == 4
