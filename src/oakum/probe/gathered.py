"""Many small pieces of a live process's memory at once: each page is read once, and only where it is in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.model.ports import Memory

PAGE: Final = 4096
MOST_ADDRESS: Final = 1 << 47


@dataclass(slots=True)
class Pages:
    """Reads through one live memory. ``read_bytes``: what was read of it so far."""

    memory: Memory
    read_bytes: int = 0

    def words(self, start: int, end: int) -> NDArray[np.int64]:
        """int64[n] of ``[start, end)``, zeros where memory is not there."""
        first, last = start // PAGE, (end - 1) // PAGE + 1
        buffer = np.zeros(max(0, last - first) * PAGE, np.uint8)
        if buffer.size:
            self._fill(np.arange(first, last), buffer)
        begin = start - first * PAGE
        return buffer[begin : begin + ((end - start) & ~7)].view(np.int64)

    def read(self, address: int, size: int) -> bytes:
        if not 0 < address < MOST_ADDRESS:
            return b""
        raw = self.memory.read(address, size)
        self.read_bytes += len(raw)
        return raw

    def pieces(self, addresses: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
        """uint8[n, size]: what stands at each address; zeros where memory is not there."""
        return self.parts(addresses, np.full(addresses.size, size, np.int64)).equal(size)

    def parts(self, addresses: NDArray[np.int64], sizes: NDArray[np.int64]) -> Parts:
        """What stands at each of ``addresses`` (int64[n]), as far as ``sizes`` (int64[n]) tells."""
        inside = (addresses > 0) & (addresses < MOST_ADDRESS) & (sizes > 0)
        first, last = addresses >> 12, (addresses + sizes - 1) >> 12
        spans = np.where(inside, last - first + 1, 0)
        repeated = np.repeat(first, spans)
        within = np.arange(repeated.size) - np.repeat(np.cumsum(spans) - spans, spans)
        pages = np.unique(repeated + within)
        buffer = np.zeros(max(1, pages.size) * PAGE, np.uint8)
        if pages.size:
            self._fill(pages, buffer)
        at = np.searchsorted(pages, first) * PAGE + (addresses & (PAGE - 1))
        return Parts(buffer, np.where(inside, at, -1), np.where(inside, sizes, 0))

    def _fill(self, pages: NDArray[np.int64], buffer: NDArray[np.uint8]) -> None:
        breaks = np.flatnonzero(np.diff(pages) > 1) + 1
        firsts, lasts = np.concatenate(([0], breaks)), np.concatenate((breaks, [pages.size]))
        runs = [
            (int(pages[first]) * PAGE, (int(pages[last - 1]) + 1) * PAGE, int(first))
            for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)
        ]
        view = memoryview(buffer)  # type: ignore[arg-type]  # as of probe/image.py
        there = self.memory.present_in([(start, end) for start, end, _ in runs])
        wanted = []
        for (start, _, first), present in zip(runs, there, strict=True):
            edges = np.flatnonzero(np.diff(np.concatenate(([False], present, [False])).astype(np.int8)))
            for low, high in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
                wanted.append((start + low * PAGE, view[(first + low) * PAGE : (first + high) * PAGE]))
        self.read_bytes += self.memory.read_many(wanted)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """``buffer``: uint8[b]; ``at``: int64[n], where each piece begins in it, -1 for none; ``size``: int64[n]."""

    buffer: NDArray[np.uint8]
    at: NDArray[np.int64]
    size: NDArray[np.int64]

    def equal(self, size: int) -> NDArray[np.uint8]:
        """uint8[n, size]."""
        out = np.zeros((self.at.size, size), np.uint8)
        there = self.at >= 0
        out[there] = self.buffer[self.at[there][:, None] + np.arange(size)]
        return out
