"""Where the memory of a real process goes: what its objects explain, what a library took, what nobody uses."""

from __future__ import annotations

import pytest
from living_heap import living_heap

from oakum.model.division import FREE, Part

PROGRAM = r"""
import threading, time
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
def leak(count, size):
    for _ in range(count):
        libc.memset(libc.malloc(size), 1, size)
def leak_in_a_thread(count, size):
    worker = threading.Thread(target=leak, args=(count, size))
    worker.start()
    worker.join()
def wait():
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
class Buffer(ctypes.Structure):
    _fields_ = [("items", ctypes.c_void_p)]
held = []
def hold(count, size):
    for _ in range(count):
        buffer = Buffer(libc.malloc(size))
        libc.memset(buffer.items, 1, size)
        held.append(buffer)
rows = []
def work():
    rows.extend(bytes(400) for _ in range(50_000))
def shrink():
    rows[:] = rows[::50]
def anon():
    status = open("/proc/self/status").read()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024
"""
MB = 1_000_000
LAST = 1.3 * MB
"""ctypes keeps the address that was last given out in an object of its own: that one piece counts as a buffer."""


@pytest.fixture(scope="module")
def told():
    """[(what was done, anonymous memory by the kernel, how it was divided, the heap)], one behind the other."""
    found = []
    with living_heap(PROGRAM) as living:
        for asked in ("0", "leak(4000, 2000)", "leak(8, 1 << 20)", "leak_in_a_thread(4000, 2000)",
                      "hold(4000, 2000)", "wait()", "work()", "shrink()"):  # fmt: skip
            living.ask(asked)
            heap = living.capture()
            found.append((asked, living.ask("anon()"), heap.division, heap))
    return found


def grown(told, asked, *parts):
    at = [row[0] for row in told].index(asked)
    return told[at][2].of(*parts) - told[at - 1][2].of(*parts)


def test_the_parts_are_what_the_kernel_counts_beside_the_data_of_libraries(told):
    for asked, anon, division, _ in told:
        assert division.total_bytes <= anon + MB, asked
        assert division.total_bytes + division.of(Part.STATIC) >= anon - MB, asked
        assert division.allocator_read, asked


@pytest.mark.parametrize("asked", ["leak(4000, 2000)", "leak(8, 1 << 20)", "leak_in_a_thread(4000, 2000)"])
def test_what_a_library_takes_is_outside_the_objects_whatever_it_is_taken_from(told, asked):
    assert grown(told, asked, Part.NATIVE) == pytest.approx(8.2 * MB, abs=LAST)
    assert abs(grown(told, asked, Part.OBJECTS, Part.LARGE_OBJECTS, Part.BUFFERS)) < LAST


def test_what_an_object_leads_to_is_its_own_and_counts_for_whoever_holds_it(told):
    assert grown(told, "hold(4000, 2000)", Part.BUFFERS) == pytest.approx(8.1 * MB, abs=0.4 * MB)
    heap = told[[row[0] for row in told].index("hold(4000, 2000)")][3]
    assert int(heap.graph.size[heap.graph.kind < 0].sum()) > 8 * MB


def test_a_thread_is_seen_by_its_stack(told):
    assert told[-1][2].threads > told[0][2].threads


def test_what_was_freed_is_free_memory_and_no_longer_the_objects(told):
    assert grown(told, "work()", Part.OBJECTS) > 20 * MB
    assert grown(told, "shrink()", Part.OBJECTS) < -20 * MB
    assert grown(told, "shrink()", *FREE) == pytest.approx(-grown(told, "shrink()", Part.OBJECTS), rel=0.1)
    assert told[-1][2].arenas > 15
