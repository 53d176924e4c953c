"""Cycles that nothing refers to, in a real child of this interpreter: what a collector that is off leaves."""

from __future__ import annotations

import pytest
from living_heap import living_heap

from oakum.heap.growth import compare

PROGRAM = """
import gc
{begin}
class Order:
    def __init__(self, number):
        self.lines = [Line(self, number)]
class Loop:
    __slots__ = ("itself", "again", "text")
    def __init__(self, number):
        self.itself, self.again, self.text = self, self, "x" * 2000 + str(number)
class Line:
    def __init__(self, order, number):
        self.order, self.text = order, "x" * 2000 + str(number)
kept = []
def go(begin, end):
    for number in range(begin, end):
        order = {makes}(number)
        if {keeps}:
            kept.append(order)
    return end
"""


def grown(begin, *, keeps, makes="Order"):
    with living_heap(PROGRAM.format(begin=begin, keeps=keeps, makes=makes)) as heap:
        heap.ask("go(0, 100)")
        before = heap.capture()
        heap.ask("go(100, 600)")
        return compare(before, heap.capture(), 10.0)


@pytest.mark.parametrize("off", ["gc.disable()", "gc.set_threshold(0)"])
def test_cycles_that_a_collector_which_is_off_leaves_are_counted_and_it_is_told_so(off):
    found = grown(off, keeps=False)
    assert found.cycles is not None
    assert found.cycles.off == off
    assert found.cycles.item_type.endswith(("Order", "Line"))
    assert found.cycles.objects_after - found.cycles.objects_before > 500 * 2
    assert 500 * 2000 < found.cycles.bytes_grown < 500 * 3000
    assert not [each for each in found.holders if each.bytes_grown > 100_000]


def test_what_a_list_keeps_is_no_garbage_though_the_collector_is_off():
    found = grown("gc.disable()", keeps=True)
    assert found.cycles is None
    assert found.holders[0].name.endswith("kept")


def test_a_collector_that_runs_is_not_accused_of_what_it_has_yet_to_take():
    found = grown("gc.set_threshold(100_000, 10, 10)", keeps=False)
    assert found.cycles is not None
    assert found.cycles.off == ""


def test_an_object_that_refers_to_itself_is_a_cycle():
    found = grown("gc.disable()", keeps=False, makes="Loop")
    assert found.cycles is not None
    assert found.cycles.item_type.endswith("Loop")
    assert 500 * 2000 < found.cycles.bytes_grown < 500 * 3000


@pytest.mark.parametrize("makes", ["Order", "Loop"])
def test_what_only_a_c_extension_holds_is_no_cycle(makes):
    begin = "gc.disable(); import atexit"
    program = PROGRAM.format(begin=begin, keeps="atexit.register(print, order) and False", makes=makes)
    with living_heap(program) as heap:
        heap.ask("go(0, 100)")
        before = heap.capture()
        heap.ask("go(100, 600)")
        assert compare(before, heap.capture(), 10.0).cycles is None
