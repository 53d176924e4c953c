"""A copy of a process's memory: what a reader of live heaps is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Area(IntEnum):
    """What a mapping is used for, as far as the kernel tells."""

    HEAP = 0
    """Anonymous memory: arenas, malloc, data stacks."""

    STATIC = 1
    """Writable data of an executable or library, with the anonymous memory that continues it (.bss)."""

    STACK = 2
    """The main thread's stack. Other threads' stacks look like HEAP."""

    CONSTANT = 3
    """Read-only data of an executable or library: names of static types live here."""


@dataclass(frozen=True, slots=True, eq=False)
class MemoryImage:
    """Pieces of memory, ascending by address, in one buffer.

    ``buffer``: uint8[n]. ``start``, ``end``: int64[r], addresses, page-aligned, not overlapping.
    ``offset``: int64[r], where the piece begins in ``buffer``, a multiple of 4096.
    ``area``: int64[r], of Area. ``path``: r names of mapped files, "" where there is none.
    ``skipped_bytes``: memory that was not there to copy (swapped out, or gone meanwhile).
    ``mapping``: int64[r, 2], the mapping that each piece is of; the piece itself where that is not told.
    ``runs``: int64[k, 2], ascending: what of the pieces was in memory; all of it where that is not told.
    """

    buffer: NDArray[np.uint8]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    offset: NDArray[np.int64]
    area: NDArray[np.int64]
    path: tuple[str, ...]
    skipped_bytes: int = 0
    mapping: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), np.int64))
    runs: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), np.int64))
    words: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        size = self.buffer.size
        lengths = self.end - self.start
        if size % 8 or (lengths < 0).any() or (self.offset < 0).any() or (self.offset + lengths > size).any():
            raise ValueError("a piece lies outside the buffer")
        if ((self.start | self.end | self.offset) & 7).any() or (self.start[1:] < self.end[:-1]).any():
            raise ValueError("pieces overlap, or are not aligned")
        whole = np.stack([self.start, self.end], axis=1) if not self.mapping.size or not self.runs.size else None
        if not self.mapping.size:
            object.__setattr__(self, "mapping", whole)
        if not self.runs.size:
            object.__setattr__(self, "runs", whole)
        object.__setattr__(self, "words", self.buffer.view(np.int64))

    @property
    def size_bytes(self) -> int:
        return int((self.end - self.start).sum())

    def resident(self, begin: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.int64]:
        """int64[k]: how many bytes of each extent were in memory. O(k log runs)."""
        before = np.concatenate(([0], np.cumsum(self.runs[:, 1] - self.runs[:, 0])))

        def below(address: NDArray[np.int64]) -> NDArray[np.int64]:
            run = np.searchsorted(self.runs[:, 0], address, side="right") - 1
            within = np.minimum(address, self.runs[run, 1]) - self.runs[run, 0]
            return np.where(run >= 0, before[run] + within, 0)

        found: NDArray[np.int64] = below(end) - below(begin)
        return found

    def locate(self, address: int) -> int:
        """Where ``address`` is in the buffer, -1 where it was not copied."""
        piece = int(np.searchsorted(self.start, address, side="right")) - 1
        if piece < 0 or address >= int(self.end[piece]):
            return -1
        return int(self.offset[piece]) + address - int(self.start[piece])

    def read(self, address: int, size: int) -> bytes:
        """At most ``size`` bytes; empty where nothing was copied, short at the end of a piece."""
        piece = int(np.searchsorted(self.start, address, side="right")) - 1
        if piece < 0 or size <= 0 or address >= int(self.end[piece]):
            return b""
        at = int(self.offset[piece]) + address - int(self.start[piece])
        return self.buffer[at : at + min(size, int(self.end[piece]) - address)].tobytes()

    def word(self, address: int) -> int:
        """The unsigned 64-bit word at ``address``; 0 where nothing was copied."""
        data = self.read(address, 8)
        return int.from_bytes(data, "little") if len(data) == 8 else 0

    def text(self, address: int, longest: int = 200) -> str:
        """A C string; "" where there is none."""
        data = self.read(address, longest)
        end = data.find(b"\0")
        return data[:end].decode("utf-8", "replace") if end > 0 else ""
