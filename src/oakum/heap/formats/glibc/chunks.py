"""Chunks of glibc's malloc: its main heap, the heaps of its other arenas, and mappings of their own.

Sources: malloc/malloc.c, malloc/arena.c (heap_info) of glibc 2.31 to 2.43, 64-bit. Free chunks of a thread's cache and
of the fast lists look as if they were in use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.glibc import kernels
from oakum.heap.image import Area, MemoryImage

HEAP_BYTES = 64 << 20
"""HEAP_MAX_SIZE: what an arena's heap may grow to, and what it is aligned to."""

FIRST_CHUNK_WITHIN = 4096
"""Before an arena's first chunk stand its heap's head and, in its first heap, struct malloc_state."""

LEAST_CHUNKS = 8
"""Fewer that stand one behind the other may be chance."""

UNREAD_BYTES = 256 << 10
"""A walk that ends this far before its heap does has met the newest chunk while it was made."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunks:
    """``begin``, ``size``: int64[n]; ``used``: bool[n]. ``heap``: int64[h, 2], the heaps that they fill.

    ``arenas``: how many there are beside the main one. ``whole``: whether every heap was walked to its end.
    """

    begin: NDArray[np.int64]
    size: NDArray[np.int64]
    used: NDArray[np.bool_]
    heap: NDArray[np.int64]
    arenas: int
    whole: bool

    @property
    def given(self) -> NDArray[np.int64]:
        """int64[u]: the addresses that malloc gave out for those in use."""
        given: NDArray[np.int64] = self.begin[self.used] + 16
        return given


def find_chunks(image: MemoryImage, taken: NDArray[np.int64]) -> Chunks:
    """``taken``: int64[k, 2], extents that are known to be something else. O(bytes of the heaps)."""
    walked: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]] = []
    heaps: list[tuple[int, int]] = []
    whole = True
    for begin, stop in _main(image):
        at, size, used, ended = kernels.walk(*_place(image), begin, stop)
        walked.append((at, size, used))
        heaps.append((begin, int(ended)))
        whole &= stop - int(ended) < UNREAD_BYTES
    arenas = set()
    for begin, stop, arena in _other_heaps(image):
        arenas.add(arena)
        found, ended = _walk_heap(image, begin, stop)
        whole &= found is not None and stop - ended < UNREAD_BYTES
        if found is not None:
            walked.append(found)
            heaps.append((begin, stop))
    rest = free_extents(image, np.concatenate([taken, np.array(heaps, np.int64).reshape(-1, 2)]))
    at, size = kernels.mapped(*_place(image), rest[:, 0].copy(), rest[:, 1].copy())
    walked.append((at, size, np.ones(at.size, np.bool_)))
    begins, sizes, uses = (np.concatenate([part[column] for part in walked]) for column in range(3))
    order = np.argsort(begins, kind="stable")
    return Chunks(
        begins[order],
        sizes[order],
        uses[order],
        np.array(heaps, np.int64).reshape(-1, 2),
        len(arenas),
        whole and bool(heaps),
    )


def free_extents(image: MemoryImage, taken: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64[k, 2]: mapped anonymous memory without what is taken, ascending."""
    rows = []
    taken = taken[np.argsort(taken[:, 0], kind="stable")]
    for start, end in _anonymous(image):
        at = start
        for low, high in taken[(taken[:, 1] > start) & (taken[:, 0] < end)].tolist():
            if low > at:
                rows.append((at, low))
            at = max(at, high)
        if at < end:
            rows.append((at, end))
    return np.array(rows, np.int64).reshape(-1, 2)


def _anonymous(image: MemoryImage) -> list[tuple[int, int]]:
    heap = image.area == Area.HEAP
    whole: list[tuple[int, int]] = [(int(start), int(end)) for start, end in np.unique(image.mapping[heap], axis=0)]
    return whole


def _main(image: MemoryImage) -> list[tuple[int, int]]:
    named = np.array([path == "[heap]" for path in image.path], np.bool_)
    return [(int(start), int(end)) for start, end in np.unique(image.mapping[named], axis=0)] if named.any() else []


def _other_heaps(image: MemoryImage) -> list[tuple[int, int, int]]:
    """(begin, end, address of its arena) of each: what is aligned as one, and says of itself what only one can say.

    One that grew since its mapping was looked up says that it ends beyond it.
    """
    found = []
    for start, end in _anonymous(image):
        for begin in range(-(-start // HEAP_BYTES) * HEAP_BYTES, end, HEAP_BYTES):
            arena, size, writable = image.word(begin), image.word(begin + 16), image.word(begin + 24)
            sized = 4096 <= size <= writable <= HEAP_BYTES and size % 4096 == 0
            inside = arena % HEAP_BYTES
            if sized and 16 <= inside <= FIRST_CHUNK_WITHIN and image.locate(arena) >= 0:
                found.append((begin, begin + size, arena))
    return found


Walked: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]


def _walk_heap(image: MemoryImage, begin: int, stop: int) -> tuple[Walked | None, int]:
    """(chunks, where the walk ended). Where the first one stands depends on glibc: from there the walk goes furthest.

    One that was copied while it grew ends before ``stop``.
    """
    best: Walked | None = None
    furthest = begin
    for first in range(begin + 32, begin + FIRST_CHUNK_WITHIN, 16):
        at, size, used, ended = kernels.walk(*_place(image), first, stop)
        if at.size >= LEAST_CHUNKS or stop - ended < 64:
            if ended > furthest:
                best, furthest = (at, size, used), int(ended)
            if at.size and stop - ended < 64:
                break
    return best, furthest


def _place(image: MemoryImage) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    return image.words, image.start, image.end, image.offset
