"""Many texts looked for at once in a block of bytes, and its lines counted. `data`: uint8[b].

Wu and Manber's way with blocks of three letters (TR-94-17, University of Arizona): of each text a window of `m` letters
stands for it; a table says by the last three letters how far the next window that could be one is away.
"""

from __future__ import annotations

import numpy as np
from numba import njit

BITS = 15
SIZE = 1 << BITS


@njit(cache=True, nogil=True)
def find_texts(data, start, end, m, shifts, heads, following, texts, offsets, windows, fold, out_at, out_text):
    """Windows whose last letter lies in `start <= i < end`. Returns (how many were found, the next i).

    `shifts`: uint8[SIZE]; `heads`: int32[SIZE], the first text of a block, -1 for none; `following`: int32[t], the next
    of the same. `texts`: uint8[], folded, text t at `offsets[t]` to `offsets[t + 1]`; `windows`: int32[t], where its
    window begins in it. `fold`: uint8[256]. Of each found: where it begins, and which. It stops when `out_at` is full.
    """
    found = 0
    room = out_at.shape[0]
    total = data.shape[0]
    i = int(max(start, m - 1))
    end = min(end, total)
    while i < end:
        key = (
            ((np.int64(data[i - 2]) | 32) << 10)
            ^ ((np.int64(data[i - 1]) | 32) << 5)
            ^ (np.int64(data[i]) | 32)
            ^ ((np.int64(data[i - 2]) | 32) >> 2)
        ) & (SIZE - 1)
        shift = shifts[key]
        if shift > 0:
            i += int(shift)
            continue
        text = heads[key]
        while text >= 0:
            begin = i - m + 1 - windows[text]
            length = offsets[text + 1] - offsets[text]
            if begin >= 0 and begin + length <= total:
                same = True
                for k in range(length):
                    if fold[data[begin + k]] != texts[offsets[text] + k]:
                        same = False
                        break
                if same:
                    if found == room:
                        return found, i
                    out_at[found] = begin
                    out_text[found] = text
                    found += 1
            text = following[text]
        i += 1
    return found, i


@njit(cache=True, nogil=True)
def lines_in(data, start, end):
    """How many lines end in `start <= i < end`."""
    count = 0
    for i in range(max(start, 0), min(end, data.shape[0])):
        count += data[i] == 10
    return count
