"""The spans of a Go heap: pages that hold objects of one size each, and which of those are in use.

Source: runtime/mheap.go (mspan), runtime/mbitmap.go (isFree), runtime/sizeclasses.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.golive import kernels, layouts
from oakum.heap.formats.golive.layouts import Span

PAGE: Final = 8192
IN_USE, KNOWN_STATES = 1, 2
MOST_PAGES: Final = 1 << 32
SMALL, MASK_BYTES, MARK_BYTES = 512, PAGE // 64, 128


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Those that hold objects, ascending by address; int64[s] each. ``bits_at``: where their marks are."""

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    each: NDArray[np.int64]
    count: NDArray[np.int64]
    free: NDArray[np.int64]
    bits_at: NDArray[np.int64]
    kind: NDArray[np.int64]

    @property
    def last(self) -> NDArray[np.int64]:
        return np.cumsum(self.count)

    @property
    def objects(self) -> int:
        """Places for objects, in use or not."""
        return int(self.count.sum())

    @property
    def pointing(self) -> NDArray[np.bool_]:
        """bool[s]: whether pointers stand in its objects."""
        found: NDArray[np.bool_] = self.kind & 1 == 0
        return found

    @property
    def bits_bytes(self) -> NDArray[np.int64]:
        return (self.count + 7) >> 3

    def masked(self) -> NDArray[np.int64]:
        """int64[s]: bytes from a span's begin to the bits that say which of its words are pointers, -1 for none.

        They stand at its end where its objects are of up to 512 bytes, since Go 1.22; since 1.26 the collector's own
        marks stand behind them. How many objects fit tells which it is, of all such spans together.
        """
        small = self.pointing & (self.each <= SMALL) & (self.high - self.low == PAGE)
        plain = small & (self.count == (PAGE - MASK_BYTES) // self.each)
        marked = small & (self.count == (PAGE - MASK_BYTES - MARK_BYTES) // self.each)
        behind = int((marked & ~plain).sum()) > int((plain & ~marked).sum())
        fits = marked if behind else plain
        return np.where(fits, PAGE - MASK_BYTES - (MARK_BYTES if behind else 0), -1)

    def used(self, bits: NDArray[np.uint8], bit: NDArray[np.int64]) -> NDArray[np.int64]:
        """int64[s]: objects in use. ``bits``: uint8[b], those of a span begin at ``bit``."""
        found = np.zeros(self.low.size, np.int64)
        last = self.last
        kernels.tally(self.low, last - self.count, last, self.free, bit, bits, found)
        return found


def looks_like_spans(raw: NDArray[np.uint8], layout: Span) -> bool:
    """``raw``: uint8[n, layouts.SPAN_BYTES], some of a list of spans."""
    start, pages = _word(raw, layouts.SPAN_START), _word(raw, layouts.SPAN_PAGES)
    state, each = raw[:, layout.state], _word(raw, layout.each)
    sound = (state <= KNOWN_STATES) & ((state == 0) | ((start > 0) & (start % PAGE == 0) & (pages > 0)))
    held = state == IN_USE
    sound &= ~held | ((each >= 8) & (each <= pages * PAGE) & (pages < MOST_PAGES))
    return bool(sound.all() and held.any())


def spans(raw: NDArray[np.uint8], layout: Span) -> Spans:
    """``raw``: uint8[n, layouts.SPAN_BYTES]. What was caught half-made is left out."""
    start, pages, each = _word(raw, layouts.SPAN_START), _word(raw, layouts.SPAN_PAGES), _word(raw, layout.each)
    count, free = _count(raw, layout.count, layout), _count(raw, layout.free_index, layout)
    sound = (raw[:, layout.state] == IN_USE) & (start > 0) & (start % PAGE == 0) & (pages > 0) & (pages < MOST_PAGES)
    room = np.where(sound, pages, 0) * PAGE
    sound &= (each >= 8) & (each <= room) & (count > 0)
    sound &= count <= np.where(sound, room // np.maximum(each, 1), 0)
    kept = np.flatnonzero(sound)
    kept = kept[np.argsort(start[kept], kind="stable")]
    # One span was given back and another made while they were read: the later of two that overlap is left out.
    ends = np.maximum.accumulate(start[kept] + room[kept]) if kept.size else np.empty(0, np.int64)
    apart = np.concatenate(([True], start[kept][1:] >= ends[:-1])) if kept.size else np.empty(0, np.bool_)
    kept = kept[apart]
    return Spans(
        low=start[kept],
        high=start[kept] + room[kept],
        each=each[kept],
        count=count[kept],
        free=np.minimum(free[kept], count[kept]),
        bits_at=_word(raw, layout.bits)[kept],
        kind=raw[kept, layout.kind].astype(np.int64),
    )


def _word(raw: NDArray[np.uint8], at: int) -> NDArray[np.int64]:
    return np.ascontiguousarray(raw[:, at : at + 8]).view(np.int64)[:, 0]


def _count(raw: NDArray[np.uint8], at: int, layout: Span) -> NDArray[np.int64]:
    if not layout.narrow:
        return _word(raw, at)
    return np.ascontiguousarray(raw[:, at : at + 2]).view(np.uint16)[:, 0].astype(np.int64)
