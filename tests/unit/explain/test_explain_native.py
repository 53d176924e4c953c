"""Mappings and malloc's blocks: a leak is told from free blocks, from threads with their arenas, and from tmpfs."""

from __future__ import annotations

import numpy as np
import pytest
from examples_explain import MIB, series

from oakum.explain import explain
from oakum.explain.native import with_native
from oakum.model.cause import Cause, CauseName
from oakum.model.layout import (
    UNNAMED,
    Chunked,
    KindUse,
    Layout,
    LayoutGrowth,
    MappingKind,
    ObjectKind,
    Sample,
    SizeClass,
)
from oakum.model.policy import Policy
from oakum.model.verdict import Pattern, VerdictName

SECONDS = 20.0


def look(threads=1, count=0, shared=(), allocator="glibc", stacks=(), spans=(), **sizes):
    kinds = {
        MappingKind(name.strip("_").replace("_", "-")): KindUse(int(size * MIB), 1, int(size * MIB))
        for name, size in sizes.items()
    }
    return Layout(0, kinds, threads, count, 0, 0, tuple(shared), (), allocator, frozenset(stacks), tuple(spans))


def chunks(used, free=0.0, *, size=64, objects=(), marks=()):
    """``marks``: of the content of the sampled blocks of that size, by their number."""
    count = int(used * MIB) // size
    rows = np.array([[16 * at, size, 0, mark] for at, mark in enumerate(marks)], np.int64).reshape(-1, 4).T
    sample = Sample(0, rows)
    return Chunked(count, int(used * MIB), 1, int(free * MIB), 0, 0, (SizeClass(size, count),), tuple(objects), sample)


def told(before, after, held=(None, None), *, verdict=None, explained=True, seconds=SECONDS, between=None):
    layout = LayoutGrowth(42, before, after, seconds, *held, explained=explained, threads_between=between)
    return explain("pid/42", verdict or series(), None, sources={}, policy=Policy(), layout=layout)


def names(answer):
    return [cause.name for cause in answer.causes]


def test_blocks_of_one_size_that_grow_are_named_and_are_no_fragmentation():
    answer = told(look(heap=20), look(heap=30), (chunks(19.5), chunks(29.5)))
    assert names(answer) == [CauseName.NATIVE_ALLOCATION]
    assert answer.causes[0].holder == "blocks of 41 to 56 bytes from malloc"
    assert answer.verdict.name is VerdictName.SUSPECT
    assert "100 %" in answer.verdict.reasons[0]
    assert answer.verdict.settles


def test_objects_of_a_class_are_named_before_their_size():
    before = [ObjectKind(0x2010, "shop::Session", 1000, 3 * MIB)]
    after = [ObjectKind(0x2010, "shop::Session", 4000, 12 * MIB)]
    answer = told(look(heap=20), look(heap=30), (chunks(19.5, objects=before), chunks(29.5, objects=after)))
    assert answer.causes[0].holder == "objects of shop::Session"
    assert "1,000 → 4,000" in answer.causes[0].title


def test_the_commands_name_the_process_and_say_what_they_cost():
    steps = told(look(heap=20), look(heap=30), (chunks(19.5), chunks(29.5))).plan.steps
    core = next(step for step in steps if "gcore" in step.command)
    assert core.command.startswith("df -h . && ")
    assert core.command.endswith(" && (umask 077; gcore -o leak 42) && oakum heap analyze leak.42")
    assert "stands still" in core.risk
    assert "so much room is needed" in core.risk
    assert any("memleak-bpfcc -p 42" in step.command for step in steps)


def test_growth_that_is_free_blocks_is_fragmentation_and_no_leak():
    answer = told(look(heap=60), look(heap=100), (chunks(20, 40), chunks(20, 80)), verdict=series(VerdictName.LEAK))
    assert names(answer) == [CauseName.FRAGMENTATION]
    assert answer.verdict.name is VerdictName.SUSPECT
    step = next(step for step in answer.plan.steps if "…" in step.command)
    assert step.command == "MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=131072 …"
    assert "malloc_trim(0) itself" in step.effect


@pytest.mark.parametrize("free", [0, 40])
def test_no_step_lets_a_debugger_call_a_function_in_it(free):
    steps = told(look(heap=60), look(heap=100), (chunks(20), chunks(60 - free, free))).plan.steps
    assert steps
    assert not any(word in step.command for step in steps for word in ("gdb", "call", "heaptrack -p"))


