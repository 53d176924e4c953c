"""The mappings of one process by what they are used for, and what changed between two looks at them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class MappingKind(StrEnum):
    """What a mapping is used for, as far as the kernel and its shape tell."""

    HEAP = "heap"
    """``[heap]``: what brk gave, where the C library's first arena begins."""

    ARENAS = "arenas"
    """Heaps of glibc's other arenas: aligned to 64 MiB, one arena per busy thread."""

    ALLOCATOR = "allocator"
    """Anonymous memory of a process whose malloc is jemalloc, tcmalloc or mimalloc: most of it is theirs."""

    BLOCKS = "blocks"
    """Other anonymous memory: blocks that malloc maps one by one, a runtime's own heap, mmap."""

    MAIN_STACK = "main-stack"
    STACKS = "stacks"
    """Anonymous memory above a guard page, of the size of a thread's stack."""

    SHARED = "shared"
    """shmem: memfd, /dev/shm, System V, shared anonymous memory. It is charged, and no malloc gives it back."""

    HUGE = "huge"
    """hugetlbfs: reserved huge pages, outside of every other count."""

    STATIC = "static"
    """Writable data of files, with .bss."""

    FILES = "files"
    """Pages of files: given back when memory is wanted, unless they were written to."""

    KERNEL = "kernel"
    """The kernel's own: vdso, vvar."""


MOST_SPANS = 1 << 16
MALLOC = (MappingKind.HEAP, MappingKind.ARENAS, MappingKind.ALLOCATOR, MappingKind.BLOCKS)


@dataclass(frozen=True, slots=True)
class Mapping:
    """One row of /proc/PID/smaps. Bytes. ``anon_bytes``: pages of its own; ``swap_bytes``: those that are swapped out.

    ``huge_bytes``: of ``anon_bytes``, in huge pages.
    ``path``: "" for anonymous memory. ``mode``: ``rw-p``.
    """

    start: int
    end: int
    mode: str
    offset: int
    inode: int
    path: str
    rss_bytes: int = 0
    anon_bytes: int = 0
    swap_bytes: int = 0
    huge_bytes: int = 0
    hugetlb_bytes: int = 0

    @property
    def size_bytes(self) -> int:
        return self.end - self.start

    @property
    def own_bytes(self) -> int:
        """What the process would give back, in memory or in swap."""
        return self.anon_bytes + self.swap_bytes + self.hugetlb_bytes


@dataclass(frozen=True, slots=True)
class KindUse:
    """``bytes``: in memory or in swap. ``mappings``: how many. ``size_bytes``: of address space."""

    bytes: int = 0
    mappings: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """One look. ``shared_names``: bytes of shmem by name, most first. ``arenas``: glibc's, beside the first.

    ``largest_blocks``: sizes of the largest anonymous mappings that are no arena and no stack.
    """

    at_s: float
    kinds: dict[MappingKind, KindUse]
    threads: int
    arenas: int
    huge_bytes: int
    swap_bytes: int
    shared_names: tuple[tuple[str, int], ...]
    largest_blocks: tuple[int, ...]
    allocator: str
    stacks: frozenset[int] = frozenset()
    """Where stacks of threads begin; empty where they are more than MOST_SPANS."""

    blocks: tuple[tuple[int, int], ...] = ()
    """[begin, end) of what is counted as BLOCKS, ascending; empty where they are more than MOST_SPANS."""

    def of(self, *kinds: MappingKind) -> int:
        return sum(self.use(kind).bytes for kind in kinds)

    def use(self, kind: MappingKind) -> KindUse:
        return self.kinds.get(kind, KindUse())


