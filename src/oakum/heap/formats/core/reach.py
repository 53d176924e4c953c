"""What roots lead to, and what no pointer reaches: a conservative scan, as LeakSanitizer's.

Every aligned word that holds an address inside of a block counts as a pointer to it. Roots are data of files and .bss,
other writable memory that is no heap (thread-local data, mappings), stacks from their stack pointer on, registers.
Source of the method: Boehm and Weiser, Garbage collection in an uncooperative environment (1988).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.core import kernels
from oakum.heap.formats.core.elf import Segment
from oakum.heap.formats.core.heaps import Heaps
from oakum.heap.formats.core.memory import CoreMemory
from oakum.heap.formats.core.symbols import written

RED_ZONE = 128
"""Below the stack pointer a leaf function of x86-64 may keep so many bytes."""

LEAST_SHARE = 0.002
MOST_ROWS = 1 << 14
KEYS = 1 << 16


@dataclass(frozen=True, slots=True)
class Root:
    """One word that leads to ``bytes`` in ``chunks`` blocks which no root before it led to. ``name``: where it is."""

    name: str
    kind: str
    chunks: int
    bytes: int
    leads_to: int


@dataclass(frozen=True, slots=True)
class Lost:
    """Blocks of one key that nothing leads to. ``with_*``: with what only they lead to. ``contents``: by kind."""

    key: int
    count: int
    bytes: int
    with_count: int
    with_bytes: int
    contents: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Reached:
    """``chunks``, ``bytes``: what roots lead to. ``lost``: most bytes first."""

    roots: tuple[Root, ...]
    chunks: int
    bytes: int
    pointers: int
    lost: tuple[Lost, ...]


def reach(memory: CoreMemory, heaps: Heaps, shift: int, vtables: NDArray[np.int64]) -> Reached:
    """``vtables``: int64[v], ascending: those that blocks are grouped by. O(words of the core)."""
    least = max(1, int(heaps.used_bytes * LEAST_SHARE))
    found: list[Root] = []
    chunks = total = pointers = 0
    for source, begin, size, names in _sources(memory, heaps, shift):
        rows = np.zeros((4, MOST_ROWS), np.int64)
        filled, count, held, followed = kernels.trace(source, *heaps.place_of, *heaps.chunks, begin, size, least, rows)
        chunks, total, pointers = chunks + int(count), total + int(held), pointers + int(followed)
        for index, more, size_bytes, address in rows[:, :filled].T.tolist():
            found.append(Root(*names(index), more, size_bytes, address))
    kernels.point(*heaps.place_of, *heaps.chunks)
    lost: list[Lost] = []
    for rounds in (0, 1):
        keys = np.zeros((9, KEYS), np.int64)
        kernels.gather_lost(*heaps.place_of, *heaps.chunks, vtables, keys, rounds)
        for key, count, size, with_count, with_size, *contents in keys[:, keys[1] > 0].T.tolist():
            zeros, text, pointing, other = contents
            lost.append(Lost(key, count, size, with_count, with_size, (zeros, text, pointing, other)))
    merged = sorted(_merged(lost), key=lambda row: -row.with_bytes)
    return Reached(tuple(_joined(found)), chunks, total, pointers, tuple(merged))


def _merged(rows: list[Lost]) -> list[Lost]:
    by_key: dict[int, Lost] = {}
    for row in rows:
        known = by_key.get(row.key)
        if known is not None:
            contents = tuple(map(sum, zip(known.contents, row.contents, strict=True)))
            row = Lost(  # noqa: PLW2901
                row.key, known.count + row.count, known.bytes + row.bytes, known.with_count + row.with_count,
                known.with_bytes + row.with_bytes, (contents[0], contents[1], contents[2], contents[3]),
            )  # fmt: skip
        by_key[row.key] = row
    return list(by_key.values())


def _joined(roots: list[Root]) -> list[Root]:
    """One for each name, most bytes first."""
    by_name: dict[str, Root] = {}
    for root in sorted(roots, key=lambda row: -row.bytes):
        known = by_name.get(root.name)
        if known is None:
            by_name[root.name] = root
        else:
            by_name[root.name] = Root(
                known.name, known.kind, known.chunks + root.chunks, known.bytes + root.bytes, known.leads_to
            )
    return sorted(by_name.values(), key=lambda row: -row.bytes)


class _Names:
    """Of a root by the index of its word."""

    def __init__(self, memory: CoreMemory, segments: list[Segment], shift: int, kind: str) -> None:
        self._memory, self._kind = memory, kind
        self._begin = np.array([(segment.offset - shift) >> 3 for segment in segments], np.int64)
        self._segments = segments

    def __call__(self, index: int) -> tuple[str, str]:
        order = np.argsort(self._begin, kind="stable")
        at = int(order[np.searchsorted(self._begin[order], index, side="right") - 1])
        segment = self._segments[at]
        address = segment.start + ((index - int(self._begin[at])) << 3)
        return self._name(address), self._kind

    def _name(self, address: int) -> str:
        memory = self._memory
        owner = memory.owner(address)
        if owner is not None:
            file = owner.path.rpartition("/")[2]
            symbol = memory.symbol(address)
            return f"global {written(symbol)} of {file}" if symbol else f"data of {file} at {address:#x}"
        for thread in memory.notes.threads:
            segment = memory.segment_of(thread.stack_pointer)
            if (
                segment is not None
                and segment.start <= address < segment.end
                and address >= thread.stack_pointer - RED_ZONE
            ):
                return f"the stack of thread {thread.number}"
        segment = memory.segment_of(address)
        return f"memory mapped at {segment.start if segment else address:#x}"


def _sources(
    memory: CoreMemory, heaps: Heaps, shift: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], _Names | _Registers]]:
    """(words, where roots begin in them, how many, their names), in the order in which they are believed."""
    threads = memory.notes.threads
    pointers = [thread.stack_pointer for thread in threads]
    data: list[Segment] = []
    stacks: list[Segment] = []
    other: list[Segment] = []
    for segment in memory.header.segments:
        if not segment.writable or not segment.file_bytes or (segment.offset - shift) & 7:
            continue
        if any(segment.start <= pointer < segment.end for pointer in pointers):
            stacks.append(segment)
        elif memory.owner(segment.start) is not None:
            data.append(segment)
        else:
            other.append(segment)
    for segments, kind in ((data, "global"), (other, "mapped"), (stacks, "stack")):
        begin, size = _extents(segments, heaps, shift, pointers if kind == "stack" else [])
        yield heaps.words, begin, size, _Names(memory, segments, shift, kind)
    if threads:
        registers = np.concatenate([thread.registers for thread in threads])
        whole = np.array([0], np.int64), np.array([registers.size], np.int64)
        yield registers, *whole, _Registers([thread.number for thread in threads], registers.size // len(threads))


@dataclass(frozen=True, slots=True)
class _Registers:
    numbers: list[int]
    each: int

    def __call__(self, index: int) -> tuple[str, str]:
        return f"a register of thread {self.numbers[index // self.each]}", "register"


def _extents(
    segments: list[Segment], heaps: Heaps, shift: int, pointers: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(index, words) of the segments without the heaps in them; stacks begin at their lowest stack pointer."""
    rows = []
    for segment in segments:
        at, stop = segment.start, segment.start + segment.file_bytes
        inside = [pointer for pointer in pointers if segment.start <= pointer < segment.end]
        if inside:
            at = max(at, (min(inside) - RED_ZONE) & ~7)
        for heap in np.flatnonzero((heaps.low < stop) & (heaps.high > at)).tolist():
            low, high = int(heaps.low[heap]), int(heaps.high[heap])
            if low > at:
                rows.append((at, low, segment))
            at = max(at, high)
        if at < stop:
            rows.append((at, stop, segment))
    begin = [(segment.offset - shift + low - segment.start) >> 3 for low, _, segment in rows]
    return np.array(begin, np.int64), np.array([(high - low) >> 3 for low, high, _ in rows], np.int64)