def test_free_blocks_that_do_not_grow_are_told_although_nothing_leaks():
    answer = told(look(heap=100), look(heap=100), (chunks(20, 80), chunks(20, 80)), verdict=series(VerdictName.HEALTHY))
    assert names(answer) == [CauseName.FRAGMENTATION]
    assert answer.causes[0].growth_bytes_per_s == 0


def test_threads_that_become_more_come_before_the_blocks_that_they_hold():
    held = chunks(20), chunks(60)
    answer = told(look(5, 4, arenas=20), look(20, 19, arenas=60), held)
    assert names(answer) == [CauseName.WORKERS_OR_ARENAS, CauseName.NATIVE_ALLOCATION]
    assert "5 → 20 threads" in answer.verdict.reasons[0]
    assert any(step.command.startswith("MALLOC_ARENA_MAX=2") for step in answer.plan.steps)


def test_arenas_that_grow_while_threads_do_not_are_a_leak_of_blocks():
    answer = told(look(5, 4, arenas=20), look(5, 4, arenas=60), (chunks(20), chunks(60)))
    assert names(answer) == [CauseName.NATIVE_ALLOCATION]


def test_many_arenas_that_do_not_grow_are_told_as_high():
    answer = told(look(40, 39, arenas=160), look(40, 39, arenas=160), (chunks(150), chunks(150)))
    assert names(answer) == [CauseName.WORKERS_OR_ARENAS]
    assert answer.causes[0].growth_bytes_per_s == 0


def test_shared_memory_that_grows_is_told_whatever_the_series_says():
    before, after = (
        look(shared=[("/dev/shm/ring", MIB)], shared_=1),
        look(shared=[("/dev/shm/ring", 90 * MIB)], shared_=90),
    )
    answer = told(before, after, verdict=series(VerdictName.HEALTHY))
    assert names(answer) == [CauseName.PAGE_CACHE]
    assert answer.causes[0].holder == "/dev/shm/ring"


def test_an_allocator_that_is_not_read_makes_it_less_sure_and_has_steps_of_its_own():
    answer = told(look(allocator="jemalloc 5.3.0", allocator_=20), look(allocator="jemalloc 5.3.0", allocator_=40))
    assert answer.causes[0].confidence < 0.5
    assert any("lg_prof_interval" in step.command for step in answer.plan.steps)


def test_a_runtime_with_a_heap_of_its_own_is_not_blamed_for_it():
    answer = told(look(blocks=20), look(blocks=60), explained=False)
    assert CauseName.NATIVE_ALLOCATION not in names(answer)


@pytest.mark.parametrize(("per_s", "first"), [(2.0 * MIB, "goroutine"), (0.1 * MIB, "workers-or-arenas")])
def test_threads_of_a_runtime_stand_behind_a_holder_that_its_heap_names(per_s, first):
    held = Cause(CauseName.GOROUTINE, 0.5, "goroutines became more", "goroutines at chan send", 20 * MIB, per_s)
    layout = LayoutGrowth(42, look(5, 4, arenas=20), look(9, 8, arenas=60), SECONDS, None, None, explained=False)
    assert with_native(layout, (held,), grows=True)[0].name == first


def test_what_does_not_grow_has_no_cause():
    answer = told(look(heap=20), look(heap=20), (chunks(19), chunks(19)), verdict=series(VerdictName.HEALTHY))
    assert names(answer) == []


def test_blocks_that_stand_where_they_stood_make_a_leak_of_what_climbs():
    held = chunks(19.5, marks=[7] * 40), chunks(29.5, marks=[7] * 60)
    answer = told(look(heap=20), look(heap=30), held)
    assert answer.verdict.name is VerdictName.LEAK
    assert "40 of 40 of them" in answer.verdict.reasons[1]
    assert answer.verdict.probability == 0.85
    assert "still filling" in answer.verdict.settles
    assert "--for 10m" in answer.verdict.settles


