"""The heaps of glibc's malloc in a core, found by their shape alone, and their chunks laid out as flags.

Sources: malloc/malloc.c, malloc/arena.c (heap_info) of glibc 2.31 to 2.43, 64-bit: the main heap begins with a chunk,
heaps of other arenas are aligned to 64 MiB and begin with heap_info, large blocks are mappings that begin with a chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.core import kernels
from oakum.heap.formats.core.elf import Segment
from oakum.heap.formats.core.memory import CoreMemory

HEAP_BYTES = 64 << 20
CHAIN = 12
FIRST_WITHIN = 8192
PAGE_WORDS = 512
MOST_MAPPED = 1 << 20


@dataclass(frozen=True, slots=True)
class Extent:
    """``[low, high)`` of chunks; ``place``: index into the words of ``low``."""

    low: int
    high: int
    place: int
    mapped: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Heaps:
    """As the kernels take them. ``arenas``: beside the main one. Bytes; ``top``: what no chunk was cut from yet.

    ``mappings``: chunks that are mappings of their own.
    """

    words: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    place: NDArray[np.int64]
    granule: NDArray[np.int64]
    flags: NDArray[np.uint8]
    before: NDArray[np.int32]
    used: int
    used_bytes: int
    free: int
    free_bytes: int
    top_bytes: int
    lost_bytes: int
    arenas: int
    mappings: int

    @property
    def place_of(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        return self.words, self.low, self.high, self.place

    @property
    def chunks(self) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int32]]:
        return self.granule, self.flags, self.before


def words_of(data: NDArray[np.uint8], memory: CoreMemory) -> tuple[NDArray[np.int64], int]:
    """(the file as words, at which byte of it they begin). Segments of a core are equally far off a multiple of 8."""
    shift = next((segment.offset & 7 for segment in memory.header.segments if segment.file_bytes), 0)
    whole = data[shift : shift + (data.size - shift) // 8 * 8]
    words = whole.view(np.int64) if whole.ctypes.data % 8 == 0 else np.frombuffer(whole.tobytes(), np.int64)
    return words, shift


def find_heaps(data: NDArray[np.uint8], memory: CoreMemory) -> Heaps:
    """O(bytes of the heaps)."""
    words, shift = words_of(data, memory)
    found: list[Extent] = []
    arenas = set()
    for segment in memory.header.segments:
        if not segment.writable or segment.file_bytes < 4096 or (segment.offset - shift) & 7:
            continue
        if memory.mapped_of(segment.start) is not None:
            continue
        own = list(_arenas(words, segment, shift))
        arenas |= {arena for arena, _ in own}
        extents = [extent for _, extent in own] or list(_main(words, segment, shift))
        found += extents
        found += _mappings(words, segment, shift, extents)
    return _laid_out(words, sorted(found, key=lambda row: row.low), len(arenas))


def _index(segment: Segment, shift: int, address: int) -> int:
    return (segment.offset - shift + address - segment.start) >> 3


def _main(words: NDArray[np.int64], segment: Segment, shift: int) -> Iterator[Extent]:
    """It begins with a chunk; in a static program, behind what was there before malloc began."""
    stop = segment.start + segment.file_bytes
    for begin in range(segment.start, min(stop, segment.start + FIRST_WITHIN), 16):
        place = _index(segment, shift, begin)
        if kernels.chain(words, place, stop - begin, CHAIN) == CHAIN and words[place + 1] & 1:
            yield Extent(begin, stop & ~15, place)
            return


def _arenas(words: NDArray[np.int64], segment: Segment, shift: int) -> Iterator[tuple[int, Extent]]:
    """(address of its arena, heap)."""
    stop = segment.start + segment.file_bytes
    for base in range(-(-segment.start // HEAP_BYTES) * HEAP_BYTES, stop - 32, HEAP_BYTES):
        at = _index(segment, shift, base)
        arena, _, size, writable = (int(word) for word in words[at : at + 4])
        if not (4096 <= size <= writable <= HEAP_BYTES and size % 4096 == 0 and 16 <= arena % HEAP_BYTES <= 4096):
            continue
        end = min(base + size, stop)
        for begin in range(base + 32, min(base + FIRST_WITHIN, end), 16):
            place = _index(segment, shift, begin)
            if kernels.chain(words, place, end - begin, CHAIN) == CHAIN:
                yield arena, Extent(begin, end & ~15, place)
                break


def _mappings(words: NDArray[np.int64], segment: Segment, shift: int, taken: list[Extent]) -> list[Extent]:
    """Chunks that are mappings of their own. The kernel joins those that lie side by side: each page may begin one."""
    if segment.start % 4096:
        return []
    first = _index(segment, shift, segment.start)
    pages = segment.file_bytes // 4096
    if first + pages * PAGE_WORDS > words.size or pages < 1:
        return []
    rows = words[first : first + pages * PAGE_WORDS].reshape(pages, PAGE_WORDS)
    before, told = rows[:, 0], rows[:, 1]
    size = told & ~7
    size = np.where(size % 4096 == 4080, size + 16, size)
    left = (pages - np.arange(pages)) * 4096
    fits = ((told & 7) == 2) & (before >= 0) & (before < 4096) & (size % 4096 == 0) & (size >= 4096) & (size <= left)
    found: list[Extent] = []
    covered = 0
    for page in np.flatnonzero(fits)[:MOST_MAPPED].tolist():
        begin = segment.start + page * 4096
        end = begin + int(size[page])
        if begin < covered or any(row.low < end and begin < row.high for row in taken):
            continue
        found.append(Extent(begin, end, first + page * PAGE_WORDS, mapped=True))
        covered = end
    return found


def _laid_out(words: NDArray[np.int64], extents: list[Extent], arenas: int) -> Heaps:
    low, high, place = (
        np.array([getattr(row, name) for row in extents], np.int64) for name in ("low", "high", "place")
    )
    granule = np.concatenate(([0], np.cumsum((high - low) >> 4))).astype(np.int64)
    flags = np.zeros(int(granule[-1]), np.uint8)
    totals = np.zeros(6, np.int64)
    for row, extent in enumerate(extents):
        if extent.mapped:
            flags[granule[row]] = kernels.START | kernels.USED
            totals[0] += 1
            totals[1] += extent.high - extent.low
        else:
            kernels.lay_out(words, extent.place, extent.high - extent.low, flags, int(granule[row]), totals)
    before = np.full(-(-flags.size // kernels.PAGE), -1, np.int32)
    kernels.index_pages(flags, before)
    used, used_bytes, free, free_bytes, top_bytes, lost_bytes = (int(total) for total in totals)
    mappings = sum(extent.mapped for extent in extents)
    return Heaps(
        words, low, high, place, granule, flags, before, used, used_bytes, free, free_bytes, top_bytes, lost_bytes,
        arenas, mappings,
    )  # fmt: skip
