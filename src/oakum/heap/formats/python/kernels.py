"""The loops over pymalloc's own books. `words`, `start`, `end`, `offset`: a memory image, as in oakum.heap.kernels."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def find_arenas(words, start, end, offset, wanted, pool_bytes, arena_bytes):
    """(where it is told, address of the arena) of what may be a row of pymalloc's table of arenas.

    A row is six words (Objects/obmalloc.c, struct arena_object): the arena's address, the pool to be carved off next,
    how many pools are free and how many there are (two halves of a word), and three links. `wanted`: bool[pieces].
    """
    place, address = np.empty(256, np.int64), np.empty(256, np.int64)
    found = 0
    most = arena_bytes // pool_bytes
    for piece in range(start.size):
        if not wanted[piece]:
            continue
        first = offset[piece] >> 3
        last = first + ((end[piece] - start[piece]) >> 3)
        for index in range(first, last - 2):
            arena = words[index]
            if arena <= 0 or arena & 4095:
                continue
            carved = words[index + 1]
            if carved < arena or carved > arena + arena_bytes or carved & (pool_bytes - 1):
                continue
            pools, free = words[index + 2] >> 32, words[index + 2] & 0xFFFFFFFF
            if pools > most or pools < most - 1 or free > pools:
                continue
            if found == place.size:
                grown, grown_address = np.empty(2 * found, np.int64), np.empty(2 * found, np.int64)
                grown[:found], grown_address[:found] = place, address
                place, address = grown, grown_address
            place[found] = start[piece] + ((index - first) << 3)
            address[found] = arena
            found += 1
    return place[:found].copy(), address[:found].copy()
