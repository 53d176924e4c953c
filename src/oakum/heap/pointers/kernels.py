"""The loops over a pointer's place: the range that it leads into, and the slot that it is counted in."""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True)
def extent_of(low, high, address):
    """The range that holds an address, -1 for none. `low`, `high`: int64[r] each, ascending, not overlapping."""
    left, right = 0, low.size
    while left < right:
        middle = (left + right) >> 1
        if low[middle] <= address:
            left = middle + 1
        else:
            right = middle
    left -= 1
    return left if left >= 0 and address < high[left] else -1


@njit(cache=True, nogil=True)
def slot_for(keys, key, probes):
    """Where a key stands in an open table (int64[2**k], 0 is free), or may stand; -1 after `probes` taken places."""
    mask = keys.size - 1
    at = ((((key >> 3) & 0x3FFFFFFF) * 0x9E3779B1) >> 13) & mask
    for _ in range(probes):
        if keys[at] == key or keys[at] == 0:
            return at
        at = (at + 1) & mask
    return -1