def test_a_leak_that_a_longer_history_made_sure_stays_as_sure():
    held = chunks(19.5, marks=[7] * 40), chunks(29.5, marks=[7] * 60)
    answer = told(look(heap=20), look(heap=30), held, verdict=series(VerdictName.LEAK, probability=0.95))
    assert (answer.verdict.name, answer.verdict.probability) == (VerdictName.LEAK, 0.95)


@pytest.mark.parametrize(
    ("first", "per_s", "size"),
    [(5.6, 2.4, 8064), (1, 2, 1024), (1, 4, 6408), (4, 3, 48)],
    ids=["carts", "letters", "invoices", "frames"],
)
def test_a_server_that_leaks_from_nearly_nothing_is_one_in_twenty_seconds(first, per_s, size):
    more = per_s * SECONDS
    held = chunks(first, size=size, marks=[7] * 40), chunks(first + more, size=size, marks=[7] * 60)
    answer = told(look(heap=2 + first), look(heap=2 + first + more), held, verdict=series(rate_per_s=per_s * MIB))
    assert answer.verdict.name is VerdictName.LEAK


@pytest.mark.parametrize(
    ("first", "seconds", "verdict"),
    [
        (19.5, 6.0, series()),
        (150, SECONDS, series()),
        (19.5, SECONDS, series(VerdictName.CANNOT_TELL)),
    ],
    ids=["looks-too-close", "little-beside-what-there-was", "nobody-suspects-it"],
)
def test_a_cache_that_fills_is_no_leak(first, seconds, verdict):
    held = chunks(first, marks=[7] * 40), chunks(first + 10, marks=[7] * 60)
    answer = told(look(heap=first + 1), look(heap=first + 11), held, verdict=verdict, seconds=seconds)
    assert answer.verdict.name is verdict.name


@pytest.mark.parametrize(
    ("marks", "later", "verdict"),
    [
        ([7] * 40, [8] * 60, series()),
        ([7] * 40, [7] * 20, series()),
        ([7] * 10, [7] * 60, series()),
        ([7] * 40, [7] * 60, series(rate_per_s=30 * MIB)),
        ([7] * 40, [7] * 60, series(pattern=Pattern.WARM_UP)),
    ],
    ids=["written-to", "freed", "too-few", "another-rate", "it-bends"],
)
def test_what_turns_over_or_does_not_agree_stays_a_suspicion(marks, later, verdict):
    held = chunks(19.5, marks=marks), chunks(29.5, marks=later)
    assert told(look(heap=20), look(heap=30), held, verdict=verdict).verdict.name is VerdictName.SUSPECT


