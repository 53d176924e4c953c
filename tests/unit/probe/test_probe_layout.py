"""What mappings are used for, by their names, shapes and neighbours."""

from __future__ import annotations

import pytest

from oakum.model.layout import Mapping, MappingKind
from oakum.probe.layout import ARENA_BYTES, kinds_of, layout

MIB, KIB = 1 << 20, 1 << 10
TOP = 0x7F00_0000_0000


def row(start, size, mode="rw-p", path="", inode=0, anon=None, **more):
    own = size if anon is None and mode.startswith("rw") else anon or 0
    return Mapping(start, start + size, mode, 0, inode, path, rss_bytes=more.pop("rss", own), anon_bytes=own, **more)


def kinds(*rows, allocator="glibc"):
    return [kind for _, kind in kinds_of(rows, allocator)]


def test_the_heap_of_brk_the_stack_and_the_kernels_own_have_names():
    rows = row(4096, MIB, path="[heap]"), row(TOP, MIB, path="[stack]"), row(TOP + MIB, 4096, "r-xp", path="[vdso]")
    assert kinds(*rows) == [MappingKind.HEAP, MappingKind.MAIN_STACK, MappingKind.KERNEL]


def test_a_heap_of_an_arena_is_aligned_and_keeps_the_rest_without_access():
    begin = 3 * ARENA_BYTES
    rows = row(begin, 4 * MIB), row(begin + 4 * MIB, ARENA_BYTES - 4 * MIB, "---p")
    assert kinds(*rows) == [MappingKind.ARENAS, MappingKind.ARENAS]
    assert layout(rows, threads=2, allocator="glibc", at_s=0).arenas == 1


def test_one_that_is_full_is_one_too():
    rows = (row(3 * ARENA_BYTES, 2 * ARENA_BYTES),)
    assert kinds(*rows) == [MappingKind.ARENAS]
    assert layout(rows, threads=2, allocator="glibc", at_s=0).arenas == 2


def test_what_is_aligned_by_chance_is_no_arena():
    assert kinds(row(3 * ARENA_BYTES, 4 * MIB)) == [MappingKind.BLOCKS]


def test_a_stack_stands_above_its_guard():
    rows = row(TOP, 4096, "---p"), row(TOP + 4096, 8 * MIB, anon=20 * KIB)
    assert kinds(*rows) == [MappingKind.BLOCKS, MappingKind.STACKS]
    assert layout(rows, threads=2, allocator="glibc", at_s=0).of(MappingKind.STACKS) == 20 * KIB


@pytest.mark.parametrize("allocator", ["jemalloc 5.3.0", "tcmalloc", "mimalloc"])
def test_anonymous_memory_is_the_allocators_where_it_is_no_glibc(allocator):
    rows = row(TOP, 4096, "---p"), row(TOP + 4096, 8 * MIB), row(3 * ARENA_BYTES, ARENA_BYTES)
    assert kinds(rows[2], *rows[:2], allocator=allocator) == [
        MappingKind.ALLOCATOR,
        MappingKind.ALLOCATOR,
        MappingKind.STACKS,
    ]


def test_bss_goes_on_where_the_data_of_a_file_ends():
    rows = row(TOP, 8192, path="/opt/server", inode=7), row(TOP + 8192, MIB), row(TOP + 8192 + MIB, MIB)
    assert kinds(*rows) == [MappingKind.STATIC, MappingKind.STATIC, MappingKind.BLOCKS]


@pytest.mark.parametrize(
    "path", ["/memfd:ring (deleted)", "/dev/shm/ring", "/SYSV00000000 (deleted)", "/dev/zero (deleted)"]
)
def test_shared_memory_is_counted_by_its_name(path):
    found = layout((row(TOP, MIB, "rw-s", path, 9, anon=0, rss=MIB),), threads=1, allocator="", at_s=0)
    assert found.of(MappingKind.SHARED) == MIB
    assert found.shared_names == ((path.removesuffix(" (deleted)"), MIB),)


def test_pages_of_a_file_that_were_written_to_are_its_own():
    found = layout((row(TOP, MIB, "rw-p", "/opt/lib.so", 9, anon=8192, rss=12288),), threads=1, allocator="", at_s=0)
    assert (found.of(MappingKind.STATIC), found.of(MappingKind.FILES)) == (8192, 4096)


def test_reserved_huge_pages_are_a_kind_of_their_own():
    rows = (row(TOP, 2 * MIB, path="/anon_hugepage (deleted)", inode=3, anon=0, hugetlb_bytes=2 * MIB),)
    assert layout(rows, threads=1, allocator="", at_s=0).of(MappingKind.HUGE) == 2 * MIB
