"""The loops over malloc's chunks. `words`, `start`, `end`, `offset`: a memory image, as in oakum.heap.kernels.

A chunk begins with two words: what the one before it left over, and its own size with three bits (malloc/malloc.c):
1 the chunk before is in use, 2 it is a mapping of its own, 4 it is in an arena that is not the main one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from oakum.heap.kernels import index_of, slot_of

PAGE = 4096


@njit(cache=True, nogil=True)
def walk(words, start, end, offset, begin, stop):
    """(begins, sizes, whether in use, where the walk ended) of chunks one behind the other from `begin` on.

    It ends at `stop`, or where no chunk stands. The last chunk counts as free: it is what the heap has left over.
    """
    at, size = np.empty(256, np.int64), np.empty(256, np.int64)
    used = np.empty(256, np.bool_)
    found = 0
    here = begin
    while here + 16 <= stop:
        index = index_of(words, start, end, offset, here + 8)
        if index < 0:
            break
        length = words[index] & ~7
        if length < 32 or length & 15 or words[index] & 2 or length > stop - here:
            break
        if found:
            used[found - 1] = words[index] & 1
        if found == at.size:
            grown, grown_size, grown_used = (
                np.empty(2 * found, np.int64),
                np.empty(2 * found, np.int64),
                np.empty(2 * found, np.bool_),
            )
            grown[:found], grown_size[:found], grown_used[:found] = at, size, used
            at, size, used = grown, grown_size, grown_used
        at[found], size[found], used[found] = here, length, False
        found += 1
        here += length
    return at[:found].copy(), size[:found].copy(), used[:found].copy(), here


@njit(cache=True, nogil=True)
def mapped(words, start, end, offset, begin, stop):
    """(begins, sizes) of chunks that are mappings of their own, within extents: `begin`, `stop`, int64[k], ascending.

    Only what was copied is looked at, so that a mapping that is large and empty costs nothing.
    """
    at, size = np.empty(256, np.int64), np.empty(256, np.int64)
    found = 0
    covered = 0
    extent = 0
    for piece in range(start.size):
        while extent < begin.size and stop[extent] <= start[piece]:
            extent += 1
        within = extent
        while within < begin.size and begin[within] < end[piece]:
            here = (max(begin[within], start[piece], covered) + PAGE - 1) // PAGE * PAGE
            last = min(stop[within], end[piece])
            while here + PAGE <= last:
                index = (offset[piece] + here - start[piece]) >> 3
                # Until glibc 2.42 the size is that of the mapping; since 2.43 it is without the chunk's own head.
                told = words[index + 1] & ~7
                length = told + 16 if told % PAGE == PAGE - 16 else told
                if (
                    length < PAGE
                    or length % PAGE
                    or length > stop[within] - here
                    or words[index + 1] & 7 != 2
                    or words[index] < 0
                    or words[index] >= PAGE
                ):
                    here += PAGE
                    continue
                if found == at.size:
                    grown, grown_size = np.empty(2 * found, np.int64), np.empty(2 * found, np.int64)
                    grown[:found], grown_size[:found] = at, size
                    at, size = grown, grown_size
                at[found], size[found] = here, length
                found += 1
                here += length
                covered = here
            within += 1
    return at[:found].copy(), size[:found].copy()


@njit(cache=True, nogil=True)
def thread_controls(words, start, end, offset, begin, stop):
    """Addresses of threads' own blocks within the extents: their first and their third word lead to themselves.

    So does glibc's struct pthread (nptl/descr.h, tcbhead_t), at the top of a thread's stack. Extents as in `mapped`.
    """
    out = np.empty(64, np.int64)
    found = 0
    extent = 0
    for piece in range(start.size):
        while extent < begin.size and stop[extent] <= start[piece]:
            extent += 1
        within = extent
        while within < begin.size and begin[within] < end[piece]:
            low, high = max(start[piece], begin[within]), min(end[piece], stop[within])
            index = (offset[piece] + low - start[piece]) >> 3
            for here in range(low, high - 16, 8):
                if words[index] == here and words[index + 2] == here:
                    if found == out.size:
                        grown = np.empty(2 * found, np.int64)
                        grown[:found] = out
                        out = grown
                    out[found] = here
                    found += 1
                index += 1
            within += 1
    return out[:found].copy()


@njit(cache=True, nogil=True)
def owned(words, start, end, offset, slot_base, slots, begin, size, candidate):
    """bool[c]: whether a word of the extents `begin`, `size` leads to each candidate (int64[c], no nodes)."""
    out = np.zeros(candidate.size, np.bool_)
    for i in range(candidate.size):
        slot = slot_of(start, end, slot_base, slots, candidate[i])
        if slot >= 0 and slots[slot] < 0:
            slots[slot] = -3 - i
    for i in range(begin.size):
        at = index_of(words, start, end, offset, begin[i])
        if at < 0 or size[i] < 8 or index_of(words, start, end, offset, begin[i] + size[i] - 8) < 0:
            continue
        for j in range(at, at + (size[i] >> 3)):
            slot = slot_of(start, end, slot_base, slots, words[j])
            if slot >= 0 and slots[slot] <= -3:
                out[-3 - slots[slot]] = True
    for i in range(candidate.size):
        slot = slot_of(start, end, slot_base, slots, candidate[i])
        if slot >= 0 and slots[slot] <= -3:
            slots[slot] = -1
    return out
