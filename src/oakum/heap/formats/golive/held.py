"""What each variable and each goroutine of a Go program leads to: a conservative scan over one copy of its heap.

Every aligned word that holds an address inside of an object in use counts as a pointer to it, as Go's own collector
takes stacks. What two of them lead to belongs to the first: variables of the program itself come before goroutines,
those before variables of Go's own packages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.golive import kernels
from oakum.heap.formats.golive.spans import Spans


@dataclass(frozen=True, slots=True, eq=False)
class Roots:
    """``words``: int64[r], what stands in it. ``name``: unique. ``ends``: what it leads to leads no further."""

    name: str
    kind: str
    words: NDArray[np.int64]
    ends: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """``words``: int64[w], pages of spans that hold pointers; ``place``: int64[s], where each begins, -1 for none.

    ``bits``: uint8[b], ``bit``, ``mask``: int64[s], as of kernels.
    """

    spans: Spans
    words: NDArray[np.int64]
    place: NDArray[np.int64]
    bits: NDArray[np.uint8]
    bit: NDArray[np.int64]
    mask: NDArray[np.int64]

    def address(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """int64[k], of objects by number."""
        span = self.span_of(at)
        return self.spans.low[span] + (at - self.spans.last[span] + self.spans.count[span]) * self.spans.each[span]

    def span_of(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        found: NDArray[np.int64] = np.searchsorted(self.spans.last, at, side="right")
        return found

    def inside(self, at: int) -> NDArray[np.int64]:
        """int64[w]: the words of one object; none where no pointers stand in it."""
        span = int(self.span_of(np.array([at]))[0])
        if self.place[span] < 0:
            return np.empty(0, np.int64)
        spans = self.spans
        within = (at - int(spans.last[span] - spans.count[span])) * int(spans.each[span])
        begin = int(self.place[span]) + (within >> 3)
        return self.words[begin : begin + (int(spans.each[span]) >> 3)]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """``objects``, ``bytes``: by name of the roots. ``reached``: int64[k], ascending, addresses of all objects that
    any root leads to; ``by``: int32[k], the roots' number in ``names``, from 1. ``sizes``: int64[k].
    """

    names: tuple[str, ...]
    objects: dict[str, int]
    bytes: dict[str, int]
    reached: NDArray[np.int64]
    by: NDArray[np.int32]
    sizes: NDArray[np.int64]
    used_objects: int
    used_bytes: int

    def of(self, name: str) -> NDArray[np.bool_]:
        """bool[k]: which of ``reached`` one of the roots leads to."""
        found: NDArray[np.bool_] = self.by == self.names.index(name) + 1
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """What is needed to say how: ``order``: int64[k], objects as they were reached; ``parent``, ``owner``: [n]."""

    copy: Copy
    order: NDArray[np.int64]
    parent: NDArray[np.int64]
    owner: NDArray[np.int32]


def hold(copy: Copy, roots: Sequence[Roots]) -> tuple[Held, Walk]:
    """O(words · log spans)."""
    spans = copy.spans
    total, last = spans.objects, spans.last
    owner, parent = np.zeros(total, np.int32), np.full(total, -1, np.int64)
    order = np.zeros(total, np.int64)
    place = (copy.words, spans.low, spans.high, spans.each, last - spans.count, last, spans.free)
    filled, names = 0, []
    objects: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for mark, root in enumerate(roots, 1):
        begun = filled
        filled = int(
            kernels.claim(*place[1:], copy.bit, copy.bits, root.words, owner, order, filled, mark)
            if root.ends
            else kernels.follow(
                *place, copy.bit, copy.bits, copy.place, copy.mask, root.words, owner, parent, order, filled, mark
            )
        )
        new = order[begun:filled]
        names.append(root.name)
        objects[root.name] = int(new.size)
        sizes[root.name] = int(spans.each[copy.span_of(new)].sum())
    order = order[:filled]
    at = np.sort(order)
    used = spans.used(copy.bits, copy.bit)
    held = Held(
        tuple(names),
        objects,
        sizes,
        copy.address(at),
        owner[at],
        spans.each[copy.span_of(at)],
        int(used.sum()),
        int((used * spans.each).sum()),
    )
    return held, Walk(copy, order, parent, owner)


def gone(before: NDArray[np.int64], now: NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool[k]: which of ``before`` (int64[k]) are not among ``now`` (int64[n], ascending)."""
    if not now.size:
        return np.ones(before.size, np.bool_)
    at = np.minimum(np.searchsorted(now, before), now.size - 1)
    found: NDArray[np.bool_] = now[at] != before
    return found
