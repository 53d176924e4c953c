"""Hashing and comparing of blocks. `data`: uint8[b]; a block is data[begin : begin + length] and lies inside of it."""

from __future__ import annotations

import numpy as np
from numba import njit

BLOCK = 32


@njit(cache=True, nogil=True)
def hash_blocks(data, begin, length, out):
    """Fill `out` (int64[k]): of each block, four bytes at a time, and of its length. Equal ones are equal. O(bytes)."""
    for i in range(begin.size):
        first = (2166136261 ^ np.int64(length[i])) & 0xFFFFFFFF
        second = 84696351
        at = np.int64(begin[i])
        end = at + np.int64(length[i])
        while at < end:
            # Unsigned places are not looked at for counting from the end: four loads become one.
            here = np.uint64(at)
            word = np.int64(data[here])
            if at + 4 <= end:
                word |= np.int64(data[here + np.uint64(1)]) << 8
                word |= np.int64(data[here + np.uint64(2)]) << 16
                word |= np.int64(data[here + np.uint64(3)]) << 24
                at += 4
            else:
                at += 1
            first = ((first ^ word) * 16777619) & 0xFFFFFFFF
            first ^= first >> 15
            second = ((second + word) * 69069 + 1) & 0x7FFFFFFF
        out[i] = (second << 32) | first


@njit(cache=True, nogil=True)
def same_as_before(data, begin, length, hashed, order):
    """bool[k]: whether each block equals the head of the group before it, in `order`: int64[k], by hash.

    Of blocks whose hashes meet by chance only those that equal the head are grouped: what is counted is true.
    """
    same = np.zeros(begin.size, np.bool_)
    head = order[0]
    for place in range(1, order.size):
        i = order[place]
        if hashed[i] != hashed[head] or length[i] != length[head]:
            head = i
            continue
        one = np.uint64(begin[i])
        other = np.uint64(begin[head])
        left = np.int64(length[i])
        unlike = 0
        while left >= BLOCK and unlike == 0:
            for step in range(BLOCK):
                unlike |= data[one + np.uint64(step)] ^ data[other + np.uint64(step)]
            one += np.uint64(BLOCK)
            other += np.uint64(BLOCK)
            left -= BLOCK
        for step in range(left if unlike == 0 else 0):
            unlike |= data[one + np.uint64(step)] ^ data[other + np.uint64(step)]
        if unlike == 0:
            same[place] = True
        else:
            head = i
    return same
