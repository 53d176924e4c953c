"""An object with all that is its own: tables of items and attributes become part of it, as sys.getsizeof counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PASSES = 3
"""The last block of a deque is held by the deque and by the block before it: the second pass sees that as one."""

LONGEST_CHAIN = 64
"""Doublings: a chain of 2^64 blocks is in no memory."""


def owners(
    source: NDArray[np.int32], target: NDArray[np.int32], foldable: NDArray[np.bool_], nodes: int
) -> NDArray[np.int32]:
    """int32[n]: for each foldable node the one node that holds it, directly or through others such; else itself."""
    found = np.arange(nodes, dtype=np.int32)
    into = foldable[target] & (source != target)
    above, below = source[into], target[into]
    for _ in range(PASSES):
        holder = found[above]
        low, high = np.full(nodes, nodes, np.int32), np.full(nodes, -1, np.int32)
        np.minimum.at(low, below, holder)
        np.maximum.at(high, below, holder)
        sole = foldable & (low == high) & (low != np.arange(nodes))
        if not (found[sole] != low[sole]).any():
            break
        found[sole] = low[sole]
        found = _resolved(found)
    return found


def _resolved(found: NDArray[np.int32]) -> NDArray[np.int32]:
    """Follow chains to their heads. What goes round in a circle is its own."""
    for _ in range(LONGEST_CHAIN):
        further = found[found]
        if (further == found).all():
            return found
        found = further
    circling = found[found] != found
    found[circling] = np.flatnonzero(circling)
    return found
