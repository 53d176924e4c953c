"""Sets of ids: open addressing, 0 for a free slot. `table`: int64[2**k]; `count`: int64[1]; `keys` as for filler.

An id's slot is found by a keyed hash: nobody who writes a dump can make all of them meet.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.extending import register_jitable

from oakum.heap.redact.kernels import hash_word

LOAD = 2
"""A set is full when one slot of so many is taken."""


@register_jitable
def slot_of(table, keys, identity):
    """Where it is, or where it would be put."""
    mask = table.size - 1
    at = np.int64(hash_word(keys[15, 0], keys[15, 1], np.uint64(identity)) & np.uint64(mask))
    while table[at] != 0 and table[at] != identity:
        at = (at + 1) & mask
    return at


@register_jitable
def has(table, keys, identity):
    return identity != 0 and table[slot_of(table, keys, identity)] == identity


@register_jitable
def put(table, count, keys, identity):
    """Whether there was room for it. 0 is in no set."""
    if identity == 0:
        return True
    at = slot_of(table, keys, identity)
    if table[at] == identity:
        return True
    if (count[0] + 1) * LOAD > table.size:
        return False
    table[at] = identity
    count[0] += 1
    return True


@njit(cache=True, nogil=True)
def move(table, keys, larger, count):
    """Put all of `table` into `larger`."""
    for at in range(table.size):
        put(larger, count, keys, table[at])
