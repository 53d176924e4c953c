"""What glibc's malloc gave out in a live process: a walk over its chunks, window by window, that stops nothing.

Nothing is brought in from swap: pages that are not in memory are passed over, and what they hold is told as lost.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.native.census import Census, mapped_chunks
from oakum.heap.formats.native.trait_tables import TraitTables
from oakum.heap.formats.native.vtables import Vtables
from oakum.model.absent import Absent, AbsentKind
from oakum.model.layout import Chunked
from oakum.model.ports import Memories, Memory
from oakum.model.process import Region
from oakum.model.runtime import Runtime, RuntimeName
from oakum.model.units import format_size
from oakum.probe.native_traits import functions_of, trait_objects

CHUNKS = "what malloc gave out"
OTHERWISE = "who allocates, by the kernel's probes: memleak-bpfcc -p PID 30 2"
HEAP_BYTES = 64 << 20
MOST_BYTES = 16 << 30
"""Heaps that are larger together are not walked: that would take a processor for many seconds."""

MOST_MAPPED = 4096
"""Heads of chunks that are mappings of their own: each is a read of its own."""


@dataclass(frozen=True, slots=True)
class Walked:
    """``bytes_read``: from the target."""

    chunks: Chunked
    bytes_read: int


def walk_chunks(pid: int, runtime: Runtime, memories: Memories) -> Walked | Absent:
    """Raises TargetError when the process has ended."""
    told = runtime.allocator
    if told and not told.startswith("glibc"):
        why = f"its malloc is {told}: chunks are read of glibc's alone"
        return Absent(CHUNKS, AbsentKind.NOT_APPLICABLE, why, _profile(told, pid))
    memory = memories.open(pid)
    if isinstance(memory, Absent):
        return memory
    try:
        return _walked(memory, memory.regions(), rust=runtime.implementation.startswith("Rust"))
    finally:
        memory.close()


def may_walk(runtime: Runtime) -> bool:
    """Whether the program's own blocks come from malloc."""
    return runtime.name is RuntimeName.NATIVE


def _profile(allocator: str, pid: int) -> str:
    if allocator.startswith("jemalloc"):
        return "start one more instance with MALLOC_CONF=prof:true,lg_prof_sample:19,lg_prof_interval:30"
    if allocator.startswith("tcmalloc"):
        return "start one more instance with HEAPPROFILE=/tmp/oakum, where it was linked with tcmalloc's profiler"
    return f"memleak-bpfcc -p {pid} 30 2"


def _walked(memory: Memory, regions: Sequence[Region], *, rust: bool) -> Walked | Absent:
    heaps = [*_main(regions), *_others(memory, regions)]
    total = sum(stop - begin for begin, stop in heaps)
    if not heaps:
        return Absent(CHUNKS, AbsentKind.NOT_APPLICABLE, "no heap of glibc's malloc is mapped", OTHERWISE)
    if total > MOST_BYTES:
        why = f"its heaps have {format_size(total)}, at most {format_size(MOST_BYTES)} are walked"
        return Absent(CHUNKS, AbsentKind.TOO_DEAR, why, "a core, read where there is time: oakum heap analyze CORE")
    if memory.carried_bytes_per_s() is not None:
        why = f"its heaps have {format_size(total)}, which would cross the network"
        return Absent(CHUNKS, AbsentKind.TOO_DEAR, why, "oakum investigate on the node itself")
    constant = _constant(regions)
    census = Census(constant)
    done = sum(census.walk(memory.read_present, begin, stop) for begin, stop in heaps)
    for _, length in mapped_chunks(memory.read_present, _blocks(regions, heaps), MOST_MAPPED):
        census.add_mapped(length)
    places = _Places(regions)
    told = census.chunked(Vtables(memory, places.executable, places.constant, places.place).name)
    if rust:
        # A vector that grew meanwhile stands elsewhere by now.
        regions = memory.regions()
        heaps = [*_main(regions), *_others(memory, regions)]
        others = _blocks(regions, heaps)
        tables = TraitTables(memory, places.executable, places.constant, places.place, functions_of(memory, regions))
        told = replace(told, objects=tuple(trait_objects(memory, regions, heaps, others, tables)))
        done += sum(stop - begin for begin, stop in (*heaps, *others))
    return Walked(told, done)


def _main(regions: Sequence[Region]) -> list[tuple[int, int]]:
    """The main heap; brk may have given it in pieces that lie side by side."""
    found: list[tuple[int, int]] = []
    for region in regions:
        if region.path == "[heap]" and region.readable:
            if found and found[-1][1] == region.start:
                found[-1] = (found[-1][0], region.end)
            else:
                found.append((region.start, region.end))
    return found


def _others(memory: Memory, regions: Sequence[Region]) -> list[tuple[int, int]]:
    """Heaps of other arenas: what is aligned as one, and says of itself what only one can say."""
    found = []
    for region in regions:
        if region.path or not (region.readable and region.writable and region.private):
            continue
        for begin in range(-(-region.start // HEAP_BYTES) * HEAP_BYTES, region.end, HEAP_BYTES):
            head = np.frombuffer(memory.read_present(begin, 32).ljust(32, b"\0"), np.int64)
            arena, size, writable = int(head[0]), int(head[2]), int(head[3])
            sized = 4096 <= size <= writable <= HEAP_BYTES and size % 4096 == 0 and begin + size <= region.end
            if sized and 16 <= arena % HEAP_BYTES <= 4096:
                found.append((begin + 32, begin + size))
    return found


def _blocks(regions: Sequence[Region], heaps: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    taken = {begin & ~4095 for begin, _ in heaps}
    return [
        (region.start, region.end)
        for region in regions
        if not region.path and region.readable and region.writable and region.private and region.start not in taken
    ]


def _constant(regions: Sequence[Region]) -> NDArray[np.int64]:
    """int64[r, 2]: read-only data of files; vtables stand in what was made read-only after it was relocated."""
    rows = [
        (region.start, region.end)
        for region in regions
        if region.inode and region.readable and not region.writable and not region.executable
    ]
    return np.array(rows, np.int64).reshape(-1, 2)


class _Places:
    """What stands at an address, by the mappings."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self._regions = regions
        self._starts = [region.start for region in regions]

    def _region(self, address: int) -> Region | None:
        at = bisect_right(self._starts, address) - 1
        return self._regions[at] if at >= 0 and address < self._regions[at].end else None

    def executable(self, address: int) -> bool:
        region = self._region(address)
        return region is not None and region.executable

    def constant(self, address: int) -> bool:
        region = self._region(address)
        return region is not None and bool(region.inode) and region.readable and not region.executable

    def place(self, address: int) -> str:
        region = self._region(address)
        return f"{region.path}+{address - region.start + region.offset:#x}" if region is not None else f"{address:#x}"
