"""Two V8 snapshots of one process: what its holders gained, and what they let go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shop_dump import shop_dump
from v8_files import V8File

from oakum.heap.accrual import account, attribute_of, grown
from oakum.heap.formats.detect import read_dump
from oakum.model.cause import CauseName

FILE = "file:///srv/a%20b/store.mjs"


def snapshot(entries, *, waste=0):
    """A module's ``store.entries`` holds an object of 2000 bytes for each number; numbers are the objects' ids."""
    made = V8File()
    scope = made.node("object", "system / Context")
    made.function("put", FILE, 4, script=3, context=scope)
    made.edge(0, "internal", "x", scope)
    store, seen, table = made.node("object", "Store"), made.node("object", "Set"), made.node("array", "")
    made.edge(scope, "context", "store", store)
    made.edge(store, "property", "entries", seen)
    made.edge(seen, "internal", "table", table)
    made.edge(table, "internal", "map", table)
    made.locate(store, 3, 2)
    while len(made.nodes) <= max(entries, default=0):
        made.node("object", "Free", 0)
    for number in entries:
        made.nodes[number] = ("object", "Quote", 2000)
        made.edge(table, "internal", f"part {number}", number)
    for _ in range(waste):
        made.node("object", "Dropped", 50_000)
    return account(read_dump(np.frombuffer(made.bytes(), np.uint8)))


def holder(before, after):
    return next(row for row in grown(before, after, 10.0).holders if row.attribute == "entries")


def test_what_only_gains_is_told_with_what_it_gained():
    found = holder(snapshot(range(20, 60)), snapshot(range(20, 160)))
    assert found.name == "Store.entries"
    assert (found.items_before, found.items_after, found.evicted_items) == (40, 140, 0)
    assert found.bytes_grown == pytest.approx(100 * 2000, rel=0.02)
    assert found.cause is CauseName.UNBOUNDED_CACHE
    assert found.defined.file == "/srv/a b/store.mjs"


def test_what_went_meanwhile_is_counted_by_the_numbers_of_the_objects():
    found = holder(snapshot(range(20, 60)), snapshot(range(50, 160)))
    assert found.evicted_items == 30


def test_an_entry_of_a_map_is_one_item_though_it_is_a_key_and_a_value():
    before, after = snapshot(range(20, 60)), snapshot(range(50, 160))
    name = "Store.entries"
    entry = before.holders[name]
    halved = replace(before, holders={name: replace(entry, suspect=replace(entry.suspect, count=20))})
    assert holder(before, after).evicted_items == 30
    assert holder(halved, after).evicted_items == 15


@pytest.mark.parametrize(("name", "foreign"), [("(synthetic)", False), ("Pool.free", True)])
def test_neither_the_runtimes_own_nor_a_librarys_trifle_is_told_as_a_holder_that_grew(name, foreign):
    before, after = snapshot(range(20, 60)), snapshot(range(20, 160))
    suspect = replace(after.holders["Store.entries"].suspect, holder=name, foreign=foreign, retained_bytes=4000)
    beside = replace(after, holders={**after.holders, name: replace(after.holders["Store.entries"], suspect=suspect)})
    names = [row.name for row in grown(before, beside, 10.0).holders]
    assert "Store.entries" in names
    assert name not in names


def test_garbage_is_neither_held_nor_grown():
    found = grown(snapshot(range(20, 60)), snapshot(range(20, 60), waste=50), 10.0)
    assert found.holders == ()
    assert found.heap_bytes_after == found.heap_bytes_before
    assert found.language == "JavaScript"


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("Store.entries", "entries"),
        ("seen in app.js", "seen"),
        ("bus in hub.js: listeners of 'a.b'", "bus"),
        ("Hub.bus: listeners of 'x in y'", "bus"),
        ("$cache in app.js", "$cache"),
        ("timers that call send in mail.js:3", ""),
        ("index.js: exports.byId", "byId"),
    ],
)
def test_what_to_look_for_in_source(name, attribute):
    assert attribute_of(name) == attribute


def test_a_jvm_moves_its_objects_so_what_went_is_not_known_there():
    before, after = (account(read_dump(np.frombuffer(shop_dump(sessions=count), np.uint8))) for count in (400, 900))
    found = grown(before, after, 10.0)
    first = found.holders[0]
    assert (found.language, first.name, first.eviction_known) == ("Java", "shop.SessionCache.entries", False)
    assert (first.items_before, first.items_after, first.evicted_items) == (400, 900, 0)
