"""What Oakum's helper tells beside a Ruby dump: variables by name, threads, and what does not count."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ruby_files import RubyFile, address

from oakum.heap.accrual import account, grown
from oakum.heap.analysis import analyze
from oakum.heap.formats.detect import read_dump
from oakum.heap.formats.ruby.beside import beside
from oakum.model.cause import CauseName


def line(what, **rest):
    return json.dumps({"oakum_heap": what, **rest}, separators=(",", ":")).encode() + b"\n"


class Shop(RubyFile):
    """``sessions`` of 100 bytes in a Hash of a store, which a constant of Shop holds."""

    def __init__(self, sessions=200, *, root=True, lines=False):
        super().__init__()
        self.string = self.add("CLASS", name="String", memsize=500)
        self.hash_class = self.add("CLASS", name="Hash", memsize=500)
        self.session_class = self.add("CLASS", name="Shop::Session", memsize=500)
        self.store_class = self.add("CLASS", name="Shop::Store", memsize=500)
        self.thread_class = self.add("CLASS", name="Thread", memsize=500)
        made = {"file": "/srv/shop/session.rb", "line": 5} if lines else {}
        items = [self.add("OBJECT", of=self.session_class, memsize=100, **made) for _ in range(sessions)]
        self.entries = self.add("HASH", *items, of=self.hash_class, size=sessions, memsize=16 * sessions)
        self.store = self.add("OBJECT", self.entries, of=self.store_class, memsize=40)
        self.thread = self.add("DATA", of=self.thread_class, struct="VM/thread", memsize=400)
        self.table = self.add("ARRAY", self.entries, length=1, memsize=40)
        self.root("machine_context", self.table)
        self.root("vm", self.thread, *([self.store] if root else []))

    def named(self, *lines):
        return self.bytes() + b"".join(lines)

    def name(self, **place):
        return line("name", of=address(self.store), **{"is": "@entries"}, at=address(self.entries), **place)

    @property
    def stack(self):
        return line("thread", at=address(self.thread), references=[address(self.store), address(self.entries)])

    @property
    def own(self):
        return line("own", at=[address(self.table)])


def dump_of(content):
    return read_dump(np.frombuffer(content, np.uint8))


def suspects_of(content):
    return analyze(np.frombuffer(content, np.uint8), file="shop.json", told=lambda _: None).suspects


def test_a_holder_is_named_by_its_variable_and_stands_where_its_class_is_made():
    shop = Shop()
    first = suspects_of(shop.named(shop.name(file="/srv/shop/store.rb", line=3)))[0]
    assert first.holder == "Shop::Store#@entries"
    assert first.cause is CauseName.SESSION_STATE
    assert str(first.places[0]) == "/srv/shop/store.rb:3"
    assert [step.via for step in first.path][-1] == "@entries"


def test_without_names_it_is_named_by_what_it_is():
    assert suspects_of(Shop().bytes())[0].holder == "Shop::Store → Hash"


def test_what_the_stack_of_another_thread_holds_is_held_and_the_helpers_own_table_holds_nothing():
    shop = Shop(root=False)
    lost = dump_of(shop.named(shop.own))
    kept = dump_of(shop.named(shop.own, shop.stack, shop.name()))
    assert account(lost).reachable.objects < 20
    assert account(kept).reachable.objects > 200
    first = suspects_of(shop.named(shop.own, shop.stack, shop.name()))[0]
    # The stack points at the Hash as well, for a moment: the way by the store tells more.
    assert first.holder == "Shop::Store#@entries"


def test_a_variable_of_a_thread_and_a_constant_at_the_top_are_the_programs_own():
    shop = Shop(root=False)
    local = line("name", of=address(shop.thread), **{"is": "Thread.current[:cart]"}, at=address(shop.entries))
    first = suspects_of(shop.named(shop.own, local, line("thread", at=address(shop.thread), references=[])))[0]
    assert (first.holder, first.cause) == ("Thread.current[:cart]", CauseName.THREAD_LOCAL)


@pytest.mark.parametrize(
    "broken",
    [
        b'{"oakum_heap":"name","of":7,"is":"@x","at":"0x10"}\n',
        b'{"oakum_heap":"name","of":"0xzz","is":"@x","at":"0x10"}\n',
        b'{"oakum_heap":"thread","at":"0x10","references":"0x20"}\n',
        b'{"oakum_heap":"own","at":{"0x10":1}}\n',
        b'{"oakum_heap":"own","at":["0xffffffffffffffff"]}\n',
        b'{"oakum_heap":"thread","at":"0x8000000000000000","references":["0xffffffffffffffff"]}\n',
        b'{"oakum_heap":"name","of":"0xffffffffffffffff","is":"@x","at":"0xffffffffffffffff"}\n',
        b'{"oakum_heap":"name","of":"0x10","is":["@x"],"at":"0x10"}\n',
        b'{"oakum_heap":"na',
        b'{"oakum_heap":' + b"[" * 4000,
    ],
)
def test_what_is_broken_beside_a_dump_is_passed_over(broken):
    shop = Shop()
    found = beside(np.frombuffer(shop.named(broken, shop.name()), np.uint8))
    assert [each.name for each in found.names] in (["@entries"], [])
    assert not found.own
    assert suspects_of(shop.named(broken, shop.name()))[0].count == 200


def test_two_dumps_tell_the_variable_the_class_and_the_line_that_grew():
    before, after = Shop(200, lines=True), Shop(900, lines=True)
    growth = grown(*(account(dump_of(each.named(each.name()))) for each in (before, after)), 10.0)
    holder = growth.holders[0]
    assert (holder.name, holder.attribute, growth.language) == ("Shop::Store#@entries", "@entries", "Ruby")
    assert (holder.items_before, holder.items_after) == (200, 900)
    row = growth.lines[0]
    assert (row.name, str(row.place), row.counts) == ("Shop::Session", "/srv/shop/session.rb:5", (200, 900))


def test_the_tables_of_recorded_places_are_the_runtimes_own_and_no_holder():
    contents = []
    for size in (1 << 20, 8 << 20):
        shop = Shop()
        plain = shop.add("CLASS", name="Object", memsize=500)
        tracer = shop.add("DATA", of=plain, struct="ObjectTracing/allocation_info_tracer", memsize=size)
        shop.root("vm", tracer)
        contents.append(shop.bytes())
    growth = grown(*(account(dump_of(content)) for content in contents), 10.0)
    assert growth.types[0].name == "(places of allocations)"
    assert growth.holders == ()
