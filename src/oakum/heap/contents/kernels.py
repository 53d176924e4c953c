"""Hashing and comparing of blocks. `data`: uint8[b]; a block is data[begin : begin + length] and lies inside of it."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def hash_blocks(data, begin, length):
    """int64[k]: FNV-1a of each block in 32-bit steps of 64, mixed; equal blocks have equal hashes. O(bytes)."""
    out = np.empty(begin.size, np.int64)
    for i in range(begin.size):
        first = 2166136261
        second = 84696351
        for at in range(begin[i], begin[i] + length[i]):
            byte = int(data[at])
            first = ((first ^ byte) * 16777619) & 0xFFFFFFFF
            second = ((second + byte) * 69069 + 1) & 0x7FFFFFFF
        out[i] = (second << 32) | first
    return out


@njit(cache=True, nogil=True)
def same_as_before(data, begin, length, hashed):
    """bool[k]: whether each block equals the head of the group that stands before it. Sorted by hash and length.

    Of blocks whose hashes meet by chance only those that equal the head are grouped: what is counted is true.
    """
    same = np.zeros(begin.size, np.bool_)
    head = 0
    for i in range(1, begin.size):
        if hashed[i] != hashed[head] or length[i] != length[head]:
            head = i
            continue
        alike = True
        for step in range(length[i]):
            if data[begin[i] + step] != data[begin[head] + step]:
                alike = False
                break
        if alike:
            same[i] = True
        else:
            head = i
    return same
