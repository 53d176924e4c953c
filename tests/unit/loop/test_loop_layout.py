"""Threads are counted between the two looks, so that both halves of a watch are known."""

from __future__ import annotations

import pytest
from fake_machine import FakeMachine

from oakum.loop.facts import Facts
from oakum.loop.layout import Layouts, mappings_told
from oakum.model.layout import KindUse, Layout, LayoutGrowth, MappingKind
from oakum.model.runtime import Runtime, RuntimeName


@pytest.mark.parametrize(("ended_s", "between"), [(20.0, 60), (90.0, None)])
def test_threads_at_the_middle_are_known_where_they_were_counted_there(ended_s, between):
    machine = FakeMachine()
    process = machine.start(("/usr/sbin/shopd",))
    process.threads = 10
    layouts, facts = Layouts(machine.ports(), Runtime(RuntimeName.NODE, "")), Facts(machine.clock)
    layouts.begin(process.pid, facts)
    for _ in range(20):
        layouts.between(process.pid)
        process.threads += 5
        machine.clock.pass_by(1.0)
    machine.clock.pass_by(ended_s - 20.0)
    found = layouts.conclude(process.pid, facts)
    assert (found.before.threads, found.threads_between, found.after.threads) == (10, between, 110)


MIB = 1 << 20


def layout(**sizes):
    uses = {MappingKind(name): KindUse(size, 1, size) for name, size in sizes.items()}
    return Layout(0, uses, 3, 0, 0, 0, (), (), "glibc")


def test_what_hardly_moved_is_told_without_a_rate():
    before, after = layout(heap=8 * MIB, files=9 * MIB), layout(heap=28 * MIB, files=9 * MIB + 4096)
    told = mappings_told(LayoutGrowth(1, before, after, 20.0))
    assert told == "[heap] 28.0 MiB (+1.00 MiB/s), pages of files 9.00 MiB; 3 threads"
    assert "/" not in mappings_told(LayoutGrowth(1, before, layout(heap=8 * MIB + 8192, files=9 * MIB), 20.0))
