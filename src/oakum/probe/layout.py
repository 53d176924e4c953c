"""What each mapping of a process is used for, told by its name, its shape and its neighbours.

Sources: malloc/arena.c of glibc (HEAP_MAX_SIZE: heaps of other arenas are aligned to 64 MiB, and what they do not use
yet is mapped without access), nptl/allocatestack.c (a guard below each stack), fs/proc/task_mmu.c of Linux.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from oakum.model.absent import Absent
from oakum.model.layout import MOST_SPANS, KindUse, Layout, Mapping, MappingKind
from oakum.model.ports import Clock, Processes
from oakum.model.runtime import Runtime

ARENA_BYTES: Final = 64 << 20
GUARD_BYTES: Final = 128 << 10
STACK_BYTES: Final = (16 << 10, 1 << 30)
MOST_NAMES, MOST_BLOCKS = 5, 5
OTHER_ALLOCATORS: Final = ("jemalloc", "tcmalloc", "mimalloc")

_BY_NAME: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"\[heap\]", MappingKind.HEAP),
        (r"\[stack", MappingKind.MAIN_STACK),
        (r"\[(vdso|vvar|vsyscall|uprobes)", MappingKind.KERNEL),
        (r"/anon_hugepage|/dev/hugepages", MappingKind.HUGE),
        (r"/memfd:|/dev/shm/|/run/shm/|/SYSV|/dev/zero|\[anon_shmem", MappingKind.SHARED),
        (r"\[anon:.*malloc arena", MappingKind.ARENAS),
        (r"\[anon:.*stack", MappingKind.STACKS),
    )
)


def look(pid: int, runtime: Runtime, processes: Processes, clock: Clock) -> Layout | Absent:
    """Raises TargetError when the process has ended."""
    found = processes.mappings(pid)
    if isinstance(found, Absent):
        return found
    threads = processes.info(pid).threads
    return layout(found, threads=threads, allocator=runtime.allocator, at_s=clock.now_s())


def layout(mappings: Sequence[Mapping], *, threads: int, allocator: str, at_s: float) -> Layout:
    kinds: dict[MappingKind, KindUse] = {}
    names: dict[str, int] = {}
    blocks: list[Mapping] = []
    stacks = []
    arenas = 0
    for mapping, kind in kinds_of(mappings, allocator):
        _add(kinds, kind, mapping)
        if kind is MappingKind.SHARED:
            name = mapping.path.removesuffix(" (deleted)")
            names[name] = names.get(name, 0) + mapping.rss_bytes + mapping.swap_bytes
        elif kind is MappingKind.BLOCKS:
            blocks.append(mapping)
        elif kind is MappingKind.STACKS:
            stacks.append(mapping.start)
        elif kind is MappingKind.ARENAS and mapping.start % ARENA_BYTES == 0 and mapping.mode.startswith("rw"):
            arenas += -(-mapping.size_bytes // ARENA_BYTES)
    return Layout(
        at_s=at_s,
        kinds=kinds,
        threads=threads,
        arenas=arenas,
        huge_bytes=sum(mapping.huge_bytes for mapping in mappings),
        swap_bytes=sum(mapping.swap_bytes for mapping in mappings),
        shared_names=tuple(sorted(names.items(), key=lambda row: -row[1])[:MOST_NAMES]),
        largest_blocks=tuple(sorted((mapping.own_bytes for mapping in blocks), reverse=True)[:MOST_BLOCKS]),
        allocator=allocator,
        stacks=frozenset(stacks if len(stacks) <= MOST_SPANS else ()),
        blocks=tuple((mapping.start, mapping.end) for mapping in blocks if len(blocks) <= MOST_SPANS),
    )


def _add(kinds: dict[MappingKind, KindUse], kind: MappingKind, mapping: Mapping) -> None:
    """Private pages of a file are its writer's own: they are told apart from the file's."""
    whole = mapping.rss_bytes + mapping.swap_bytes
    if kind in {MappingKind.STATIC, MappingKind.FILES}:
        _count(kinds, MappingKind.STATIC, mapping.own_bytes, mapping, rows=int(kind is MappingKind.STATIC))
        rest = max(0, whole - mapping.own_bytes)
        _count(kinds, MappingKind.FILES, rest, mapping, rows=int(kind is MappingKind.FILES))
    elif kind is MappingKind.SHARED:
        _count(kinds, kind, whole, mapping)
    else:
        _count(kinds, kind, mapping.own_bytes, mapping)


def _count(kinds: dict[MappingKind, KindUse], kind: MappingKind, size: int, mapping: Mapping, *, rows: int = 1) -> None:
    known = kinds.get(kind, KindUse())
    kinds[kind] = KindUse(known.bytes + size, known.mappings + rows, known.size_bytes + rows * mapping.size_bytes)


def kinds_of(mappings: Sequence[Mapping], allocator: str) -> Iterator[tuple[Mapping, MappingKind]]:
    """Each with its kind, in order."""
    glibc = not allocator or allocator.startswith("glibc")
    other = allocator.startswith(OTHER_ALLOCATORS)
    static = False
    for at, mapping in enumerate(mappings):
        before = mappings[at - 1] if at else None
        after = mappings[at + 1] if at + 1 < len(mappings) else None
        kind = _named(mapping)
        if kind is None:
            if static and before is not None and before.end == mapping.start and mapping.mode.startswith("rw"):
                kind = MappingKind.STATIC
            elif glibc and _is_arena(mapping, before, after):
                kind = MappingKind.ARENAS
            elif _is_stack(mapping, before):
                kind = MappingKind.STACKS
            else:
                kind = MappingKind.ALLOCATOR if other else MappingKind.BLOCKS
        static = kind is MappingKind.STATIC and mapping.inode != 0
        yield mapping, kind


def _named(mapping: Mapping) -> MappingKind | None:
    """None for anonymous memory that has no name of its own."""
    path = mapping.path
    if mapping.hugetlb_bytes:
        return MappingKind.HUGE
    for pattern, kind in _BY_NAME:
        if pattern.match(path):
            return kind
    if mapping.inode or path.startswith("/"):
        return MappingKind.STATIC if mapping.mode[1:2] == "w" and mapping.mode[3:4] == "p" else MappingKind.FILES
    return None


def _is_arena(mapping: Mapping, before: Mapping | None, after: Mapping | None) -> bool:
    """A heap of an arena, or what it keeps for itself behind what it uses."""
    if mapping.mode.startswith("---"):
        ends = mapping.end % ARENA_BYTES == 0
        return ends and before is not None and before.end == mapping.start and before.start % ARENA_BYTES == 0
    if mapping.start % ARENA_BYTES or not mapping.mode.startswith("rw"):
        return False
    kept = after is not None and after.start == mapping.end and after.mode.startswith("---") and not after.path
    return mapping.end % ARENA_BYTES == 0 or (kept and after is not None and after.end % ARENA_BYTES == 0)


def _is_stack(mapping: Mapping, before: Mapping | None) -> bool:
    guarded = (
        before is not None
        and before.end == mapping.start
        and before.mode.startswith("---")
        and not before.path
        and before.size_bytes <= GUARD_BYTES
    )
    return guarded and mapping.mode.startswith("rw") and STACK_BYTES[0] <= mapping.size_bytes <= STACK_BYTES[1]
