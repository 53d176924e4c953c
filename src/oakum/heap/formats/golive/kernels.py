"""The loops over a Go heap: which object an address lies in, and what is reached from where.

Spans are ascending by address: `low`, `high` (int64[s]), `each` (int64[s], bytes of one object), `first`, `last`
(int64[s]: the numbers of its objects are `[first, last)`), `free` (int64[s]: objects below that index are in use),
`bit` (int64[s]: where its bits begin in `bits`, uint8[b]: of the others those in use have theirs set), `place`
(int64[s], index into `words` of what was copied of it, -1 where it holds no pointers), `mask` (int64[s], index into
`words` of the bits that say which of its words are pointers, from its first on; -1 where any may be one).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from oakum.heap.pointers.kernels import extent_of


@njit(cache=True, nogil=True)
def in_use(at, span, first, free, bit, bits):
    """Whether object `at` of a span is, as far as the last sweep of it tells."""
    index = at - first[span]
    if index < free[span]:
        return True
    place = bit[span] + (index >> 3)
    return place < bits.size and (bits[place] >> (index & 7)) & 1 == 1


@njit(cache=True, nogil=True)
def object_at(address, low, high, each, first, last, free, bit, bits):
    """The number of the object that an address lies in, -1 for none that is in use."""
    span = extent_of(low, high, address)
    if span < 0 or each[span] <= 0:
        return -1
    at = first[span] + (address - low[span]) // each[span]
    if at >= last[span] or not in_use(at, span, first, free, bit, bits):
        return -1
    return at


@njit(cache=True, nogil=True)
def tally(low, first, last, free, bit, bits, used):
    """Fill `used` (int64[s]): how many objects of each span are in use."""
    for span in range(low.size):
        count = min(free[span], last[span] - first[span])
        for at in range(first[span] + count, last[span]):
            if in_use(at, span, first, free, bit, bits):
                count += 1
        used[span] = count


@njit(cache=True, nogil=True)
def follow(
    words, low, high, each, first, last, free, bit, bits, place, mask, roots, owner, parent, order, filled, mark
):
    """From `roots` (int64[r]) on, breadth first, all that nothing before led to; returns how far `order` is filled.

    `owner` (int32[n]): gets `mark`, 0 is for what was not reached. `parent` (int64[n]): -1 for what a root leads to.
    `order` (int64[n]): the objects as they were reached. O(words of what is reached · log s).
    """
    lowest, highest = (low[0], high[-1]) if low.size else (0, 0)
    here = filled
    for root in roots:
        if root < lowest or root >= highest:
            continue
        at = object_at(root, low, high, each, first, last, free, bit, bits)
        if at >= 0 and owner[at] == 0:
            owner[at], parent[at] = mark, -1
            order[filled] = at
            filled += 1
    while here < filled:
        source = order[here]
        here += 1
        span = extent_of(first, last, source)
        if span < 0 or place[span] < 0:
            continue
        begin = place[span] + ((source - first[span]) * each[span] >> 3)
        end = min(begin + (each[span] >> 3), words.size)
        for index in range(begin, end):
            word = words[index]
            if word < lowest or word >= highest:
                continue
            if mask[span] >= 0:
                within = index - place[span]
                if (words[mask[span] + (within >> 6)] >> (within & 63)) & 1 == 0:
                    continue
            at = object_at(word, low, high, each, first, last, free, bit, bits)
            if at >= 0 and owner[at] == 0:
                owner[at], parent[at] = mark, source
                order[filled] = at
                filled += 1
    return filled


@njit(cache=True, nogil=True)
def claim(low, high, each, first, last, free, bit, bits, roots, owner, order, filled, mark):
    """As `follow`, of what `roots` lead to themselves: what those lead to is left to others."""
    for root in roots:
        at = object_at(root, low, high, each, first, last, free, bit, bits)
        if at >= 0 and owner[at] == 0:
            owner[at] = mark
            order[filled] = at
            filled += 1
    return filled


@njit(cache=True, nogil=True)
def sum_up(order, filled, parent, weight):
    """Add to `weight` (int64[n]) of each object that of all that was reached through it."""
    for step in range(filled):
        at = order[filled - 1 - step]
        if parent[at] >= 0:
            weight[parent[at]] += weight[at]


def warm_up() -> None:
    """Run them on one span of two objects."""
    one, low = np.array([0], np.int64), np.array([4096], np.int64)
    high, each, last = low + 16, one + 8, one + 2
    bits, words = np.zeros(1, np.uint8), np.zeros(2, np.int64)
    used, owner, parent, order = np.zeros(1, np.int64), np.zeros(2, np.int32), np.zeros(2, np.int64), words.copy()
    tally(low, one, last, one + 2, one, bits, used)
    filled = follow(
        words, low, high, each, one, last, one + 2, one, bits, one, one - 1, low, owner, parent, order, 0, 1
    )
    claim(low, high, each, one, last, one + 2, one, bits, low, owner, order, 0, 1)
    sum_up(order, filled, parent, words)