def test_blocks_that_come_with_each_object_of_a_class_are_told_with_it():
    before = [ObjectKind(0x2010, "shop::Invoice", 1000, MIB // 10), ObjectKind(0x3010, "shop::Line", 90, 64)]
    after = [ObjectKind(0x2010, "shop::Invoice", 11_240, MIB), ObjectKind(0x3010, "shop::Line", 91, 64)]
    held = chunks(10, size=1024, objects=before), chunks(20, size=1024, objects=after)
    answer = told(look(heap=20), look(heap=30), held)
    assert answer.causes[0].holder == "objects of shop::Invoice, each with a block of 1001 to 1016 bytes from malloc"


def test_mappings_that_malloc_did_not_make_are_told_as_such_and_are_a_leak_where_they_stay():
    held = chunks(2), chunks(2)
    before, after = [(0x1000, 0x9000), (0x20000, 0x30000)], [(0x1000, 0x9000), (0x20000, 0x90000)]
    answer = told(look(blocks=20, spans=before), look(blocks=30, spans=after), held)
    assert answer.causes[0].holder == "anonymous mappings outside of malloc"
    assert "munmap" in answer.causes[0].advice
    assert answer.verdict.name is VerdictName.LEAK
    assert answer.verdict.probability == 0.85
    assert answer.verdict.settles
    gone = told(look(blocks=20, spans=before), look(blocks=30, spans=[(0x20000, 0x90000)]), held)
    assert gone.verdict.name is VerdictName.SUSPECT


def test_threads_that_only_come_are_a_leak_and_those_that_end_are_none():
    before, after = range(100), range(300)
    few, many = look(101, 4, arenas=20, stacks=before), look(301, 19, arenas=30, stacks=after)
    answer = told(few, many, (chunks(20), chunks(20)), between=200)
    assert answer.verdict.name is VerdictName.LEAK
    assert "has ended" in answer.verdict.reasons[1]
    assert "99 of them in the first half" in answer.verdict.reasons[1]
    assert (answer.verdict.probability, answer.verdict.settles != "") == (0.85, True)
    other = look(301, 19, arenas=30, stacks=range(50, 350))
    assert told(few, other, (chunks(20), chunks(20)), between=200).verdict.name is VerdictName.SUSPECT


@pytest.mark.parametrize("between", [None, 301, 290, 101, 110], ids=["unknown", "first", "full", "last", "late"])
def test_threads_that_came_in_one_half_are_a_pool_that_starts(between):
    few, many = (
        look(101, 4, arenas=20, stacks=range(100)),
        look(301, 19, arenas=30, stacks=range(300)),
    )
    answer = told(few, many, (chunks(20), chunks(20)), between=between)
    assert answer.verdict.name is VerdictName.SUSPECT


def test_a_pool_that_was_mapped_before_and_is_touched_now_is_no_leak():
    held, span = (chunks(2), chunks(2)), (0, 8192 * MIB)
    before, after = look(blocks=200, spans=[span]), look(blocks=260, spans=[span])
    for each in (before, after):
        each.kinds[MappingKind.BLOCKS] = KindUse(each.of(MappingKind.BLOCKS), 1, 8192 * MIB)
    answer = told(before, after, held, verdict=series(rate_per_s=3 * MIB))
    assert answer.causes[0].holder == "anonymous mappings outside of malloc"
    assert answer.verdict.name is VerdictName.SUSPECT


def test_a_stripped_program_says_that_its_types_have_no_names():
    before = [ObjectKind(0x2010, f"{UNNAMED}server+0x2010", 1000, 3 * MIB)]
    after = [ObjectKind(0x2010, f"{UNNAMED}server+0x2010", 4000, 12 * MIB)]
    answer = told(look(heap=20), look(heap=30), (chunks(19.5, objects=before), chunks(29.5, objects=after)))
    assert answer.causes[0].holder == "objects of the type whose table is at server+0x2010"
    assert any("stripped" in text for text in answer.causes[0].against)


def in_heap(per_s, confidence=0.9, **changes):
    told = {"evidence": ("growth",)} | changes
    return Cause(CauseName.UNBOUNDED_CACHE, confidence, "it grew", "shop.seen", 20 * MIB, per_s, **told)


def test_arenas_of_threads_that_did_not_come_are_what_the_heap_holds():
    layout = LayoutGrowth(42, look(5, 4, arenas=20), look(5, 5, arenas=60), SECONDS, None, None, explained=False)
    few = LayoutGrowth(42, look(5, 4, arenas=20), look(7, 6, arenas=60), SECONDS, None, None, explained=False)
    assert [row.name for row in with_native(layout, (in_heap(2 * MIB),), grows=True)] == ["unbounded-cache"]
    first, arenas = with_native(few, (in_heap(2 * MIB),), grows=True, rate_per_s=2 * MIB)
    assert (first.name, arenas.name, arenas.confidence) == ("unbounded-cache", "workers-or-arenas", 0.4)
    assert "what their arenas hold is what shop.seen holds" in arenas.against[0]
    assert len(with_native(layout, (in_heap(0.9 * MIB),), grows=True, rate_per_s=2 * MIB)) == 2


def test_the_larger_holder_stands_first_with_its_other_readings():
    layout = LayoutGrowth(42, look(blocks=20), look(blocks=60), SECONDS, None, None, explained=False)
    other = in_heap(1.1 * MIB, 0.4, instead_of=CauseName.GLOBAL)
    rows = (in_heap(1.1 * MIB, 0.6), other, in_heap(1.0 * MIB, 0.9))
    assert with_native(layout, rows, grows=True) == rows


@pytest.mark.parametrize(("free", "said"), [(1.0, "gained 1.00 MiB"), (-1.0, "lost 1.00 MiB"), (0.0, "are as many")])
def test_free_blocks_that_became_less_gained_nothing(free, said):
    answer = told(look(heap=20), look(heap=30), (chunks(19.5, 2.0), chunks(29.5, 2.0 + free)))
    assert f"it is in use: free blocks between them {said} meanwhile" in " ".join(answer.causes[0].why)
