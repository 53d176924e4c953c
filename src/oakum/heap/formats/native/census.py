"""A census of malloc's chunks that needs no copy of the heap: heaps are walked window by window.

Sources: malloc/malloc.c, malloc/arena.c (heap_info) of glibc 2.31 to 2.43, 64-bit. Free chunks of a thread's cache and
of the fast lists look as if they were in use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.native import kernels
from oakum.model.layout import Chunked, ObjectKind, Sample, SizeClass

WINDOW_BYTES = 4 << 20
"""Two pages or more: a head that ends a page is read with what stands behind it."""
FIRST_WITHIN = 8192
"""Before a heap's first chunk stand its head, struct malloc_state, or what was there before malloc began."""

MOST_CLASSES, MOST_OBJECTS = 40, 40

Read = Callable[[int, int], bytes]
"""(address, size) to that many bytes, zeros or fewer where memory is not there."""


@dataclass(slots=True)
class Census:
    """Gathers heap after heap. ``ranges``: int64[r, 2], ascending: read-only data of files, where vtables stand."""

    ranges: NDArray[np.int64]
    _tables: tuple[NDArray[np.int64], ...] = field(init=False)
    _mapped: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tables = kernels.tables()

    def walk(self, read: Read, begin: int, stop: int) -> int:
        """One heap, ``[begin, stop)``. Returns how many bytes were read."""
        state, count, size, keys, seen = self._tables
        state[kernels.HERE], state[kernels.PENDING] = begin, 0
        low, high = np.ascontiguousarray(self.ranges[:, 0]), np.ascontiguousarray(self.ranges[:, 1])
        done = 0
        while (here := int(state[kernels.HERE])) + 16 <= stop:
            base = here & ~4095
            raw = read(base, min(WINDOW_BYTES, stop - base))
            words = np.frombuffer(raw[: len(raw) & ~7], np.int64)
            if not done:
                first = kernels.regained(words, base, begin, min(stop, begin + FIRST_WITHIN))
                first = first if first >= 0 else kernels.regained(words, base, begin, stop)
                state[kernels.HERE] = max(begin, first)
            done += len(raw)
            kernels.census(words, base, stop, state, count, size, keys, seen, low, high)
            if int(state[kernels.HERE]) <= here:
                state[kernels.LOST] += max(0, stop - here)
                break
        return done

    def add_mapped(self, length: int) -> None:
        """A chunk that is a mapping of its own."""
        self._mapped[length] = self._mapped.get(length, 0) + 1

    def chunked(self, name: Callable[[int], str]) -> Chunked:
        """``name``: of what an address is the vtable, "" for none."""
        state, count, size, keys, seen = self._tables
        classes = [
            SizeClass(round(size[1, kind] / count[1, kind]), int(count[1, kind])) for kind in np.flatnonzero(count[1])
        ]
        classes += [SizeClass(length, number) for length, number in self._mapped.items()]
        classes.sort(key=lambda row: -row.bytes)
        return Chunked(
            used_count=int(count[1].sum()) + sum(self._mapped.values()),
            used_bytes=int(size[1].sum()) + sum(length * number for length, number in self._mapped.items()),
            free_count=int(count[0].sum()),
            free_bytes=int(size[0].sum()),
            top_bytes=int(state[kernels.TOP]),
            lost_bytes=int(state[kernels.LOST]),
            classes=tuple(classes[:MOST_CLASSES]),
            objects=tuple(self._objects(keys, name)),
            sample=Sample(int(state[kernels.MASK]), seen[:, : int(state[kernels.SEEN])].copy()),
        )

    def _objects(self, keys: NDArray[np.int64], name: Callable[[int], str]) -> list[ObjectKind]:
        order = np.argsort(-keys[2], kind="stable")[: 10 * MOST_OBJECTS]
        found = [
            ObjectKind(int(keys[0, at]), told, int(keys[1, at]), int(keys[2, at]))
            for at in order.tolist()
            if keys[1, at] and (told := name(int(keys[0, at])))
        ]
        return found[:MOST_OBJECTS]


def mapped_chunks(read: Read, extents: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """(begin, size) of chunks that are mappings of their own, within ``extents``; at most ``most`` heads are read."""
    found = []
    for begin, end in extents:
        here = begin
        while here < end and most > 0:
            most -= 1
            head = np.frombuffer(read(here, 16).ljust(16, b"\0"), np.int64)
            told = int(head[1]) & ~7
            # Until glibc 2.42 the size is that of the mapping; since 2.43 it is without the chunk's own head.
            length = told + 16 if told % 4096 == 4080 else told
            if not (4096 <= length <= end - here and length % 4096 == 0 and head[1] & 7 == 2 and 0 <= head[0] < 4096):
                break
            found.append((here, length))
            here += length
    return found