@dataclass(frozen=True, slots=True)
class SizeClass:
    """Blocks of malloc of one size. ``bytes``: with what malloc adds to each."""

    size: int
    count: int

    @property
    def bytes(self) -> int:
        return self.size * self.count


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Some chunks in use, chosen by their addresses. ``rows``: int64[4, n]: address, size, first word, mark of content.

    ``mask``: which were taken; of two samples, the addresses of the coarser one are in both.
    """

    mask: int
    rows: NDArray[np.int64]

    def stood(self, later: Sample, *, size: int = 0, first: int = 0) -> tuple[int, int]:
        """(how many are in ``later`` with the same content, of how many) of one size, or of one first word."""
        chosen = self.rows[1] == size if size else self.rows[2] == first
        rows = self.rows[:, chosen & (ranks(self.rows[0]) & later.mask == 0)]
        found = dict(zip(later.rows[0].tolist(), later.rows[3].tolist(), strict=True))
        same = sum(found.get(address) == made for address, made in zip(rows[0].tolist(), rows[3].tolist(), strict=True))
        return same, rows.shape[1]


@dataclass(frozen=True, slots=True)
class Chunked:
    """What glibc's malloc gave out and what it keeps, by a walk over its chunks. Bytes.

    ``used``, ``free``: of all heaps that were walked, without what they never gave out (``top_bytes``).
    ``lost_bytes``: of heaps where no chunk could be told: malloc was at work there.
    ``classes``: chunks in use by size, most bytes first. ``objects``: by the address that their first word leads to,
    where that is read-only data of a file: what a C++ object with virtual functions begins with; (address, name,
    count, bytes), most bytes first.
    """

    used_count: int
    used_bytes: int
    free_count: int
    free_bytes: int
    top_bytes: int
    lost_bytes: int
    classes: tuple[SizeClass, ...]
    objects: tuple[ObjectKind, ...] = ()
    sample: Sample | None = field(default=None, compare=False)


UNNAMED = "the type whose table is at "
"""Begins the name of a type that no symbol tells."""


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """Chunks in use that begin with one address. ``name``: the class's, or the file and the place in it."""

    address: int
    name: str
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class LayoutGrowth:
    """Two looks at one process, ``seconds`` apart. ``chunks_*``: None where malloc's chunks could not be walked.

    ``explained``: whether it is the program's own memory that grows here; False for a runtime with a heap of its own.
    """

    pid: int
    before: Layout
    after: Layout
    seconds: float
    chunks_before: Chunked | None = None
    chunks_after: Chunked | None = None
    explained: bool = True
    threads_between: int | None = None
    """How many there were about the middle of that time; None where nobody counted them."""

    def grown(self, *kinds: MappingKind) -> int:
        return self.after.of(*kinds) - self.before.of(*kinds)

    def threads_ended(self) -> float | None:
        """Share of the threads before whose stacks are gone; None where stacks are not told apart."""
        if not self.before.stacks or not self.after.stacks:
            return None
        return len(self.before.stacks - self.after.stacks) / len(self.before.stacks)

    def unmapped(self) -> float | None:
        """Share of the address space of BLOCKS before that is not mapped any more; None where that is not known."""
        if not self.before.blocks or not self.after.blocks:
            return None
        whole = sum(end - begin for begin, end in self.before.blocks)
        starts = [begin for begin, _ in self.after.blocks]
        kept = 0
        for begin, end in self.before.blocks:
            at = max(0, bisect_right(starts, begin) - 1)
            while at < len(starts) and starts[at] < end:
                kept += max(0, min(end, self.after.blocks[at][1]) - max(begin, starts[at]))
                at += 1
        return 1 - kept / max(whole, 1)

    def per_s(self, *kinds: MappingKind) -> float:
        return self.grown(*kinds) / max(self.seconds, 1e-9)


def asked(size: int) -> str:
    """What was asked of malloc where it made a chunk of ``size`` bytes: it adds 8, and rounds up to 16 (from 32 on)."""
    if size <= 32:
        return "up to 24 bytes"
    return f"{size - 23} to {size - 8} bytes"


def ranks(addresses: NDArray[np.int64]) -> NDArray[np.int64]:
    """By which chunks are sampled: int64[n], 20 bits that spread well. Each look takes the same addresses."""
    return ((addresses >> 4 & 0x7FFFFFFF) * 0x9E3779B1 >> 11) & 0xFFFFF
