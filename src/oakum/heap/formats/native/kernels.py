"""The loops over malloc's chunks, window by window. `words`: int64[n], memory from the address `base` on.

A chunk begins with two words: what the one before it left over, and its own size with three bits (glibc,
malloc/malloc.c): 1 the chunk before is in use, 2 it is a mapping of its own, 4 it is in an arena that is not the main
one. Whether a chunk is in use is therefore told by the chunk behind it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from oakum.heap.pointers.kernels import extent_of, slot_for

HERE, PENDING, FIRST, LOST, TOP, SEEN, MASK, STATE = 0, 1, 2, 3, 4, 5, 6, 7
"""Places in `state` (int64[7]): the next head, the size of the chunk before it, its first word, lost bytes, the top;
how many chunks are in the sample; those are in it whose `rank` has none of the bits of MASK.
"""

MARKED = 8
"""So many words of a chunk tell whether it still holds what it held."""

CHAIN = 6
"""So many heads in a row are taken for chunks where the walk has lost its way."""

PROBES = 64
"""So many places of the table are looked at for a first word."""

LARGEST = 1 << 36
CLASSES = 1 << 12
"""Chunks of less than so many times 16 bytes have a class of their own; larger ones one for each doubling."""


@njit(cache=True, nogil=True)
def class_of(length):
    """A number below CLASSES + 40, ascending with the size."""
    small = length >> 4
    if small < CLASSES:
        return small
    doubled = 0
    while small >= 2 * CLASSES and doubled < 38:
        small >>= 1
        doubled += 1
    return CLASSES + doubled


@njit(cache=True, nogil=True)
def regained(words, base, begin, stop):
    """The first place from `begin` on where CHAIN heads follow each other; -1 where the window has none."""
    here = begin
    end = base + 8 * words.size
    while here + 16 <= end and here < stop:
        at, steps = here, 0
        while steps < CHAIN:
            index = (at - base) >> 3
            if index + 1 >= words.size:
                break
            length = words[index + 1] & ~7
            if length < 32 or length & 15 or words[index + 1] & 2 or length > stop - at:
                steps = -1
                break
            at += length
            steps += 1
            if at == stop:
                steps = CHAIN
        if steps >= CHAIN or (steps > 1 and at > end):
            return here
        here += 16
    return -1


@njit(cache=True, nogil=True)
def rank(address):
    """A number by which addresses are sampled: each look takes the same ones."""
    return (((address >> 4) & 0x7FFFFFFF) * 0x9E3779B1 >> 11) & 0xFFFFF


@njit(cache=True, nogil=True)
def mark(words, index, length):
    """Of what stands in the first words of a chunk, -1 where the window ends before them."""
    end = index + min(2 + MARKED, length >> 3)
    if index < 0 or end > words.size:
        return -1
    made = length
    for at in range(index + 2, end):
        word = words[at]
        # FNV-1a's step on 31 bits at a time: what overflows in no integer is the same with and without the compiler.
        made = ((made ^ word ^ (word >> 32)) & 0x7FFFFFFF) * 0x01000193
        made ^= made >> 31
    return made


@njit(cache=True, nogil=True)
def sample(state, seen, address, length, first, made):
    """Put a chunk into `seen` (int64[4, n]: address, size, first word, mark); where it is full, half of it goes."""
    if rank(address) & state[MASK] or made < 0:
        return
    while state[SEEN] >= seen.shape[1] and state[MASK] < 0xFFFFF:
        state[MASK] = 2 * state[MASK] + 1
        kept = 0
        for at in range(state[SEEN]):
            if rank(seen[0, at]) & state[MASK] == 0:
                seen[:, kept] = seen[:, at]
                kept += 1
        state[SEEN] = kept
    if state[SEEN] < seen.shape[1] and rank(address) & state[MASK] == 0:
        at = state[SEEN]
        seen[0, at], seen[1, at], seen[2, at], seen[3, at] = address, length, first, made
        state[SEEN] += 1


@njit(cache=True, nogil=True)
def census(words, base, stop, state, count, size, keys, seen, low, high):
    """Count the chunks whose heads lie in the window; `state` says where to go on, in another window.

    `count`, `size`: int64[2, CLASSES + 40], of free and of used chunks by class. `keys`: int64[3, 2**k]: first words of
    used chunks that lie in the ranges `low`, `high`, with how many there are and their bytes. A chunk that reaches
    `stop` is the heap's top: nobody was given that. O(words of the heads) where the walk keeps its way.
    """
    here, pending, first = state[HERE], state[PENDING], state[FIRST]
    end = base + 8 * words.size
    while here + 16 <= stop:
        index = (here - base) >> 3
        if index < 0 or index + 2 >= words.size:
            break
        head = words[index + 1]
        length = head & ~7
        if length > stop - here and length < LARGEST and (here + length) & 4095 == 0 and head & 15 == 1:
            # The top grew after it was told where the heap ends.
            length = stop - here
        bad = length < 32 or length & 15 != 0 or head & 2 != 0 or length > stop - here
        if pending:
            used = 1 if bad else head & 1
            kind = class_of(pending)
            count[used, kind] += 1
            size[used, kind] += pending
            if used:
                made = mark(words, index - (pending >> 3), pending)
                sample(state, seen, here - pending, pending, first, made)
            if used and first and extent_of(low, high, first) >= 0:
                slot = slot_for(keys[0], first, PROBES)
                if slot >= 0:
                    keys[0, slot] = first
                    keys[1, slot] += 1
                    keys[2, slot] += pending
            pending = 0
        if bad:
            if stop - here <= 64:
                here = stop
                break
            found = regained(words, base, here + 16, stop)
            if found < 0:
                found = min(end, stop) & ~15
            state[LOST] += found - here
            here = max(found, here + 16)
            continue
        if here + length == stop:
            state[TOP] += length
            here = stop
            break
        pending, first = length, words[index + 2]
        here += length
    state[HERE], state[PENDING], state[FIRST] = here, pending, first


def tables(keys: int = 1 << 14, sampled: int = 1 << 14):
    """(state, count, size, keys, seen) of a census that has not begun."""
    return (
        np.zeros(STATE, np.int64),
        np.zeros((2, CLASSES + 40), np.int64),
        np.zeros((2, CLASSES + 40), np.int64),
        np.zeros((3, keys), np.int64),
        np.zeros((4, sampled), np.int64),
    )
