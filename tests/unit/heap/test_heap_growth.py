"""Two captures of a real child: which holder grew, by how much, under which name."""

from __future__ import annotations

import pytest
from living_heap import living_heap

from oakum.heap import compare
from oakum.model.growth import RootKind

PROGRAM = """
from collections import deque
class Item:
    def __init__(self): self.text = "i" * 300 + str(number)
class Shop:
    registry = {}
    def __init__(self): self.rows = []
class Log(list): pass
cache, seen, log, queue = {}, set(), Log(), deque()
shop = Shop()
def closing():
    hidden = []
    def keep(): hidden.append("c" * 3000 + str(number))
    return keep
keep = closing()
bounded = deque(maxlen=100)
number = 0
def more(count):
    global number
    for _ in range(count):
        number += 1
        cache[number] = "t" * 3000 + str(number)
        seen.add("s" * 3000 + str(number))
        log.append(Item()); log.append(bytes(2700))
        queue.append(bytearray(3000))
        shop.rows.append([0.5 + number + step for step in range(90)])
        Shop.registry[number] = "r" * 1500 + "\\u20ac" + str(number)
        keep()
        bounded.append(number)
"""
PER_ITEM = 3049


@pytest.fixture(scope="module")
def growth():
    with living_heap(PROGRAM) as living:
        living.ask("more(300)")
        before = living.capture()
        living.ask("more(700)")
        return compare(before, living.capture(), 7.0)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("__main__.cache", "dict"),
        ("__main__.seen", "set"),
        ("__main__.log", "__main__.Log"),
        ("__main__.queue", "collections.deque"),
        ("__main__.Shop.rows", "list"),
        ("__main__.Shop.registry", "dict"),
    ],
)
def test_a_holder_is_named_and_measured(growth, name, kind):
    holders = {holder.name: holder for holder in growth.holders}
    assert name in holders
    holder = holders[name]
    assert holder.kind == kind
    assert holder.root is RootKind.MODULE
    assert holder.items_grown in {700, 1400}
    assert holder.evicted_items == 0
    assert 0.85 * 700 * PER_ITEM < holder.bytes_grown < 1.5 * 700 * PER_ITEM
    assert holder.path[0].node == "module __main__"


def test_what_a_closure_holds_is_the_closures(growth):
    (holder,) = [holder for holder in growth.holders if holder.name.startswith("closure of")]
    assert "closing" in holder.name
    assert "hidden" in holder.name
    assert holder.items_grown == 700
    assert holder.bytes_grown > 700 * 3000


def test_what_does_not_grow_is_no_holder(growth):
    assert not [holder.name for holder in growth.holders if "bounded" in holder.name]


def test_the_types_account_for_what_was_added(growth):
    types = {grown.name: grown for grown in growth.types}
    assert types["__main__.Item"].count_grown == 700
    # Four texts of each step, one of them twice as wide.
    assert types["str"].bytes_grown > 700 * (3 * 3000 + 300 + 3000)
    assert types["str"].count_grown >= 5 * 700
    assert growth.heap_bytes_after - growth.heap_bytes_before > 7 * 700 * 3000


LRU = """
import functools
class Page:
    def __init__(self, number): self.body = [number * 0.5 + step for step in range(60)]
@functools.lru_cache(maxsize=5000)
def bounded(number): return Page(number)
@functools.lru_cache(None)
def unbounded(number): return Page(number)
def more(function, first, count):
    for number in range(first, first + count):
        function(number)
"""


@pytest.mark.parametrize(("name", "most"), [("bounded", 5000), ("unbounded", None)])
def test_an_lru_cache_counts_its_results_not_what_hangs_on_them(name, most):
    with living_heap(LRU) as living:
        living.ask(f"more({name}, 0, 800)")
        before = living.capture()
        living.ask(f"more({name}, 800, 1200)")
        holder = compare(before, living.capture(), 1.0).holders[0]
    assert (holder.name, holder.items_before, holder.items_after) == (f"__main__.{name}", 800, 2000)
    assert holder.item_type == "__main__.Page"
    assert (holder.bound.limit_items if holder.bound else None) == most


THREADS = """
import queue, threading
scope, together, todo, done = threading.local(), threading.Barrier(3), queue.Queue(), queue.Queue()
def work():
    scope.notes = []
    while True:
        count = todo.get()
        together.wait()
        for number in range(count):
            scope.notes.append("n" * 900 + str(number))
        done.put(threading.get_ident())
for _ in range(3): threading.Thread(target=work, daemon=True).start()
def more(count):
    for _ in range(3): todo.put(count)
    return len({done.get() for _ in range(3)})
"""


def test_a_list_of_each_thread_is_one_holder():
    with living_heap(THREADS) as living:
        assert living.ask("more(300)") == 3
        before = living.capture()
        assert living.ask("more(700)") == 3
        holder = compare(before, living.capture(), 1.0).holders[0]
    assert "scope" in holder.name
    assert (holder.items_before, holder.items_after, holder.evicted_items) == (900, 3000, 0)
    assert holder.bytes_grown > 2100 * 900


TIMERS = """
import asyncio, queue
class Reminders:
    def remind(self, text): pass
reminders, loop = Reminders(), asyncio.new_event_loop()
# Only a library knows the loop, as under asyncio.run.
queue.running = loop
del loop
def more(count):
    for number in range(count):
        queue.running.call_later(3600, reminders.remind, "r" * 2000 + str(number))
"""


def test_timers_are_named_by_the_loops_field_and_by_what_they_call():
    with living_heap(TIMERS) as living:
        living.ask("more(100)")
        before = living.capture()
        living.ask("more(400)")
        holder = compare(before, living.capture(), 1.0).holders[0]
    assert (holder.owner_type.rpartition(".")[2], holder.attribute) == ("_UnixSelectorEventLoop", "_scheduled")
    assert (holder.items_before, holder.items_after) == (100, 500)
    assert holder.item_type == "asyncio.events.TimerHandle"
    assert holder.calls is not None
    assert holder.calls.function == "Reminders.remind"
